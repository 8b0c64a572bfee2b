"""Flies every preset with every fault and counts, event by event, what detection found of it.

`python tests/bench/bench_events.py [WORD...]` flies the flights whose names hold one of the words, all by default (half
an hour on two cores), and names every miss, wrong time and false event. With `--quick` only the shortest are flown.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from detection import T0_NS, new_engine, take
from quality.flights import Floats
from quality.simulated import heard_s, is_no_ascent

from simulator.faults import parse_fault
from simulator.happenings import Happening
from simulator.packets import Transmitter
from simulator.radio.downlink import FINEST_BUNDLE_S, in_line, make_links, ticks
from simulator.radio.losses import receptions
from simulator.radio.reception import Reception
from simulator.radio.spans import ALWAYS, Spans, without
from simulator.radio.stations import load_stations
from simulator.record import happenings_of
from simulator.simulate import simulate
from telemetry.cuc import NS_PER_S
from telemetry.errors import FlightError, InputError
from telemetry.message import Message
from telemetry.vocabulary import FlightEvent, short_name

SEED: Final = 5
# as in `quality.score`: what happens in a longer one is not seen
GAP_S: Final = 1.0
SHORT: Final = ("hop", "sounding", "static_fire")
VERDICTS: Final = ("hit", "miss", "wrong", "late", "false")
# what makes or ends a silence is heard beside it
BESIDE_S: Final = {"loss_of_vehicle": -0.5, "blackout_start": -0.5, "blackout_end": 0.5}
# error and latency allowed, in seconds
ALLOWED_S: Final = {
    "ignition": (1.0, 2.0),
    "liftoff": (1.0, 2.0),
    "max_q": (5.0, 15.0),
    "meco": (1.0, 2.0),
    "stage_separation": (1.0, 2.0),
    "ses": (1.0, 2.0),
    "seco": (1.0, 2.0),
    "boostback_start": (1.0, 2.0),
    "boostback_end": (1.0, 2.0),
    "apogee": (0.5, 8.0),
    "entry_start": (1.5, 3.0),
    "entry_end": (2.0, 2.0),
    "landing_burn_start": (2.5, 3.0),
    "touchdown": (1.5, 2.0),
    "splashdown": (1.5, 2.0),
    "recovered": (2.0, 3.0),
    "hold": (1.0, 4.0),
    "scrub": (1.5, 5.0),
    "abort": (1.5, 5.0),
    "loss_of_vehicle": (2.0, 15.0),
    "blackout_start": (2.0, 15.0),
    "blackout_end": (2.0, 15.0),
}
WIRES: Final = ("packets_lost,share=0.3", "packets_lost@[50,60],share=1,for_s=3", "packets_lost,share=0.2,burst=30")
NOISES: Final = (
    "packets_duplicated,share=0.2",
    "packets_reordered,share=0.1,by_s=0.8",
    "packets_corrupted,share=0.1",
    "packets_cut,share=0.05",
    "clock_jump@60,by_s=0.4",
    "clock_jump@60,by_s=-0.4",
    "clock_drift@-20,ppm=50",
)
SENSORS: Final = tuple(
    f"sensor_{how}@{at},channel={channel}{more}"
    for how, more in (("stuck", ",for_s=5"), ("dead", ",for_s=5"))
    for channel in ("altitude_m", "vertical_speed_m_s", "chamber_pressure_pa", "dynamic_pressure_pa")
    for at in (30,)
)
SPIKES: Final = (
    "sensor_spike@-20,channel=vertical_speed_m_s,by=300 sensor_spike@40,channel=altitude_m,by=20000",
    "sensor_spike@-15,channel=chamber_pressure_pa,by=9e6 sensor_spike@50,channel=vertical_speed_m_s,by=-900",
)
PAD: Final = (
    "no_ignition",
    "pad_hold@-10,for_s=60",
    "pad_hold@-10,for_s=30 pad_hold@-4,for_s=20",
    "scrub@-8",
    "scrub@-0.5",
    "engine_out@-1",
)
FLOWN: Final = {
    "express": """engine_out@40 engine_out@200 early_cutoff@100 early_cutoff@200 engine_out@20,engine=2 early_cutoff@470
        no_ignition,burn=insertion no_ignition,burn=entry no_ignition,burn=landing
        no_ignition,burn=entry,vehicle=booster no_ignition,burn=landing,vehicle=booster
        loss_of_vehicle@60 loss_of_vehicle@170 loss_of_vehicle@400,vehicle=booster loss_of_vehicle@1250
        hard_landing hard_landing,speed_m_s=25 hard_landing,speed_m_s=40,vehicle=booster tip_over recovery_delayed
        station_down@140,for_s=40 station_down@340,for_s=500 backhaul_down@140,for_s=40
        station_down@70,for_s=8,station=relay""",
    "hop": """engine_out@10 early_cutoff@10 early_cutoff@5 no_ignition,burn=landing loss_of_vehicle@30 hard_landing
        hard_landing,speed_m_s=30 tip_over station_down@55,for_s=20 backhaul_down@55,for_s=20
        packets_lost@[100,120],share=1,for_s=20""",
    "falcon_like": """engine_out@40 early_cutoff@100 engine_out@200 no_ignition,burn=landing,vehicle=booster
        no_ignition,burn=entry,vehicle=booster no_ignition,burn=insertion loss_of_vehicle@80
        loss_of_vehicle@300,vehicle=booster""",
    "falcon_like_gto": "engine_out@60 early_cutoff@140 engine_out@300 loss_of_vehicle@200",
    "sounding": "early_cutoff@10 loss_of_vehicle@20 loss_of_vehicle@120",
    "static_fire": "engine_out@2 early_cutoff@2",
}
BLIND: Final = ("haiyang", "tasman")


@dataclass(frozen=True)
class Case:
    """One flight to fly."""

    preset: str
    faults: str = ""
    stations: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called in the table."""
        heard = f" heard by {'+'.join(self.stations)}" if self.stations else ""
        return f"{self.preset} {self.faults}{heard}".strip()


