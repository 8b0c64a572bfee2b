"""True quantities by name, and dictionaries that somebody else wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from downrange.jobs.simulate import app
from simulator.packets import Transmitter
from simulator.physics.earth import dot, norm
from simulator.preset import BUILT_IN_DIR
from simulator.quantities import CATALOGUE, Scene, Setting, table
from simulator.quantities.units import UNITS, conversion
from simulator.simulate import simulate
from telemetry import channels
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Registry
from telemetry.errors import FlightError

T0_NS = 1_790_000_000 * NS_PER_S
PAGE = Path(__file__).parents[2] / "docs" / "quantities.md"

AURORA = """
name: aurora-2
version: 7
version_channel: edition_count
vehicle_class: sounding
description: A vehicle that nobody here has heard of, with units and names of its own.
time: {epoch: 2000-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 2}
packets:
  flight_data:
    apid: 7
    rate_hz: 25
    sent_counter: data_frames_count
    description: What it does.
    channels:
      - {name: height_km, raw: f32, sensor: {measures: altitude_m, noise: 0.001}, description: Height}
      - {name: elevation_rad, raw: f32, sensor: {measures: pitch_deg}, description: Attitude}
      - {name: load_g, raw: i16, calibration: [0, 0.001], sensor: {measures: axial_acceleration_m_s2},
         description: Load}
      - {name: imu_y_m_s2, raw: f32, sensor: {measures: acceleration_y_m_s2}, description: IMU}
      - {name: mach_number, raw: f32, description: Mach}
      - {name: pump_hz, raw: u16, sensor: {measures: turbopump_speed_rpm}, description: Pump}
      - {name: state, raw: u4, sensor: {measures: flight_phase}, description: State,
         labels: {1: pad, 2: ascent, 3: coast, 4: descent, 5: landing_burn, 6: afloat, 7: recovered}}
      - {name: joined, raw: bool1, sensor: {measures: stage_attached}, description: Joined}
      - {raw: spare3}
      - {name: door, raw: u8, labels: {0: "false", 1: "true"}, sensor: {measures: door_closed}, description: Door}
      - {name: whose, raw: str8, sensor: {measures: vehicle_name}, description: Name}
      - {name: camera_temperature_k, raw: f32, sensor: {measures: nothing, bias: 1.0}, description: Not simulated}
      - {name: temperature_k, raw: u12, sensor: {measures: bay_temperature_k}, description: Cargo,
         calibration: {table: [[0, 200], [2000, 300], [4095, 500]]}}
      - {raw: spare4}
      - {name: data_frames_count, raw: u24, description: Frames}
      - {name: edition_count, raw: u8, description: Version of this dictionary}
