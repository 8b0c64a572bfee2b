"""What the records of a recording say: messages, events, ledger rows."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from runtime.archive.catalog import Recording
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from runtime.archive.records import Archived
from telemetry.errors import ArchiveError, InputError
from telemetry.events import Event, event_from_kafka
from telemetry.message import Message, message_from_kafka
from telemetry.quality import LedgerRow


def recorded_messages(recording: Recording) -> Iterator[Message]:
    """Yield telemetry and link messages in order of arrival.

    Raises
    ------
    ArchiveError
        If a part is damaged, or holds what is no message.
    """
    for record in read_stream(recording.folder, Stream.TELEMETRY):
        try:
            yield message_from_kafka(record.value, record.headers)
        except InputError as error:
            raise _strange(recording, Stream.TELEMETRY, record, error) from error


def recorded_events(recording: Recording) -> list[Event]:
    """Return the events of a recording, each once, in the order in which they were produced.

    Raises
    ------
    ArchiveError
        If a part is damaged, or holds what is no event.
    """
    events: dict[str, Event] = {}
    for record in read_stream(recording.folder, Stream.EVENTS):
        try:
            event = event_from_kafka(record.value, record.headers)
        except InputError as error:
            raise _strange(recording, Stream.EVENTS, record, error) from error
        events[event.id] = event
    return list(events.values())


def recorded_ledger(recording: Recording) -> dict[tuple[str, str], LedgerRow]:
    """Return the last ledger row of each vehicle and packet type.

    Raises
    ------
    ArchiveError
        If a part is damaged, or a row is none.
    """
    ledger: dict[tuple[str, str], LedgerRow] = {}
    for record in read_stream(recording.folder, Stream.QUALITY):
        if dict(record.headers).get("type") != LedgerRow.type.encode():
            continue
        try:
            row = LedgerRow.model_validate_json(record.value or b"")
        except ValidationError as error:
            raise _strange(recording, Stream.QUALITY, record, error) from error
        ledger[row.vehicle, row.packet] = row
    return ledger


def _strange(recording: Recording, stream: Stream, record: Archived, error: Exception) -> ArchiveError:
    where = f"{stream.value} at offset {record.offset} of partition {record.partition}"
    detail = f"{where} cannot be read ({error}): restore the recording from a copy, or move the part away"
    return ArchiveError(str(recording.folder), detail)