@dataclass(frozen=True)
class Said:
    """One event, true or found; times in seconds from the planned liftoff."""

    name: str
    vehicle: str
    t_s: float
    sigma_s: float = 0.0
    latency_s: float = 0.0
    heard: bool = True


def cases() -> Iterator[Case]:
    """Yield every flight."""
    for preset, flown in FLOWN.items():
        yield Case(preset)
        poor = (*WIRES, *NOISES, *SENSORS, *SPIKES) if preset in {"hop", "falcon_like"} else ()
        for faults in (*PAD, *flown.split(), *poor):
            yield Case(preset, faults)
    for faults in ("", "early_cutoff@100", "no_ignition,burn=entry", "loss_of_vehicle@1250"):
        yield Case("express", faults, BLIND)
    for faults in (*WIRES, *NOISES):
        yield Case("express", faults)


def fly(case: Case) -> tuple[list[Said], list[Message]]:
    """Return what truly happened, and what the stations send."""
    faults = tuple(parse_fault(each) for each in case.faults.split())
    sent = simulate(case.preset, SEED, T0_NS, faults=faults)
    if case.stations:
        preset = sent.flight.preset.model_copy(update={"stations": case.stations})
        object.__setattr__(sent.flight, "preset", preset)
    said, coming = truth(sent), messages(sent)
    times, late_s = heard_s(coming, sent), (sent.t0_ns - T0_NS) / NS_PER_S
    heard = {vehicle: each + late_s for vehicle, each in times.items()}
    return [replace(one, heard=one.heard and not in_gap(one, heard[one.vehicle])) for one in said], coming


def in_gap(one: Said, times: Floats) -> bool:
    """Return whether nothing came of an event's time, whoever could have heard it."""
    t_s, ordered = one.t_s + BESIDE_S.get(one.name, 0.0), np.sort(times)
    after = int(np.searchsorted(ordered, t_s))
    return after in {0, len(ordered)} or bool(ordered[after] - ordered[after - 1] > GAP_S)


def truth(sent: Transmitter) -> list[Said]:
    """Return what truly happened, and whether anybody could hear it."""
    late_s = (sent.t0_ns - T0_NS) / NS_PER_S
    received = receptions(sent)
    deaf = {one.vehicle: silent(one) for one in received}
    return [
        Said(short_name(each.type), each.vehicle, each.t_s + late_s, heard=is_heard(each, deaf[each.vehicle]))
        for each in happenings_of(sent, received)
        if each.type in set(FlightEvent) and not is_no_ascent(sent, each)
    ]


def silent(one: Reception) -> Spans:
    """Return when nothing of a vehicle comes in time: nobody hears it, or the lines of those who do are cut."""
    return without(ALWAYS, [span for ear in one.listeners for span in without(ear.audible, ear.cut_off)])


def is_heard(each: Happening, deaf: Spans) -> bool:
    """Return whether an event can be heard; of what begins or ends with silence, the side that is none."""
    side_s = BESIDE_S.get(short_name(each.type), 0.0)
    return not any(span.start_s <= each.t_s + side_s < span.end_s for span in deaf)


def messages(sent: Transmitter) -> list[Message]:
    """Return what the stations send."""
    links = make_links(sent, load_stations(sent.flight.preset.stations), "live", "F")
    return list(in_line(ticks(sent, links, FINEST_BUNDLE_S)))


