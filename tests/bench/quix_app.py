"""The same work for Quix Streams, as its documentation would have it written: `quix_app.py BOOTSTRAP TOPIC ROWS WHAT`.

Runs in an environment of its own with nothing of ours. One message is one packet as JSON, as far decoded as our engine
gets it; state is one document a flight and vehicle. Less than ours: liftoff, max q, MECO and apogee of a vehicle only
(ours has all other detectors, limits, staleness, gaps, ledger, links, reorder hold and watermark); it takes packets in
order of arrival; a duplicate is told by its sequence count among the last 256 of its type. Checkpoints every 5 s.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from quixstreams import Application, State  # type: ignore[import-not-found]  # not in our environment

REMEMBERED = 256
LIFTOFF_M_S = 5.0
PEAK_DROP = 0.97
CUT_SHARE = 0.1


def detect(row: dict[str, Any], state: State) -> list[dict[str, Any]]:  # noqa: C901 -- as a newcomer would write it
    """Return the events that a packet completes."""
    known: dict[str, Any] = state.get("vehicle", {"seen": {}, "done": {}, "max_q_pa": 0.0, "pressure_pa": 0.0})
    seen: list[int] = known["seen"].setdefault(row["packet"], [])
    if row["count"] in seen:
        return []
    seen.append(row["count"])
    del seen[:-REMEMBERED]
    events: list[dict[str, Any]] = []
    done, values, t_ns = known["done"], row["values"], row["t_ns"]

    def found(kind: str, **of: float) -> None:
        if kind not in done:
            done[kind] = t_ns
            events.append({"type": kind, "t_ns": t_ns, "vehicle": row["vehicle"], **of})

    if row["packet"] == "nav":
        if values["vertical_speed_m_s"] > LIFTOFF_M_S:
            found("liftoff", altitude_m=values["altitude_m"])
        q_pa = values["dynamic_pressure_pa"]
        if q_pa > known["max_q_pa"]:
            known["max_q_pa"], known["max_q_ns"] = q_pa, t_ns
        elif "liftoff" in done and q_pa < PEAK_DROP * known["max_q_pa"]:
            found("max_q", dynamic_pressure_pa=known["max_q_pa"])
        if "meco" in done and values["vertical_speed_m_s"] < 0.0:
            found("apogee", altitude_m=values["altitude_m"])
    elif row["packet"] == "propulsion":
        pressure_pa = values["chamber_pressure_pa"]
        known["pressure_pa"] = max(known["pressure_pa"], pressure_pa)
        if "liftoff" in done and pressure_pa < CUT_SHARE * known["pressure_pa"]:
            found("meco", chamber_pressure_pa=pressure_pa)
    state.set("vehicle", known)
    return events


def main() -> None:
    """Take so many rows from Kafka and say what it cost."""
    bootstrap, topic, rows, what, group, folder = sys.argv[1:]
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        loglevel="ERROR",
        state_dir=folder,
        auto_create_topics=True,
        topic_create_timeout=60,
    )
    source = app.topic(topic, value_deserializer="json", key_deserializer="str")
    told = app.topic(f"{group}-events", value_serializer="json")
    stream = app.dataframe(source)
    if what == "detect":
        stream.apply(detect, stateful=True, expand=True).to_topic(told)
    else:
        stream.update(lambda _row: None)
    begin = time.process_time()
    app.run(count=int(rows), timeout=120)
    print(json.dumps({"cpu_s": time.process_time() - begin}))


if __name__ == "__main__":
    main()
