"""CSV sets of a CATS flight computer, as cats-logs or the CATS configurator write them. Pure.

One file a kind of record, each with its own times `ts`: `baro` (`ts, id, T, P`: hundredths or degrees Celsius, Pa),
`flight_info` (`ts, height, velocity, acceleration`: m, m/s, m/s2 along the rocket without gravity), `imu` (counts
whose scale depends on the board: passed over). Raw files count milliseconds since the board started, processed ones
seconds from liftoff. Source: catsystems/cats-logs, cats-configurator (GPL-3) and euroc21-team-data, read for their
facts only.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_table
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.table import Table, read_rows
from telemetry.errors import ArchiveError

NAME: Final = "cats-csv"
WHAT: Final = "CSV set of a CATS flight computer: baro, flight_info"
TIME: Final = "ts"
BARO: Final = frozenset({TIME, "id", "P", "T"})
INFO: Final = frozenset({TIME, "height", "velocity", "acceleration"})
KINDS: Final = {"baro": BARO, "flight_info": INFO}
# how the two programs write a kind into a file's name
SPELLINGS: Final = {"baro": ("baro",), "flight_info": ("flight_info", "flightInfo")}


def recognise(source: Source) -> str | None:
    """Return why this is a file of such a set; None if it is not."""
    kind = kind_of(source)
    return f"the columns are those of {kind}" if kind else None


def kind_of(source: Source) -> str | None:
    """Return which file of a set this is; None if it is none."""
    names = frozenset(name.strip() for name in source.first(1)[0].split(","))
    return next((kind for kind, needed in KINDS.items() if needed <= names), None)


def siblings(source: Source) -> list[str]:
    """Return the names that the set's other files may have, for this file's name."""
    kind = kind_of(source)
    name = source.path.name
    mine = next((word for word in SPELLINGS.get(kind or "", ()) if word in name), None)
    if kind is None or mine is None:
        return []
    head, _, tail = name.rpartition(mine)
    return [f"{head}{word}{tail}" for other, words in SPELLINGS.items() if other != kind for word in words]


def read(source: Source, options: LogOptions) -> Reading:
    """Read one file of a set.

    Of several barometers the first is taken: they differ by more than their noise, and turns between them would look
    like motion. Height and velocity are the board's own estimate; they are taken only with `derived`.

    Raises
    ------
    ArchiveError
        If the columns are those of no file that is taken.
    """
    kind = kind_of(source)
    if kind is None:
        detail = "is neither a baro nor a flight_info file: name one of those, or the folder that holds them"
        raise ArchiveError(str(source.path), detail)
    names = tuple(name.strip() for name in source.lines[0].split(","))
    table = Table(names)
    read_rows(table, source, 2, ",", cells=(len(names), len(names)), comments=True)
    notes = [_one_sensor(table)] if kind == "baro" else []
    at = names.index(TIME)
    # whole numbers are milliseconds; what was divided by 1000 has decimals
    raw = not any("." in row[at] for row in table.rows)
    columns = {"pressure_pa": Column(column="P")}
    if kind == "flight_info":
        columns = {"acceleration_m_s2": Column(column="acceleration")}
        if options.derived:
            columns |= {"altitude_m": Column(column="height"), "vertical_speed_m_s": Column(column="velocity")}
    reading = read_table(source, table, ColumnMap(time=Clock(column=TIME, unit="ms" if raw else "s"), columns=columns))
    return reading.noted(*(note for note in notes if note), f"ts in {'ms' if raw else 's'}")


def _one_sensor(table: Table) -> str:
    """Leave the rows of the first sensor in a table; returns what is to be said of the others."""
    at = table.names.index("id")
    sensors = list(dict.fromkeys(str(row[at]).strip() for row in table.rows))
    if len(sensors) < 2:  # noqa: PLR2004 -- one sensor is not several
        return ""
    kept = [i for i, row in enumerate(table.rows) if str(row[at]).strip() == sensors[0]]
    table.rows = [table.rows[i] for i in kept]
    table.lines = [table.lines[i] for i in kept]
    return f"{sensors[0]} taken, {_listed(sensors[1:])} left out"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)[:80]
