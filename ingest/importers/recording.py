"""A recording made of a log: its parts as a recorder would have written them, whole or not at all."""

from __future__ import annotations

import filecmp
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from runtime.archive.layout import Stream
from runtime.archive.records import Archived
from runtime.archive.writer import sync_folder, write_part
from telemetry.errors import ArchiveError, PacketError
from telemetry.message import Message
from telemetry.topics import Address, Kind

MOST_RECORDS: Final = 20_000
SHOWN_BAD_ROWS: Final = 20
CSV: Final = "text/csv"


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


class Sink:
    """Writes messages and lines kept aside as a recorder would have.

    Parameters
    ----------
    folder
        Where to.
    address
        Whose log it is.
    partition
        The Kafka partition of its key.
    part_octets
        How large a part may grow.
    result
        Counts here.
    """

    def __init__(self, folder: Path, address: Address, partition: int, part_octets: int, result: ImportResult) -> None:
        self._folder = folder
        self._address = address
        self._partition = partition
        self._part_octets = part_octets
        self._result = result
        self._held: dict[Stream, list[Archived]] = {Stream.TELEMETRY: [], Stream.REJECTED: []}
        self._octets = dict.fromkeys(self._held, 0)

    def message(self, message: Message) -> None:
        """Take a message."""
        result = self._result
        result.first_ns = result.first_ns or message.ert_ns
        result.last_ns = message.ert_ns
        headers = tuple(message.kafka_headers())
        self._keep(Stream.TELEMETRY, result.messages, message.ert_ns, headers, message.payload)
        result.messages += 1

    def bad_row(self, line: int, octets: bytes, error: PacketError) -> None:
        """Take a line that is no row."""
        result, address = self._result, self._address
        if len(result.first_bad_rows) < SHOWN_BAD_ROWS:
            result.first_bad_rows.append(BadRow(line, error.detail))
        # headers as of any refused message, so that the ledger counts it
        message = Message(address, Kind.TELEMETRY, octets, result.last_ns, content_type=CSV)
        reasons = (("reason", error.reason.value), ("detail", f"line {line}: {error.detail}"))
        headers = (*message.kafka_headers(), *((name, text.encode()) for name, text in reasons))
        self._keep(Stream.REJECTED, result.bad_rows, result.last_ns, headers, octets)
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
        """Write what is left."""
        for stream in self._held:
            self._write(stream)


def install(new: Path, result: ImportResult) -> None:
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
