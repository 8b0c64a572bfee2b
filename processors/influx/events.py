"""The events of a batch as lines: what each revision does to the one before it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from processors.influx.points import event_line, superseded_line
from telemetry.events import Event

Which = tuple[str, str, str, str, int, int]


class EventLines:
    """The events of a batch, each once.

    The lines of a batch may be written in any order and side by side. So no two of them say something different of one
    field: a revision that is followed by another in the same batch is written as superseded at once. From batch to
    batch the order is that of Kafka: whoever writes a revision again, as after a crash, comes to the next one again.
    """

    def __init__(self) -> None:
        self._events: dict[Which, Event] = {}

    def add(self, event: Event) -> None:
        """Take an event."""
        self._events[_which(event, event.revision)] = event

    def lines(self) -> Iterator[str]:
        """Yield the lines."""
        for event in self._events.values():
            followed = _which(event, event.revision + 1) in self._events
            line = event_line(event, event.revision + 1 if followed else None)
            if line is not None:
                yield line
            if _which(event, event.revision - 1) not in self._events:
                mark = superseded_line(event)
                if mark is not None:
                    yield mark


def _which(event: Event, revision: int) -> Which:
    return (event.run, event.flight, event.vehicle, event.type, event.ordinal, revision)
