"""Text as PerfectFlite's software saves it: StratoLogger, StratoLoggerCF, SL100, Pnut (`.pf2`, `.pf`, `.txt`). Pure.

The first line names the altimeter, `Key: value` lines follow, then the columns, `Data: (Time, Altitude, Velocity,
Temperature (F), Voltage)`, and a row every 0.05 s: s, ft above the pad, ft/s, Fahrenheit, V. The last cells of a row
may be missing. PerfectFlite publishes no specification; the layout is that of files in public repositories (an
SL100's and a Pnut's).
"""

from __future__ import annotations

import re
from typing import Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.convert import read_export
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.table import Table, read_rows, separator_of
from ingest.importers.units import unit_of_heading
from telemetry.errors import ArchiveError

NAME: Final = "perfectflite"
WHAT: Final = "text of a PerfectFlite altimeter (StratoLogger, Pnut)"
MAKER: Final = "perfectflite"
NAMES: Final = ("time", "altitude", "velocity", "temperature", "voltage")
_DATA: Final = re.compile(r"^\s*data\s*:\s*\((.*)\)\s*$", re.IGNORECASE)
# older exports name the columns in a line of their own
_BARE: Final = re.compile(r"^\s*(t|time)\b[^,;\t]*[,;\t]\s*(alt|altitude)\b", re.IGNORECASE)
_ROW: Final = re.compile(r"^\s*-?\d+(\.\d+)?\s*[,;\t]\s*-?\d+(\.\d+)?\s*([,;\t]|$)")
_SAMPLES: Final = re.compile(r"^\s*numsamps\s*:\s*(\d+)\s*$", re.IGNORECASE)
_METRIC: Final = frozenset({"m", "meters", "metres"})
SHORT: Final = {"t": "time", "alt": "altitude", "vel": "velocity"}


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    named = next((line for line in source.head[:3] if MAKER in line.lower()), None)
    if named is not None:
        return f"it begins with {named[:60]!r}"
    return "it has a line Data: (Time, Altitude, ...)" if any(map(_DATA.match, source.head)) else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    Raises
    ------
    ArchiveError
        If there is no row, or the columns are named without a time or an altitude.
    """
    begin, headings = _begin(source)
    names = [SHORT.get(name, name) for name, _ in headings]
    if "time" not in names or "altitude" not in names:
        raise ArchiveError(f"{source.path}:{begin - 1}", f"names {', '.join(names)}: a time and an altitude are wanted")
    units = {name: unit for name, (_, unit) in zip(names, headings, strict=True)}
    foot = (units["altitude"] or "ft").strip().lower()
    wanted = {"altitude_m": ("altitude", "m" if foot in _METRIC else "ft")}
    if options.derived and "velocity" in names:
        wanted["vertical_speed_m_s"] = ("velocity", "m/s" if foot in _METRIC else "ft/s")
    columns = ColumnMap(
        time=Clock(column=names.index("time") + 1),
        columns={channel: Column(column=names.index(name) + 1, unit=unit) for channel, (name, unit) in wanted.items()},
    )
    table = Table(tuple(names))
    needed = max(names.index("time"), names.index("altitude")) + 1
    separator = separator_of(source.lines[begin - 1]) if begin <= len(source.lines) else ","
    read_rows(table, source, begin, separator, cells=(needed, len(names)), comments=False)
    reading = read_export(source, table, columns)
    said = next((int(found[1]) for line in source.lines[: begin - 1] if (found := _SAMPLES.match(line))), None)
    if said is not None and said != len(table.rows):
        reading = reading.noted(f"NumSamps says {said:,} rows, there are {len(table.rows):,}")
    return reading


def _begin(source: Source) -> tuple[int, list[tuple[str, str | None]]]:
    """Return the first line of the rows, from 1, and the columns' names and units."""
    for number, line in enumerate(source.lines[:1000], 1):
        found = _DATA.match(line)
        if found or _BARE.match(line):
            named = found[1] if found else line
            return number + 1, [unit_of_heading(each) for each in re.split(r"[,;\t]", named)]
        if _ROW.match(line):
            return number, [(name, None) for name in NAMES]
    raise ArchiveError(str(source.path), "has neither a line Data: (Time, Altitude, ...) nor a row: get the whole file")
