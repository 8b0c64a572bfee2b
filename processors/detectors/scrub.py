"""The launch sequence ends without a liftoff."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.airframe import Airframe
from processors.detector import Detector, Finding, found
from processors.evidence.countdown import SIGMA_S, aborted_code
from processors.evidence.signals import UNSET, Switch, Turn
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class ScrubParameters:
    """Thresholds.

    Parameters
    ----------
    rows
        Rows in a row that say `aborted`: one wrong reading ends no countdown.
    standing_m_s
        A vehicle slower than this stands on its pad: navigation errs by centimetres a second.
    """

    rows: int = 2
    standing_m_s: float = 2.0


@dataclass(slots=True)
class ScrubState:
    """What it remembers: the last row before the sequence ended, and where the count stood."""

    switch: Switch = field(default_factory=Switch)
    ran_ns: int = UNSET
    ran_s: float = 0.0
    stood_s: float = 0.0
    done: bool = False


class Scrub(Detector):
    """The flight computer says `aborted` while the vehicle stands.

    Time: where the count stands afterwards, the last row before tells when it came there, as a count runs a second a
    second; else half way between the last row before and the first after.
    Uncertainty: the resolution of the count; else 1/sqrt(12) of the distance of these rows.

    Failure modes: none if telemetry begins afterwards, or if the flight computer has no such phase.

    References
    ----------
    Channels `flight_phase` and `mission_time_s` of the dictionary.

    Examples
    --------
    >>> ScrubParameters().rows
    2
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.SCRUB.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"flight_phase", "mission_time_s"})
    parameters_type: ClassVar[type] = ScrubParameters
    state_type: ClassVar[type] = ScrubState

    @classmethod
    def fits(cls, airframe: Airframe) -> bool:
        """Return whether a vehicle's phases know of an end of the launch sequence."""
        return super().fits(airframe) and aborted_code(airframe, "mission_time_s") is not None

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for the flight computer's word."""
        rows = None if self.state.done else stretch.rows("mission_time_s", "flight_phase")
        if rows is None:
            return ()
        over = np.asarray(rows.values[1] == aborted_code(self.airframe, "mission_time_s"))
        turn = self.state.switch.turned(rows.t_ns, over, self.parameters.rows)
        self._follow(rows, over, len(over) if turn is None else turn.row + 1)
        if turn is None:
            return ()
        self.state.done = True
        t_ns, sigma_s = self._when(turn)
        values = stretch.at(t_ns, int(rows.t_ns[turn.row]))
        stands = values.get("speed_m_s", abs(values.get("vertical_speed_m_s", 0.0))) < self.parameters.standing_m_s
        if not (turn.seen and stands):
            return ()
        first = int(rows.counts[turn.row]) - self.parameters.rows
        return (found(FlightEvent.SCRUB.value, t_ns, sigma_s, rows, turn.row, max(first, 0), values),)

    def _follow(self, rows: Rows, over: np.ndarray, stop: int) -> None:
        """Take note of the last row before, and of where the count stands in the last row after."""
        before = np.flatnonzero(~over[:stop])
        if before.size:
            self.state.ran_ns = int(rows.t_ns[before[-1]])
            self.state.ran_s = float(rows.values[0][before[-1]])
        if over[stop - 1]:
            self.state.stood_s = float(rows.values[0][stop - 1])

    def _when(self, turn: Turn) -> tuple[int, float]:
        state = self.state
        exact_ns = state.ran_ns + round((state.stood_s - state.ran_s) * NS_PER_S)
        first_after_ns = state.switch.sustained.since_ns
        stands = state.ran_ns != UNSET and state.ran_ns <= exact_ns <= first_after_ns
        return (exact_ns, SIGMA_S) if stands else (turn.t_ns, turn.t_sigma_s)
