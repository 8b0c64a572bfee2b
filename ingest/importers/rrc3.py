"""CSV of a Missile Works RRC3, as mDACS exports it. Pure.

The columns are `Time, Altitude, Pressure, Velocity, Temperature, Events, Voltage`, without units: s; the altitude in
feet or metres, as the software was set; the pressure in mbar. Altitude and velocity are worked out from the pressure,
so that alone is taken. Source: a file in catsystems/euroc21-team-data, where the altitudes are those of the standard
atmosphere at these pressures.
"""

from __future__ import annotations

from typing import Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_export
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.table import Table, read_rows, separator_of
from telemetry.errors import ArchiveError

NAME: Final = "rrc3"
WHAT: Final = "CSV of a Missile Works RRC3, exported by mDACS"
COLUMNS: Final = ("time", "altitude", "pressure", "velocity", "temperature", "events")
NEEDED: Final = 3


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    return f"the first line names {', '.join(COLUMNS)}" if _names(source)[: len(COLUMNS)] == COLUMNS else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    Raises
    ------
    ArchiveError
        If the first line names no time or no pressure.
    """
    del options
    names = _names(source)
    if "time" not in names or "pressure" not in names:
        found = ", ".join(names)[:300] or "nothing"
        raise ArchiveError(f"{source.path}:1", f"names {found}: Time and Pressure are wanted, export it with both")
    table = Table(names)
    read_rows(table, source, 2, separator_of(source.first(1)[0]), cells=(NEEDED, len(names)), comments=True)
    columns = ColumnMap(time=Clock(column="time"), columns={"pressure_pa": Column(column="pressure", unit="mbar")})
    return read_export(source, table, columns).noted("taken: pressure in mbar; the altitude is worked out from it")


def _names(source: Source) -> tuple[str, ...]:
    first = source.first(1)[0]
    return tuple(name.strip().lower() for name in first.split(separator_of(first)))
