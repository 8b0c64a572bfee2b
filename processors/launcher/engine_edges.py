"""What a change of the rate of a launcher's speed means, by what came before: an engine that starts or stops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Final, NamedTuple

from processors.launcher.kinks import Kink, Line
from processors.launcher.thrust import Push
from processors.motion.cell import Cell
from telemetry.vocabulary import FlightEvent

ASCENT: Final = "ascent"
COAST: Final = "coast"
BOOSTBACK: Final = "boostback"
TURNED: Final = "turned"
ENTRY: Final = "entry"
AIR: Final = "air"
LANDING: Final = "landing"
UPPER: Final = "upper"
ORBIT: Final = "orbit"


@dataclass(frozen=True, slots=True)
class EngineThresholds:
    """Thresholds.

    Parameters
    ----------
    sure_sigmas
        A change of the rate of speed is one that is so many times its uncertainty: looked for five times a second, at
        four scales, normal noise does not reach it in years, and noise that is learnt roughly not in a flight.
    meco_m_s, meco_m_s2
        First stages burn out faster than this, and lose at least so much: near burn-out they pull two to four times
        their weight, and gravity along a rising path takes the rest. No throttling takes the rate below zero.
    coast_m_s2, coast_sigmas
        What pushes a coasting stage: less than this and so many sigmas. Wrong climbs and a display's filter make it.
    ses_m_s2, coast_most_s
        What an upper stage pushes at least: a third of its weight. It starts, or a boostback, within this of burn-out,
        or the stage falls too deep.
    seco_m_s, seco_m_s2
        Upper stages are faster than this when they stop, and stages that come back slower; what they lose at least.
    retro_m_s2
        What an engine slows a stage by at least, on top of what air of its height can take.
    back_m_s2, back_coast_m_s2, back_most_s
        Boostback ends when what pushes changes by so much, from more than twice the second to less than it. There is no
        propellant to burn for longer than the third.
    back_sweep_m_s3, back_sigmas, back_steady_m_s
        Its engines push across the path on the way, and then nothing pushes along it either; but what turns so that it
        has changed by so much within five seconds turns on. So a straight line has to go through the speeds within so
        many sigmas and a display's step, over so long that one that bends like the first would not.
    apart_s
        Stages separate before one turns round.
    falls_m_s
        It falls faster than this.
    entry_m_s2
        Entry's engines lose or gain at least so much; they start while what pushes is less than half of it.
    landing_m, landing_m_s2
        Engines light for the landing below this, and the rate falls by so much, for good: air alone takes less and
        less from a stage that it has slowed.
    easing_m_s3
        What the air takes less of it each second, at least, as the stage comes near the speed at which it carries it.
    landing_sigmas
        How sure; it is looked for only for some seconds.
    air_m_s2, air_share
        The air has slowed it by this, and takes less than this share of its most now.
    need_m_s2
        It could not stop any more with less: half its weight.
    """

    sure_sigmas: float = 6.0
    meco_m_s: float = 600.0
    meco_m_s2: float = 8.0
    coast_m_s2: float = 3.0
    coast_sigmas: float = 3.0
    ses_m_s2: float = 3.0
    coast_most_s: float = 120.0
    seco_m_s: float = 3000.0
    seco_m_s2: float = 6.0
    retro_m_s2: float = 6.0
    back_m_s2: float = 3.0
    back_coast_m_s2: float = 1.2
    back_most_s: float = 75.0
    back_sweep_m_s3: float = 0.6
    back_sigmas: float = 3.0
    back_steady_m_s: float = 0.1
    apart_s: float = 3.0
    falls_m_s: float = 50.0
    entry_m_s2: float = 8.0
    landing_m: float = 12_000.0
    landing_m_s2: float = 1.2
    easing_m_s3: float = 0.4
    landing_sigmas: float = 3.5
    air_m_s2: float = 10.0
    air_share: float = 0.5
    need_m_s2: float = 5.0


class Look(NamedTuple):
    """What is seen of a change.

    `since_s` is how long before it the phase began; `deepest_m_s2` the lowest rate of speed since, `deepest_s` when.
    """

    kink: Kink
    push: Push
    cell: Cell
    since_s: float
    deepest_m_s2: float
    deepest_s: float
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
    return _ses(look) and look.since_s < look.limits.coast_most_s


def _seco(look: Look) -> bool:
    limits = look.limits
    stops = look.kink.change < -limits.seco_m_s2 and look.push.before > limits.seco_m_s2
    return stops and look.coasts and look.cell.s_m_s > limits.seco_m_s


def _boostback(look: Look) -> bool:
    kink, limits = look.kink, look.limits
    slows = kink.change < -limits.retro_m_s2
    slows &= look.push.after + limits.coast_sigmas * kink.after_sigma < -limits.retro_m_s2
    return slows and look.cell.v_m_s > limits.falls_m_s and limits.apart_s < look.since_s < limits.coast_most_s


def _boostback_end(look: Look) -> bool:
    kink, limits = look.kink, look.limits
    # of one of the means; what they are off their line is the question here, and no noise
    noise = look.cell.speed_noise_m_s / 2.0**0.5
    most_m_s = limits.back_steady_m_s + limits.back_sigmas * noise
    bends_m_s = limits.back_sweep_m_s3 * (kink.after.last_s - kink.after.first_s) ** 2 / 12.0
    steady = kink.after.spread < most_m_s < bends_m_s
    steady &= abs(look.push.before) > 2.0 * limits.back_coast_m_s2
    ends = steady and abs(kink.change) > limits.back_m_s2 and limits.apart_s < look.since_s < limits.back_most_s
    return ends and is_turned(kink.after, look.push.after, look.cell, limits)


def is_turned(after: Line, push_m_s2: float, cell: Cell, limits: EngineThresholds) -> bool:
    """Return whether what pushes along a line is little enough for a boostback that has ended."""
    noise = cell.speed_noise_m_s / 2.0**0.5
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


def _landing(look: Look) -> bool:
    kink, cell, limits = look.kink, look.cell, look.limits
    change = kink.change - limits.easing_m_s3 * kink.apart_s
    if not (look.falls and cell.h_m < limits.landing_m and change < -limits.landing_m_s2):
        return False
    braked = look.deepest_m_s2 < -limits.air_m_s2 and kink.before.rate > limits.air_share * look.deepest_m_s2
    need_m_s2 = cell.s_m_s**2 / (2.0 * max(cell.h_m, 1.0))
    return braked and kink.before.first_s > look.deepest_s and need_m_s2 > limits.need_m_s2


Rule = tuple[FlightEvent, Callable[[Look], bool], str]
_ENTRY: Final[Rule] = (FlightEvent.ENTRY_START, _entry, ENTRY)
_SECO: Final[Rule] = (FlightEvent.SECO, _seco, ORBIT)
# by phase: which event may come, when it does, and the phase after it
RULES: Final[dict[str, tuple[Rule, ...]]] = {
    ASCENT: ((FlightEvent.MECO, _meco, COAST),),
    COAST: (
        (FlightEvent.SES, _first_ses, UPPER),
        _SECO,
        (FlightEvent.BOOSTBACK_START, _boostback, BOOSTBACK),
        _ENTRY,
    ),
    BOOSTBACK: ((FlightEvent.BOOSTBACK_END, _boostback_end, TURNED), _ENTRY),
    TURNED: (_ENTRY,),
    UPPER: (_SECO, _ENTRY),
    ORBIT: ((FlightEvent.SES, _ses, UPPER), _ENTRY),
    ENTRY: ((FlightEvent.ENTRY_END, _entry_end, AIR),),
    AIR: ((FlightEvent.LANDING_BURN_START, _landing, LANDING),),
    LANDING: (),
}


LEAST: Final = {
    ASCENT: attrgetter("meco_m_s2"),
    COAST: attrgetter("ses_m_s2"),
    ORBIT: attrgetter("ses_m_s2"),
    BOOSTBACK: attrgetter("back_m_s2"),
    AIR: attrgetter("landing_m_s2"),
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
