"""Job `import`: a CSV log of a past flight becomes a recording that can be replayed."""

from __future__ import annotations

import gzip
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from ingest.importers.bundles import Bundler
from ingest.importers.csv_rows import Row, RowReader, cells_of
from ingest.importers.recording import ImportResult, Sink, install
from runtime.archive.catalog import IMPORTED_RUN
from runtime.settings import ArchiveSettings
from telemetry.dictionary import Dictionary, Registry
from telemetry.errors import ArchiveError, PacketError, Reason, SettingsError
from telemetry.topics import Address, partition_of

__all__ = ["LONGEST_LINE", "ImportOptions", "ImportResult", "fits", "flight_name", "import_csv"]

GZIP_MAGIC: Final = b"\x1f\x8b"
LONGEST_LINE: Final = 64 * 1024
DEFAULT_T0: Final = datetime.fromisoformat("2025-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a log is read.

    Parameters
    ----------
    dictionary
        Name of the dictionary that has a packet with the log's columns.
    flight
        Name of the flight; by default the file's, with what no name may hold replaced by `-`.
    vehicle, station
        Whose data it is and who heard it.
    t0
        When the log's clock showed zero. Most logs do not say: by default 2025-01-01T00:00:00Z, the same every time.
    """

    dictionary: str = "webcast"
    flight: str | None = None
    vehicle: str = "stage1"
    station: str = "webcast"
    t0: datetime = DEFAULT_T0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a log, numbered from 1; one that is too long comes in parts, none of them whole."""

    number: int
    octets: bytes
    whole: bool


def import_csv(
    path: Path, archive: ArchiveSettings, registry: Registry, partitions: int, options: ImportOptions | None = None
) -> ImportResult:
    """Import a CSV file, plain or gzip: first line `t_s` and the channels of one packet type, one row a sample.

    The rows are kept in their order, repeated times and frozen values included. A line that is no row is kept aside
    with its number and the reason. Either the whole log is in the archive at the end, or nothing of it.

    Parameters
    ----------
    path
        The log.
    archive
        Where to.
    registry
        The dictionaries.
    partitions
        Partitions of a Kafka topic, for the recording to look like a recorder's.
    options
        How to read it.

    Raises
    ------
    ArchiveError
        If the file cannot be read, its columns are those of no packet, it holds no row, or another recording of
        that name is in the way.
    SettingsError
        If the dictionary is unknown.
    AddressError
        If a name is none.
    """
    chosen = options or ImportOptions()
    dictionary = registry.get(chosen.dictionary)
    if dictionary is None:
        msg = (
            f"dictionary {chosen.dictionary!r} is none of: {', '.join(registry.names())}; set DOWNRANGE_DICTIONARY_DIR"
        )
        raise SettingsError(msg)
    address = Address(IMPORTED_RUN, chosen.flight or flight_name(path), chosen.vehicle, chosen.station)
    result = ImportResult(address.run, address.flight, archive.dir / address.run / address.flight)
    result.folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{address.flight}-", dir=result.folder.parent) as temporary:
            new = Path(temporary) / address.flight
            sink = Sink(new, address, partition_of(address.key, partitions), archive.part_bytes, result)
            with _open_lines(path) as lines:
                first = next(lines, Line(1, b"", whole=True)).octets
                try:
                    reader = RowReader(cells_of(_text(first).removeprefix("\ufeff")), dictionary)
                except PacketError as error:
                    raise ArchiveError(str(path), f"{error.detail}: name the columns so") from error
                t0_ns = round(chosen.t0.timestamp()) * 10**9 + chosen.t0.microsecond * 1000
                bundler = Bundler(address, dictionary, reader.packet, t0_ns)
                _read_rows(lines, reader, bundler, sink)
            sink.close()
            result.packets = bundler.packets
            if not result.packets:
                raise ArchiveError(str(path), f"holds no row that can be read ({result.bad_rows} lines cannot)")
            install(new, result)
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveError(str(path), f"cannot be read to its end ({error}): nothing was imported") from error
    return result


def fits(path: Path, dictionary: Dictionary) -> bool:
    """Whether a file's first line names `t_s` and the channels of one packet of a dictionary."""
    try:
        with _open_lines(path) as lines:
            RowReader(cells_of(_text(next(lines, Line(1, b"", whole=True)).octets).removeprefix("\ufeff")), dictionary)
    except (PacketError, OSError, EOFError, zlib.error):
        return False
    return True


def flight_name(path: Path) -> str:
    """Return a file's name without its endings, as a name that follows the naming rule.

    Examples
    --------
    >>> flight_name(Path("Iridium NEXT (4).csv.gz"))
    'Iridium-NEXT-4'
    """
    stem = re.sub(r"\.gz$", "", path.name, flags=re.IGNORECASE)
    stem = re.sub(r"\.[A-Za-z0-9]{1,4}$", "", stem)
    return re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9._-]+", "-", stem)).strip("-._")[:64]


def _read_rows(lines: Iterable[Line], reader: RowReader, bundler: Bundler, sink: Sink) -> None:
    for line in lines:
        if not line.octets.strip():
            continue
        try:
            for message in bundler.add(_row(line, reader)):
                sink.message(message)
        except PacketError as error:
            sink.bad_row(line.number, line.octets, error)
    for message in bundler.rest():
        sink.message(message)


def _row(line: Line, reader: RowReader) -> Row:
    if not line.whole:
        raise PacketError(Reason.BAD_ROW, f"part of a line of more than {LONGEST_LINE} octets")
    return reader.row(cells_of(_text(line.octets)))


@contextmanager
def _open_lines(path: Path) -> Iterator[Iterator[Line]]:
    with path.open("rb") as file:
        packed = file.peek(2)[:2] == GZIP_MAGIC
        with cast("BinaryIO", gzip.open(file)) if packed else file as lines:
            yield _lines_of(lines)


def _lines_of(file: BinaryIO) -> Iterator[Line]:
    number, whole = 1, True
    while octets := file.readline(LONGEST_LINE):
        ended = octets.endswith(b"\n")
        whole = whole and (ended or len(octets) < LONGEST_LINE)
        yield Line(number, octets.rstrip(b"\r\n"), whole=whole)
        number, whole = number + ended, ended or whole


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
