"""Detection on files: frames a second of a core with all detectors, and what 100 vehicles at 50 Hz take.

The first table reads each recorded flight as `downrange detect` does; the second is many vehicles at once, in messages
of 0.2 s as a live line brings them, each with a flight engine of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
from bench.kit import Table, machine, options, publish, say
from logged import small_rocket
from quality.flights import FOLDER, names

from downrange.jobs.detect import LogFlight, detect
from ingest.importers.log import open_log
from telemetry.samples import Samples

VEHICLES = 100
RATE_HZ = 50
ROWS_A_MESSAGE = 10


def files(table: Table, some: Iterable[str]) -> None:
    """Measure reading and detecting."""
    rows, read_s, heard_s = 0, 0.0, 0.0
    for name in some:
        begin = time.process_time()
        log = open_log(FOLDER / f"{name}.csv.gz")
        between = time.process_time()
        found = detect(log.samples)
        end = time.process_time()
        read_s, heard_s, rows = read_s + between - begin, heard_s + end - between, rows + len(log.samples)
        table.add(
            name,
            len(log.samples),
            (between - begin) / len(log.samples) * 1e6,
            (end - between) / len(log.samples) * 1e6,
            len(log.samples) / (end - begin),
            len(found),
        )
    table.add("all", rows, read_s / rows * 1e6, heard_s / rows * 1e6, rows / (read_s + heard_s), None)


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
    of_files = Table(
        "Detection on files", ("file", "rows", "us a row, reading", "us a row, detecting", "rows/s a core", "events")
    )
    there = names()
    if there:
        detect(open_log(FOLDER / f"{there[0]}.csv.gz").samples)
        files(of_files, there[:5] if chosen.quick else there)
    else:
        say(f"no recorded flights in {FOLDER}")
    of_fleet = Table("Many vehicles", ("load", "cores used", "us a row", "longest 0.2 s, ms"), notes=[machine()])
    fleet(of_fleet, 5.0 if chosen.quick else 40.0)
    publish([of_files, of_fleet], as_json=chosen.json)


if __name__ == "__main__":
    main()
