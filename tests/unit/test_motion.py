from __future__ import annotations

from math import inf, nan

import msgpack
import numpy as np
import pytest
from logged import BURNOUT_S, GRAVITY_M_S2, LIFTOFF_S, log_frame, small_rocket
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.motion.cell import Cell
from processors.motion.cells import Gatherer
from processors.motion.fits import hinge, polynomial
from processors.motion.motion import Motion
from processors.motion.noise import Noise
from processors.motion.pressure import SEA_LEVEL_PA, height_of
from processors.motion.track import points
from telemetry.dictionary import built_in

NS = 10**9
T0_NS = 1_735_689_600 * NS
Floats = NDArray[np.float64]


def cells_of(t_s: Floats, columns: dict[str, Floats], vehicle_class: str = "auto") -> list[Cell]:
    dictionary = built_in("log").model_copy(update={"vehicle_class": vehicle_class})
    motion = Motion.of(Airframe("rocket", dictionary))
    assert motion is not None
    motion.extend([log_frame(t_s, columns, "rocket", T0_NS)])
    return motion.cells


def seconds(cell: Cell) -> float:
    return (cell.t_ns - T0_NS) / NS


def at(cells: list[Cell], t_s: float) -> Cell:
    return min(cells, key=lambda cell: abs(seconds(cell) - t_s))


def gathered(t_s: list[float], values: list[float]) -> list[Cell]:
    gatherer = Gatherer(5)
    rows = np.full((5, len(t_s)), nan)
    rows[0] = values
    return gatherer.take(np.rint(np.array(t_s) * NS).astype(np.int64), np.arange(len(t_s)), rows)


def flown(**changed: Floats) -> list[Cell]:
    t_s, columns = small_rocket()
    return cells_of(t_s, columns | changed)


def test_a_cell_has_the_medians_of_its_rows_and_is_told_with_the_first_row_after_it() -> None:
    cells = gathered([0.01, 0.05, 0.09, 0.11, 0.15, 0.21], [1.0, 900.0, 2.0, 3.0, nan, 5.0])
    assert [cell.altitude_m for cell in cells] == [2.0, 3.0]
    assert [(cell.rows, cell.count_first, cell.known_count) for cell in cells] == [(3, 0, 3), (2, 3, 5)]
    assert [cell.t_ns for cell in cells] == [50_000_000, 130_000_000]


def test_a_row_that_comes_late_delays_no_other_and_one_from_ahead_of_time_moves_no_clock() -> None:
    t_s = np.arange(0.0, 3.0, 0.02)
    plain = gathered(t_s.tolist(), t_s.tolist())
    late = np.insert(t_s, 100, 1.2)
    ahead = np.insert(t_s, 50, 1.9)
    wrong = np.insert(t_s, 50, 86_400.0)
    for disordered in (late, ahead, wrong):
        cells = gathered(disordered.tolist(), disordered.tolist())
        times = [cell.known_ns for cell in cells]
        assert len(cells) == len(plain)
        assert max(abs(a - b.known_ns) for a, b in zip(times, plain, strict=True)) <= 20_000_000
        assert all(abs(cell.altitude_m * NS - cell.t_ns) < 0.02 * NS for cell in cells)


def test_a_hole_is_a_hole_and_no_clock_that_begins_again() -> None:
    t_s = np.concatenate([np.arange(-1080.0, -1075.0, 0.02), np.arange(0.0, 5.0, 0.02)])
    cells = gathered(t_s.tolist(), t_s.tolist())
    assert len(cells) == pytest.approx(100, abs=2)
    assert {cell.segment for cell in cells} == {0}


def test_a_clock_that_begins_again_is_a_new_segment() -> None:
    t_s = np.tile(np.arange(0.0, 20.0, 0.02), 2)
    cells = gathered(t_s.tolist(), t_s.tolist())
    assert [cell.segment for cell in cells] == sorted(cell.segment for cell in cells)
    assert {cell.segment for cell in cells} == {0, 1}
    assert sum(cell.segment for cell in cells) == pytest.approx(199, abs=2)


def test_the_estimate_follows_the_flight_and_says_how_sure_it_is() -> None:
    cells = flown()
    t_s, columns = small_rocket()
    true = np.interp([seconds(cell) for cell in cells], t_s, columns["altitude_m"]) - 212.0
    burning = [cell for cell in cells if LIFTOFF_S + 0.5 < seconds(cell) < BURNOUT_S]
    assert all(cell.kind == "sounding" for cell in cells)
    assert at(cells, BURNOUT_S - 0.5).a_m_s2 == pytest.approx(50.0, abs=15.0)
    assert all(cell.trusted for cell in burning)
    spike = [abs(cell.h_m - h) for cell, h in zip(cells, true, strict=True) if 12.0 < seconds(cell) < 22.0]
    assert max(spike) < 3.0
    rest = at(cells, 5.0)
    assert abs(rest.v_m_s) < 3.0 * rest.v_sigma_m_s + 0.3
    assert rest.noise_m < 1.0


