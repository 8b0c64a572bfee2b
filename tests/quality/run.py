"""`make quality`: detection on every recorded flight, clean and perturbed, and on simulated ones.

It exits 1 if a requirement does not hold.

ARGS="--quick" is clean and one seed; --flights SES-10,Lince --only holes,pad --events apogee,meco ask for a part of it;
--worst 20 lists the worst cases; --json FILE writes all counts and cases; --flights '' --simulated 100 is simulated
flights alone, --flights '' --made 240 small rockets made up with the troubles that their logs have,
--flights '' --webcasts 120 webcasts of launches made up, clean and perturbed, --flights '' --hops 160 hops made up.
--first 5000 takes other numbers of all that is simulated or made up, so other flights.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from quality.claims import heard
from quality.faults import SHARES
from quality.flights import ABSENT, FOLDER, Log, load, names
from quality.knowable import NOISE_M_S, is_hidden
from quality.knowable_small import hides_landing
from quality.perturb import KINDS, perturbed
from quality.score import Case, Judge
from quality.simulated import NOISY, judged_flight, judged_noisy
from quality.synthetic_hop import HOPPED, judged_hop
from quality.synthetic_small import MADE_UP, judged_small
from quality.synthetic_webcast import SHOWN, judged_webcast
from quality.table import lines_of, rows_of, worst_of
from quality.truth import Record
from rich.console import Console

SEEDS: Final = 3
SIMULATED: Final = 500
NOISED: Final = 100
MADE: Final = 240
WEBCASTS: Final = 120
HOPS: Final = 160
CLEAN: Final = "clean"
# of a display that counts km/h
STEP_M_S: Final = 0.28


def judged(name: str, kinds: Sequence[str], seeds: int, vehicle_class: str = "auto") -> list[Case]:
    """Return every case of one recorded flight under some perturbations."""
    log = load(name)
    record = Record(log)
    cases: list[Case] = []
    for kind in kinds:
        for seed in range(1 if kind == CLEAN else seeds):
            changed = perturbed(log, kind, seed)
            found = Judge(changed, record, kind, seed).cases(heard(changed, vehicle_class))
            cases += _without_hidden(found, kind, changed, record) if kind in NOISE_M_S else found
    return cases


def _without_hidden(cases: list[Case], kind: str, log: Log, record: Record) -> list[Case]:
    """Return cases, those blind that noise lets nobody know in time (`quality.knowable`)."""
    clean = record.clean
    shown = np.isfinite(clean.speed_m_s)
    track = (clean.t_s[shown], clean.speed_m_s[shown])
    return [
        replace(
            case,
            blind=case.blind
            or is_hidden(case, kind, log, track, STEP_M_S, 0.0)
            or hides_landing(case, kind, log, record),
        )
        for case in cases
    ]


def recorded(
    flights: Iterable[str], kinds: Sequence[str], seeds: int, vehicle_class: str, workers: int
) -> Iterator[list[Case]]:
    """Yield the cases of recorded flights, the longest files first, on some processes."""
    longest = sorted(flights, key=lambda name: -(FOLDER / f"{name}.csv.gz").stat().st_size)
    work = partial(judged, kinds=kinds, seeds=seeds, vehicle_class=vehicle_class)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(work, longest)


def options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make quality", description=__doc__)
    parser.add_argument("--flights", help="names of recorded flights, with commas; all by default, none if empty")
    parser.add_argument("--only", help=f"perturbations, with commas: {CLEAN}, {', '.join(KINDS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="clean and one seed, and no simulated flights")
    parser.add_argument("--events", help="last words of events, with commas; all by default")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="of each perturbation")
    parser.add_argument("--simulated", type=int, help="how many simulated flights; 500, or none with any of the above")
    parser.add_argument("--noisy", type=int, help="how many of these with a noisy navigation; 100, or none as above")
    parser.add_argument("--made", type=int, help="how many small rockets made up; 240, or none with any of the above")
    parser.add_argument("--webcasts", type=int, help="how many webcasts made up; 120, or none with any of the above")
    parser.add_argument("--hops", type=int, help="how many hops made up; 160, or none with any of the above")
    parser.add_argument("--first", type=int, default=0, help="number of the first simulated or made-up flight: others")
    parser.add_argument("--worst", type=int, default=0, help="list so many of the worst cases")
    parser.add_argument("--json", type=Path, help="where to write all counts and cases")
    parser.add_argument("--vehicle-class", default="auto")
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args(arguments)
    part = given.quick or given.flights is not None or given.only is not None
    if given.simulated is None:
        given.simulated = 0 if part else SIMULATED
    if given.noisy is None:
        given.noisy = 0 if part else NOISED
    if given.made is None:
        given.made = 0 if part else MADE
    if given.webcasts is None:
        given.webcasts = 0 if part else WEBCASTS
    if given.hops is None:
        given.hops = 0 if part else HOPS
    given.seeds = 1 if given.quick else given.seeds
    given.only = [CLEAN, *KINDS] if given.only is None else given.only.split(",")
    if unknown := set(given.only) - {CLEAN, *KINDS}:
        parser.error(f"no perturbation {', '.join(sorted(unknown))}; there are {CLEAN}, {', '.join(KINDS)}")
    known = names()
    given.flights = known if given.flights is None else [name for name in given.flights.split(",") if name]
    if unknown := set(given.flights) - set(known):
        parser.error(
            f"no recorded flight {', '.join(sorted(unknown))}; there are {', '.join(known)}" if known else ABSENT
        )
    return given


def made_up(judge: Callable[[int], list[Case]], numbers: range, workers: int) -> Iterator[list[Case]]:
    """Yield the cases of flights that numbers make up, on some processes."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(judge, numbers, chunksize=4)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it, print the table and return the exit code."""
    given = options(arguments)
    if not names():
        say(ABSENT)
        return 2
    began_s = time.monotonic()
    cases = [
        case
        for each in recorded(given.flights, given.only, given.seeds, given.vehicle_class, given.processes)
        for case in each
    ]
    between_s = time.monotonic()

    def numbers(count: int) -> range:
        return range(given.first, given.first + count)

    done = f"{len(given.flights)} recorded flights in {between_s - began_s:.0f} s"
    for count, judge, words in (
        (given.simulated, judged_flight, "simulated ones"),
        (given.noisy, judged_noisy, "with a noisy navigation"),
        (given.made, judged_small, "made up"),
        (given.webcasts, judged_webcast, "webcasts made up"),
        (given.hops, judged_hop, "hops made up"),
    ):
        if count:
            first_s = time.monotonic()
            cases += [case for each in made_up(judge, numbers(count), given.processes) for case in each]
            done += f", {count} {words} in {time.monotonic() - first_s:.0f} s"
    return report(cases, given, done)


