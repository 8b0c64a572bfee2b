"""Job `import`: a CSV log of a past flight becomes a recording that can be replayed."""

from __future__ import annotations

import filecmp
import gzip
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, cast

from ingest.importers.bundles import Bundler
from ingest.importers.csv_rows import Row, RowReader, cells_of
from runtime.archive.catalog import IMPORTED_RUN
from runtime.archive.layout import Stream
from runtime.archive.records import Archived
from runtime.archive.writer import sync_folder, write_part
from runtime.settings import ArchiveSettings
from telemetry.dictionary import Registry
from telemetry.errors import ArchiveError, PacketError, Reason, SettingsError
from telemetry.message import Message
from telemetry.topics import Address, Kind, partition_of

GZIP_MAGIC: Final = b"\x1f\x8b"
LONGEST_LINE: Final = 64 * 1024
MOST_RECORDS: Final = 20_000
SHOWN_BAD_ROWS: Final = 20
CSV: Final = "text/csv"
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


@dataclass(frozen=True, slots=True)
class BadRow:
    """A line that is no row; its octets are in the recording's `rejected` stream."""

    line: int
    detail: str


@dataclass(slots=True)
class ImportResult:
    """What became of a log.

    Parameters
    ----------
    run, flight, folder
        The recording.
    packets, messages
        Good rows, and the messages that carry them.
    first_ns, last_ns
        Receive times of the first and the last message, Unix ns.
    bad_rows
        How many lines were kept aside.
    first_bad_rows
        The first of them, with line number and reason.
    already_there
        Whether the archive held exactly this before.
    """

    run: str
    flight: str
    folder: Path
    packets: int = 0
    messages: int = 0
    first_ns: int = 0
    last_ns: int = 0
    bad_rows: int = 0
    first_bad_rows: list[BadRow] = field(default_factory=list)
    already_there: bool = False


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
            sink = _Sink(new, address, partition_of(address.key, partitions), archive.part_bytes, result)
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
            _install(new, result)
    except (OSError, EOFError, zlib.error) as error:
        raise ArchiveError(str(path), f"cannot be read to its end ({error}): nothing was imported") from error
    return result


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


def _read_rows(lines: Iterable[Line], reader: RowReader, bundler: Bundler, sink: _Sink) -> None:
    for line in lines:
        if not line.octets.strip():
            continue
        try:
            for message in bundler.add(_row(line, reader)):
                sink.message(message)
        except PacketError as error:
            sink.bad_row(line, error)
    for message in bundler.rest():
        sink.message(message)


def _row(line: Line, reader: RowReader) -> Row:
    if not line.whole:
        raise PacketError(Reason.BAD_ROW, f"part of a line of more than {LONGEST_LINE} octets")
    return reader.row(cells_of(_text(line.octets)))


class _Sink:
    """Writes messages and lines kept aside as a recorder would have."""

    def __init__(self, folder: Path, address: Address, partition: int, part_octets: int, result: ImportResult) -> None:
        self._folder = folder
        self._address = address
        self._partition = partition
        self._part_octets = part_octets
        self._result = result
        self._held: dict[Stream, list[Archived]] = {Stream.TELEMETRY: [], Stream.REJECTED: []}
        self._octets = dict.fromkeys(self._held, 0)

    def message(self, message: Message) -> None:
        result = self._result
        result.first_ns = result.first_ns or message.ert_ns
        result.last_ns = message.ert_ns
        headers = tuple(message.kafka_headers())
        self._keep(Stream.TELEMETRY, result.messages, message.ert_ns, headers, message.payload)
        result.messages += 1

    def bad_row(self, line: Line, error: PacketError) -> None:
        result, address = self._result, self._address
        if len(result.first_bad_rows) < SHOWN_BAD_ROWS:
            result.first_bad_rows.append(BadRow(line.number, error.detail))
        # headers as of any refused message, so that the ledger counts it
        message = Message(address, Kind.TELEMETRY, line.octets, result.last_ns, content_type=CSV)
        reasons = (("reason", error.reason.value), ("detail", f"line {line.number}: {error.detail}"))
        headers = (*message.kafka_headers(), *((name, text.encode()) for name, text in reasons))
        self._keep(Stream.REJECTED, result.bad_rows, result.last_ns, headers, line.octets)
        result.bad_rows += 1

    def _keep(
        self, stream: Stream, offset: int, t_ns: int, headers: tuple[tuple[str, bytes], ...], value: bytes
    ) -> None:
        key = self._address.key.encode()
        held = self._held[stream]
        held.append(Archived(self._partition, offset, t_ns // 10**6, key, headers, value))
        self._octets[stream] += len(value)
        if self._octets[stream] >= self._part_octets or len(held) >= MOST_RECORDS:
            self._write(stream)

    def _write(self, stream: Stream) -> None:
        if self._held[stream]:
            write_part(self._folder, stream, self._held[stream])
            self._held[stream] = []
            self._octets[stream] = 0

    def close(self) -> None:
        for stream in self._held:
            self._write(stream)


def _install(new: Path, result: ImportResult) -> None:
    """Give the finished recording its name."""
    if result.folder.exists():
        names = sorted(path.name for path in new.iterdir())
        there = sorted(path.name for path in result.folder.iterdir())
        if names != there or filecmp.cmpfiles(new, result.folder, names, shallow=False)[0] != names:
            detail = "holds another recording of that name: give this one its own name, or move that one away"
            raise ArchiveError(str(result.folder), detail)
        result.already_there = True
        return
    new.rename(result.folder)
    sync_folder(result.folder.parent)


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