"""


@pytest.fixture(scope="module")
def aurora(tmp_path_factory: pytest.TempPathFactory) -> Transmitter:
    folder = tmp_path_factory.mktemp("dictionaries")
    (folder / "aurora.yaml").write_text(AURORA)
    preset = folder / "mine" / "hop.yaml"
    preset.parent.mkdir()
    preset.write_text((BUILT_IN_DIR / "hop.yaml").read_text().replace("dictionary: yuanxing-1", "dictionary: aurora-2"))
    return simulate(preset, 1, T0_NS, Registry((folder,)))


def refused(folder: Path, old: str, new: str) -> str:
    assert old in AURORA
    (folder / "dictionaries").mkdir()
    (folder / "dictionaries" / "aurora.yaml").write_text(AURORA.replace(old, new))
    preset = folder / "hop.yaml"
    preset.write_text((BUILT_IN_DIR / "hop.yaml").read_text().replace("dictionary: yuanxing-1", "dictionary: aurora-2"))
    with pytest.raises(FlightError) as caught:
        simulate(preset, 1, T0_NS, Registry((folder / "dictionaries",))).columns("ship", "flight_data")
    return str(caught.value)


def test_a_dictionary_written_from_scratch_flies(aurora: Transmitter) -> None:
    stream = aurora.stream("ship", "flight_data")
    decoded = PacketCodec(aurora.dictionary).decode(stream.octets.tobytes(), "ship", "x", int(stream.t_ns[-1]))
    assert decoded.refusals == ()
    (frame,) = decoded.frames
    said = {name: np.asarray(values) for name, values in frame.columns.items()}
    truth = aurora.flight.tracks["ship"].at(aurora.times_s("flight_data"))
    assert said["height_km"] == pytest.approx(truth.altitude_m / 1e3, abs=0.006)
    assert said["elevation_rad"] == pytest.approx(np.radians(truth.pitch_deg), abs=1e-6)
    assert said["load_g"] == pytest.approx(truth.axial_m_s2 / 9.80665, abs=6e-4)
    assert said["mach_number"].max() == pytest.approx(truth.speed_m_s.max() / 338.0, rel=0.05)
    assert said["pump_hz"] == pytest.approx(truth.turbopump_rpm / 60.0, abs=0.51)
    assert set(said["state"].tolist()) == {1, 2, 3, 4, 5, 6, 7}
    assert not said["joined"].any()
    assert said["door"].max() == 1
    assert said["camera_temperature_k"].std() == 0.0
    assert said["temperature_k"][100] == pytest.approx(293.15, abs=1.0)
    assert said["data_frames_count"].tolist() == list(range(1, aurora.sent("ship")["flight_data"] + 1))
    assert set(said["edition_count"].tolist()) == {7}
    assert set(np.asarray(said["whose"]).astype(str).tolist()) == {"ship"}


def test_the_command_finds_dictionaries_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dictionaries").mkdir()
    (tmp_path / "dictionaries" / "aurora.yaml").write_text(AURORA)
    preset = tmp_path / "fire.yaml"
    built_in = (BUILT_IN_DIR / "static_fire.yaml").read_text()
    preset.write_text(built_in.replace("dictionary: yuanxing-1", "dictionary: aurora-2"))
    monkeypatch.setenv("DOWNRANGE_DICTIONARY_DIR", str(tmp_path / "dictionaries"))
    said = CliRunner().invoke(app, ["flight", str(preset), "--out", str(tmp_path / "out")], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    made = (tmp_path / "out" / "ship" / "packets.ccsds").read_bytes()
    assert int.from_bytes(made[:2]) & 0x7FF == 7


def test_a_webcasts_dictionary_is_filled_too(tmp_path: Path) -> None:
    preset = tmp_path / "hop.yaml"
    preset.write_text((BUILT_IN_DIR / "hop.yaml").read_text().replace("dictionary: yuanxing-1", "dictionary: webcast"))
    transmitter = simulate(preset, 1, T0_NS)
    columns = transmitter.columns("ship", "kinematics")
    truth = transmitter.flight.tracks["ship"].at(transmitter.times_s("kinematics"))
    assert set(columns) == {"speed_m_s", "altitude_m"}
    assert np.asarray(columns["altitude_m"], float) == pytest.approx(truth.altitude_m, abs=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "measures: altitude_m,",
            "measures: altitude,",
            "channel 'height_km' of packet 'flight_data' measures 'altitude', which",
        ),
        ("measures: altitude_m,", "measures: altitude,", "nearest: altitude_m, "),
        ("name: mach_number", "name: mash_number", "nearest: mach_number"),
        ("height_km", "height_pa", "measures 'altitude_m': m cannot become pa"),
        (
            "measures: turbopump_speed_rpm",
            "measures: nav_mode",
            "measures 'nav_mode', a label: give the channel labels",
        ),
        (
            "measures: stage_attached",
            "measures: altitude_m",
            "measures 'altitude_m', a m, which a channel of kind bool",
        ),
        ("measures: vehicle_name", "measures: altitude_m", "measures 'altitude_m', a m, which a channel of kind text"),
        (", 7: recovered", "", "channel 'state': the flight is recovered at times, which the channel has no label for"),
        (
            "measures: flight_phase",
            "measures: nav_mode",
            "one of aligning, inertial, gnss_inertial: label its codes so",
        ),
    ],
)
def test_what_cannot_be_measured_is_named_with_its_remedy(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in refused(tmp_path, old, new)


def test_every_unit_of_a_dictionary_can_be_converted() -> None:
    assert set(UNITS) == set(channels.UNITS)
    for unit in UNITS:
        same = conversion(unit, unit)
        assert same is not None
        assert same.of(np.array([3])).dtype == np.int64


def test_every_quantity_is_there_in_every_flight(aurora: Transmitter) -> None:
    setting = Setting(aurora.flight, "ship", 1, {"flight_data": 25.0}, 7)
    scene = Scene(setting, np.arange(-45.2, 200.0, 0.1), 0.1)
    for quantity in CATALOGUE.values():
        values = np.asarray(quantity.of(scene))
        assert values.shape == scene.t_s.shape, quantity.name
        if quantity.kind == "number":
            assert quantity.unit is not None, quantity.name
            assert np.isfinite(values).all(), quantity.name
        if quantity.kind == "label":
            assert 0 <= values.min() <= values.max() < len(quantity.labels), quantity.name
        if quantity.unrest is not None:
            assert (quantity.unrest(scene) >= 0.0).all(), quantity.name


def test_the_three_axes_of_the_imu_are_one_force(aurora: Transmitter) -> None:
    scene = Scene(Setting(aurora.flight, "ship", 1, {}, 1), np.arange(-10.0, 120.0, 0.05), 0.05)
    x, y, z = (np.asarray(CATALOGUE[f"acceleration_{axis}_m_s2"].of(scene)) for axis in "xyz")
    assert x == pytest.approx(scene.truth.axial_m_s2)
    assert np.hypot(y, z) == pytest.approx(scene.truth.lateral_m_s2, abs=1e-9)


def test_rates_are_the_derivatives_of_angles(aurora: Transmitter) -> None:
    scene = Scene(Setting(aurora.flight, "ship", 1, {}, 1), np.arange(1.0, 60.0, 0.05), 0.05)
    pitch, rate = (np.asarray(CATALOGUE[name].of(scene)) for name in ("pitch_deg", "pitch_rate_deg_s"))
    assert np.cumsum(rate) * 0.05 + pitch[0] == pytest.approx(pitch, abs=0.1)
    flow = np.asarray(CATALOGUE["propellant_flow_kg_s"].of(scene))
    burnt = scene.truth.propellant_kg[0] - scene.truth.propellant_kg[-1]
    assert np.sum(flow) * 0.05 == pytest.approx(burnt, rel=0.01)
    position = np.array([CATALOGUE[f"position_{axis}_m"].of(scene) for axis in "xyz"])
    assert norm(position) == pytest.approx(norm(scene.truth.position_m))
    assert dot(position, position).min() > 6.3e6**2


def test_the_page_lists_every_quantity() -> None:
    assert "\n".join(table()) in PAGE.read_text(), "write the table anew: downrange simulate --quantities"
    said = CliRunner().invoke(app, ["flight", "--quantities"])
    assert said.output == "\n".join(table()) + "\n"