def test_the_spike_of_an_ejection_is_no_motion() -> None:
    cells = flown()
    assert min(cell.h_m for cell in cells if 20.0 < seconds(cell) < 25.0) > 950.0
    assert not all(cell.trusted for cell in cells if 23.2 < seconds(cell) < 24.0)


def test_acceleration_with_gravity_and_without_is_the_same() -> None:
    _, columns = small_rocket()
    plain, heavy = flown(), flown(acceleration_m_s2=columns["acceleration_m_s2"] + GRAVITY_M_S2)
    for a, b in zip(plain, heavy, strict=True):
        assert a.pull_m_s2 == pytest.approx(b.pull_m_s2, abs=0.7)


def test_pressure_alone_is_height_over_the_pads_own() -> None:
    t_s, columns = small_rocket()
    height = columns["altitude_m"]
    pressure = SEA_LEVEL_PA * (1.0 - height / 44_330.77) ** (1.0 / 0.190263)
    cells = cells_of(t_s, {"pressure_pa": pressure})
    by_height = cells_of(t_s, {"altitude_m": height})
    for a, b in zip(cells, by_height, strict=True):
        assert a.height_m == pytest.approx(b.height_m, abs=0.5)


def test_a_height_is_that_of_the_standard_atmosphere() -> None:
    # U.S. Standard Atmosphere, 1976, table I: geopotential heights
    for height_m, pressure_pa in ((1000.0, 89_874.6), (5000.0, 54_019.9), (11_000.0, 22_632.1), (15_000.0, 12_044.6)):
        assert height_of(pressure_pa) == pytest.approx(height_m, abs=1.0)


def test_a_vertical_speed_that_is_garbage_changes_nothing() -> None:
    t_s, _ = small_rocket()
    chance = np.random.default_rng(1)
    garbage = chance.normal(0.0, 500.0, t_s.size)
    for a, b in zip(flown(), flown(vertical_speed_m_s=garbage), strict=True):
        assert (a.h_m, a.v_m_s) == (b.h_m, b.v_m_s)


def test_frozen_rows_are_no_measurements() -> None:
    t_s, columns = small_rocket()
    held = (t_s >= 13.0) & (t_s < 18.0)
    frozen = {name: np.where(held, values[np.argmax(held)], values) for name, values in columns.items()}
    cells = flown(**frozen)
    inside = [cell for cell in cells if 13.3 < seconds(cell) < 17.9]
    assert not any(cell.trusted for cell in inside)
    assert inside[-1].stale_s == pytest.approx(4.8, abs=0.3)
    assert inside[-1].h_m > inside[0].h_m + 100.0
    assert at(cells, 20.0).h_m == pytest.approx(at(flown(), 20.0).h_m, abs=3.0)


def test_spikes_are_no_measurements() -> None:
    t_s, columns = small_rocket()
    chance = np.random.default_rng(5)
    spikes = np.where(chance.random(t_s.size) < 0.002, chance.choice([-2e4, 2e4], t_s.size), 0.0)
    for a, b in zip(flown(), flown(altitude_m=columns["altitude_m"] + spikes), strict=True):
        assert a.h_m == pytest.approx(b.h_m, abs=2.0)


def test_a_filter_that_was_wrong_begins_again() -> None:
    t_s = np.arange(0.0, 30.0, 0.1)
    height = np.where(t_s < 10.0, 0.0, 5000.0 + 30.0 * (t_s - 10.0))
    cells = cells_of(t_s, {"altitude_m": height})
    assert not at(cells, 11.0).trusted
    assert at(cells, 14.0).h_m == pytest.approx(5120.0, abs=5.0)
    assert at(cells, 16.0).v_m_s == pytest.approx(30.0, abs=3.0)


def test_a_display_in_steps_moves_evenly() -> None:
    t_s = np.arange(0.0, 120.0, 1 / 30)
    speed, height = 4.0 * t_s, 2.0 * t_s**2
    shown = {"speed_m_s": np.floor(speed / 0.277) * 0.277, "altitude_m": np.floor(height / 100.0) * 100.0}
    cells = [cell for cell in cells_of(t_s, shown) if seconds(cell) > 20.0]
    assert all(cell.kind == "launcher" for cell in cells)
    assert max(abs(cell.s_m_s - 4.0 * seconds(cell)) for cell in cells) < 0.5
    assert max(abs(cell.v_m_s - 4.0 * seconds(cell)) for cell in cells) < 30.0


