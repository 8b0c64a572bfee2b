"""Sensors: their errors, rates and faults, on channels of any dictionary."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.faults import parse_fault
from simulator.flight import Flight, simulate_flight
from simulator.noise import NORMAL, Chance, Drift
from simulator.packets import Transmitter
from simulator.preset import load_preset
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, load_dictionary
from telemetry.errors import FlightError

T0_NS = 1_790_000_000 * NS_PER_S
HEAD = """
name: test
version: 3
vehicle_class: test
description: One packet.
time: {epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}
packets:
  one:
    apid: 1
    rate_hz: 10
    description: One.
    channels:
"""


@pytest.fixture(scope="module")
def hop() -> Flight:
    return simulate_flight(load_preset("hop"))


def dictionary_of(folder: Path, *channels: str) -> Dictionary:
    path = folder / "test.yaml"
    path.write_text(HEAD + "".join(f"      - {{{channel}, description: x}}\n" for channel in channels))
    return load_dictionary(path)


def measured(flight: Flight, folder: Path, channel: str, *faults: str, seed: int = 1) -> NDArray[Any]:
    flown = replace(flight, faults=tuple(parse_fault(fault) for fault in faults))
    transmitter = Transmitter(flown, dictionary_of(folder, channel), seed, T0_NS)
    (values,) = transmitter.columns("ship", "one").values()
    return np.asarray(values)


def times_s(flight: Flight) -> NDArray[np.float64]:
    start_s = flight.preset.countdown.start_s
    return np.asarray(start_s + np.arange((flight.end_s - start_s) * 10 + 1) / 10)


def true_altitude_m(flight: Flight, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
    track = flight.tracks["ship"]
    return np.asarray(track.at(np.clip(t_s, track.start_s, track.end_s)).altitude_m)


ALTITUDE = "name: altitude_m, raw: f64"


def test_a_channel_without_sensor_says_the_truth(hop: Flight, tmp_path: Path) -> None:
    assert measured(hop, tmp_path, ALTITUDE) == pytest.approx(true_altitude_m(hop, times_s(hop)), abs=1e-6)


def test_noise_is_white_and_of_its_size(hop: Flight, tmp_path: Path) -> None:
    errors = measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{noise: 2.0}}") - true_altitude_m(hop, times_s(hop))
    assert np.std(errors) == pytest.approx(2.0, rel=0.05)
    assert abs(np.mean(errors)) < 0.2
    assert abs(np.corrcoef(errors[1:], errors[:-1])[0, 1]) < 0.08
    other = measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{noise: 2.0}}", seed=2)
    assert not np.array_equal(other, errors + true_altitude_m(hop, times_s(hop)))


def test_bias_and_scale_are_drawn_once_a_flight(hop: Flight, tmp_path: Path) -> None:
    true = true_altitude_m(hop, times_s(hop))
    offsets, scales = [], []
    for seed in range(40):
        biased = measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{bias: 5.0}}", seed=seed) - true
        assert np.ptp(biased) < 1e-9
        offsets.append(biased[0])
        scales.append(
            np.polyfit(true, measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{scale_error: 0.01}}", seed=seed), 1)[0]
        )
    assert np.std(offsets) == pytest.approx(5.0, rel=0.4)
    assert np.std(scales) == pytest.approx(0.01, rel=0.4)
    assert np.mean(scales) == pytest.approx(1.0, abs=0.01)


def test_drift_forgets_itself_in_its_memory() -> None:
    t_s = np.arange(200_000) / 10.0
    drift = Drift(Chance(5, "x"), 20.0).at(t_s)
    assert np.std(drift) == pytest.approx(1.0, abs=0.1)
    after = [np.mean(drift[: -lag or None] * drift[lag:]) / np.var(drift) for lag in (200, 600)]
    assert after == pytest.approx([np.exp(-1.0), np.exp(-3.0)], abs=0.12)


def test_chance_is_normal_and_its_table_symmetric() -> None:
    drawn = Chance(3, "x").normal(0, 400_000)
    assert (np.mean(drawn), np.std(drawn)) == pytest.approx((0.0, 1.0), abs=0.01)
    assert np.mean(np.abs(drawn) > 1.959964) == pytest.approx(0.05, abs=0.002)
    assert np.mean(drawn**4) == pytest.approx(3.0, abs=0.05)
    assert np.array_equal(NORMAL, -NORMAL[::-1])
    # the first numbers of a seed, for ever and everywhere
    assert Chance(1, "ship/altitude_m/noise").normal(0, 3).tolist() == [
        0.5939188003540039,
        0.233367919921875,
        -0.8387737274169922,
    ]


def test_relative_errors_follow_the_value(hop: Flight, tmp_path: Path) -> None:
    true = true_altitude_m(hop, times_s(hop))
    errors = measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{relative_noise: 0.01}}") - true
    high = true > 1_000.0
    assert np.std(errors[high] / true[high]) == pytest.approx(0.01, rel=0.1)
    assert np.abs(errors[true < 13.0]).max() < 1.0
    wander = measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{relative_drift: 0.01, drift_memory_s: 30}}") - true
    assert 0.001 < np.abs(wander[high] / true[high]).max() < 0.05


def test_noise_grows_with_what_drives_it(hop: Flight, tmp_path: Path) -> None:
    name = "name: axial_acceleration_m_s2, raw: f64"
    errors = measured(hop, tmp_path, f"{name}, sensor: {{noise_driven: 1.0}}") - measured(hop, tmp_path, name)
    t_s = times_s(hop)
    assert np.std(errors[(t_s > 1.0) & (t_s < 9.0)]) == pytest.approx(0.25, rel=0.3)
    assert np.abs(errors[t_s < -4.0]).max() < 1e-3


def test_a_slow_sensor_is_held_and_late(hop: Flight, tmp_path: Path) -> None:
    t_s = times_s(hop)
    late = measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{latency_s: 0.25}}")
    assert late == pytest.approx(true_altitude_m(hop, t_s - 0.25), abs=1e-6)
    held = measured(hop, tmp_path, f"{ALTITUDE}, sensor: {{rate_hz: 2, latency_s: 0.25, noise: 1.0}}")
    since_s = np.arange(t_s.size) / 10
    taken = np.maximum(np.floor((since_s - 0.25) * 2 + 1e-6), 0) / 2 + t_s[0]
    assert np.std(held - true_altitude_m(hop, taken)) == pytest.approx(1.0, rel=0.1)
    changes = np.flatnonzero(np.diff(held))
    assert set(np.diff(changes).tolist()) == {5}


def test_a_sensor_saturates_at_its_range_and_its_raw_type_has_steps(hop: Flight, tmp_path: Path) -> None:
    channel = "name: altitude_m, raw: u8, calibration: [0, 10], range: [100, 2000]"
    values = measured(hop, tmp_path, channel)
    assert (values.min(), values.max()) == (100.0, 2000.0)
    dictionary = dictionary_of(tmp_path, channel)
    stream = Transmitter(hop, dictionary, 1, T0_NS).stream("ship", "one")
    (frame,) = PacketCodec(dictionary).decode(stream.octets.tobytes(), "ship", "x", int(stream.t_ns[-1])).frames
    assert set(np.unique(np.asarray(frame.columns["altitude_m"]) % 10).tolist()) == {0.0}
    assert np.abs(np.asarray(frame.columns["altitude_m"]) - values).max() <= 5.0


def test_a_course_stays_below_a_turn(hop: Flight, tmp_path: Path) -> None:
    heading = measured(hop, tmp_path, "name: heading_deg, raw: f64, sensor: {noise: 300}")
    assert 0.0 <= heading.min() < 20.0
    assert 340.0 < heading.max() < 360.0


def test_the_same_flight_cut_elsewhere_gives_the_same_values(
    hop: Flight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channels = (
        f"{ALTITUDE}, sensor: {{noise: 1, drift: 2, drift_memory_s: 30, bias: 1, rate_hz: 3, latency_s: 0.4}}",
        "name: pitch_rate_deg_s, raw: f64, sensor: {noise: 0.1}",
        "name: shock_m_s2, raw: f64",
        "name: bay_temperature_k, raw: f64",
    )
    faults = tuple(parse_fault(each) for each in ("sensor_stuck@31,channel=altitude_m", "shock@80"))
    flown = replace(hop, faults=faults)
    whole = Transmitter(flown, dictionary_of(tmp_path, *channels), 1, T0_NS).columns("ship", "one")
    monkeypatch.setattr("simulator.packets.BLOCK_S", 7)
    cut = Transmitter(flown, dictionary_of(tmp_path, *channels), 1, T0_NS)
    assert len(list(cut.parts("ship", "one"))) > 20
    again = cut.columns("ship", "one")
    for name, values in whole.items():
        assert np.array_equal(values, again[name]), name


def test_a_stuck_sensor_keeps_its_value(hop: Flight, tmp_path: Path) -> None:
    noisy = f"{ALTITUDE}, sensor: {{noise: 1.0}}"
    well, t_s = measured(hop, tmp_path, noisy), times_s(hop)
    stuck = measured(hop, tmp_path, noisy, "sensor_stuck@20,for_s=30,channel=altitude_m")
    now = (t_s >= 20.0) & (t_s < 50.0)
    assert set(stuck[now].tolist()) == {well[now][0]}
    assert np.array_equal(stuck[~now], well[~now])


def test_a_spike_is_one_sample_and_a_drift_runs_away(hop: Flight, tmp_path: Path) -> None:
    well, t_s = measured(hop, tmp_path, ALTITUDE), times_s(hop)
    spiked = measured(hop, tmp_path, ALTITUDE, "sensor_spike@20.05,channel=altitude_m,by=500")
    assert np.flatnonzero(spiked - well).tolist() == [int(np.flatnonzero(t_s >= 20.05)[0])]
    assert np.abs(spiked - well).max() == pytest.approx(500.0)
    drifted = measured(hop, tmp_path, ALTITUDE, "sensor_drift@20,for_s=10,channel=altitude_m,rate_per_s=3")
    away = np.where((t_s >= 20.0) & (t_s < 30.0), 3.0 * (t_s - 20.0), 0.0)
    assert drifted - well == pytest.approx(away, abs=1e-9)


@pytest.mark.parametrize(
    ("channel", "dead"),
    [
        (ALTITUDE, np.nan),
        ("name: altitude_m, raw: i16, range: [-500, 9000]", -500.0),
        ("name: altitude_m, raw: u16, calibration: [7, 1]", 7.0),
        ("name: igniter_on, raw: bool", False),
        ("name: nav_mode, raw: u8, labels: {1: aligning, 2: inertial, 3: gnss_inertial}", 1),
    ],
)
def test_a_dead_sensor_says_no_number_or_its_lowest(hop: Flight, tmp_path: Path, channel: str, dead: float) -> None:
    name = channel.split(",", maxsplit=1)[0].removeprefix("name: ")
    values = measured(hop, tmp_path, channel, f"sensor_dead@20,channel={name}")[times_s(hop) >= 20.0]
    assert np.array_equal(values, np.full(values.shape, dead), equal_nan=isinstance(dead, float))


def test_a_fault_of_an_unknown_channel_names_the_nearest(hop: Flight, tmp_path: Path) -> None:
    with pytest.raises(FlightError, match="sensor_dead: ship sends no channel 'altitude'; nearest: altitude_m"):
        measured(hop, tmp_path, ALTITUDE, "sensor_dead@20,channel=altitude")
    with pytest.raises(FlightError, match="'igniter_on' is no number; it can be stuck or dead"):
        measured(hop, tmp_path, "name: igniter_on, raw: bool", "sensor_drift@20,channel=igniter_on,rate_per_s=1")


def test_a_wrong_clock_stamps_the_packets_and_changes_nothing_else(hop: Flight, tmp_path: Path) -> None:
    dictionary = dictionary_of(tmp_path, ALTITUDE, "name: mission_time_s, raw: f64")
    right = Transmitter(hop, dictionary, 1, T0_NS).stream("ship", "one")
    faults = tuple(parse_fault(each) for each in ("clock_jump@30,by_s=-2", "clock_drift@0,for_s=100,ppm=50"))
    transmitter = Transmitter(replace(hop, faults=faults), dictionary, 1, T0_NS)
    wrong, t_s = transmitter.stream("ship", "one"), times_s(hop)
    assert np.array_equal(wrong.made_ns, right.t_ns)
    error_s = np.where(t_s >= 30.0, -2.0, 0.0) + 50e-6 * np.clip(t_s, 0.0, 100.0)
    assert (wrong.t_ns - wrong.made_ns) / NS_PER_S == pytest.approx(error_s, abs=1e-8)
    columns = transmitter.columns("ship", "one")
    assert np.asarray(columns["mission_time_s"], float) == pytest.approx(t_s + error_s, abs=1e-9)
    assert np.asarray(columns["altitude_m"], float) == pytest.approx(true_altitude_m(hop, t_s), abs=1e-6)


def test_what_goes_wrong_with_the_cargo_is_true(hop: Flight, tmp_path: Path) -> None:
    t_s = times_s(hop)
    faults = (
        "overheat@50,rise_k=40,within_s=20",
        "depressurisation@60,to_pa=40000,within_s=10,for_s=30",
        "seal_broken@70",
    )
    hot = measured(hop, tmp_path, "name: bay_temperature_k, raw: f64", *faults)
    cool = measured(hop, tmp_path, "name: bay_temperature_k, raw: f64")
    assert np.array_equal(hot[t_s < 50.0], cool[t_s < 50.0])
    assert (hot - cool)[(t_s > 70.0) & (t_s < 120.0)] == pytest.approx(40.0, abs=0.01)
    thin = measured(hop, tmp_path, "name: bay_pressure_pa, raw: f64", *faults)
    assert thin[(t_s > 71.0) & (t_s < 89.0)] == pytest.approx(40_000.0, abs=1.0)
    assert thin[(t_s > 101.0) & (t_s < 110.0)].min() > 100_000.0
    moist = measured(hop, tmp_path, "name: bay_humidity_percent, raw: f64", *faults)
    assert moist[t_s == 100.0] < measured(hop, tmp_path, "name: bay_humidity_percent, raw: f64")[t_s == 100.0]
    seal = measured(hop, tmp_path, "name: seal_intact, raw: bool", *faults)
    assert seal[(t_s > 0.0) & (t_s < 70.0)].all()
    assert not seal[t_s >= 70.0].any()
    blow = measured(hop, tmp_path, "name: shock_m_s2, raw: f64", "shock@80.03,peak_m_s2=300")
    assert blow.max() == blow[t_s >= 80.03][0] == 300.0
