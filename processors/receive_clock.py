"""Which receive times a flight believes: a station whose clock is wrong must not carry the whole flight with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from telemetry.cuc import NS_PER_S
from telemetry.errors import PacketError, Reason
from telemetry.frames import Frame

LEAP_NS: Final = 120 * NS_PER_S
PERSISTENCE_NS: Final = 3 * NS_PER_S


class ReceiveClock:
    """Judges receive times that leap ahead of a flight.

    The flight's time is the latest receive time of its messages, and it never goes back: one message from the year
    2100 would make everything after it late. The clock on the wall says nothing, since a flight may be accelerated or
    replayed. So what lies more than two minutes ahead needs a second witness:

    - of packets it is the vehicle's own clock. The flight goes on to their generation time, and to their receive time
      if that is within two minutes of it; what is received later than that (old packets, or a wrong clock) counts as
      received when the flight was.
    - a link report has no second clock. It is refused (`bad-time`) until reports that are as far ahead have come for
      three seconds of their time and nothing else in between: then it is the flight that had fallen silent.

    Before the first packet nothing is known of a flight's time. Then reports are believed, and the first packet may set
    the time back.

    Failure modes: a clock that is less than two minutes fast carries the flight by so much; a wrong station that is the
    last to report is believed.

    Examples
    --------
    >>> import numpy as np
    >>> clock = ReceiveClock()
    >>> def made(t_s: int) -> Frame:
    ...     return Frame("ship", "relay", "nav", 1, np.array([0]), np.array([t_s * NS_PER_S]), 0, {})
    >>> clock.of_packets(10 * NS_PER_S, [made(9)], 0) // NS_PER_S
    10
    >>> clock.of_packets(4000 * NS_PER_S, [made(11)], 10 * NS_PER_S) // NS_PER_S
    11
    >>> clock.of_packets(4000 * NS_PER_S, [made(3999)], 11 * NS_PER_S) // NS_PER_S
    4000
    """

    def __init__(self) -> None:
        self._is_anchored = False
        self._leap: list[int] = []

    def anchor(self, now_ns: int, received_ns: int) -> int:
        """Return the flight's time when packets come: set back if it was only reports that had carried it away."""
        was_anchored, self._is_anchored = self._is_anchored, True
        return now_ns if was_anchored or now_ns - received_ns <= LEAP_NS else received_ns

    def of_packets(self, ert_ns: int, frames: Iterable[Frame], now_ns: int) -> int:
        """Return when a telemetry message counts as received.

        Parameters
        ----------
        ert_ns
            When its station says that it was.
        frames
            Its packets; those without rows say nothing.
        now_ns
            The flight's time, 0 before the first message.
        """
        known_ns = now_ns if self._is_anchored else 0
        if ert_ns - known_ns <= LEAP_NS:
            self._leap = []
            return ert_ns
        witness_ns = max([known_ns, *(int(frame.t_ns.max()) for frame in frames if len(frame))])
        return ert_ns if not witness_ns or ert_ns - witness_ns <= LEAP_NS else witness_ns

    def of_report(self, ert_ns: int, now_ns: int) -> int:
        """Return when a link report counts as received.

        Raises
        ------
        PacketError
            If it leaps ahead of the flight and nothing else says so (`bad-time`).
        """
        ahead_ns = ert_ns - now_ns
        if not now_ns or ahead_ns <= LEAP_NS:
            self._leap = []
            return ert_ns
        if not self._leap or not self._leap[0] <= ert_ns <= self._leap[1] + LEAP_NS:
            self._leap = [ert_ns, ert_ns]
        self._leap[1] = max(self._leap[1], ert_ns)
        if ert_ns - self._leap[0] >= PERSISTENCE_NS:
            self._leap = []
            return ert_ns
        detail = f"the report is from {ahead_ns / NS_PER_S:.0f} s after all else that came of the flight: see the clock"
        raise PacketError(Reason.BAD_TIME, f"{detail} of its station")

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        return [self._is_anchored, list(self._leap)]

    def restore(self, state: list[Any]) -> None:
        """Take over another one's state."""
        self._is_anchored, self._leap = state[0], list(state[1])
