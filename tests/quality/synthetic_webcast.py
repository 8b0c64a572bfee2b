"""Webcasts of launches made up: what a display would show of them, with the troubles that scrapes have.

Each number is another flight, the same every time: the launcher, what the display shows and how often, one trouble of
webcasts, and one of the perturbations of recorded flights. All that happened in the picture is known, so any other
claim is false.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from quality.claims import heard
from quality.flights import Floats, Log, Reference
from quality.knowable import is_hidden
from quality.perturb import KINDS, perturbed
from quality.rules import PLATEAU, RULES
from quality.score import Case, Judge
from quality.synthetic_webcast_motion import Launcher, Track, density_of, fly

Chance = np.random.Generator
CLEAN: Final = "clean"
# as the table calls them
SHOWN: Final = tuple(f"web {kind}" for kind in (CLEAN, *KINDS))
SIGMA_S: Final = 0.1
# an apogee is told from free fall, so long before and after it
FREE_BEFORE_S: Final = 20.0
FREE_AFTER_S: Final = 3.0
KM_H: Final = 1.0 / 3.6
# higher up it counts in kilometres
COARSE_FROM_M: Final = 100_000.0
PICTURES: Final = ("ship", "booster", "booster", "booster", "switch")
BURNT: Final = (0.68, 0.74)
ENDS: Final = ("whole", "whole", "whole", "entry is lost", "ends early")


@dataclass(frozen=True, slots=True)
class Display:
    """How it is shown and read: seconds between readings, whether evenly, its lag, steps, and how often it sticks."""

    every_s: float
    irregular: bool
    lag_s: float
    speed_step_m_s: float
    height_step_m: float
    sticks_s: float
    pad_s: float


def kind_of(number: int) -> str:
    """Return the perturbation of a flight; every third is clean."""
    return CLEAN if number % 3 == 0 else tuple(KINDS)[number % 8]


@dataclass(frozen=True, slots=True)
class Shown:
    """A flight as it is shown, what truly flew, on which clock, and when the display stood.

    The log's zero is so long before liftoff.
    """

    log: Log
    track: Track
    shows: Display
    zero_s: float
    stood_s: tuple[tuple[float, float], ...] = ()

    @property
    def truth(self) -> tuple[Floats, Floats]:
        """Times by the log's clock, when the display shows them, and speeds, shape (n,) each."""
        return self.track.t_s + self.zero_s + self.shows.lag_s, np.array(self.track.speeds)


def judged_webcast(number: int) -> list[Case]:
    """Return every case of one flight."""
    kind = kind_of(number)
    shown = made_webcast(number)
    changed = perturbed(shown.log, kind, number)
    cases = Judge(changed, None, f"web {kind}", number).cases(heard(changed))
    driven = _is_driven(shown.log)
    shows, found = shown.shows, list[Case]()
    for case in cases:
        hidden = is_hidden(case, kind, changed, shown.truth, shows.speed_step_m_s, shows.lag_s, shown.stood_s)
        hidden = hidden or (driven and case.event == "apogee")
        found.append(replace(_on_plateau(case, shown), blind=case.blind or hidden))
    return found


def made_webcast(number: int) -> Shown:
    """Return a flight as it is shown."""
    chance = np.random.default_rng([6_0417, number])
    picture, ending = str(chance.choice(PICTURES)), str(chance.choice(ENDS))
    one = _launcher(chance)
    upper, first = fly(one)
    track = upper if picture == "ship" else first
    parts_s = one.burns_s + one.ignites_s
    known = dict(track.events_s)
    last_s = float(track.t_s[-1])
    speeds, heights = np.array(track.speeds), np.array(track.heights)
    if picture == "switch":
        # the ship until its engine burns well, then the stage that comes back
        at_s = parts_s + float(chance.uniform(10.0, 40.0))
        shown = round(at_s / 0.05)
        speeds[:shown], heights[:shown] = upper.speeds[:shown], upper.heights[:shown]
        known = {name: t_s for name, t_s in known.items() if t_s < one.burns_s + 1.0 or t_s > at_s + 3.0}
        known["ses"] = upper.events_s["ses"]
    if ending == "ends early":
        last_s = float(chance.uniform(one.burns_s + 20.0, last_s))
    shows = _display(chance)
    t_s = _times(shows, last_s, chance)
    lost: tuple[tuple[float, float], ...] = ()
    if ending == "entry is lost" and "entry_start" in known:
        begin_s = known["entry_start"] + float(chance.uniform(-10.0, 10.0))
        lost = ((begin_s, begin_s + float(chance.uniform(5.0, 40.0))),)
        t_s = t_s[(t_s < lost[0][0]) | (t_s > lost[0][1])]
    flown = Track(speeds.tolist(), heights.tolist())
    columns, stood_s = _shown(shows, t_s, flown, chance)
    # a mission clock, or one that began with the scrape
    zero_s = float(chance.choice([0.0, shows.pad_s]))
    references = tuple(Reference(name, t + zero_s, SIGMA_S) for name, t in known.items() if t < t_s[-1])
    log = Log(f"{picture}, {one.back}, {ending}", "orbital", t_s + zero_s, columns, references)
    return Shown(log, flown, shows, zero_s, tuple((first + zero_s, last + zero_s) for first, last in stood_s))


