"""Any delimited text, by a column map. Pure."""

from __future__ import annotations

from typing import Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_export
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source, readable
from ingest.importers.table import COMMENT, Table, read_rows, separator_of, split_line
from telemetry.errors import ArchiveError

NAME: Final = "csv-map"
WHAT: Final = "CSV by a column map (--map)"


def recognise(source: Source) -> str | None:
    """Return None: what its columns mean only a map says."""
    del source
    return None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows by the map.

    Raises
    ------
    ArchiveError
        If there is no map, or the file lacks a column of it.
    """
    columns = options.columns
    if columns is None:
        raise ArchiveError(str(source.path), "its columns need a map: give --map, docs/importing.md shows one")
    at = columns.header_line
    if at > len(source.lines):
        raise ArchiveError(str(source.path), f"has {len(source.lines)} lines, the map says header_line: {at}")
    heading = source.lines[max(at, 1) - 1]
    separator = columns.separator or separator_of(heading)
    names: tuple[str, ...] = ()
    if at:
        try:
            names = tuple(name.strip() for name in split_line(readable(heading).lstrip(f"{COMMENT} "), separator))
        except ValueError as error:
            raise ArchiveError(f"{source.path}:{at}", f"names no columns: {error}") from error
    table = Table(names)
    least = len(names) or max(_places(columns), default=1)
    read_rows(table, source, at + 1, separator, cells=(least, len(names) or None), comments=columns.comments)
    return read_export(source, table, columns)


def _places(columns: ColumnMap) -> list[int]:
    """Return the places, from 1, of the columns that are named by place."""
    named: list[Clock | Column] = [*columns.columns.values(), columns.time, *columns.clocks.values()]
    return [each.column for each in named if isinstance(each.column, int)]
