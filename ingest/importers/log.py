"""A past flight's log, whoever wrote it: recognised by its content, read into SI columns."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest.importers import (
    altos_csv,
    altos_eeprom,
    cats_csv,
    csv_mapped,
    csv_si,
    csv_units,
    csv_webcast,
    eggtimer,
    parquet_si,
    perfectflite,
    rrc3,
    webcast_json,
)
from ingest.importers.options import AUTO, LogOptions
from ingest.importers.reading import Reading, merged
from ingest.importers.source import Source, open_source
from telemetry.errors import ArchiveError
from telemetry.samples import CHANNELS, BadRow, Samples

# in the order in which they are asked: what is surest to know its own first
FORMATS: Final[tuple[ModuleType, ...]] = (
    parquet_si,
    altos_eeprom,
    altos_csv,
    perfectflite,
    cats_csv,
    eggtimer,
    rrc3,
    webcast_json,
    csv_si,
    csv_webcast,
    csv_units,
    csv_mapped,
)
MAPPED: Final = (csv_mapped, webcast_json)
NAMES: Final = tuple(str(each.NAME) for each in FORMATS)


@dataclass(frozen=True, slots=True)
class Log:
    """A log as it was read.

    Parameters
    ----------
    path
        The file or folder.
    format, because
        What it was taken for, and why.
    samples
        All its rows in SI, in the file's own order, and the lines that are none; a file's name stands in the reason
        where there were several.
    lines
        Shape (n,), where each row stood in its file, from 1.
    notes
        What was left out or assumed.
    """

    path: Path
    format: str
    because: str
    samples: Samples
    lines: NDArray[np.int64]
    notes: tuple[str, ...]


def open_log(path: Path, options: LogOptions | None = None) -> Log:
    """Read the log of a flight.

    Parameters
    ----------
    path
        A file, plain or gzip, or the folder of a set of files (CATS).
    options
        What the file does not say; by default the format is recognised from the content.

    Raises
    ------
    ArchiveError
        If it cannot be read to its end, no format is recognised, or it holds no row; it says what to do.
    """
    chosen = options or LogOptions()
    if path.is_dir():
        return _folder(path, chosen)
    source = open_source(path)
    if not source.octets or not source.text.strip("\0 \t\r\n"):
        raise ArchiveError(str(path), "is empty")
    found, because = _format_of(source, chosen)
    sources = [source]
    if found is cats_csv:
        sources += [open_source(each) for name in cats_csv.siblings(source) if (each := path.with_name(name)).is_file()]
    return _log(path, found, because, sources, chosen)


def _folder(path: Path, options: LogOptions) -> Log:
    """Read the files of one flight that a folder holds."""
    sources = [open_source(each) for each in sorted(path.iterdir()) if each.name.endswith((".csv", ".csv.gz"))]
    kinds = [(kind, source) for source in sources if source.text and (kind := cats_csv.kind_of(source))]
    if not kinds or options.format not in {AUTO, cats_csv.NAME}:
        raise ArchiveError(str(path), "is a folder without CSV files of a CATS flight computer: name a file")
    for kind in cats_csv.KINDS:
        several = [source.path.name for each, source in kinds if each == kind]
        if len(several) > 1:
            raise ArchiveError(str(path), f"holds several {kind} files ({', '.join(several)}): name one of them")
    return _log(path, cats_csv, "the folder holds such files", [source for _, source in kinds], options)


def _log(path: Path, found: ModuleType, because: str, sources: list[Source], options: LogOptions) -> Log:
    readings: list[Reading] = []
    for source in sources:
        reading: Reading = found.read(source, options)
        readings.append(reading if len(sources) == 1 else _named(reading, source.path.name))
    reading = readings[0] if len(readings) == 1 else merged(readings)
    if not len(reading.samples):
        why = f": line {reading.bad_rows[0].line}: {reading.bad_rows[0].reason}" if reading.bad_rows else ""
        detail = f"holds no row that can be read as {found.NAME} ({len(reading.bad_rows)} lines cannot{why})"
        raise ArchiveError(str(path), f"{detail}: give another {options.asked_by}, or a --map")
    samples = Samples(reading.samples.t_ns, reading.samples.columns, reading.bad_rows)
    return Log(path, str(found.NAME), because, samples, reading.lines, reading.notes)


def _named(reading: Reading, name: str) -> Reading:
    """Return a reading whose bad rows and notes say which file they are of."""
    bad = tuple(BadRow(row.line, row.text, f"{name}: {row.reason}") for row in reading.bad_rows)
    return Reading(reading.samples, reading.lines, bad, tuple(f"{name}: {note}" for note in reading.notes))


def _format_of(source: Source, options: LogOptions) -> tuple[ModuleType, str]:
    """Return the format and why it was chosen."""
    if options.format != AUTO:
        named = next((each for each in FORMATS if options.format == each.NAME), None)
        if named is None:
            detail = f"{options.asked_by} {options.format!r} is none of {', '.join((AUTO, *NAMES))}"
            raise ArchiveError(str(source.path), detail)
        if options.columns is not None and named not in MAPPED:
            formats = ", ".join(str(each.NAME) for each in MAPPED)
            detail = f"{options.asked_by} {options.format} takes no map: a map is for {formats}"
            raise ArchiveError(str(source.path), detail)
        return named, "as asked"
    if options.columns is not None:
        return (webcast_json if webcast_json.recognise(source) else csv_mapped), "by its column map"
    for each in FORMATS:
        because = each.recognise(source)
        if because is not None:
            return each, because
    first = ascii(next(iter(source.head), "")[:80])
    known = f"as no known log does (CSV in SI names t_s and any of {', '.join(CHANNELS)})"
    which = f"say which it is, {options.asked_by} {', '.join(NAMES)}; or give a --map"
    raise ArchiveError(str(source.path), f"begins with {first}, {known}: {which}")
