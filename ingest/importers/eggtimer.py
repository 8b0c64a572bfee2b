"""CSV of an Eggtimer altimeter: Rocket, TRS, Quantum. Pure.

The columns begin with `T, Alt, Veloc`, then come their filtered values and the events; `T` counts from the launch that
the altimeter has detected. Older ones write it in whole ms, the Quantum in s with decimals; `Alt` is in ft above the
pad. Behind a download's settings the columns may begin further down. Source: files of
a TRS and of a Classic in catsystems/euroc21-team-data, and open readers of the Quantum's.
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

NAME: Final = "eggtimer"
WHAT: Final = "CSV of an Eggtimer altimeter: T, Alt, Veloc"
COLUMNS: Final = ("t", "alt", "veloc")
FIRST_LINES: Final = 200


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    return "a line begins with T, Alt, Veloc" if _header_line(source) else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    `Veloc` is left out, `derived` or not: it is the difference of two heights, on older ones in hundredths of ft/s.

    Raises
    ------
    ArchiveError
        If no line names the columns.
    """
    del options
    at = _header_line(source)
    if not at:
        raise ArchiveError(str(source.path), "has no line that begins with T, Alt, Veloc: download it again as CSV")
    separator = separator_of(source.lines[at - 1])
    names = tuple(name.strip() for name in source.lines[at - 1].split(separator))
    table = Table(names)
    read_rows(table, source, at + 1, separator, cells=(len(COLUMNS), len(names)), comments=True)
    whole = all(row[0].strip().lstrip("+-").isdigit() for row in table.rows)
    unit = "ms" if whole else "s"
    columns = ColumnMap(time=Clock(column=1, unit=unit), columns={"altitude_m": Column(column=2, unit="ft")})
    reading = read_export(source, table, columns)
    return reading.noted(f"taken: T in {unit}, Alt in ft")


def _header_line(source: Source) -> int:
    """Return the line, from 1, that names the columns; 0 if there is none."""
    for number, line in enumerate(source.first(FIRST_LINES), 1):
        names = line.split(separator_of(line))
        if tuple(name.strip().lower() for name in names[:3]) == COLUMNS:
            return number
    return 0
