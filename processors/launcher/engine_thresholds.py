"""From what on a change of the rate of a launcher's speed is an engine's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# means after a change, before it and in it, a fifth of a second each: thrust dies away, and a display's filter follows,
# within two seconds
SCALES: Final = ((5, 10, 10), (8, 16, 8), (12, 24, 6), (18, 36, 6))
# seconds of coasting after the engines of a boostback, more of them in noise; they turn and throttle: little before it
# is straight
AFTER_BACK: Final = ((15, 8, 4), (15, 8, 8), (20, 8, 8), (26, 8, 8), (36, 8, 8))
# a landing engine comes slowly, and there is little time
DEEP: Final = 8
IN_AIR: Final = ((4, 16, 1), (6, 16, 2), (DEEP, 16, 3), (12, 20, 3))


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
        Upper stages are faster than this when they stop, stages that come back slower; what they lose at least.
    orbit_m, short_m_s
        An orbit is higher than this, and its speed over ground less than that of a circle by at most 465 m/s, as the
        Earth turns under it, and 100 m/s that the payload adds itself.
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
    air_m
        Entry's engines start above this, seen or not: below it the air brakes.
    landing_m, landing_m_s2
        Engines light for the landing below this, and the rate falls by so much, for good: air alone takes less and
        less from a stage that it has slowed.
    easing_m_s3, easing_per_s
        What the air takes less of it each second, at least, as the stage comes near the speed at which it carries it;
        at 200 m/s what is left of it dies away with 2 g over the speed.
    landing_sigmas
        How sure, after an entry burn; it is looked for only for some seconds.
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
    orbit_m: float = 100_000.0
    short_m_s: float = 565.0
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
    air_m: float = 20_000.0
    landing_m: float = 12_000.0
    landing_m_s2: float = 1.2
    easing_m_s3: float = 0.4
    easing_per_s: float = 0.1
    landing_sigmas: float = 3.5
    air_m_s2: float = 10.0
    air_share: float = 0.5
    need_m_s2: float = 5.0