def _launcher(chance: Chance) -> Launcher:
    uniform = chance.uniform
    bucket_s = float(uniform(42.0, 55.0))
    back = str(chance.choice(["down", "down", "boostback", "expended"]))
    (place,) = chance.spawn(1)
    thrust, impulse_s = float(uniform(1.2, 1.55)), float(uniform(280.0, 315.0))
    # of its mass, what a first stage burns: a weak one burns for longer
    share = float(uniform(*BURNT))
    return Launcher(
        thrust=thrust,
        impulse_s=impulse_s,
        burns_s=share * impulse_s / thrust - (10.0 if back == "boostback" else 0.0),
        lean_deg=float(uniform(55.0, 68.0)) - (10.0 if back == "boostback" else 0.0),
        bucket=(bucket_s, bucket_s + float(uniform(10.0, 25.0)), float(uniform(0.7, 1.0))),
        most_m_s2=float(uniform(35.0, 48.0)),
        ballistic_kg_m2=float(uniform(7e4, 1.5e5)),
        upper_m_s2=float(uniform(6.5, 9.0)),
        ignites_s=float(uniform(6.0, 12.0)),
        orbit_m_s=float(uniform(7300.0, 7600.0)),
        back=back,
        turns_s=float(uniform(8.0, 14.0)),
        turns_m_s2=float(uniform(28.0, 42.0)),
        entry_m=float(uniform(52.0, 65.0)) * 1000.0,
        entry_m_s2=float(uniform(22.0, 36.0)),
        entry_s=float(uniform(14.0, 26.0)),
        landing_m_s2=float(uniform(8.0, 14.0)),
        stage_kg_m2=float(uniform(1_300.0, 2_200.0)),
        latitude_deg=float(place.uniform(5.0, 45.0)),
        azimuth_deg=float(place.uniform(-20.0, 100.0)),
    )


def _display(chance: Chance) -> Display:
    return Display(
        every_s=float(chance.choice([1 / 30, 1 / 30, 1 / 30, 0.1, 0.2, 0.5, 1.0])),
        irregular=bool(chance.random() < 0.25),
        lag_s=float(chance.uniform(0.0, 0.25)),
        speed_step_m_s=float(chance.choice([KM_H, KM_H, 1.0])),
        height_step_m=float(chance.choice([100.0, 100.0, 1000.0])),
        sticks_s=float(chance.choice([0.0, 0.0, 0.4, 1.0])),
        pad_s=float(chance.choice([0.0, 3.0, 20.0, 60.0])),
    )


def _times(shows: Display, last_s: float, chance: Chance) -> Floats:
    t_s = np.arange(-shows.pad_s, last_s, shows.every_s)
    if shows.irregular:
        gaps = shows.every_s * np.exp(chance.normal(0.0, 0.4, t_s.size))
        t_s = -shows.pad_s + np.cumsum(gaps)
    return np.asarray(np.round(t_s[t_s < last_s], 3))


def _shown(
    shows: Display, t_s: Floats, track: Track, chance: Chance
) -> tuple[dict[str, Floats], list[tuple[float, float]]]:
    """Return what the display says: late, in steps, and now and then what it said before; and when it stood."""
    seen_s, stood_s = t_s - shows.lag_s, list[tuple[float, float]]()
    if shows.sticks_s:
        # about every ten seconds it stands for a moment
        step = np.maximum(np.median(np.diff(t_s)), 1e-3)
        begins = chance.random(t_s.size) < step / 10.0
        for begin in np.flatnonzero(begins):
            last_s = float(t_s[begin] + shows.sticks_s * chance.random())
            still = (t_s > t_s[begin]) & (t_s < last_s)
            seen_s[still] = seen_s[begin]
            stood_s.append((float(np.nextafter(t_s[begin], np.inf)), last_s))
    speeds = np.interp(seen_s, track.t_s, track.speeds, left=0.0)
    heights = np.interp(seen_s, track.t_s, track.heights, left=0.0)
    steps = np.where(heights > COARSE_FROM_M, 1000.0, shows.height_step_m)
    columns = {
        "speed_m_s": np.floor(speeds / shows.speed_step_m_s) * shows.speed_step_m_s,
        "altitude_m": np.floor(heights / steps) * steps,
    }
    return columns, stood_s


def _is_driven(log: Log) -> bool:
    """Return whether engines burn where it is highest, or so near that there is no free fall to tell it from."""
    top_s = log.reference_s("apogee")
    if top_s is None:
        return False
    begins_s, ends_s = log.reference_s("entry_start"), log.reference_s("boostback_end") or log.reference_s("meco")
    turns = log.reference_s("boostback_start") is not None and log.reference_s("boostback_end") is None
    late = ends_s is not None and ends_s > top_s - FREE_BEFORE_S
    return turns or late or (begins_s is not None and begins_s < top_s + FREE_AFTER_S)


def _on_plateau(case: Case, shown: Shown) -> Case:
    """Return a greatest dynamic pressure that is as good as the greatest as right.

    Of two tops within the plateau nobody can tell which is the greater; that of the later one is told after it.
    """
    if case.event != "max_q" or case.kind not in {"hit", "wrong"}:
        return case
    track, until_s = shown.track, case.t_reference_s - shown.zero_s + 30.0
    q_pa = np.array([density_of(height) for height in track.heights]) * np.array(track.speeds) ** 2
    there = float(np.interp(case.t_event_s - shown.zero_s, track.t_s, q_pa))
    if there < PLATEAU * float(q_pa[track.t_s < until_s].max()):
        return case
    latency_s = case.t_detected_s - max(case.t_reference_s, case.t_event_s)
    return replace(case, kind="hit", late=latency_s > RULES["orbital"]["max_q"].latency_s)
