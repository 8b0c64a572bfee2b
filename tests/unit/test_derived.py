"""Derived channels against independent figures: the standard atmosphere, an arc flown step by step, and plain cases."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ussa1976
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from processors.engine import Engine
from telemetry.aerodynamics import dynamic_pressure, mach_of_pressures, mach_of_speed
from telemetry.atmosphere import TOP_M, density_kg_m3, sound_m_s, temperature_k
from telemetry.codec import PacketCodec
from telemetry.columns import Columns, join_columns, select_columns
from telemetry.decoder import Decoder
from telemetry.derived import FUNCTIONS, Derived
from telemetry.dictionary import BUILT_IN_DIR, Registry, built_in
from telemetry.impact import EARTH_RATE_RAD_S, MU_M3_S2, impact_point
from telemetry.json_codec import JsonCodec, encode_json
from telemetry.message import Message
from telemetry.motion import flight_path_angle, load_factor
from telemetry.topics import Address, Kind
from telemetry.vocabulary import LimitEvent

T_NS = 1_790_000_000 * 10**9
WGS84_A, WGS84_F = 6_378_137.0, 1 / 298.257223563


def test_the_atmosphere_is_the_standard_one() -> None:
    z = np.linspace(0.0, 85_999.0, 87)
    standard = ussa1976.compute(z=z, variables=["t", "rho", "cs"])
    np.testing.assert_allclose(temperature_k(z), standard["t"], rtol=2e-5)
    np.testing.assert_allclose(density_kg_m3(z), standard["rho"], rtol=1e-3)
    np.testing.assert_allclose(sound_m_s(z), standard["cs"], rtol=2e-4)
    assert np.isnan(density_kg_m3(np.array([TOP_M + 1, np.nan, 2e6]))).all()
    assert density_kg_m3(np.array([-400.0]))[0] == pytest.approx(1.2727, rel=1e-3)


def test_mach_and_dynamic_pressure_agree_with_one_another() -> None:
    z, v = np.array([0.0, 11_000.0, 30_000.0]), np.array([100.0, 600.0, 2000.0])
    (mach,) = mach_of_speed(v, z)
    assert mach.tolist() == pytest.approx([100 / 340.294, 600 / 295.15, 2000 / 301.71], rel=1e-3)
    pressure = density_kg_m3(z) * sound_m_s(z) ** 2 / 1.4
    np.testing.assert_allclose(mach_of_pressures(dynamic_pressure(v, z)[0], pressure)[0], mach, rtol=1e-12)
    assert np.isnan(mach_of_pressures(np.array([5.0, 5.0]), np.array([0.0, -3.0]))[0]).all()
    assert mach_of_pressures(np.array([-5.0]), np.array([9.0]))[0].tolist() == [0.0]


def test_load_factor_and_path_angle() -> None:
    assert load_factor(np.array([-9.80665, 0.0]), np.array([0.0, 0.0]))[0].tolist() == [1.0, 0.0]
    angle = flight_path_angle(np.array([10.0, 10.0, 0.0, 10.0]), np.array([5.0, -10.0, 0.0, 10.1]))[0]
    assert angle.tolist() == pytest.approx([30.0, -90.0, np.nan, 90.0], nan_ok=True)


def flown(lat: float, lon: float, alt: float, east: float, north: float, up: float) -> tuple[float, float]:
    """Fly the arc step by step (Runge-Kutta) in the frame that does not turn, until it meets the ellipsoid."""
    phi, lam = np.radians(lat), np.radians(lon)
    e2 = WGS84_F * (2 - WGS84_F)
    n = WGS84_A / np.sqrt(1 - e2 * np.sin(phi) ** 2)
    r = np.array([(n + alt) * np.cos(phi) * np.cos(lam), (n + alt) * np.cos(phi) * np.sin(lam), 0.0])
    r[2] = (n * (1 - e2) + alt) * np.sin(phi)
    to_east = np.array([-np.sin(lam), np.cos(lam), 0.0])
    to_up = np.array([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    v = east * to_east + north * np.cross(to_up, to_east) + up * to_up
    v = v + EARTH_RATE_RAD_S * np.array([-r[1], r[0], 0.0])
    state, t, step = np.concatenate([r, v]), 0.0, 1.0

    def slope(s: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.concatenate([s[3:], -MU_M3_S2 * s[:3] / np.linalg.norm(s[:3]) ** 3])

    def above(s: np.ndarray[Any, Any]) -> float:
        return float(np.hypot(np.hypot(s[0], s[1]), s[2] / (1 - WGS84_F)) - WGS84_A)

    while step > 1e-4:
        k1 = slope(state)
        k2 = slope(state + step / 2 * k1)
        k3 = slope(state + step / 2 * k2)
        k4 = slope(state + step * k3)
        after = state + step / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        if above(after) < 0:
            step /= 4
        else:
            state, t = after, t + step
    x, y, z = state[:3]
    longitude = np.degrees(np.arctan2(y, x) - EARTH_RATE_RAD_S * t)
    return float(np.degrees(np.arctan2(z, (1 - e2) * np.hypot(x, y)))), float((longitude + 180) % 360 - 180)


@pytest.mark.parametrize(
    "state",
    [
        (36.7, 121.1, 2500.0, 0.0, 0.0, 10.0),
        (36.7, 121.1, 60_000.0, 900.0, -800.0, 1200.0),
        (0.0, 179.9, 150_000.0, 6500.0, 0.0, 500.0),
        (-33.9, 151.2, 120_000.0, -3000.0, 5500.0, 900.0),
        (80.0, -10.0, 300_000.0, 100.0, 6800.0, -300.0),
        (-89.0, 10.0, 90_000.0, 300.0, 2000.0, 100.0),
    ],
)
def test_the_impact_is_where_an_arc_flown_step_by_step_ends(state: tuple[float, ...]) -> None:
    latitude, longitude = impact_point(*(np.array([value]) for value in state))
    lat, lon = flown(*state)
    assert latitude[0] == pytest.approx(lat, abs=2e-5)
    assert longitude[0] == pytest.approx(lon, abs=2e-5 / max(0.02, np.cos(np.radians(lat))))


def test_no_impact_from_an_orbit_and_an_escape_and_the_place_itself_on_the_ground() -> None:
    state = [
        np.array(column)
        for column in zip(*[(0, 0, 4e5, 7200, 0, 0), (0, 0, 4e5, 0, 0, 12e3), (5, 6, -3, 0, 0, 0)], strict=True)
    ]
    with np.errstate(invalid="ignore"):
        latitude, longitude = impact_point(*(column.astype(float) for column in state))
    assert np.isnan(latitude).tolist() == np.isnan(longitude).tolist() == [True, True, False]
    assert (latitude[2], longitude[2]) == (5.0, 6.0)


@settings(max_examples=200)
@given(st.lists(st.floats(allow_nan=True, width=32), min_size=6, max_size=6), st.sampled_from(sorted(FUNCTIONS)))
def test_no_value_makes_a_function_fail(values: list[float], name: str) -> None:
    function = FUNCTIONS[name]
    given_values = {parameter: np.array([value]) for parameter, value in zip(function.parameters, values, strict=False)}
    with np.errstate(all="ignore"):
        outputs = function.compute(**given_values)
    assert outputs[function.output].shape == (1,)


def nav() -> Columns:
    dictionary = built_in("yuanxing-1")
    rng = np.random.default_rng(1)
    columns = {channel.name: rng.random(5) * 90 for channel in dictionary.packets["nav"].channels}
    octets = PacketCodec(dictionary).encode("nav", np.arange(5), np.full(5, T_NS), columns)
    (frame,) = PacketCodec(dictionary).decode(octets, "ship", "haiyang", T_NS).frames
    return frame.columns


def test_derived_columns_follow_the_packets_own_and_are_computed_when_read() -> None:
    columns, packet = nav(), built_in("yuanxing-1").packets["nav"]
    assert list(columns) == [quantity.name for quantity in packet.quantities]
    assert len(columns) == len(packet.channels) + len(packet.derived)
    expected = impact_point(*(columns[name] for name in packet.derived[3].of.values()))
    np.testing.assert_array_equal(columns["impact_longitude_deg"], expected[1])
    np.testing.assert_array_equal(columns["impact_latitude_deg"], expected[0])
    assert columns["impact_latitude_deg"] is columns["impact_latitude_deg"]
    with pytest.raises(KeyError, match="warp"):
        columns["warp"]
    assert "warp" not in columns
    assert "mach_number" in columns


@pytest.mark.parametrize("read_before", [True, False])
def test_derived_columns_are_cut_joined_and_packed_like_others(*, read_before: bool) -> None:
    columns = nav()
    wanted = nav()["load_factor_g"]
    if read_before:
        assert columns["load_factor_g"].tolist() == wanted.tolist()
    which = np.array([True, False, True, False, True])
    cut = select_columns(columns, which)
    assert cut["load_factor_g"].tolist() == wanted[which].tolist()
    joined = join_columns([cut, columns])
    assert joined["load_factor_g"].tolist() == [*wanted[which], *wanted]
    assert list(joined) == list(columns)
    mixed = join_columns([dict(cut), columns])
    assert mixed["load_factor_g"].tolist() == joined["load_factor_g"].tolist()
    assert pickle.loads(pickle.dumps(cut))["load_factor_g"].tolist() == wanted[which].tolist()  # noqa: S301 -- our own


def test_a_packet_of_json_has_them_too() -> None:
    line = encode_json("kinematics", 1, T_NS, {"speed_m_s": 100.0, "altitude_m": 0.0})
    (frame,) = JsonCodec(built_in("webcast")).decode(line, "ship", "haiyang", T_NS).frames
    assert frame.columns["dynamic_pressure_pa"].tolist() == pytest.approx([6125.0])


@pytest.mark.parametrize(
    ("given_keys", "words"),
    [
        ({"function": "warp"}, "function 'warp' is none of: dynamic_pressure, "),
        ({"of": {"speed_m_s": "speed_m_s"}}, "is of speed_m_s, altitude_m; give each its channel"),
        ({"of": {"speed_m_s": "a_m_s", "altitude_m": "b_m", "x": "y"}}, "give each its channel"),
        ({"name": "mach_k"}, "must end in _number"),
        ({"name": "station"}, "means something else"),
        ({"range": [2, 1]}, "range must be"),
        ({"raw": "f32"}, "Extra inputs"),
    ],
)
def test_a_wrong_derived_channel_is_refused(given_keys: dict[str, Any], words: str) -> None:
    good = {"name": "mach_number", "function": "mach_of_speed", "description": ""}
    good_of = {"of": {"speed_m_s": "speed_m_s", "altitude_m": "altitude_m"}}
    assert Derived.model_validate(good | good_of).kind == "float"
    with pytest.raises(ValidationError, match=words):
        Derived.model_validate(good | good_of | given_keys)


def test_a_limit_on_a_derived_channel_is_raised_like_any_other(tmp_path: Path) -> None:
    limited = 'limits: [{level: warning, above: 10000, clear: 9000}], description: "By'
    text = (BUILT_IN_DIR / "webcast.yaml").read_text().replace("name: webcast", "name: limited")
    (tmp_path / "limited.yaml").write_text(text.replace('description: "By', limited, 1))
    registry = Registry((tmp_path,))
    decoder, dictionary = Decoder(registry), registry.get("limited")
    assert dictionary is not None
    engine, events = Engine("live", "F", registry), []
    for second in range(20):
        t_s = second + np.arange(30) / 30
        columns = {"speed_m_s": 10 * t_s, "altitude_m": 5 * t_s**2}
        counts, t_ns = np.arange(30) + 30 * second, T_NS + (t_s * 1e9).astype(np.int64)
        payload = decoder.codec_of(dictionary).encode("kinematics", counts, t_ns, columns)
        address = Address("live", "F", "stage1", "haiyang")
        message = Message(address, Kind.TELEMETRY, payload, int(t_ns[-1]), dictionary="limited")
        events += engine.take_frames(message, decoder.decode(message).frames, dictionary, {}).events
        if second == 10:
            snapshot, engine = engine.snapshot(), Engine("live", "F", registry)
            engine.restore(snapshot)
    (raised,) = [event for event in events if event.type == LimitEvent.RAISED.value]
    assert raised.values["channel"] == "dynamic_pressure_pa"
    # half the density near the ground times the square of 10 t passes 10 kPa
    assert (raised.t_ns - T_NS) / 1e9 == pytest.approx(13.37, abs=0.05)
