"""Flies every preset with each fault of reception, and looks whether it makes a difference to what is known in the end.

`python tests/bench/bench_late.py [PRESET...]` compares with the same packets come in time, by the final revision of
each event: same types, times, status and values. An hour on one core; all presets but express take twenty minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1]))

from late import differences, known_at_last, known_in_time, received

from telemetry.errors import FlightError

PRESETS: Final = ("static_fire", "sounding", "hop", "falcon_like", "falcon_like_gto", "express")
HARM: Final = (
    "packets_lost,share=0.05,burst=20 packets_duplicated,share=0.05 packets_reordered,share=0.05,by_s=6 "
    "packets_corrupted,share=0.03 packets_cut,share=0.02,burst=3 backhaul_down@[0,30],for_s=20"
)
FAULTS: Final = (
    "packets_lost,share=0.1,burst=20",
    "packets_lost,share=0.2,station=relay",
    "packets_duplicated,share=0.1",
    "packets_reordered,share=0.05,by_s=6,burst=3",
    "packets_reordered@[0,40],share=0.01,burst=40,by_s=9,for_s=60",
    "packets_corrupted,share=0.05,burst=5",
    "packets_cut,share=0.05,burst=3",
    "station_down@[-5,60],for_s=20",
    "station_down@[-5,30],for_s=60",
    "station_down@150,for_s=20",
    "station_down@20,for_s=40,station=relay",
    "backhaul_down@[-5,60],for_s=30",
    "backhaul_down@[-5,60],for_s=30,station=relay",
    f"{HARM} station_down@[60,80],for_s=15",
)


def main() -> int:
    """Fly, print a line a flight, and return how many ended otherwise."""
    wrong = 0
    for preset in sys.argv[1:] or PRESETS:
        for faults in FAULTS:
            try:
                messages = received(preset, faults)
            except FlightError as error:
                print(f"not flown: {preset} {faults}: {error}", flush=True)
                continue
            known, flown = known_at_last(messages)
            rows = flown.engine.ledger()
            late, rerun = sum(row.late or 0 for row in rows), sum(row.rerun or 0 for row in rows)
            found = differences(known, known_in_time(messages))
            wrong += bool(found)
            said = "differs" if found else "same"
            print(
                f"{said:8}{len(known):3} events, {rerun:6} rows run again, {late:4} late: {preset} {faults}", flush=True
            )
            for line in found:
                print(f"        {line}", flush=True)
    print(f"{wrong} flights end otherwise")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
