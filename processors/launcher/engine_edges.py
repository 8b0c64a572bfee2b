"""What a change of the rate of a launcher's speed means, by what came before: an engine that starts or stops."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from operator import attrgetter
from typing import Final, NamedTuple

from processors.launcher.engine_thresholds import EngineThresholds
from processors.launcher.kinks import Kink, Line
from processors.launcher.thrust import EARTH_M, GRAVITY_M_S2, Push, gravity_m_s2
from processors.motion.cell import Cell
from telemetry.vocabulary import FlightEvent

ASCENT: Final = "ascent"
COAST: Final = "coast"
BOOSTBACK: Final = "boostback"
TURNED: Final = "turned"
ENTRY: Final = "entry"
AIR: Final = "air"
FALL: Final = "fall"
LANDING: Final = "landing"
UPPER: Final = "upper"
ORBIT: Final = "orbit"


class Look(NamedTuple):
    """What is seen of a change.

    `since_s` is how long before it the phase began, and `since_m_s` how fast it was then; `deepest_m_s2` the lowest
    rate of speed since, `deepest_s` when; `noise` is that of a mean.
    """

    kink: Kink
    push: Push
    cell: Cell
    since_s: float
    since_m_s: float
    deepest_m_s2: float
    deepest_s: float
    noise: float
    limits: EngineThresholds

    @property
    def coasts(self) -> bool:
        """Whether nothing pushes afterwards; true where that is not known."""
        limits = self.limits
        return not abs(self.push.after) > limits.coast_m_s2 + limits.coast_sigmas * self.kink.after_sigma

    @property
    def falls(self) -> bool:
        """Whether it falls."""
        return self.cell.v_m_s < -self.limits.falls_m_s


def _meco(look: Look) -> bool:
    kink, limits = look.kink, look.limits
    stops = kink.change < -limits.meco_m_s2 and kink.after.rate < limits.coast_sigmas * kink.after_sigma
    return stops and look.coasts and look.cell.s_m_s > limits.meco_m_s


def _ses(look: Look) -> bool:
    limits = look.limits
    starts = look.kink.change > limits.ses_m_s2 and look.push.after > limits.ses_m_s2
    return starts and not look.falls


def _first_ses(look: Look) -> bool:
    # without engines gravity takes no more than itself; what has lost more has turned back unseen
    lost_m_s = look.since_m_s - look.kink.before.value
    most_m_s = GRAVITY_M_S2 * (look.since_s + look.limits.apart_s) + look.limits.coast_sigmas * look.noise
    return _ses(look) and look.since_s < look.limits.coast_most_s and lost_m_s < most_m_s


def _seco(look: Look) -> bool:
    limits = look.limits
    stops = look.kink.change < -limits.seco_m_s2 and look.push.before > limits.seco_m_s2
    return stops and look.coasts and look.cell.s_m_s > limits.seco_m_s


def _unseen_meco_seco(look: Look) -> bool:
    # no first stage reaches an orbit: its end was in a hole, or before the record
    return _circles(look.cell, look.limits) and _seco(look)


def _unseen_ses_seco(look: Look) -> bool:
    # what pushed before the coast is the stage below, whose end has been told
    since_s = look.kink.at_s - look.since_s
    return look.kink.before.first_s > since_s and _seco(look)


def _boostback(look: Look) -> bool:
    kink, limits = look.kink, look.limits
    slows = kink.change < -limits.retro_m_s2
    slows &= look.push.after + limits.coast_sigmas * kink.after_sigma < -limits.retro_m_s2
    return slows and look.cell.v_m_s > limits.falls_m_s and limits.apart_s < look.since_s < limits.coast_most_s


def _boostback_end(look: Look) -> bool:
    kink, limits = look.kink, look.limits
    # of one of the means; what they are off their line is the question here, and no noise
    noise = look.noise
    most_m_s = limits.back_steady_m_s + limits.back_sigmas * noise
    bends_m_s = limits.back_sweep_m_s3 * (kink.after.last_s - kink.after.first_s) ** 2 / 12.0
    steady = kink.after.spread < most_m_s < bends_m_s
    steady &= abs(look.push.before) > 2.0 * limits.back_coast_m_s2
    ends = steady and abs(kink.change) > limits.back_m_s2 and limits.apart_s < look.since_s < limits.back_most_s
    return ends and is_turned(kink.after, look.push.after, noise, limits)


def is_turned(after: Line, push_m_s2: float, noise: float, limits: EngineThresholds) -> bool:
    """Return whether what pushes along a line through means is little enough for a boostback that has ended."""
    least: float = limits.back_coast_m_s2 + limits.coast_sigmas * noise / after.lever
    return abs(push_m_s2) < least


def _entry(look: Look) -> bool:
    limits = look.limits
    slows = look.kink.change < -limits.entry_m_s2 and look.push.after < -limits.retro_m_s2 - look.push.drag_m_s2
    coasted = abs(look.push.before) < 0.5 * limits.entry_m_s2
    return slows and coasted and look.falls and look.cell.s_m_s < limits.seco_m_s


def _entry_end(look: Look) -> bool:
    limits = look.limits
    return look.kink.change > limits.entry_m_s2 and look.push.after > -limits.entry_m_s2 - look.push.drag_m_s2


def easing_m_s2(kink: Kink, limits: EngineThresholds) -> float:
    """Return by how much less the air brakes after a kink: little if it brakes little any more."""
    return min(limits.easing_m_s3, limits.easing_per_s * abs(kink.before.rate)) * kink.apart_s


def _landing(look: Look) -> bool:
    kink, cell, limits = look.kink, look.cell, look.limits
    change = kink.change - easing_m_s2(kink, limits)
    slows = change < -limits.landing_m_s2 and kink.change < -0.5 * limits.landing_m_s2
    if not (slows and look.falls and cell.h_m < limits.landing_m):
        return False
    braked = look.deepest_m_s2 < -limits.air_m_s2 and kink.before.rate > limits.air_share * look.deepest_m_s2
    need_m_s2 = cell.s_m_s**2 / (2.0 * max(cell.h_m, 1.0))
    return braked and kink.before.first_s > look.deepest_s and need_m_s2 > limits.need_m_s2


def _unseen_entry_end(look: Look) -> bool:
    limits, push = look.limits, look.push
    braked = push.before < -limits.retro_m_s2 - push.drag_m_s2 - limits.coast_sigmas * look.kink.sigma
    return braked and look.falls and look.kink.before.value < limits.seco_m_s and _entry_end(look)


Rule = tuple[FlightEvent, Callable[[Look], bool], str]
_ENTRY: Final[Rule] = (FlightEvent.ENTRY_START, _entry, ENTRY)
_ENTRY_END: Final[Rule] = (FlightEvent.ENTRY_END, _unseen_entry_end, AIR)
_SECO: Final[Rule] = (FlightEvent.SECO, _seco, ORBIT)
_UNSEEN_SES_SECO: Final[Rule] = (FlightEvent.SECO, _unseen_ses_seco, ORBIT)
_UNSEEN_MECO_SECO: Final[Rule] = (FlightEvent.SECO, _unseen_meco_seco, ORBIT)
# by phase: which event may come, when it does, and the phase after it
RULES: Final[dict[str, tuple[Rule, ...]]] = {
    ASCENT: (_UNSEEN_MECO_SECO, (FlightEvent.MECO, _meco, COAST)),
    COAST: (
        (FlightEvent.SES, _first_ses, UPPER),
        _UNSEEN_SES_SECO,
        (FlightEvent.BOOSTBACK_START, _boostback, BOOSTBACK),
        _ENTRY,
        _ENTRY_END,
    ),
    BOOSTBACK: ((FlightEvent.BOOSTBACK_END, _boostback_end, TURNED), _ENTRY),
    TURNED: (_ENTRY, _ENTRY_END),
    UPPER: (_SECO, _ENTRY, _ENTRY_END),
    ORBIT: ((FlightEvent.SES, _ses, UPPER), _ENTRY),
    ENTRY: ((FlightEvent.ENTRY_END, _entry_end, AIR),),
    AIR: ((FlightEvent.LANDING_BURN_START, _landing, LANDING),),
    FALL: ((FlightEvent.LANDING_BURN_START, _landing, LANDING),),
    LANDING: (),
}


def _circles(cell: Cell, limits: EngineThresholds) -> bool:
    """Return whether a stage is about as high and as fast as in an orbit."""
    # of a record that begins in the air `h_m` counts from its first height
    height_m = max(cell.h_m, cell.altitude_m)
    if not height_m > limits.orbit_m:
        return False
    circular_m_s = sqrt(gravity_m_s2(height_m) * (EARTH_M + height_m))
    return cell.s_m_s > circular_m_s - limits.short_m_s


def orbits(phase: str, cell: Cell, limits: EngineThresholds) -> bool:
    """Return whether a stage that burns is about as fast as it needs: then a display that stands shows its orbit.

    That it burns may not have been seen.
    """
    return phase in {ASCENT, COAST, UPPER} and _circles(cell, limits)


def falling(phase: str, cell: Cell, limits: EngineThresholds) -> str:
    """Return the phase of a stage that may have fallen to where only the air and the engines of a landing brake.

    Of one that was not seen to brake before nobody knows that it means to land.
    """
    falls = cell.v_m_s < -limits.falls_m_s - limits.coast_sigmas * cell.v_sigma_m_s
    if not falls or phase in {ASCENT, AIR, FALL, LANDING}:
        return phase
    if phase == ENTRY:
        return AIR if cell.h_m < limits.landing_m else phase
    return FALL if cell.h_m < limits.air_m else phase


LEAST: Final = {
    ASCENT: attrgetter("meco_m_s2"),
    COAST: attrgetter("ses_m_s2"),
    ORBIT: attrgetter("ses_m_s2"),
    BOOSTBACK: attrgetter("back_m_s2"),
    AIR: attrgetter("landing_m_s2"),
    FALL: attrgetter("landing_m_s2"),
}
LEAST_ELSE: Final = attrgetter("retro_m_s2")


def least_m_s2(phase: str, limits: EngineThresholds) -> float:
    """Return the least change of rate that means anything in a phase."""
    least: float = LEAST.get(phase, LEAST_ELSE)(limits)
    return least


def may_come(phase: str, cell: Cell, limits: EngineThresholds) -> bool:
    """Return whether the motion allows any event of a phase: what all its rules ask for besides a change of rate."""
    falls = cell.v_m_s < -limits.falls_m_s
    if phase == ASCENT:
        return cell.s_m_s > limits.meco_m_s
    return falls or not (phase == TURNED or (phase == UPPER and not cell.s_m_s > limits.seco_m_s))


def meaning(phase: str, look: Look) -> tuple[FlightEvent, str] | None:
    """Return what a change means in a phase, and the phase after it; None if nothing."""
    return next(((event, after) for event, holds, after in RULES[phase] if holds(look)), None)
