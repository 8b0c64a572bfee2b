"""What a recording holds, read again as messages and events."""

from __future__ import annotations

from collections.abc import Iterator

from replay.timing import Window
from runtime.archive.catalog import Recording
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from telemetry.errors import ArchiveError, InputError
from telemetry.events import Event, event_from_kafka
from telemetry.message import Message, message_from_kafka
from telemetry.vocabulary import FlightEvent


def recorded_messages(recording: Recording, window: Window) -> Iterator[Message]:
    """Yield telemetry and link messages in order of arrival; a will belongs to the window that it was received in.

    Raises
    ------
    ArchiveError
        If a part is damaged, or holds what is no message.
    """
    inside = window.from_ns is None
    for record in read_stream(recording.folder, Stream.TELEMETRY):
        try:
            message = message_from_kafka(record.value, record.headers)
        except InputError as error:
            where = f"offset {record.offset} of partition {record.partition}"
            detail = f"{where} is no message ({error}): restore the recording, or move the part away"
            raise ArchiveError(str(recording.folder), detail) from error
        if message.ert_ns:
            inside = message.ert_ns in window
        if inside:
            yield message


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
            raise ArchiveError(str(recording.folder), f"event at offset {record.offset}: {error}") from error
        events[event.id] = event
    return list(events.values())


def liftoff_of(recording: Recording) -> int:
    """Return when the flight lifted off, Unix ns: the event's time, or without one the first receive time.

    Raises
    ------
    ArchiveError
        If nothing of it says a time.
    """
    last: dict[tuple[str, int], Event] = {}
    for event in recorded_events(recording):
        if event.type == FlightEvent.LIFTOFF.value:
            before = last.get((event.vehicle, event.ordinal))
            if before is None or event.revision > before.revision:
                last[event.vehicle, event.ordinal] = event
    times_ns = [event.t_ns for event in last.values() if event.status != "retracted"]
    if times_ns:
        return min(times_ns)
    for message in recorded_messages(recording, Window()):
        if message.ert_ns:
            return message.ert_ns
    raise ArchiveError(str(recording.folder), "holds no telemetry to fly")
