"""The plasma of an entry swallows all radio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from processors.airframe import Airframe
from processors.detector import Detector, Finding, found
from processors.evidence.signals import CUT_OFF_S, UNSET
from processors.stretch import Rows, Stretch
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

MOTION: Final = ("altitude_m", "speed_m_s", "vertical_speed_m_s")
TURNING: Final = "pitch_rate_deg_s"


@dataclass(frozen=True, slots=True)
class BlackoutParameters:
    """Thresholds.

    Parameters
    ----------
    silence_s
        Nothing is heard of it for so long while stations report: as long as a link counts as held.
    ionised_m_s
        Slower, the air around it need not be ionised so far that it swallows S-band: blackouts of blunt vehicles end
        at 3 to 5 km/s. What falls silent below has more likely set behind the horizon.
    thin_m
        Higher, there is no air to ionise: blackouts begin at 80 to 95 km.
    live_s
        Rows as old as this when they come were kept on board, and say nothing of when it was heard again.
    tumble_deg_s
        What pitches faster is out of control, and its silence may be that of a wreck (`loss_of_vehicle`).
    """

    silence_s: float = 5.0
    ionised_m_s: float = 4_500.0
    thin_m: float = 95_000.0
    live_s: float = 3.0
    tumble_deg_s: float = 60.0


@dataclass(slots=True)
class BlackoutState:
    """What it remembers: the last row that came live, where that was, and the time of the flight."""

    last_ns: int = UNSET
    count: int = 0
    altitude_m: float = 0.0
    speed_m_s: float = 0.0
    climb_m_s: float = 0.0
    turn_deg_s: float = 0.0
    now_ns: int = UNSET
    silent: bool = False


class Blackout(Detector):
    """All stations lose a vehicle that is fast enough for the air around it to be plasma, and hear it again.

    A vehicle that is out of view, or that fails, falls silent elsewhere too: only one that was in the plasma's speed
    and height when it was last heard is in a blackout. Whether it sinks makes no difference: lift throws a steep entry
    up again within the air. Where a relay hears it through its wake there is none.

    Time: the last packet before, and the first that comes live afterwards; what was kept on board meanwhile does not
    end it. Uncertainty: the distance of rows; afterwards also what a station needs to find the signal again.

    Failure modes: none of a blackout that begins out of everybody's view. A loss in the plasma is a blackout without
    an end.

    References
    ----------
    Rybak and Churchill, Progress in Reentry Communications, IEEE Trans. Aerospace and Electronic Systems AES-7 (1971)
    879.

    Examples
    --------
    >>> BlackoutParameters().thin_m
    95000.0
    """

    version: ClassVar[int] = 2
    emits: ClassVar[tuple[str, ...]] = (FlightEvent.BLACKOUT_START.value, FlightEvent.BLACKOUT_END.value)
    requires: ClassVar[frozenset[str]] = frozenset(MOTION)
    looks_again: ClassVar[bool] = False
    parameters_type: ClassVar[type] = BlackoutParameters
    state_type: ClassVar[type] = BlackoutState

    def __init__(self, airframe: Airframe, parameters: BlackoutParameters | None = None) -> None:
        super().__init__(airframe, parameters)
        beside = airframe.packet_of.get(TURNING) == airframe.packet_of.get(MOTION[0])
        self._channels = (*MOTION, TURNING) if beside else MOTION

    @classmethod
    def fits(cls, airframe: Airframe) -> bool:
        """Return whether a vehicle sends its own navigation, and not a picture or a log of it."""
        return super().fits(airframe) and "axial_acceleration_m_s2" in airframe.channels

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Take note of how it was last heard, and look for its first word after a blackout."""
        state = self.state
        rows = stretch.rows(*self._channels)
        if rows is None:
            return ()
        findings: tuple[Finding, ...] = ()
        if state.silent:
            live = np.flatnonzero(rows.t_ns > state.now_ns - round(self.parameters.live_s * NS_PER_S))
            if not live.size:
                return ()
            findings = (self._end(stretch, rows, int(live[0])),)
            state.silent = False
        state.last_ns, state.count = int(rows.t_ns[-1]), int(rows.counts[-1])
        state.altitude_m, state.speed_m_s, state.climb_m_s = (float(values[-1]) for values in rows.values[:3])
        state.turn_deg_s = float(rows.values[3][-1]) if len(rows.values) > len(MOTION) else 0.0
        return findings

    def on_watermark(self, t_ns: int) -> tuple[Finding, ...]:
        """Look at the last row once nothing has come for long enough."""
        state, limits = self.state, self.parameters
        state.now_ns = t_ns
        quiet = state.last_ns != UNSET and t_ns - state.last_ns >= limits.silence_s * NS_PER_S
        if state.silent or not quiet or not self._in_plasma():
            return ()
        state.silent = True
        values = {
            "altitude_m": round(state.altitude_m, 3),
            "speed_m_s": round(state.speed_m_s, 3),
            "vertical_speed_m_s": round(state.climb_m_s, 3),
        }
        packet, event = self.airframe.packet_of[MOTION[0]], FlightEvent.BLACKOUT_START.value
        sigma_s = 1.0 / self.airframe.rates_hz[packet] + CUT_OFF_S
        return (Finding(event, state.last_ns, round(sigma_s, 4), values, packet, state.count, state.count),)

    def _in_plasma(self) -> bool:
        state, limits = self.state, self.parameters
        in_air = state.altitude_m < limits.thin_m
        steady = abs(state.turn_deg_s) < limits.tumble_deg_s
        return bool(in_air and steady and state.speed_m_s > limits.ionised_m_s)

    def _end(self, stretch: Stretch, rows: Rows, at: int) -> Finding:
        t_ns = int(rows.t_ns[at])
        values = {name: float(each[at]) for name, each in zip(MOTION, rows.values, strict=False)}
        values |= stretch.at(t_ns, t_ns)
        sigma_s = 2.0 / self.airframe.rates_hz[rows.packet]
        return found(FlightEvent.BLACKOUT_END.value, t_ns, sigma_s, rows, at, int(rows.counts[at]), values)