def report(cases: list[Case], given: argparse.Namespace, said: str) -> int:
    """Print the table and what does not hold; return the exit code."""
    if given.events is not None:
        cases = [case for case in cases if case.event in given.events.split(",")]
    rows = rows_of(cases, [CLEAN, *KINDS, *(f"sim {family}" for family in SHARES), *NOISY, MADE_UP, *SHOWN, *HOPPED])
    say("\n".join(lines_of(rows)))
    if given.worst:
        say("\n" + "\n".join(worst_of(cases, given.worst)))
    failures = [line for row in rows for line in row.failures]
    false = sum(row.false for row in rows)
    say(
        f"\n{said}; {false} events that did not happen; {len(failures)} requirements do not hold"
        + "".join(f"\n  {line}" for line in failures)
    )
    if given.json is not None:
        record = {"rows": [row.as_json() for row in rows], "cases": [plain(case) for case in cases]}
        given.json.write_text(json.dumps(record, indent=1) + "\n")
    return 1 if failures else 0


def say(text: str) -> None:
    """Print lines as they are, however narrow the terminal."""
    Console().print(text, highlight=False, markup=False, soft_wrap=True)


def plain(case: Case) -> dict[str, object]:
    """Return a case for JSON; None where there is no number."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in asdict(case).items()
    }


if __name__ == "__main__":
    sys.exit(main())
