"""Greatest dynamic pressure of a small rocket's ascent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Final

from processors.detector import Finding
from processors.motion.cell import Cell
from processors.motion.track import Track
from processors.motion_detector import MotionDetector
from processors.small.burn import Burn
from telemetry.cuc import NS_PER_S
from telemetry.vocabulary import FlightEvent

# density of the standard atmosphere's troposphere: rho0 (1 - L h / T0)^(g / (R L) - 1)
SEA_LEVEL_KG_M3: Final = 1.225
LAPSE_PER_M: Final = 2.25577e-5
POWER: Final = 4.25588
TOP_M: Final = 20_000.0


@dataclass(frozen=True, slots=True)
class SmallMaxQParameters:
    """Thresholds.

    Parameters
    ----------
    climb_m_s, sure_sigmas
        The least climb, and how many times its uncertainty, that is looked at: every rocket leaves its rail faster.
    after_s, share
        It is told when the pressure has been less for so long, and is less than this share of the greatest.
    plateau
        Where it is more than this share, one time is as good as another.
    least_s
        Thrust and drag change over about so long.
    """

    climb_m_s: float = 20.0
    sure_sigmas: float = 5.0
    after_s: float = 1.5
    share: float = 0.8
    plateau: float = 0.97
    least_s: float = 0.2


@dataclass(slots=True)
class SmallMaxQState:
    """What it remembers."""

    burn: Burn = field(default_factory=Burn)
    most_pa: float = 0.0
    most_ns: int = 0
    height_m: float = 0.0
    climb_m_s: float = 0.0
    done: bool = False


class SmallMaxQ(MotionDetector):
    """The maximum of `q = rho v^2 / 2` (Pa), with the estimate of climb and the density of the standard atmosphere.

    The pad is taken to be at sea level: its height scales the density, and hardly moves the maximum. While an
    accelerometer shows thrust it is not told.

    Failure modes: a barometer that errs at the speed of sound makes a climb of its own, where there is no accelerometer.

    References
    ----------
    U.S. Standard Atmosphere, 1976 (NOAA-S/T 76-1562), equation 42.

    Examples
    --------
    >>> round(dynamic_pressure_pa(0.0, 100.0)), round(dynamic_pressure_pa(1000.0, 100.0))
    (6125, 5558)
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.MAX_Q.value,)
    classes: ClassVar[frozenset[str]] = frozenset({"sounding"})
    parameters_type: ClassVar[type] = SmallMaxQParameters
    state_type: ClassVar[type] = SmallMaxQState

    def on_cell(self, cell: Cell, track: Track) -> Iterable[Finding]:
        """Look for the pressure to fall from its maximum."""
        state, limits = self.state, self.parameters
        if state.done:
            return ()
        state.burn.take(cell)
        pressure = dynamic_pressure_pa(cell.h_m, cell.v_m_s)
        climbs = cell.v_m_s > limits.climb_m_s and cell.v_m_s > limits.sure_sigmas * cell.v_sigma_m_s
        if climbs and pressure > state.most_pa:
            state.most_pa, state.most_ns = pressure, cell.t_ns
            state.height_m, state.climb_m_s = cell.h_m, cell.v_m_s
            return ()
        past = state.most_ns and cell.t_ns - state.most_ns > limits.after_s * NS_PER_S
        burns = state.burn.burning and not state.burn.over
        if burns or not past or not pressure < limits.share * state.most_pa:
            return ()
        state.done = True
        values = {
            "dynamic_pressure_pa": state.most_pa,
            "height_m": state.height_m,
            "vertical_speed_m_s": state.climb_m_s,
        }
        sigma_s = self._plateau_s(cell, track)
        return (self.finding(FlightEvent.MAX_Q.value, state.most_ns, sigma_s, cell, cell.count_first, values),)

    def _plateau_s(self, cell: Cell, track: Track) -> float:
        """Return the spread of an even distribution over the plateau."""
        state, limits = self.state, self.parameters
        around = track.between(cell, state.most_ns - 10 * NS_PER_S, cell.t_ns)
        least_pa = limits.plateau * state.most_pa
        high = [one.t_ns for one in around if dynamic_pressure_pa(one.h_m, one.v_m_s) > least_pa]
        return max(limits.least_s, (high[-1] - high[0]) / NS_PER_S / 12.0**0.5) if high else limits.least_s


def dynamic_pressure_pa(height_m: float, speed_m_s: float) -> float:
    """Return the dynamic pressure (Pa) in the standard atmosphere, up to 20 km; NaN for NaN."""
    thin = max(1.0 - LAPSE_PER_M * min(height_m, TOP_M), 0.0)
    return 0.5 * SEA_LEVEL_KG_M3 * float(thin**POWER) * speed_m_s * speed_m_s
