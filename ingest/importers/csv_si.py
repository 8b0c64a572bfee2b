"""CSV whose columns are named with their SI units: `t_s`, and any of the channels of a log. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_table
from ingest.importers.csv_plain import plain_reading
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.table import Table, read_rows, separator_of, split_line
from telemetry.errors import ArchiveError
from telemetry.samples import CHANNELS

NAME: Final = "csv"
WHAT: Final = "CSV with t_s and SI-named columns"
TIME: Final = "t_s"


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    names = _names(source)
    taken = [name for name in CHANNELS if name in names]
    return f"the first line names {TIME}, {', '.join(taken)}" if TIME in names and taken else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows; columns that are no channels of a log are left out.

    Raises
    ------
    ArchiveError
        If `t_s` or every channel is missing.
    """
    del options
    names = _names(source)
    taken = [name for name in CHANNELS if name in names]
    if TIME not in names or not taken:
        found = ", ".join(names)[:300] or "nothing"
        detail = f"the first line has the columns {found}: name {TIME} and any of {', '.join(CHANNELS)}, or give a map"
        raise ArchiveError(str(source.path), detail)
    twice = sorted({name for name in names if names.count(name) > 1 and (name in taken or name == TIME)})
    if twice:
        raise ArchiveError(str(source.path), f"the first line names {', '.join(twice)} twice: keep one")
    reading = plain_reading(source, names, TIME, taken) or by_lines(source, names, taken)
    others = [name for name in names if name not in {TIME, *taken}]
    return reading.noted(f"left out: {', '.join(others)}") if others else reading


def by_lines(source: Source, names: tuple[str, ...], taken: Sequence[str]) -> Reading:
    """Read the rows of a file line by line, so that each that is none is kept with its reason."""
    table = Table(names)
    read_rows(table, source, 2, separator_of(source.lines[0]), cells=(len(names), len(names)), comments=True)
    columns = ColumnMap(time=Clock(column=TIME), columns={name: Column(column=name) for name in taken})
    return read_table(source, table, columns)


def _names(source: Source) -> tuple[str, ...]:
    first = source.first(1)[0]
    try:
        return tuple(name.strip() for name in split_line(first, separator_of(first)))
    except ValueError:
        return ()
