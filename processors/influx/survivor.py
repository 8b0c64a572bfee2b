"""Messages made into lines a slice at a time, so that one that breaks the encoder costs no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from processors.influx.line_protocol import Lines
from telemetry.errors import InternalError
from telemetry.message import Message

SLICE_OCTETS: Final = 512 * 1024


class Survivor:
    """Makes lines of messages, and goes on without those of which none can be made.

    Parameters
    ----------
    make
        Makes lines of a slice; may break.
    forget
        Called when it broke: what it takes for handed out was not.

    Attributes
    ----------
    broken
        What was left out, with the error, for whoever keeps it to take.
    """

    def __init__(self, make: Callable[[Sequence[Message]], Iterable[Lines]], forget: Callable[[], None]) -> None:
        self._make = make
        self._forget = forget
        self.broken: list[tuple[Message, InternalError]] = []

    def lines(self, messages: Sequence[Message]) -> list[Lines]:
        """Return the lines of a slice."""
        try:
            return list(self._make(messages))
        except Exception as error:  # noqa: BLE001 -- whatever it is, it costs this message only
            self._forget()
            if len(messages) > 1:
                return [lines for one in messages for lines in self.lines([one])]
            self.broken.append((messages[0], InternalError(error)))
            return []


def slices(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Yield messages in slices of so many octets."""
    part: list[Message] = []
    octets = 0
    for message in messages:
        part.append(message)
        octets += len(message.payload)
        if octets >= SLICE_OCTETS:
            yield part
            part, octets = [], 0
    if part:
        yield part
