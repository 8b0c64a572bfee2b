"""Detection on files: frames a second of a core with all detectors, and what 100 vehicles at 50 Hz take.

The first table reads each recorded flight as `downrange detect` does, a row a frame, and the second sums them up by
kind of recording; times are the process's own, so that waiting does not count. The third is many vehicles at once, in
messages of 0.2 s as a live line brings them, each with a flight engine of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from bench.kit import Table, machine, options, publish, say
from logged import small_rocket
from quality.flights import FOLDER, names

from downrange.jobs.detect import LogFlight, detect
from downrange.jobs.heap import settled_heap
from ingest.importers.log import open_log
from telemetry.samples import Samples

VEHICLES = 100
RATE_HZ = 50
ROWS_A_MESSAGE = 10
FULL_HZ = 50.0
FIGURES = ("us, reading", "us, detecting", "frames/s, detecting", "frames/s, both")


@dataclass(slots=True)
class Cost:
    """What some files took: frames (rows of a log), and processor time to read them and to detect on them."""

    files: int = 0
    rows: int = 0
    read_s: float = 0.0
    heard_s: float = 0.0

    def add(self, other: Cost) -> None:
        """Add what others took."""
        self.files += other.files
        self.rows += other.rows
        self.read_s += other.read_s
        self.heard_s += other.heard_s

    @property
    def figures(self) -> tuple[float, float, float, float]:
        """Microseconds a frame to read and to detect, frames a second of a core for detecting alone, and for both."""
        rows = max(self.rows, 1)
        both_s = self.read_s + self.heard_s
        return self.read_s / rows * 1e6, self.heard_s / rows * 1e6, rows / self.heard_s, rows / both_s


def kind_of(samples: Samples) -> str:
    """Return what wrote a log, by its channels and its rate."""
    rate_hz = 1e9 / max(float(np.median(np.diff(samples.t_ns))), 1.0)
    if "acceleration_m_s2" in samples.columns:
        return "full log, 50 Hz and more" if rate_hz >= FULL_HZ else "full log, slower"
    if "speed_m_s" in samples.columns:
        return "webcast"
    return "altimeter"


def files(table: Table, kinds: Table, some: Iterable[str]) -> None:
    """Measure reading and detecting, by file and by kind of recording."""
    costs: dict[str, Cost] = {}
    every = Cost()
    for name in some:
        with settled_heap():
            begin = time.process_time()
            log = open_log(FOLDER / f"{name}.csv.gz")
            between = time.process_time()
            found = detect(log.samples)
            end = time.process_time()
        cost = Cost(1, len(log.samples), between - begin, end - between)
        costs.setdefault(kind_of(log.samples), Cost()).add(cost)
        every.add(cost)
        table.add(name, cost.rows, *cost.figures, len(found))
    for kind, cost in [*sorted(costs.items()), ("all", every)]:
        kinds.add(kind, cost.files, cost.rows, *cost.figures)


def fleet(table: Table, seconds: float) -> None:
    """Measure many vehicles in small messages."""
    t_s, columns = small_rocket()
    many = min(round(seconds * RATE_HZ), t_s.size)
    whole = Samples.of(t_s[:many], **{name: values[:many] for name, values in columns.items()})
    pieces = [whole.select(slice(at, at + ROWS_A_MESSAGE)) for at in range(0, many, ROWS_A_MESSAGE)]
    flights = [LogFlight() for _ in range(VEHICLES)]
    costs = []
    for piece in pieces:
        begin = time.process_time()
        for flight in flights:
            list(flight.take_all([piece]))
        costs.append(time.process_time() - begin)
    share = sum(costs) / (many / RATE_HZ)
    table.add(
        f"{VEHICLES} vehicles at {RATE_HZ} Hz", share, share / VEHICLES / RATE_HZ * 1e6, float(np.max(costs) * 1e3)
    )


def main() -> None:
    """Measure and print."""
    chosen = options(__doc__)
    of_files = Table("Detection on files, all detectors", ("file", "frames", *FIGURES, "events"))
    of_kinds = Table("By kind of recording", ("kind", "files", "frames", *FIGURES))
    there = names()
    if there:
        detect(open_log(FOLDER / f"{there[0]}.csv.gz").samples)
        files(of_files, of_kinds, there[:5] if chosen.quick else there)
    else:
        say(f"no recorded flights in {FOLDER}")
    loads = ("load", "share of one core", "us a frame", "longest 0.2 s, ms")
    of_fleet = Table("Many vehicles", loads, notes=[machine()])
    fleet(of_fleet, 5.0 if chosen.quick else 40.0)
    publish([of_files, of_kinds, of_fleet], as_json=chosen.json)


if __name__ == "__main__":
    main()
