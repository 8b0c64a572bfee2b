"""CSV read from a webcast's display: time, velocity (or speed), altitude. Pure.

Without a unit behind its name, `speed (km/h)` or `speed_km_h`, a column has the unit in which the collection of
webcast telemetry shahar603/Telemetry-Data keeps it: s, m/s, km. A unit is never guessed from the values.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_table
from ingest.importers.display import ALTITUDE, SPEED, is_climb, with_assumed_units
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source, readable
from ingest.importers.table import MISSING, Table, read_rows, separator_of, split_line
from ingest.importers.units import FOOT_M, SI_OF_CHANNEL, UNITS, factor, unit_of_heading
from telemetry.errors import ArchiveError

NAME: Final = "webcast-csv"
WHAT: Final = "CSV of a webcast's display: time, velocity, altitude"
TIMES: Final = ("time", "t")
SPEEDS: Final = ("velocity", "speed")
ALTITUDES: Final = ("altitude",)
CLIMBS: Final = ("velocity_y", "vertical_velocity", "vertical velocity")
# no display shows these; instruments do, and theirs are feet as often
INSTRUMENTS: Final = frozenset(
    {"pressure", "temperature", "temp", "voltage", "voltages", "battery", "events", "latitude", "longitude"}
)
OWN_UNITS: Final = {"speed_m_s": "m/s", "altitude_m": "km", "vertical_speed_m_s": "m/s"}


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    names, units = _headings(source)
    if INSTRUMENTS & set(names) or any(
        name in SPEEDS and _is_feet_a_second(unit) for name, unit in zip(names, units, strict=True)
    ):
        return None
    there = [next((n for n in known if n in names), None) for known in (TIMES, SPEEDS, ALTITUDES)]
    return f"the first line names {', '.join(n for n in there if n)}" if all(there) else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    Raises
    ------
    ArchiveError
        If a column is missing, its unit is none, or the units of a webcast contradict one another.
    """
    names, units = _headings(source)
    known = {"speed_m_s": SPEEDS, "altitude_m": ALTITUDES}
    if options.derived:
        known["vertical_speed_m_s"] = CLIMBS
    places = {channel: next((i for i, n in enumerate(names) if n in said), None) for channel, said in known.items()}
    clocks = [i for i, name in enumerate(names) if name in TIMES]
    found = {channel: at for channel, at in places.items() if at is not None}
    if not clocks or not found:
        detail = f"the first line has the columns {', '.join(names)[:300] or 'nothing'}: name time, velocity, altitude"
        raise ArchiveError(f"{source.path}:1", detail)
    said = {channel: units[at] or OWN_UNITS[channel] for channel, at in found.items()}
    try:
        clock_s = [factor("s", units[at] or "s") for at in clocks]
        for channel, unit in said.items():
            factor(SI_OF_CHANNEL[channel], unit)
    except ValueError as error:
        raise ArchiveError(f"{source.path}:1", str(error)) from error
    if len(set(clock_s)) < len(clock_s):
        raise ArchiveError(f"{source.path}:1", f"names {names[clocks[0]]} twice: choose one by a --map")
    table = Table(tuple(names))
    read_rows(table, source, 2, separator_of(source.lines[0]), cells=(len(names), len(names)), comments=True)
    time_at, unit_s = (
        (clocks[0], clock_s[0]) if len(clocks) == 1 else _one_clock(table, dict(zip(clocks, clock_s, strict=True)))
    )
    columns = ColumnMap(
        time=Clock(column=time_at + 1, unit=next(name for name, each in UNITS["s"].items() if each == unit_s)),
        columns={channel: Column(column=at + 1, unit=said[channel]) for channel, at in found.items()},
    )
    reading = read_table(source, table, columns)
    if is_climb(reading.samples):
        if units[found[ALTITUDE]] is None:
            detail = "the velocity falls below zero, as on no display, so it may be an altimeter's: name the units, "
            raise ArchiveError(f"{source.path}:1", f"{detail}time (s), altitude (m), or give a --map")
        reading = reading.leaving_out(SPEED).noted(
            "velocity left out: it falls below zero, so it is a climb worked out"
        )
    assumed = [names[at] + " in " + OWN_UNITS[c] for c, at in found.items() if units[at] is None]
    return with_assumed_units(source, reading, assumed) if assumed else reading


def _is_feet_a_second(unit: str | None) -> bool:
    """Whether a speed is in ft/s, as altimeters say and no display shows: miles an hour stand beside its feet."""
    try:
        return unit is not None and factor("m_s", unit) == FOOT_M
    except ValueError:
        return False


def _one_clock(table: Table, clocks: dict[int, float]) -> tuple[int, float]:
    """Return one column for several of minutes and seconds, and the seconds of its unit.

    Either each begins again where the next longer one counts on, and they add up, or the finest tells the whole time.
    """
    ats = sorted(clocks, key=lambda at: -clocks[at])
    columns = {at: table.numbers(at, MISSING, comma=False)[0] for at in ats}
    for longer, at in pairwise(ats):
        passes = np.nanmax(columns[at], initial=0.0) * clocks[at] >= clocks[longer]
        if passes or not np.array_equal(columns[longer], np.rint(columns[longer]), equal_nan=True):
            return ats[-1], clocks[ats[-1]]
    seconds = np.sum([columns[at] * clocks[at] for at in ats], axis=0)
    table.rows = [[*row, None if np.isnan(s) else s] for row, s in zip(table.rows, seconds.tolist(), strict=True)]
    table.names = (*table.names, "time")
    return len(table.names) - 1, 1.0


def _headings(source: Source) -> tuple[list[str], list[str | None]]:
    """Return the columns' names and units."""
    first = readable(source.first(1)[0])
    try:
        headings = [_heading(each) for each in split_line(first, separator_of(first))]
    except ValueError:
        return [], []
    return [name for name, _ in headings], [unit for _, unit in headings]


def _heading(text: str) -> tuple[str, str | None]:
    """Return a column's name and its unit, in brackets or behind an underscore."""
    name, unit = unit_of_heading(text)
    for known in (*TIMES, *SPEEDS, *ALTITUDES, *CLIMBS):
        if unit is None and name.startswith(f"{known}_") and name not in CLIMBS:
            return known, name.removeprefix(f"{known}_").replace("_", "/")
    return name, unit