@pytest.mark.parametrize(
    ("pull", "channel", "kind"),
    [
        (4.0, "speed_m_s", "launcher"),
        (60.0, "speed_m_s", "sounding"),
        (4.0, "altitude_m", "launcher"),
        (60.0, "altitude_m", "sounding"),
    ],
)
def test_how_it_leaves_the_pad_tells_what_it_is(pull: float, channel: str, kind: str) -> None:
    t_s = np.arange(0.0, 40.0, 0.05)
    since = np.maximum(t_s - 10.0, 0.0)
    climb, height = pull * np.minimum(since, 15.0), 0.5 * pull * since**2
    columns = {"speed_m_s": climb, "altitude_m": height}
    cells = cells_of(t_s, {channel: columns[channel]})
    assert cells[-1].kind == kind
    assert {cell.kind for cell in cells_of(t_s, {channel: columns[channel]}, "hop")} == {"hop"}


def test_what_hovers_hops() -> None:
    t_s = np.arange(0.0, 60.0, 1 / 30)
    speed = np.clip((t_s - 5.0) * 2.0, 0.0, 10.0)
    cells = cells_of(t_s, {"speed_m_s": speed, "altitude_m": np.cumsum(speed) / 30})
    assert cells[-1].kind == "hop"


@pytest.mark.parametrize(("top_m", "noise_m"), [(40.0, 0.2), (90.0, 0.2), (90.0, 1.0)])
def test_what_rises_more_slowly_than_anything_coasts_is_no_small_rocket(top_m: float, noise_m: float) -> None:
    t_s = np.arange(0.0, 90.0, 0.05)
    height = np.interp(t_s, (0.0, 30.0, 30.0 + top_m / 8.0, 60.0, 80.0), (0.0, 0.0, top_m, top_m, 0.0))
    cells = cells_of(t_s, {"altitude_m": height + np.random.default_rng(4).normal(0.0, noise_m, t_s.size)})
    assert {cell.kind for cell in cells if seconds(cell) < 30.0} == {"sounding"}
    assert {cell.kind for cell in cells if seconds(cell) > 60.0} == {"hop"}


def test_a_rocket_that_coasts_to_such_a_height_is_a_small_one() -> None:
    # at 12 m/s^2 to 27 m, by itself to 60 m, and down by its parachute into a tree
    t_s = np.arange(0.0, 90.0, 0.05)
    since = np.clip(t_s - 30.0, 0.0, None)
    coasts = 27.0 + 25.5 * (since - 2.12) - 0.5 * 9.81 * (since - 2.12) ** 2
    height = np.where(since < 2.12, 6.0 * since**2, coasts)
    height = np.where(since > 4.7, np.maximum(60.0 - 5.0 * (since - 4.7), 30.0), height)
    cells = cells_of(t_s, {"altitude_m": height + np.random.default_rng(4).normal(0.0, 0.3, t_s.size)})
    assert {cell.kind for cell in cells} == {"sounding"}


@pytest.mark.parametrize("climb_m_s", [1.0, 2.0, 3.0])
def test_a_slow_climb_is_no_drift_of_the_pad(climb_m_s: float) -> None:
    t_s = np.arange(0.0, 120.0, 0.1)
    height = climb_m_s * np.maximum(t_s - 40.0, 0.0)
    cells = cells_of(t_s, {"altitude_m": 12.0 + height + np.random.default_rng(4).normal(0.0, 0.3, t_s.size)}, "hop")
    assert abs(cells[-1].height_m - height[-1]) < 6.0


def test_the_pad_follows_the_weather_and_forgets_noise_that_has_ended() -> None:
    chance = np.random.default_rng(4)
    t_s = np.arange(0.0, 600.0, 0.1)
    # a front: 25 m in three minutes
    weather = np.interp(t_s, (0.0, 200.0, 380.0, 600.0), (0.0, 0.0, 25.0, 25.0))
    cells = cells_of(t_s, {"altitude_m": 12.0 + weather + chance.normal(0.0, 0.3, t_s.size)})
    assert max(abs(cell.height_m) for cell in cells) < 5.0
    noise = np.where(t_s < 560.0, chance.normal(0.0, 30.0, t_s.size), chance.normal(0.0, 0.3, t_s.size))
    cells = cells_of(t_s, {"altitude_m": 12.0 + noise})
    assert max(abs(cell.height_m) for cell in cells if seconds(cell) > 580.0) < 3.0


