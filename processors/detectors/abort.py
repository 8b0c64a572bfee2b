"""The launch or the flight is given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.airframe import Airframe
from processors.burns.burning import BURN_CHANNELS, BurnEdge, BurnParameters, Burns
from processors.detector import Detector, Finding, found
from processors.evidence.countdown import aborted_code
from processors.evidence.signals import UNSET, Switch, Turn, in_step_s
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class AbortParameters(BurnParameters):
    """Thresholds, after those of a burn.

    Parameters
    ----------
    rows
        Rows in a row that say `aborted`: one wrong reading gives nothing up.
    standing_m_s
        A vehicle slower than this stands on its pad.
    within_s
        Engines that stop within this of the flight computer's word stop because of it: it is said once a second, and
        heard up to two seconds later.
    """

    rows: int = 2
    standing_m_s: float = 2.0
    within_s: float = 5.0


@dataclass(slots=True)
class AbortState:
    """What it remembers: the engines, their last stop and its evidence, and the flight computer's word."""

    burns: Burns = field(default_factory=Burns)
    switch: Switch = field(default_factory=Switch)
    stopped_ns: int = UNSET
    stopped_sigma_s: float = 0.0
    stop_known_ns: int = UNSET
    count_first: int = 0
    count_last: int = 0
    said_ns: int = UNSET
    said_known_ns: int = UNSET
    done: bool = False


class Abort(Detector):
    """The flight computer says `aborted` after the engines were lit: on the pad, or in flight.

    On the pad it is the engines' stop that counts, and a countdown that ends before they are lit is a scrub alone. In
    flight it is the flight computer's word.

    Time: on the pad chamber pressure passes half of what is commanded, downwards and for good; in flight half way
    between the last row before and the first after.
    Uncertainty: 1/sqrt(12) of the distance of the rows on either side, and that it may be in step with them.

    Failure modes: none if telemetry begins afterwards, or if the flight computer has no such phase. Engines that are
    tested on the pad and stop by plan are none.

    References
    ----------
    Channel `flight_phase` of the dictionary; `processors.burns.burning` for what a burn is.

    Examples
    --------
    >>> AbortParameters().within_s
    5.0
    """

    version: ClassVar[int] = 3
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.ABORT.value,)
    requires: ClassVar[frozenset[str]] = BURN_CHANNELS | {"flight_phase", "speed_m_s"}
    parameters_type: ClassVar[type] = AbortParameters
    state_type: ClassVar[type] = AbortState

    @classmethod
    def fits(cls, airframe: Airframe) -> bool:
        """Return whether a vehicle's phases know of an abort."""
        return super().fits(airframe) and aborted_code(airframe, "flight_phase") is not None

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the flight computer's word and for engines that stop."""
        state = self.state
        if state.done:
            return ()
        happened: list[tuple[int, Rows, BurnEdge | Turn]] = []
        result = state.burns.edges(stretch, self.parameters)
        if result is not None:
            happened += [(int(result[0].t_ns[edge.row]), result[0], edge) for edge in result[1]]
        rows = None if state.said_ns != UNSET else stretch.rows("flight_phase")
        if rows is not None:
            said = np.asarray(rows.values[0] == aborted_code(self.airframe, "flight_phase"))
            turn = state.switch.turned(rows.t_ns, said, self.parameters.rows)
            if turn is not None:
                happened.append((int(rows.t_ns[turn.row]), rows, turn))
        for _, where, what in sorted(happened, key=lambda each: each[0]):
            if isinstance(what, BurnEdge):
                finding = self._stop(stretch, where, what)
            else:
                finding = self._word(stretch, where, what)
            if finding is not None:
                state.done = True
                return (finding,)
        return ()

    def _stop(self, stretch: Stretch, rows: Rows, edge: BurnEdge) -> Finding | None:
        state = self.state
        state.stopped_ns = UNSET
        if edge.kind == "end":
            state.stopped_ns = edge.t_ns
            state.stopped_sigma_s = in_step_s(edge.t_sigma_s, self.airframe.rates_hz[rows.packet])
            state.stop_known_ns = int(rows.t_ns[edge.row])
            state.count_first, state.count_last = edge.count_first, int(rows.counts[edge.row])
        return self._on_pad(stretch)

    def _word(self, stretch: Stretch, rows: Rows, turn: Turn) -> Finding | None:
        state, limits = self.state, self.parameters
        known_ns = int(rows.t_ns[turn.row])
        values = stretch.at(turn.t_ns, known_ns)
        state.said_ns, state.said_known_ns = turn.t_ns, known_ns
        if _speed_m_s(values) > limits.standing_m_s and turn.seen:
            first = int(rows.counts[turn.row]) - limits.rows + 1
            sigma_s = in_step_s(turn.t_sigma_s, self.airframe.rates_hz[rows.packet])
            return found(FlightEvent.ABORT.value, turn.t_ns, sigma_s, rows, turn.row, max(first, 0), values)
        return self._on_pad(stretch)

    def _on_pad(self, stretch: Stretch) -> Finding | None:
        """Return the abort of a vehicle that stands, once its engines have stopped and the word is said."""
        state, limits = self.state, self.parameters
        if UNSET in {state.said_ns, state.stopped_ns}:
            return None
        values = stretch.at(state.stopped_ns, max(state.stop_known_ns, state.said_known_ns))
        stands = _speed_m_s(values) < limits.standing_m_s
        if not stands or abs(state.stopped_ns - state.said_ns) > limits.within_s * NS_PER_S:
            return None
        return Finding(
            FlightEvent.ABORT.value,
            state.stopped_ns,
            round(state.stopped_sigma_s, 4),
            {name: round(value, 3) for name, value in values.items()},
            self.airframe.packet_of["chamber_pressure_pa"],
            state.count_first,
            state.count_last,
        )


def _speed_m_s(values: Mapping[str, float]) -> float:
    """Return how fast it was by what is known of it; nothing known is no speed."""
    return values.get("speed_m_s", abs(values.get("vertical_speed_m_s", 0.0)))
