"""The clock on board, when it is set back in flight: times that go on for detectors, and the clock's own for events."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from typing import Any, Final

from telemetry.codec import FUTURE_TOLERANCE_NS
from telemetry.cuc import NS_PER_S
from telemetry.events import Event
from telemetry.frames import Frame

NEVER: Final = -(1 << 62)
# as many packets in succession a timeline takes for the next ones, whatever their times say
MOST_COUNTS: Final = 256
# what a message may be behind another one on its way; a hold waits no longer
BEHIND_NS: Final = 2 * NS_PER_S
# rows of a log stand out of order by a second and more, and a hold puts them in order; where packets come unevenly a
# clock is set back by more
UNEVEN_NS: Final = 2 * NS_PER_S
# so many in succession, each as long after the last as its count says, are even: of no log that is out of order
EVEN_ROWS: Final = 256
# in a hole nobody sees a clock fall: it has if it is so much behind the counts, and receipt is nearer to these
HIDDEN_NS: Final = NS_PER_S
# finer than a millisecond no rate is known; every packet type finds the same step, whichever of its packets are lost
QUANTUM_NS: Final = NS_PER_S // 1_000
# a time that is wrong in so few packets is a slip
SLIP_ROWS: Final = 3
MOST_TURNS: Final = 16
MOST_STEPS: Final = 64


@dataclass(slots=True)
class Step:
    """The clock was set: from a time that goes on, it is behind that by `shift_ns`, and was before by `was_ns`."""

    begins_ns: int
    was_ns: int
    shift_ns: int


@dataclass(slots=True)
class Turn:
    """Where a packet type goes over a step: count and time (that go on) of its last packet before and first after."""

    before: int
    before_ns: int
    first: int
    first_ns: int
    was_ns: int
    shift_ns: int


@dataclass(slots=True)
class Line:
    """The packets of one type.

    Count, time that goes on, and receipt of the highest; how many came since a step, and evenly.
    """

    count: int = -1
    t_ns: int = NEVER
    ert_ns: int = NEVER
    shift_ns: int = 0
    rows: int = 0
    even: int = 0
    turns: list[Turn] = field(default_factory=list)


class OnboardClock:
    """Gives the packets of one vehicle times that go on when its clock is set back.

    Counts go on whatever a clock does. So packets with the next counts and times of before are of a clock that was set
    back: no late packet has a count that nobody has seen the like of. They were made as many periods after the last one
    as their counts say, and so much is added to their times, and to those of all types from there on, that they follow.
    Detectors see a flight without a step. What they find is told by the vehicle's own clock (`told`).

    - Where packets do not come evenly, as rows of a log, a fall of less than two seconds is disorder, and no step.
    - A step that lies in a hole is seen by what comes after it, if the clock is a second or more behind the counts and
      the stations' receipt is nearer to these. What comes into the hole has the time that fits its count.
    - Packets of a type that is too slow to go back, or makes pauses, follow those of others.
    - Times that would lie in the future are of a clock that was put right; a slip of one to three packets is undone.

    Failure modes: a step of less than the period of the fastest packets is not seen, nor one of less than a second in a
    hole, nor one further back than a hole of more than 256 packets, which is a reset to the books; what stands in the
    second of the step may be wrong by some milliseconds if packets are not made evenly.

    Examples
    --------
    >>> import numpy as np
    >>> clock = OnboardClock()
    >>> def taken(first: int, t_s: float) -> float:
    ...     t_ns = np.rint((t_s + np.arange(2) / 50) * NS_PER_S).astype(np.int64)
    ...     rows = Frame("ship", "relay", "nav", 1, np.arange(first, first + 2), t_ns, 10 * NS_PER_S, {})
    ...     return float(clock.onward("nav", 50.0, first, rows, 0).t_ns[0]) / NS_PER_S
    >>> taken(0, 9.0), taken(2, 6.54), taken(0, 9.0)
    (9.0, 9.04, 9.0)
    >>> clock.onboard_ns(9_040_000_000) / NS_PER_S
    6.54
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._lines: dict[str, Line] = {}

    def onward(self, packet: str, rate_hz: float, first: int, rows: Frame, released_ns: int) -> Frame:
        """Return rows with times that go on.

        Parameters
        ----------
        packet, rate_hz
            Their type, and its nominal rate.
        first
            Unwrapped count of the first row; the others follow it.
        rows
            As received, in order of time.
        released_ns
            What was made before is late, in times that go on.
        """
        line = self._lines.get(packet)
        if line is None:
            line = self._lines[packet] = Line()
        if first > line.count:
            t_ns, n, period_ns = int(rows.t_ns[0]), len(rows), NS_PER_S / rate_hz
            if line.count >= 0 and (self._steps or first != line.count + 1 or t_ns <= line.t_ns):
                self._follow(line, period_ns, first, rows, released_ns)
            last, last_ns = first + n - 1, int(rows.t_ns[-1]) + line.shift_ns
            is_even = abs(last_ns - line.t_ns - (last - line.count) * period_ns) < period_ns / 2
            line.even = line.even + n if is_even else 0
            line.count, line.t_ns, line.ert_ns, line.rows = last, last_ns, rows.ert_ns, line.rows + n
            shift_ns = line.shift_ns
        elif line.turns:
            shift_ns = self._shift_then(line, first, int(rows.t_ns[0]))
        else:
            return rows
        return later(rows, shift_ns) if shift_ns else rows

    def onward_ns(self, packet: str, count: int, t_ns: int) -> int:
        """Return the time that goes on of a packet made at a time on board."""
        line = self._lines.get(packet)
        return t_ns if line is None or not line.turns else t_ns + self._shift_then(line, count, t_ns)

    def onboard_ns(self, t_ns: int) -> int:
        """Return what the clock on board said at a time that goes on."""
        return t_ns - next(
            (step.shift_ns for step in reversed(self._steps) if t_ns >= step.begins_ns),
            self._steps[0].was_ns if self._steps else 0,
        )

    def told(self, event: Event) -> Event:
        """Return an event by the clock on board."""
        if not self._steps:
            return event
        was_ns = None if event.was_ns is None else self.onboard_ns(event.was_ns)
        return event.model_copy(update={"t_ns": self.onboard_ns(event.t_ns), "was_ns": was_ns})

    def _follow(self, line: Line, period_ns: float, first: int, rows: Frame, released_ns: int) -> None:
        """Find out by how much the clock is behind from packets on that follow the latest of their type."""
        t_ns, ert_ns = int(rows.t_ns[0]), rows.ert_ns
        due_ns, since_ns = round((first - line.count) * period_ns), ert_ns - line.ert_ns
        # a message is received when its last packet is
        late_ns = since_ns - due_ns - (len(rows) - 1) * period_ns
        newest_ns = self._steps[-1].shift_ns if self._steps else 0
        shift_ns, passed_ns = line.shift_ns, t_ns + line.shift_ns - line.t_ns
        if newest_ns != shift_ns and first - line.count <= MOST_COUNTS:
            others_ns = passed_ns + newest_ns - shift_ns
            if abs(others_ns - due_ns) < abs(passed_ns - due_ns) or t_ns + shift_ns < released_ns:
                shift_ns, passed_ns = newest_ns, others_ns
        behind_ns = due_ns - passed_ns
        falls_ns, lags_ns = (0, HIDDEN_NS) if line.even >= EVEN_ROWS else (UNEVEN_NS, UNEVEN_NS)
        is_back = passed_ns <= -falls_ns and first - line.count <= MOST_COUNTS and due_ns <= since_ns + BEHIND_NS
        is_hidden = behind_ns >= lags_ns and abs(late_ns) < behind_ns / 2
        is_future = shift_ns > 0 and t_ns + shift_ns > ert_ns + FUTURE_TOLERANCE_NS
        if is_back or is_hidden or is_future:
            shift_ns = max(round((shift_ns + behind_ns) / QUANTUM_NS) * QUANTUM_NS, 0)
        elif line.turns and line.rows <= SLIP_ROWS and line.turns[-1].shift_ns == shift_ns:
            undone_ns = line.turns[-1].was_ns
            if abs(behind_ns + shift_ns - undone_ns) < period_ns / 2 < abs(behind_ns):
                shift_ns = undone_ns
        if shift_ns != newest_ns:
            self._steps.append(Step(t_ns + shift_ns, newest_ns, shift_ns))
            del self._steps[:-MOST_STEPS]
        if shift_ns != line.shift_ns:
            line.turns.append(Turn(line.count, line.t_ns, first, t_ns + shift_ns, line.shift_ns, shift_ns))
            del line.turns[:-MOST_TURNS]
            line.shift_ns, line.rows = shift_ns, 0

    def _shift_then(self, line: Line, count: int, t_ns: int) -> int:
        """Return by how much the clock was behind when a packet was made that is not the latest of its type."""
        for turn in reversed(line.turns):
            if count >= turn.first:
                return turn.shift_ns
            if count > turn.before:
                share = (count - turn.before) / (turn.first - turn.before)
                due_ns = turn.before_ns + share * (turn.first_ns - turn.before_ns)
                if abs(t_ns + turn.was_ns - due_ns) < abs(t_ns + turn.shift_ns - due_ns):
                    return turn.was_ns
                self._begin_before(t_ns + turn.shift_ns, turn)
                return turn.shift_ns
        return line.turns[0].was_ns

    def _begin_before(self, t_ns: int, turn: Turn) -> None:
        """Let a step begin no later than a packet that was made after it."""
        for step in self._steps:
            if (step.was_ns, step.shift_ns) == (turn.was_ns, turn.shift_ns) and t_ns < step.begins_ns <= turn.first_ns:
                step.begins_ns = t_ns

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        lines = {
            packet: [list(astuple(line)[:-1]), [astuple(one) for one in line.turns]]
            for packet, line in self._lines.items()
        }
        return [[astuple(step) for step in self._steps], lines]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        steps, lines = state
        self._steps = [Step(*step) for step in steps]
        self._lines = {
            packet: Line(count, t_ns, ert_ns, shift_ns, rows, even, [Turn(*turn) for turn in turns])
            for packet, ((count, t_ns, ert_ns, shift_ns, rows, even), turns) in lines.items()
        }


def later(rows: Frame, shift_ns: int) -> Frame:
    """Return rows as made so much later."""
    t_ns = rows.t_ns + shift_ns
    return Frame(rows.vehicle, rows.station, rows.packet, rows.apid, rows.counts, t_ns, rows.ert_ns, rows.columns)
