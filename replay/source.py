"""What of a recording is flown: which messages, and where its clock begins."""

from __future__ import annotations

from collections.abc import Iterator

from replay.timing import Window
from runtime.archive.catalog import Recording
from runtime.archive.contents import recorded_events, recorded_messages
from telemetry.errors import ArchiveError
from telemetry.events import Event
from telemetry.message import Message
from telemetry.vocabulary import FlightEvent


def messages_in(recording: Recording, window: Window) -> Iterator[Message]:
    """Yield the messages received in a window, in order of arrival; a will belongs where it arrived.

    Raises
    ------
    ArchiveError
        If a part is damaged, or holds what is no message.
    """
    inside = window.from_ns is None
    for message in recorded_messages(recording):
        if message.ert_ns:
            inside = message.ert_ns in window
        if inside:
            yield message


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
    for message in recorded_messages(recording):
        if message.ert_ns:
            return message.ert_ns
    raise ArchiveError(str(recording.folder), "holds no telemetry to fly")