def found(sent: list[Message]) -> list[Said]:
    """Return what detection finds: of each event the last revision, and when it was first told."""
    last: dict[tuple[str, str, int], Said] = {}
    first_ns: dict[tuple[str, str, int], int] = {}
    engine, events = new_engine(), []
    for message in sent:
        # the service refuses what it cannot believe, and goes on
        with suppress(InputError):
            events += take(engine, message).events
    for event in events:
        if event.type in set(FlightEvent):
            key = (event.vehicle, event.type, event.ordinal)
            t_s = (event.t_ns - T0_NS) / NS_PER_S
            first_ns.setdefault(key, event.detected_ns)
            latency_s = (first_ns[key] - T0_NS) / NS_PER_S - t_s
            last[key] = Said(event.name, event.vehicle, t_s, event.t_sigma_s, latency_s)
            if event.status == "retracted":
                del last[key]
    return list(last.values())


def judge(true: list[Said], claims: list[Said]) -> Iterator[tuple[str, str, Said, float]]:
    """Yield (event, verdict, what was said, error in s): each true event takes the nearest claim of its kind."""
    left = list(claims)
    for one in sorted(true, key=lambda each: each.t_s):
        near = [each for each in left if (each.name, each.vehicle) == (one.name, one.vehicle)]
        if not near:
            # what nobody hears is nobody's to find
            if one.heard:
                yield one.name, "miss", one, np.nan
            continue
        best = min(near, key=lambda each: abs(each.t_s - one.t_s))
        left.remove(best)
        error_s, (allowed_s, latest_s) = best.t_s - one.t_s, ALLOWED_S[one.name]
        # until now since what was claimed; late is what is told long after it happened
        best = replace(best, latency_s=best.latency_s + error_s)
        if not one.heard:
            # told by what came late, or by what was before and after it
            allowed_s, latest_s = max(allowed_s, 2.0 * best.sigma_s), np.inf
        verdict = "wrong" if abs(error_s) > allowed_s else "late" if best.latency_s > latest_s else "hit"
        yield one.name, verdict, best, error_s
    for each in left:
        yield each.name, "false", each, np.nan


def flown(case: Case) -> tuple[Case, list[tuple[str, str, Said, float]] | str]:
    """Fly a case and judge it; a text if it cannot be flown."""
    try:
        true, sent = fly(case)
    except FlightError as error:
        return case, str(error)
    return case, list(judge(true, found(sent)))


def main() -> None:
    """Fly, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="part of a flight's name")
    parser.add_argument("--quick", action="store_true", help=f"only {', '.join(SHORT)}")
    parser.add_argument("--json", action="store_true", help="one JSON document, what is wrong on standard error")
    asked = parser.parse_args()
    chosen = [case for case in cases() if not asked.words or any(word in case.name for word in asked.words)]
    chosen = [case for case in chosen if not asked.quick or case.preset in SHORT]
    aside = sys.stderr if asked.json else sys.stdout
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    errors: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with ProcessPoolExecutor(2) as pool:
        for case, verdicts in pool.map(flown, chosen):
            if isinstance(verdicts, str):
                print(f"not flown: {case.name}: {verdicts}", flush=True, file=aside)
                continue
            for event, verdict, said, error_s in verdicts:
                counts[event][verdict] += 1
                if np.isfinite(error_s):
                    errors[event].append((error_s, said.sigma_s, said.latency_s))
                if verdict != "hit":
                    print(
                        f"{verdict:5} {event} of {said.vehicle} at {said.t_s:.2f} s, error {error_s:.2f} s, "
                        f"after {said.latency_s:.1f} s: {case.name}",
                        flush=True,
                        file=aside,
                    )
    lines = [line_of(event, counts[event], errors[event]) for event in ALLOWED_S if event in counts]
    if asked.json:
        print(json.dumps(lines))
    else:
        report(lines)


def line_of(event: str, counts: Counter[str], errors: list[tuple[float, float, float]]) -> dict[str, str | float]:
    """Return the figures of one event."""
    line: dict[str, str | float] = {"event": event} | {each: counts[each] for each in VERDICTS}
    if errors:
        rows = np.array(errors)
        off, sigma = np.abs(rows[:, 0]), np.maximum(rows[:, 1], 1e-9)
        line["error_median_s"], line["error_p95_s"] = float(np.median(off)), float(np.percentile(off, 95))
        line["latency_p95_s"] = float(np.percentile(rows[:, 2], 95))
        line["within_1_sigma"], line["within_2_sigma"] = (float(np.mean(off <= times * sigma)) for times in (1, 2))
    return line


def report(lines: list[dict[str, str | float]]) -> None:
    """Print one line an event."""
    print(f"\n{'event':20}{''.join(f'{each:>7}' for each in VERDICTS)}  median   p95 s  latency p95   1s   2s")
    for line in lines:
        numbers = "".join(f"{line[each]:7d}" for each in VERDICTS)
        tail = ""
        if "error_p95_s" in line:
            tail = (
                f"{line['error_median_s']:8.3f}{line['error_p95_s']:8.3f}{line['latency_p95_s']:13.1f}"
                f"{line['within_1_sigma']:5.0%}{line['within_2_sigma']:5.0%}"
            )
        print(f"{line['event']:20}{numbers}{tail}")


if __name__ == "__main__":
    main()
