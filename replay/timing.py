"""When a recorded message is due, and which ones are wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from telemetry.cuc import NS_PER_S
from telemetry.errors import SettingsError


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a flight by receive time, Unix ns, both ends included; None is open."""

    from_ns: int | None = None
    to_ns: int | None = None

    def __contains__(self, t_ns: int) -> bool:
        return (self.from_ns is None or t_ns >= self.from_ns) and (self.to_ns is None or t_ns <= self.to_ns)


def window_around(liftoff_ns: int, from_s: float | None, to_s: float | None) -> Window:
    """Return the window between two times since liftoff.

    Raises
    ------
    SettingsError
        If it is empty.

    Examples
    --------
    >>> window_around(10**18, -5, None)
    Window(from_ns=999999995000000000, to_ns=None)
    """
    if from_s is not None and to_s is not None and from_s > to_s:
        raise SettingsError(f"nothing lies between T{from_s:+g} s and T{to_s:+g} s: --from must come before --to")
    ends = [None if t_s is None else liftoff_ns + round(t_s * NS_PER_S) for t_s in (from_s, to_s)]
    return Window(*ends)


class Pace:
    """How long after the first message each one is due.

    Parameters
    ----------
    speed
        Seconds of flight in a second; None for as fast as the line takes it.

    Raises
    ------
    SettingsError
        If it is not above zero.

    Examples
    --------
    >>> pace = Pace(10.0)
    >>> pace.due_s(5 * 10**9), pace.due_s(25 * 10**9), pace.due_s(0)
    (0.0, 2.0, 0.0)
    """

    def __init__(self, speed: float | None) -> None:
        if speed is not None and not speed > 0:
            raise SettingsError(f"speed {speed:g}: give a number above 0, or max")
        self._speed = speed
        self._first_ns: int | None = None

    def due_s(self, ert_ns: int) -> float:
        """Return when a message is due; at once for one without receive time, as a will, and for one that came late."""
        if self._speed is None or not ert_ns:
            return 0.0
        if self._first_ns is None:
            self._first_ns = ert_ns
        return max(0.0, (ert_ns - self._first_ns) / NS_PER_S / self._speed)
