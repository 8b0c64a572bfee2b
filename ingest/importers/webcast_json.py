"""JSON of a webcast's display, as in shahar603/Telemetry-Data: one object of columns, or one object a line. Pure.

`time` in s, `velocity` in m/s, `altitude` in km (README of that collection). Its `analysed` files also have
`velocity_y` in m/s, worked out from the others.
"""

from __future__ import annotations

import json
from typing import Any, Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_table
from ingest.importers.display import with_assumed_units
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.table import Table
from telemetry.errors import ArchiveError
from telemetry.samples import BadRow

NAME: Final = "webcast-json"
WHAT: Final = "JSON of a webcast's display, by columns or one object a line"
TIME: Final = "time"
MEANINGS: Final = {"speed_m_s": ("velocity", "m/s"), "altitude_m": ("altitude", "km")}
LONGEST_OBJECT: Final = 4096
NO_OBJECT: Final = "is no JSON object"
DERIVED: Final = {"vertical_speed_m_s": ("velocity_y", "m/s")}


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    start = source.text[:LONGEST_OBJECT].lstrip()
    if not start.startswith(("{", "[")) or f'"{TIME}"' not in start:
        return None
    return "JSON that names time" + (", one object a line" if _by_lines(source) else ", a list for each column")


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    Raises
    ------
    ArchiveError
        If it is no such JSON, is cut off, has no column that is known, or is in other units.
    """
    table = _lines_table(source) if _by_lines(source) else _columns_table(source)
    columns = options.columns
    if columns is None:
        meanings = MEANINGS | (DERIVED if options.derived else {})
        taken = {
            channel: Column(column=name, unit=unit) for channel, (name, unit) in meanings.items() if name in table.names
        }
        if TIME not in table.names or not taken:
            detail = f"names {', '.join(table.names)[:300] or 'nothing'}: time and velocity or altitude are wanted"
            raise ArchiveError(str(source.path), detail)
        reading = read_table(source, table, ColumnMap(time=Clock(column=TIME), columns=taken))
        return with_assumed_units(source, reading, [f"{each.column} in {each.unit}" for each in taken.values()])
    return read_table(source, table, columns)


def _by_lines(source: Source) -> bool:
    """Whether the first line is a whole object of single values."""
    first = next((line for line in source.head if line), "")
    if len(first) > LONGEST_OBJECT or not first.startswith("{"):
        return False
    try:
        content = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and not any(isinstance(value, list) for value in content.values())


def _lines_table(source: Source) -> Table:
    """Read one object a line; a line that is none is kept aside."""
    numbered = [(i, line) for i, line in enumerate(source.lines, 1) if line and not line.isspace()]
    try:
        found = json.loads("[" + ",".join(line for _, line in numbered) + "]")
        if len(found) != len(numbered):
            raise ValueError  # noqa: TRY301 -- two objects in one line: line by line it is, as for any other mistake
    except (ValueError, RecursionError):
        found = [_object(line) for _, line in numbered]
    else:
        found = [each if isinstance(each, dict) else NO_OBJECT for each in found]
    table = Table(tuple(next((each for each in found if isinstance(each, dict)), {})))
    for (number, line), each in zip(numbered, found, strict=True):
        if isinstance(each, dict):
            table.rows.append([each.get(name) for name in table.names])
            table.lines.append(number)
        else:
            table.bad_rows.append(BadRow(number, line, each))
    return table


def _object(line: str) -> Any:
    """Return a line's object, or what is wrong with it."""
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"is no JSON: {error}"
    return content if isinstance(content, dict) else NO_OBJECT


def _columns_table(source: Source) -> Table:
    """Read one object of lists, or a list of objects."""
    try:
        content = json.loads(source.text)
    except RecursionError as error:
        raise ArchiveError(str(source.path), "is JSON nested too deep for a log") from error
    except ValueError as error:
        detail = f"is no whole JSON ({error}): get the whole file"
        raise ArchiveError(str(source.path), detail) from error
    if isinstance(content, list):
        return _entries(content)
    named = content if isinstance(content, dict) else {}
    lists = {name: each for name, each in named.items() if isinstance(each, list)}
    rows = max((len(each) for each in lists.values()), default=0)
    table = Table(tuple(lists), entries=True)
    whole = min((len(each) for each in lists.values()), default=0)
    table.rows.extend(zip(*(each[:whole] for each in lists.values()), strict=True))
    table.lines.extend(range(1, whole + 1))
    for i in range(whole, rows):
        cells = [json.dumps(each[i]) if i < len(each) else "" for each in lists.values()]
        short = ", ".join(name for name, each in lists.items() if i >= len(each))
        table.bad_rows.append(BadRow(i + 1, ", ".join(cells), f"entry {i + 1}: {short} ended before the others"))
    return table


def _entries(content: list[Any]) -> Table:
    table = Table(tuple(next((each for each in content if isinstance(each, dict)), {})), entries=True)
    for number, each in enumerate(content, 1):
        if isinstance(each, dict):
            table.rows.append([each.get(name) for name in table.names])
            table.lines.append(number)
        else:
            table.bad_rows.append(BadRow(number, json.dumps(each), f"entry {number} is no JSON object"))
    return table
