"""When a vehicle's flight turned to another phase, as far as was known."""

from __future__ import annotations

from typing import Final, NamedTuple

LONG_AGO_NS: Final = 0


class Turned(NamedTuple):
    """A phase of limits, and the time of the row at which it was known that it had begun."""

    known_ns: int
    phase: str
