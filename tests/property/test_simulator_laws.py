"""What holds for any cut, any place, any height, any seed."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from simulator.afloat import Afloat
from simulator.limits import raised_at
from simulator.noise import Chance, Drift
from simulator.packets import Transmitter
from simulator.physics.atmosphere import air_at
from simulator.physics.attitude import slew_to
from simulator.physics.earth import Place, bearing_deg, destination, ground_distance_m
from simulator.physics.earth import distance_m as distance_between
from simulator.physics.lag import carry_on
from simulator.plans import Recovery
from simulator.radio.downlink import Link, make_links, ticks
from simulator.radio.stations import load_stations
from simulator.simulate import simulate
from telemetry.channels import Level, Limit
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import built_in
from telemetry.message import Message
from telemetry.topics import Kind

CODEC = PacketCodec(built_in("yuanxing-1"))
LONGEST_DELAY_NS = NS_PER_S // 3

places = st.builds(Place, st.floats(-89, 89), st.floats(-180, 180))


@cache
def hop() -> tuple[Transmitter, tuple[Link, ...]]:
    transmitter = simulate("hop", 5, 1_790_000_000 * NS_PER_S)
    return transmitter, make_links(transmitter, load_stations(("haiyang", "relay")), "live", "H-1")


@cache
def heard_whole() -> dict[str, list[int]]:
    transmitter, links = hop()
    return heard([m for tick in ticks(transmitter, links, 1_000.0) for m in tick.messages])


def heard(messages: list[Message]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        station = message.address.station
        if message.kind is Kind.LINK:
            found.setdefault(f"{station} link", []).append(message.ert_ns)
            continue
        decoded = CODEC.inspect(message.payload, "ship", station, message.ert_ns)
        assert not decoded.refusals
        for frame in decoded.frames:
            found.setdefault(f"{station} {frame.packet}", []).extend(frame.t_ns.tolist())
    return found


@given(st.floats(0.1, 20.0))
@settings(max_examples=15)
def test_how_packets_are_bundled_changes_neither_what_is_heard_nor_its_order(every_s: float) -> None:
    transmitter, links = hop()
    messages = [message for tick in ticks(transmitter, links, every_s) for message in tick.messages]
    assert heard(messages) == heard_whole()
    reported = dict.fromkeys(("haiyang", "relay"), 0)
    for message in messages:
        if message.kind is Kind.LINK:
            reported[message.address.station] = message.ert_ns
        else:
            frames = CODEC.inspect(message.payload, "ship", message.address.station, message.ert_ns).frames
            first_ns = min(int(frame.t_ns.min()) for frame in frames)
            assert first_ns + LONGEST_DELAY_NS > reported[message.address.station], "a heartbeat overtook packets"


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12), st.integers(0, 2**31), st.floats(0.1, 300.0))
def test_chance_does_not_depend_on_how_a_flight_is_cut(blocks: list[int], seed: int, memory_s: float) -> None:
    chance = Chance(seed, "ship/altitude_m/noise")
    edges = np.cumsum([0, *blocks]).tolist()
    t_s = np.arange(edges[-1]) / 50.0
    white, drift = chance.normal(0, edges[-1]), Drift(chance, memory_s).at(t_s)
    cut = Drift(chance, memory_s)
    pairs = list(itertools.pairwise(edges))
    assert np.array_equal(white, np.concatenate([chance.normal(first, stop) for first, stop in pairs]))
    assert np.array_equal(drift, np.concatenate([cut.at(t_s[first:stop]) for first, stop in pairs]))
    first, stop = pairs[0]
    assert np.array_equal(cut.at(t_s[first:stop]), drift[first:stop]), "asked back"


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50), st.floats(0.0, 0.999))
def test_a_lag_is_its_own_recursion(driven: list[float], keep: float) -> None:
    expected, last = [], 0.0
    for value in driven:
        last = keep * last + value
        expected.append(last)
    assert carry_on(np.array(driven), keep) == pytest.approx(expected, abs=1e-6)


@given(st.floats(-400.0, 1.2e6), st.floats(0.1, 2_000.0))
def test_air_thins_with_height_without_steps(altitude_m: float, step_m: float) -> None:
    here, above = air_at(np.asarray(altitude_m)), air_at(np.asarray(altitude_m + step_m))
    assert 0.0 < float(above.pressure_pa) < float(here.pressure_pa) * 1.001
    assert 0.0 < float(above.density_kg_m3) < float(here.density_kg_m3) * 1.001
    near = air_at(np.asarray(altitude_m + 0.01))
    assert float(near.density_kg_m3) == pytest.approx(float(here.density_kg_m3), rel=1e-3)


@given(st.lists(st.floats(-400.0, 1.2e6), min_size=1, max_size=20))
def test_air_is_the_same_one_by_one_and_all_at_once(altitudes: list[float]) -> None:
    together = air_at(np.array(altitudes)).pressure_pa
    alone = [float(air_at(np.asarray(each)).pressure_pa) for each in altitudes]
    assert together.tolist() == pytest.approx(alone, rel=1e-12)


@given(places, st.floats(0.0, 359.9), st.floats(1_000.0, 1.9e7))
def test_a_geodesic_leads_there_and_its_bearing_back(start: Place, course_deg: float, distance_m: float) -> None:
    end = destination(start, course_deg, distance_m)
    assert distance_between(start, end) == pytest.approx(distance_m, abs=2e-3)
    # for arrays there is Lambert's formula: 4e-6 of the way, and half a kilometre off towards the other side
    lambert_m = 4e-6 * distance_m if distance_m <= 1.5e7 else 1_000.0
    assert float(ground_distance_m(start, end.position_m())) == pytest.approx(distance_m, abs=lambert_m)
    turn = (bearing_deg(start, end) - course_deg + 180.0) % 360.0 - 180.0
    # what the nine digits of the end's degrees make of the course over the shortest way
    assert turn == pytest.approx(0.0, abs=1e-5)


directions = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)


@given(directions, directions, directions, st.floats(0.0, 60.0))
@example((1.0, 0.0, 1.0), (-1.0, 0.0, -1.0), (1.0, 0.0, 1.0), 0.0)
def test_a_slew_turns_steadily_from_one_axis_to_the_other(
    first: tuple[float, ...], last: tuple[float, ...], up: tuple[float, ...], start_s: float
) -> None:
    a, b, u = (np.array(v) / np.linalg.norm(v) for v in (first, last, up))
    slew = slew_to(start_s, a, b)
    t_s = np.linspace(start_s, start_s + slew.duration_s, 200)
    wanted, vertical = np.tile(b[:, None], 200), np.tile(u[:, None], 200)
    axes = slew.axis(t_s, wanted, vertical)
    assert np.linalg.norm(axes, axis=0) == pytest.approx(np.ones(200), abs=1e-6)
    assert axes[:, 0] == pytest.approx(a, abs=1e-9)
    assert axes[:, -1] == pytest.approx(b, abs=1e-9)
    steps_deg = np.degrees(np.linalg.norm(np.diff(axes, axis=1), axis=0)) / np.diff(t_s)
    # 1e-3 rad: axes that are all but opposite turn through the vertical, and end that much beside
    assert steps_deg.max() < 12.1 + np.degrees(2e-3) / np.diff(t_s)[0]


@given(st.floats(0.1, 3.0), st.floats(61.0, 500.0))
def test_heave_begins_where_the_splash_ends_and_ends_on_deck(speed_m_s: float, on_deck_s: float) -> None:
    afloat = Afloat(100.0, speed_m_s, Recovery(secured_s=60.0, on_deck_s=on_deck_s, deck_height_m=8.0))
    t_s = np.linspace(100.0, 100.0 + on_deck_s + 10.0, 4_000)
    height, rate = afloat.heave(t_s)
    assert (height[0], rate[0]) == pytest.approx((0.0, -speed_m_s))
    assert np.gradient(height, t_s)[1:-1] == pytest.approx(rate[1:-1], abs=0.1)
    assert (height[-1], rate[-1]) == pytest.approx((8.0, 0.0))


@given(
    st.lists(st.integers(0, 10), max_size=60),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_limits_are_raised_as_a_plain_reading_of_the_rule(
    values: list[int], raise_count: int, clear_count: int
) -> None:
    limit = Limit(level=Level.WATCH, above=6.0, clear=4.0, raise_count=raise_count, clear_count=clear_count)
    found, raised, at = [], False, 0
    while at < len(values):
        count = clear_count if raised else raise_count
        window = values[at : at + count]
        passed = all(v <= 4 for v in window) if raised else all(v > 6 for v in window)
        if len(window) == count and passed:
            found += [] if raised else [at]
            raised = not raised
            at += count
        else:
            at += 1
    assert raised_at(np.array(values, dtype=np.float64), limit) == found
