"""Finds the course, the loads and the pitch with which n express flights come down at their targets."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.guidance.arcs import Aim, reached_m, required_velocity_m_s
from simulator.guidance.climb import COARSE, Missions, Programme, climb_alone, climb_joined
from simulator.guidance.departure import first_aim, first_programme, range_m
from simulator.guidance.newton import learnt, newton_step
from simulator.guidance.offsets import off_m, shifted_m
from simulator.guidance.search import Search
from simulator.physics.among import among, entered
from simulator.physics.earth import FloatArray, distance_between_m, norm
from simulator.physics.integrate import IntArray
from simulator.preset import Express

CLOSE_ENOUGH_M: Final = 300.0
MOST_PASSES: Final = 16
PATIENT_PASSES: Final = 7
LAST_RESORT_M: Final = 1_500.0
CLIMB_TRIALS: Final = 10
CLIMB_CLOSE_M_S: Final = 5.0
OVERSHOT_M: Final = 1.5e6
FARTHEST_M: Final = 2.5e6
# of course, load and tangent: how far a trial goes for the derivatives, the bounds, and how far one correction may go
TRIALS: Final = (0.2, 200.0, 0.01)
BOUNDS: Final = ((-720.0, 720.0), (300.0, 400_000.0), (-0.3, 3.0))
ALIKE_TRIALS: Final = 2
TELLING_M_S: Final = 0.1
_SCALE: Final = np.array([[15.0], [15_000.0], [0.25]])
FIRST_LOADS: Final = (0.5, 0.75, 1.0)
FIRST_TANGENTS: Final = (0.25, 0.5)


@dataclass(frozen=True, slots=True)
class Solution:
    """Where the search of n flights stands.

    Parameters
    ----------
    missions
        From where to where.
    programme
        Course, loads and pitch.
    aim, search
        Where they aim at, and what is known of how far off they come down.
    slopes
        Shape (3, 3, n): of the velocity at cut-off by course, load and tangent.
    step, expected_m_s
        The last correction, and the error of that velocity which it was expected to leave, shape (3, n).
    miss_m
        Shape (n,): how far from the target the ship comes down; infinite where it does not.
    splash_s
        Shape (n,): when.
    passes
        Shape (n,): how many whole flights it took.
    """

    missions: Missions
    programme: Programme
    aim: Aim
    search: Search
    slopes: FloatArray
    step: FloatArray
    expected_m_s: FloatArray
    miss_m: FloatArray
    splash_s: FloatArray
    passes: IntArray


@dataclass(frozen=True, slots=True)
class _Climb:
    """Programmes, the errors of velocity at their cut-off, their slopes, and what share of a step is trusted."""

    programme: Programme
    error_m_s: FloatArray
    slopes: FloatArray
    trust: FloatArray


def solve(preset: Express, missions: Missions, far: NDArray[np.bool_], higher_m: float = 0.0) -> Solution:
    """Find the flights to the targets, with as much propellant as that takes, be the tanks as large as they are or not.

    The velocity at the ship's cut-off that leads to a point is known in closed form for an Earth without air and
    flattening; Newton's method finds the programme that ends at it. Then whole flights are flown, and by as much as
    they miss, the aim is moved: three to five of them do.

    Parameters
    ----------
    preset
        The vehicle; where it goes is said by `missions`.
    missions
        From where to where.
    far
        Whether the long way round is taken, shape (n,).
    higher_m
        By how much the arc is higher than usual.
    """
    aim = first_aim(preset, missions, far)
    aim = replace(aim, apogee_m=aim.apogee_m + higher_m)
    programme, slopes = _climbs(preset, missions, first_programme(preset, missions, range_m(missions, far), aim), aim)
    none, zero = np.full(far.size, np.inf), np.zeros((3, far.size))
    passes = np.zeros(far.size, dtype=np.int64)
    search = Search.begin(far.size)
    return _searched(preset, Solution(missions, programme, aim, search, slopes, zero, zero, none, none, passes))


def solve_alike(preset: Express, missions: Missions, found: Solution) -> Solution:
    """Find flights that differ from others, flight by flight, in nothing but the mass of their cargo."""
    own_kg = preset.ship.dry_mass_kg + preset.ascent.ship_reserve_kg
    share = (own_kg + missions.cargo_kg) / (own_kg + found.missions.cargo_kg)
    programme = replace(found.programme, ship_kg=found.programme.ship_kg * share)
    slopes, step, expected_m_s = found.slopes, np.zeros_like(found.step), np.zeros_like(found.step)
    for trial in range(ALIKE_TRIALS):
        joined = climb_joined(preset, missions, programme, keep=False, tolerance=COARSE)
        ship = climb_alone(preset, missions, programme, joined, tolerance=COARSE)
        error = _error_m_s(ship.state, found.aim)
        if trial:
            slopes = learnt(slopes, step, _SCALE, error - expected_m_s, TELLING_M_S)
        step = newton_step(slopes, error, _SCALE)
        expected_m_s = error + (slopes * step).sum(axis=1)
        programme = programme.changed(step, BOUNDS)
    zero = np.zeros_like(found.step)
    begun = replace(
        found,
        missions=missions,
        programme=programme,
        slopes=slopes,
        step=zero,
        expected_m_s=zero,
        passes=np.zeros_like(found.passes),
    )
    changed = np.flatnonzero(missions.cargo_kg != found.missions.cargo_kg)
    return entered(found, _searched(preset, among(begun, changed)), changed) if changed.size else found


def _searched(preset: Express, found: Solution) -> Solution:
    """Fly until all are near enough."""
    going = np.arange(found.passes.size)
    for trial in range(MOST_PASSES):
        now = _pass(preset, among(found, going))
        found = entered(found, now, going)
        going = going[now.miss_m >= (CLOSE_ENOUGH_M if trial < PATIENT_PASSES else LAST_RESORT_M)]
        if not going.size:
            break
    return found


def _pass(preset: Express, now: Solution) -> Solution:
    """Fly n flights to the water and correct those that miss."""
    joined = climb_joined(preset, now.missions, now.programme, keep=False)
    ship = climb_alone(preset, now.missions, now.programme, joined)
    cut_off = ship.state
    ship.come_down(preset.ship, preset.ship_return, preset.touchdown)
    landed, target = ship.state[0:3], now.missions.target_m
    miss_m = np.where(ship.arrived, distance_between_m(target, landed), np.inf)
    shift_m = off_m(now.missions, reached_m(cut_off, now.aim))
    miss = np.where(ship.arrived, off_m(now.missions, landed), np.array([[OVERSHOT_M], [0.0]]))
    search = now.search.next(shift_m, miss, FARTHEST_M)
    aim = replace(now.aim, point_m=shifted_m(now.missions, search.shift_m))
    slopes = learnt(now.slopes, now.step, _SCALE, _error_m_s(cut_off, now.aim) - now.expected_m_s, TELLING_M_S)
    error = _error_m_s(cut_off, aim)
    step = newton_step(slopes, error, _SCALE)
    corrected = now.programme.changed(step, BOUNDS)
    near = miss_m < CLOSE_ENOUGH_M
    keep, change = np.flatnonzero(near), np.flatnonzero(~near)
    programme = entered(now.programme, among(corrected, change), change) if keep.size else corrected
    return replace(
        now,
        programme=programme,
        aim=aim,
        search=search,
        slopes=slopes,
        step=step,
        expected_m_s=error + (slopes * step).sum(axis=1),
        miss_m=miss_m,
        splash_s=ship.t_s.copy(),
        passes=now.passes + 1,
    )


def _started(preset: Express, missions: Missions, programme: Programme, aim: Aim) -> Programme:
    """Return the programmes that end nearest to what is needed, of some loads and pitches."""
    count, tries = missions.cargo_kg.size, [(load, pitch) for load in FIRST_LOADS for pitch in FIRST_TANGENTS]
    every = np.tile(np.arange(count), len(tries))
    loads, pitches = (np.repeat(np.array(column), count) for column in zip(*tries, strict=True))
    varied = among(programme, every)
    varied = replace(varied, ship_kg=varied.ship_kg * loads, tangent=pitches)
    joined = climb_joined(preset, among(missions, every), varied, keep=False, tolerance=COARSE)
    ship = climb_alone(preset, among(missions, every), varied, joined, tolerance=COARSE)
    errors = norm(_error_m_s(ship.state, among(aim, every))).reshape(len(tries), count)
    return among(varied, errors.argmin(axis=0) * count + np.arange(count))


def _climbs(preset: Express, missions: Missions, programme: Programme, aim: Aim) -> tuple[Programme, FloatArray]:
    """Return programmes that end at the velocity which leads to the aim, and the slopes there."""
    count = missions.cargo_kg.size
    programme = _started(preset, missions, programme, aim)
    best = _Climb(programme, np.full((3, count), np.inf), np.zeros((3, 3, count)), np.ones(count))
    going = np.arange(count)
    for _ in range(CLIMB_TRIALS):
        own, last = (
            _tried(preset, among(missions, going), among(programme, going), among(aim, going)),
            among(best, going),
        )
        # a step that led nowhere is taken again from where it began, but shorter
        better = norm(own.error_m_s) < norm(last.error_m_s)
        last = replace(last, trust=np.where(better, np.minimum(2.0 * last.trust, 1.0), 0.35 * last.trust))
        chosen = np.flatnonzero(better)
        last = entered(last, replace(among(own, chosen), trust=last.trust[chosen]), chosen)
        best = entered(best, last, going)
        step = newton_step(last.slopes, last.error_m_s, _SCALE, last.trust)
        programme = entered(programme, last.programme.changed(step, BOUNDS), going)
        going = going[norm(last.error_m_s) > CLIMB_CLOSE_M_S]
        if not going.size:
            break
    return programme, best.slopes


def _tried(preset: Express, missions: Missions, programme: Programme, aim: Aim) -> _Climb:
    """Fly to the cut-off, and three times more for the slopes."""
    count = missions.cargo_kg.size
    four = np.tile(np.arange(count), 4)
    trials = np.zeros((3, 4 * count))
    for i, step in enumerate(TRIALS):
        trials[i, (i + 1) * count : (i + 2) * count] = step
    varied = among(programme, four).changed(trials, BOUNDS)
    joined = climb_joined(preset, among(missions, four), varied, keep=False, tolerance=COARSE)
    ship = climb_alone(preset, among(missions, four), varied, joined, tolerance=COARSE)
    errors = _error_m_s(ship.state, among(aim, four)).reshape(3, 4, count)
    steps = np.array(TRIALS)[:, np.newaxis]
    slopes = np.stack([(errors[:, i + 1] - errors[:, 0]) / steps[i] for i in range(3)], axis=1)
    return _Climb(programme, errors[:, 0], slopes, np.ones(count))


def _error_m_s(state: FloatArray, aim: Aim) -> FloatArray:
    """Return the velocity less the one that is needed, shape (3, n)."""
    return np.asarray(state[3:6] - required_velocity_m_s(state[0:3], aim)[0])
