"""The vehicle is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.detector import Detector, Finding
from processors.evidence.signals import UNSET
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

MOTION: Final = ("altitude_m", "vertical_speed_m_s", "speed_m_s")
TURNING: Final = "pitch_rate_deg_s"


@dataclass(frozen=True, slots=True)
class LossParameters:
    """Thresholds.

    Parameters
    ----------
    silence_s
        Nothing is heard of it for so long while stations report: as long as a link counts as held.
    flown_m
        Only what has risen by so much can be lost.
    impact_m_s
        A stage that meets ground or water faster than this does not outlive it: landings by engine end at 1 to 2 m/s,
        those on parachutes below 10 m/s, and at 20 m/s the shells of tanks burst.
    impact_s
        What is this close to the ground, at its speed, hits it: no engine takes more than 15 m/s off in so short a
        time.
    tumble_deg_s, tumble_s
        A vehicle that pitches faster than this, for as long, is out of control: a stage turns around at 10 to 20 deg/s,
        and a belly landing is righted at 40.
    moving_m_s
        What moves less fast floats or stands, and may fall over.
    rows_s
        Telemetry comes 50 times a second; what breaks up does so within some rows of the last.
    """

    silence_s: float = 5.0
    flown_m: float = 30.0
    impact_m_s: float = 15.0
    impact_s: float = 0.5
    tumble_deg_s: float = 60.0
    tumble_s: float = 0.3
    moving_m_s: float = 20.0
    rows_s: float = 0.05


@dataclass(slots=True)
class LossState:
    """What it remembers: the first altitude, the last row, and since when it tumbles."""

    ground_m: float | None = None
    flown: bool = False
    last_ns: int = UNSET
    altitude_m: float = 0.0
    climb_m_s: float = 0.0
    speed_m_s: float = 0.0
    step_s: float = 0.0
    count: int = 0
    tumbles_ns: int = UNSET
    done: bool = False


class LossOfVehicle(Detector):
    """Telemetry ends in a state from which there is no way back, and nothing is heard afterwards.

    - Impact: the last row sinks fast, so close to the ground that nothing can stop it.
    - Break-up: in its last rows it tumbles, far from the ground.

    Silence alone is never a loss: of a vehicle that was well when it was last heard nothing is claimed, however long
    nobody hears it. That nobody does is told by the stations' heartbeats, which are the flight's time.

    Time: on impact the last row and the way that was left at its speed (m over m/s); else the last row.
    Uncertainty: the distance of rows before the silence, and of an impact two metres of altitude.

    Failure modes: none of a vehicle that is lost out of everybody's hearing, or that breaks up without tumbling first.
    A transmitter that fails in a tumble from which the vehicle recovers is taken for a loss.

    References
    ----------
    Speeds of impact: the Space Shuttle's boosters, of thick steel, came down on parachutes at 23 m/s.

    Examples
    --------
    >>> LossParameters().silence_s
    5.0
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.LOSS_OF_VEHICLE.value,)
    requires: ClassVar[frozenset[str]] = frozenset(MOTION)
    parameters_type: ClassVar[type] = LossParameters
    state_type: ClassVar[type] = LossState

    def __init__(self, airframe: Airframe, parameters: LossParameters | None = None) -> None:
        super().__init__(airframe, parameters)
        beside = airframe.packet_of.get(TURNING) == airframe.packet_of.get(MOTION[0])
        self._channels = (*MOTION, TURNING) if beside else MOTION

    @classmethod
    def fits(cls, airframe: Airframe) -> bool:
        """Return whether a vehicle sends its own navigation, and not a picture or a log of it."""
        return super().fits(airframe) and "axial_acceleration_m_s2" in airframe.channels

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Take note of how it was last heard; what that means only silence tells."""
        state = self.state
        rows = None if state.done else stretch.rows(*self._channels)
        if rows is None:
            return ()
        altitude = np.asarray(rows.values[0], dtype=np.float64)
        if state.ground_m is None:
            state.ground_m = float(altitude[0])
        state.flown = state.flown or bool(self._risen(altitude, state.ground_m).any())
        if len(rows.values) > len(MOTION):
            self._follow_tumble(rows)
        before_ns = int(rows.t_ns[-2]) if len(rows.t_ns) > 1 else state.last_ns
        state.last_ns, state.count = int(rows.t_ns[-1]), int(rows.counts[-1])
        state.step_s = (state.last_ns - before_ns) / NS_PER_S if before_ns != UNSET else 0.0
        state.altitude_m, state.climb_m_s, state.speed_m_s = (float(values[-1]) for values in rows.values[:3])
        return ()

    def on_watermark(self, t_ns: int) -> tuple[Finding, ...]:
        """Look at the last row once nothing has come for long enough."""
        state, limits = self.state, self.parameters
        if state.done or not state.flown or t_ns - state.last_ns < limits.silence_s * NS_PER_S:
            return ()
        left_s = self._impact_in_s()
        if left_s is not None:
            sigma_s = limits.rows_s + 2.0 / -state.climb_m_s
        elif self._tumbles():
            left_s, sigma_s = limits.rows_s / 2.0, max(limits.rows_s, state.step_s)
        else:
            return ()
        state.done = True
        values = {
            "altitude_m": round(state.altitude_m, 3),
            "speed_m_s": round(state.speed_m_s, 3),
            "vertical_speed_m_s": round(state.climb_m_s, 3),
        }
        packet, lost_ns = self.airframe.packet_of[MOTION[0]], state.last_ns + round(left_s * NS_PER_S)
        event = FlightEvent.LOSS_OF_VEHICLE.value
        return (Finding(event, lost_ns, round(sigma_s, 4), values, packet, state.count, state.count),)

    def _risen(self, altitude_m: NDArray[np.float64], ground_m: float) -> NDArray[np.bool_]:
        # two rows in a row, so that a spike has not flown
        before_m = self.state.altitude_m if self.state.last_ns != UNSET else ground_m
        high = np.concatenate([[before_m], altitude_m]) > ground_m + self.parameters.flown_m
        return np.asarray(high[1:] & high[:-1])

    def _follow_tumble(self, rows: Rows) -> None:
        fast = np.abs(np.asarray(rows.values[len(MOTION)], dtype=np.float64)) > self.parameters.tumble_deg_s
        calm = np.flatnonzero(~fast)
        if not calm.size:
            self.state.tumbles_ns = int(rows.t_ns[0]) if self.state.tumbles_ns == UNSET else self.state.tumbles_ns
        else:
            at = int(calm[-1]) + 1
            self.state.tumbles_ns = int(rows.t_ns[at]) if at < len(fast) else UNSET

    def _impact_in_s(self) -> float | None:
        """Return how long it had to fall at its last speed; None if that was no impact."""
        state, limits = self.state, self.parameters
        if state.climb_m_s > -limits.impact_m_s:
            return None
        # the ground is that of the pad or, lower, the sea
        above_m = state.altitude_m - (state.ground_m or 0.0)
        above_m = min(abs(above_m), abs(state.altitude_m)) if above_m < 0.0 else above_m
        left_s = max(above_m, 0.0) / -state.climb_m_s
        return left_s if left_s <= limits.impact_s else None

    def _tumbles(self) -> bool:
        state, limits = self.state, self.parameters
        if state.tumbles_ns == UNSET or state.speed_m_s < limits.moving_m_s:
            return False
        return bool(state.last_ns - state.tumbles_ns >= limits.tumble_s * NS_PER_S)
