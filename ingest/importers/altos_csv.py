"""CSV as AltosUI exports it (Altus Metrum), versions 5 and 6. Pure.

The header line begins with `#version,serial,flight` and names the columns that the instrument has; version 5 names
them all and has `clock`, `accel_speed` and `baro_speed`, version 6 has `speed`. `time` counts seconds from boost,
`acceleration` is m/s2 along the rocket without gravity (of a device without an accelerometer AltosUI works it out from
the barometer, and does not say so), `pressure` Pa (AltosLib's own comment says mbar; its files
hold Pa), `height` m above the pad. Source: AltosCSV in AltosLib (Altus Metrum, GPL-2), read for its facts only, and
exported files.
"""

from __future__ import annotations

from typing import Final

from ingest.importers.column_map import Clock, Column, ColumnMap
from ingest.importers.computed import is_computed
from ingest.importers.convert import read_table
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.table import COMMENT, Table, read_rows
from telemetry.errors import ArchiveError
from telemetry.samples import NS_PER_S, Samples

NAME: Final = "altos-csv"
WHAT: Final = "CSV exported by AltosUI (Altus Metrum), versions 5 and 6"
BEGIN: Final = "#version,serial,flight"
KNOWN_VERSIONS: Final = ("5", "6")
ACCELERATION: Final = "acceleration_m_s2"
MEASURED: Final = {
    ACCELERATION: ("acceleration",),
    "pressure_pa": ("pressure",),
    "altitude_m": ("height", "altitude"),
}
DERIVED: Final = {"vertical_speed_m_s": ("speed", "baro_speed")}
# AltosLib's mark of a missing value
MISSING: Final = (0x7FFFFFFF,)


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    return f"a line begins with {BEGIN}" if _header_line(source) else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows.

    Of two columns `altitude` the first is the barometer's, the second the satellite receiver's. Rows may be longer or
    shorter behind the columns that are taken: version 5 writes the magnetometer without naming it, and leaves out what
    it has not heard yet.

    Raises
    ------
    ArchiveError
        If the header is missing, or names nothing that is known.
    """
    at = _header_line(source)
    if at == 0:
        raise ArchiveError(str(source.path), f"has no line that begins with {BEGIN}: export it as CSV from AltosUI")
    names = tuple(name.strip() for name in source.lines[at - 1].lstrip(COMMENT).split(","))
    if "time" not in names:
        raise ArchiveError(f"{source.path}:{at}", "names no column time: export the file again")
    wanted = MEASURED | (DERIVED if options.derived else {})
    taken = {
        channel: names.index(next(name for name in known if name in names))
        for channel, known in wanted.items()
        if any(name in names for name in known)
    }
    if not taken:
        raise ArchiveError(f"{source.path}:{at}", "names neither acceleration nor pressure nor height: nothing to take")
    columns = ColumnMap(
        time=Clock(column=names.index("time") + 1),
        columns={channel: Column(column=place + 1) for channel, place in taken.items()},
        decimal=".",
        missing=MISSING,
    )
    table = Table(names)
    least = max(names.index("time"), *taken.values()) + 1
    read_rows(table, source, at + 1, ",", cells=(least, None), comments=True)
    reading = read_table(source, table, columns)
    if not options.derived and len(taken) > 1 and _only_computed(reading.samples):
        why = "too smooth for an accelerometer, so worked out from the barometer (--derived takes it)"
        reading = reading.leaving_out(ACCELERATION).noted(f"acceleration left out: {why}")
    versions = sorted({str(row[0]).strip() for row in table.rows} - set(KNOWN_VERSIONS))
    return reading.noted(f"version {', '.join(versions)[:40]} of the format is not known") if versions else reading


def _only_computed(samples: Samples) -> bool:
    values = samples.columns.get(ACCELERATION)
    return values is not None and is_computed(samples.t_ns / NS_PER_S, values)


def _header_line(source: Source) -> int:
    """Return the line, from 1, of the header; 0 if there is none."""
    for number, line in enumerate(source.first(200), 1):
        if line.replace(" ", "").startswith(BEGIN):
            return number
        if line and not line.startswith(COMMENT):
            break
    return 0
