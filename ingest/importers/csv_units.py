"""CSV whose headings name their units: `Time (s), Altitude (ft)`, `time_ms;pressure_hpa`, `timestampMs`. Pure.

So do Featherweight's Blue Raven (its low-rate file), OpenRocket's and many a flight computer of one's own. Pressure
and height are taken, of both the pressure if it is about as fine, and an acceleration that says that it is the
vertical or axial one: of others nobody knows the axis, nor whether gravity is in them. Speeds are worked out, and a
satellite receiver's or a filter's height is not the barometer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_export
from ingest.importers.headings import SATELLITE, Heading, heading_of, is_measured
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source, readable
from ingest.importers.table import COMMENT, Table, read_rows, separator_of, split_line
from telemetry.errors import ArchiveError
from telemetry.samples import Samples

NAME: Final = "csv-units"
WHAT: Final = "CSV whose headings name their units: Time (s), Altitude (ft)"
AXIAL: Final = frozenset({"vertical", "axial", "vert"})
ABOVE_PAD: Final = frozenset({"agl", "height", "relative", "rel"})
FIRST_LINES: Final = 50
ALTITUDE: Final = "altitude_m"
PRESSURE: Final = "pressure_pa"
CHANNEL: Final = {"altitude": ALTITUDE, "pressure": PRESSURE, "acceleration": "acceleration_m_s2"}
# the air near the ground; no barometer shows less than a tenth of a metre
PA_PER_M: Final = 12.0
FINE_M: Final = 0.1
COARSER: Final = 3.0


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    at, headings = _header(source)
    if not at:
        return None
    named = [*_time(headings), *(each[0] for each in _taken(headings).values())]
    return f"line {at} names {', '.join(each.text.strip() for each in named)}"


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    Raises
    ------
    ArchiveError
        If the headings name no time, several, or nothing to take; it says what to do.
    """
    del options
    at, headings = _header(source)
    time, taken = _time(headings), _taken(headings)
    if not at:
        found = ", ".join(each.text.strip() for each in headings)[:300] or "nothing"
        what = "one time and a height or pressure, each with its unit, are wanted"
        raise ArchiveError(f"{source.path}:1", f"names {found}: {what}, or a --map")
    for channel, several in taken.items():
        if len(several) > 1:
            names = ", ".join(each.text.strip() for each in several)
            raise ArchiveError(f"{source.path}:{at}", f"names several {channel} ({names}): choose one by a --map")
    columns = ColumnMap(
        time=Clock(column=time[0].at + 1, unit=time[0].unit or "s"),
        columns={name: Column(column=each.at + 1, unit=each.unit) for name, (each,) in taken.items()},
    )
    table = Table(tuple(each.text.strip() for each in headings))
    least = max(time[0].at, *(each.at for each, *_ in taken.values())) + 1
    read_rows(table, source, at + 1, separator_of(source.lines[at - 1]), cells=(least, len(headings)), comments=True)
    others = [each.text.strip() for each in headings if each is not time[0] and [each] not in taken.values()]
    reading = read_export(source, table, columns)
    if _tells_less(reading.samples):
        reading = reading.leaving_out(ALTITUDE).noted("altitude left out: it is worked out from the pressure")
    return reading.noted(f"left out: {', '.join(others)[:300]}") if others else reading


def _tells_less(samples: Samples) -> bool:
    """Whether heights stand beside pressures that are about as fine: who works them out may have filtered them too."""
    heights, pressures = samples.columns.get(ALTITUDE), samples.columns.get(PRESSURE)
    if heights is None or pressures is None:
        return False
    return _step(pressures) / PA_PER_M < COARSER * max(_step(heights), FINE_M)


def _step(values: NDArray[np.float64]) -> float:
    """Return the least difference between two values that differ; infinite if there are none."""
    steps = np.diff(np.unique(values[np.isfinite(values)]))
    return float(steps.min()) if steps.size else inf


def _header(source: Source) -> tuple[int, list[Heading]]:
    """Return the line, from 1, of the first headings that do, and them; else 0 and what the first line names."""
    first: list[Heading] = []
    for number, line in enumerate(source.first(FIRST_LINES), 1):
        text = readable(line)
        try:
            cells = split_line(text.lstrip(f"{COMMENT} "), separator_of(text))
        except ValueError:
            continue
        headings = [heading_of(cell, at) for at, cell in enumerate(cells)]
        if len(_time(headings)) == 1 and {ALTITUDE, PRESSURE} & set(_taken(headings)):
            return number, headings
        first = first or headings
    return 0, first


def _time(headings: Sequence[Heading]) -> list[Heading]:
    return [
        each for each in headings if each.quantity == "time" and each.unit is not None and not each.words & SATELLITE
    ]


def _taken(headings: Sequence[Heading]) -> dict[str, list[Heading]]:
    """Return the columns for each channel, as few as the headings tell apart."""
    taken: dict[str, list[Heading]] = {}
    for quantity, channel in CHANNEL.items():
        there = [each for each in headings if each.quantity == quantity and each.unit and is_measured(each)]
        if quantity == "acceleration":
            there = [each for each in there if each.words & AXIAL]
        if quantity == "altitude" and len(there) > 1:
            there = [each for each in there if each.words & ABOVE_PAD] or there
        if there:
            taken[channel] = there
    return taken
