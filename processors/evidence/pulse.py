"""Signs of life: of one channel, and of those of one packet type together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NEVER: Final = -(1 << 62)
FOREVER: Final = 1 << 62
UNSET: Final = -1


@dataclass(slots=True)
class Pulse:
    """One channel's last sign of life.

    Parameters
    ----------
    stale_ns
        After how long without a value it is stale.
    last_ns
        When its last value was made; before the first, when its first packet was.
    counted_ns
        From when on its silence counts: `last_ns`, and later by the time in which nobody heard the vehicle.
    empty_ns
        When its first packet without a usable value was made since then.
    stale
        Whether it is stale.
    """

    stale_ns: int
    last_ns: int = NEVER
    counted_ns: int = NEVER
    empty_ns: int = UNSET
    stale: bool = False

    @property
    def due_ns(self) -> int:
        """When it is stale if nothing comes."""
        return self.counted_ns + self.stale_ns

    def empty(self, t_ns: int) -> None:
        """Take note of a packet without a usable value."""
        if self.last_ns == NEVER:
            self.last_ns = self.counted_ns = t_ns
        if self.empty_ns == UNSET:
            self.empty_ns = t_ns

    def full(self, t_ns: int) -> None:
        """Take note of a value."""
        self.last_ns, self.counted_ns, self.empty_ns, self.stale = t_ns, t_ns, UNSET, False

    def skip(self, hole_ns: int) -> None:
        """Do not count a time."""
        if self.last_ns != NEVER:
            self.counted_ns += hole_ns


class Pulses:
    """The pulses of one packet type's channels.

    While every packet brings every channel in time, all pulses are alike: then only what they share is kept.

    Parameters
    ----------
    stale_ns
        By channel, at least one: after how long without a value it is stale.

    Examples
    --------
    >>> pulses = Pulses({"altitude_m": 2, "speed_m_s": 3})
    >>> pulses.fill(5)
    False
    >>> for pulse in pulses.each().values():
    ...     pulse.full(5)
    >>> pulses.due_ns, pulses.fill(6), pulses.due_ns
    (7, True, 8)
    """

    __slots__ = ("_alike", "_pulses", "_shortest_ns")

    def __init__(self, stale_ns: Mapping[str, int]) -> None:
        self._pulses = {name: Pulse(each_ns) for name, each_ns in stale_ns.items()}
        self._shortest_ns = min(stale_ns.values())
        # the pulse that stands for all of them
        self._alike: Pulse | None = None

    @property
    def due_ns(self) -> int:
        """When the first of them is stale if nothing comes."""
        if self._alike is not None:
            return self._alike.due_ns
        pulses = self._pulses.values()
        return min((one.due_ns for one in pulses if one.last_ns != NEVER and not one.stale), default=FOREVER)

    def fill(self, t_ns: int) -> bool:
        """Take note that every packet up to a time has brought a value of each; False if one was due before it."""
        if self._alike is None:
            if any(one.stale or t_ns > one.due_ns for one in self._pulses.values()):
                return False
            self._alike = Pulse(self._shortest_ns)
        elif t_ns > self._alike.due_ns:
            return False
        self._alike.full(t_ns)
        return True

    def skip(self, hole_ns: int) -> None:
        """Do not count a time."""
        for pulse in (self._alike,) if self._alike is not None else self._pulses.values():
            pulse.skip(hole_ns)

    def each(self) -> Mapping[str, Pulse]:
        """Return the pulses by channel, to look at and to change one by one."""
        if self._alike is not None:
            for pulse in self._pulses.values():
                pulse.full(self._alike.last_ns)
                pulse.counted_ns = self._alike.counted_ns
            self._alike = None
        return self._pulses
