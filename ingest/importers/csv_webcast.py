"""CSV read from a webcast's display: time, velocity (or speed), altitude. Pure.

Without a unit behind its name, `speed (km/h)` or `speed_km_h`, a column has the unit in which the collection of
webcast telemetry shahar603/Telemetry-Data keeps it: s, m/s, km. A unit is never guessed from the values.
"""

from __future__ import annotations

from typing import Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_table
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source, readable
from ingest.importers.table import Table, read_rows, separator_of, split_line
from ingest.importers.units import SI_OF_CHANNEL, factor, unit_of_heading
from telemetry.errors import ArchiveError

NAME: Final = "webcast-csv"
WHAT: Final = "CSV of a webcast's display: time, velocity, altitude"
TIMES: Final = ("time", "t")
SPEEDS: Final = ("velocity", "speed")
ALTITUDES: Final = ("altitude",)
CLIMBS: Final = ("velocity_y", "vertical_velocity", "vertical velocity")
OWN_UNITS: Final = {"speed_m_s": "m/s", "altitude_m": "km", "vertical_speed_m_s": "m/s"}


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    names, _ = _headings(source)
    there = [next((n for n in known if n in names), None) for known in (TIMES, SPEEDS, ALTITUDES)]
    return f"the first line names {', '.join(n for n in there if n)}" if all(there) else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    Raises
    ------
    ArchiveError
        If a column is missing, or its unit is none.
    """
    names, units = _headings(source)
    known = {"speed_m_s": SPEEDS, "altitude_m": ALTITUDES}
    if options.derived:
        known["vertical_speed_m_s"] = CLIMBS
    places = {channel: next((i for i, n in enumerate(names) if n in said), None) for channel, said in known.items()}
    time_at = next((i for i, name in enumerate(names) if name in TIMES), None)
    found = {channel: at for channel, at in places.items() if at is not None}
    if time_at is None or not found:
        detail = f"the first line has the columns {', '.join(names)[:300] or 'nothing'}: name time, velocity, altitude"
        raise ArchiveError(f"{source.path}:1", detail)
    time_unit = units[time_at] or "s"
    said = {channel: units[at] or OWN_UNITS[channel] for channel, at in found.items()}
    try:
        for si, unit in (("s", time_unit), *((SI_OF_CHANNEL[channel], unit) for channel, unit in said.items())):
            factor(si, unit)
    except ValueError as error:
        raise ArchiveError(f"{source.path}:1", str(error)) from error
    columns = ColumnMap(
        time=Clock(column=time_at + 1, unit=time_unit),
        columns={channel: Column(column=at + 1, unit=said[channel]) for channel, at in found.items()},
    )
    table = Table(tuple(names))
    read_rows(table, source, 2, separator_of(source.lines[0]), cells=(len(names), len(names)), comments=True)
    assumed = [names[at] + " in " + OWN_UNITS[c] for c, at in found.items() if units[at] is None]
    reading = read_table(source, table, columns)
    return reading.noted(f"taken: {', '.join(assumed)}") if assumed else reading


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