@pytest.mark.parametrize("first", [5, 0])
def test_a_wild_value_is_no_step(first: int) -> None:
    noise = Noise(0.3)
    values = [0.0] * 40
    values[first] = 20_000.0
    for value in values:
        noise.take(value)
    assert noise.sigma == pytest.approx(0.3)
    for value in (100.0, 100.0):
        noise.take(value)
    assert noise.step == 100.0


def test_the_track_says_nothing_of_what_came_after_the_cell_in_hand() -> None:
    t_s, columns = small_rocket()
    motion = Motion.of(Airframe("rocket", built_in("log")))
    assert motion is not None
    motion.extend([log_frame(t_s, columns, "rocket", T0_NS)])
    now = at(motion.cells, 12.0)
    window = motion.track.between(now, now.t_ns - 2 * NS, now.t_ns + 5 * NS)
    assert window[-1] is now
    assert len(window) == pytest.approx(21, abs=1)
    times, heights = points(window, lambda cell: cell.height_m, now.t_ns)
    assert times[-1] == 0.0
    assert heights.size == len(window)


def test_a_snapshot_is_the_same_again() -> None:
    t_s, columns = small_rocket()
    airframe = Airframe("rocket", built_in("log"))
    frame = log_frame(t_s, columns, "rocket", T0_NS)
    one, two = Motion.of(airframe), Motion.of(airframe)
    assert one is not None
    assert two is not None
    one.extend([frame.select(slice(0, 1003))])
    two.restore(msgpack.unpackb(msgpack.packb(one.snapshot())))
    one.extend([frame.select(slice(1003, None))])
    two.extend([frame.select(slice(1003, None))])
    assert repr(one.cells) == repr(two.cells)


def test_a_fit_is_not_moved_by_wild_rows_and_says_how_sure_it_is() -> None:
    chance = np.random.default_rng(3)
    t_s = np.linspace(-3.0, 3.0, 61)
    errors = []
    for _ in range(200):
        heights = 900.0 - 4.9 * (t_s - 0.4) ** 2 + chance.normal(0.0, 0.5, t_s.size)
        heights[chance.integers(0, 61, 3)] -= 150.0
        fit = polynomial(t_s, heights, 2)
        assert fit is not None
        top = fit.zero(0.0, order=1)
        assert top is not None
        errors.append((top[0] - 0.4) / top[1])
    assert 0.55 < np.mean(np.abs(errors) < 1.0) < 0.85
    assert np.mean(np.abs(errors) < 2.0) > 0.9


def test_a_hinge_is_found_where_two_lines_meet_and_says_how_sure_it_is() -> None:
    chance = np.random.default_rng(4)
    t_s = np.linspace(-2.0, 2.0, 41)
    errors = []
    for _ in range(100):
        at_s = chance.uniform(-0.5, 0.5)
        speeds = np.where(t_s < at_s, 30.0 * (t_s - at_s), -9.8 * (t_s - at_s)) + chance.normal(0.0, 1.0, t_s.size)
        found = hinge(t_s, speeds, (-1.0, 1.0))
        assert found is not None
        assert found.gain > 5.0
        errors.append((found.t_s - at_s) / found.sigma_s)
    assert 0.5 < np.mean(np.abs(errors) < 1.0) < 0.85
    assert np.mean(np.abs(errors) < 2.0) > 0.88


def test_numbers_that_are_none_are_not_measured() -> None:
    t_s = np.arange(0.0, 5.0, 0.02)
    wild = np.where(np.arange(t_s.size) % 3 == 0, inf, np.where(np.arange(t_s.size) % 3 == 1, 1e30, 7.0))
    cells = cells_of(t_s, {"altitude_m": wild})
    assert {cell.altitude_m for cell in cells} == {7.0}


def test_a_row_that_has_its_cell_for_itself_is_known_at_once() -> None:
    # the second row might have a wrong time; from the third on it is seen how seldom they are
    cells = gathered([0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 1.0, 2.0, 3.0, 4.0])
    assert [cell.known_count for cell in cells] == [2, 2, 2, 3, 4]
    assert [cell.altitude_m for cell in cells] == [0.0, 1.0, 2.0, 3.0, 4.0]
    # two rows at a time, as of a log with a line a channel, wait for each other
    cells = gathered([0.0, 0.0, 0.5, 0.5, 1.0, 1.0], [0.0, nan, 1.0, nan, 2.0, nan])
    assert [cell.rows for cell in cells] == [2, 2]
