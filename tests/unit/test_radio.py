"""Signals, sight lines, plasma, the ring on board, and what link faults do to packets."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from detection import T0_NS, transmitter

from simulator.faults import draw, parse_fault
from simulator.packets import Transmitter
from simulator.physics.earth import Place
from simulator.radio.budget import Antenna
from simulator.radio.damage import Copies, Damage, Whose, copies_of, damaged
from simulator.radio.plasma import in_plasma, plasma_spans
from simulator.radio.reception import Reception, reception
from simulator.radio.recorder import Recorder, sendings
from simulator.radio.sight import above_edge_deg
from simulator.radio.spans import Span
from simulator.radio.station import GEOSTATIONARY_M
from simulator.radio.stations import load_stations, passes
from telemetry.cuc import NS_PER_S

WHOSE = Whose("ship", "relay", "nav", 80)
ANTENNA = Antenna(
    frequency_hz=2.25e9, eirp_dbm=33, gain_dbi=27.5, noise_k=150, rate_bit_s=5e5, needed_db=4.5, horizon_fade_db=14
)


@pytest.fixture(scope="module")
def express() -> Transmitter:
    return transmitter("express")


@pytest.fixture(scope="module")
def direct_only(express: Transmitter) -> Reception:
    """Return what the two coasts alone hear of the ship."""
    return reception(express, "ship", load_stations(("haiyang", "tasman")))


def position(
    latitude_deg: float, longitude_deg: float, altitude_m: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return Place(latitude_deg, longitude_deg).position_m(altitude_m)[:, np.newaxis]


def test_a_signal_falls_by_six_decibels_when_the_distance_doubles() -> None:
    high = np.full(2, 60.0)
    near, far = ANTENNA.signal_dbm(np.array([1e6, 2e6]), high).tolist()
    # 33 dBm + 27.5 dBi - 159.49 dB at 1000 km and 2.25 GHz, by ITU-R P.525
    assert near == pytest.approx(-98.99, abs=0.01)
    assert far == pytest.approx(near - 6.02, abs=0.01)
    assert (
        ANTENNA.signal_dbm(np.array([0.0, 100.0]), high).tolist()[0]
        == ANTENNA.signal_dbm(np.array([100.0]), high[:1])[0]
    )


def test_loss_is_half_where_the_energy_of_a_bit_is_just_enough_and_grows_towards_the_mask() -> None:
    # -198.6 dBm/Hz/K + 21.8 dB of 150 K + 57.0 dB of the rate + 4.5 dB
    assert float(ANTENNA.loss(np.array([-115.35]))[0]) == pytest.approx(0.5, abs=0.02)
    above_deg = np.array([10.0, 5.0, 2.0, 1.0, 0.5, 0.0])
    lost = ANTENNA.loss(ANTENNA.signal_dbm(np.full(6, 2.2e6), above_deg))
    assert np.all(np.diff(lost) > 0.0)
    assert lost[0] < 1e-4
    assert lost[-1] > 0.3


def test_the_earth_stands_in_the_way_and_from_on_high_less() -> None:
    relay = position(0.0, 150.0, GEOSTATIONARY_M)
    # seen from the ground the satellite goes down 81 degrees away, from 200 km up more than 90
    for altitude_m, limit_deg in ((0.0, 81.30), (200_000.0, 81.30 + 14.16)):
        inside, outside = (position(0.0, 150.0 - limit_deg + more, altitude_m) for more in (0.05, -0.05))
        assert float(above_edge_deg(inside, relay)[0]) > 0.0
        assert float(above_edge_deg(outside, relay)[0]) < 0.0


def test_the_edge_follows_the_flattening() -> None:
    """Check against the straight line itself: at its lowest, over the pole, it is or is not inside the ellipsoid."""
    for altitude_m in (90_000.0, 98_000.0, 99_000.0, 105_000.0, 120_000.0):
        one, other = position(80.0, 0.0, altitude_m), position(80.0, 180.0, altitude_m)
        over_the_pole_m = float(0.5 * (one + other)[2, 0])
        is_free = over_the_pole_m > 6_356_752.314
        assert (float(above_edge_deg(one, other)[0]) > 0.0) == is_free, altitude_m
        # a ball as wide as the equator would hide what is below 119 km
        assert is_free == (altitude_m > 98_500.0)


def test_only_speed_in_air_makes_a_plasma() -> None:
    speeds, densities = np.array([7_000.0, 7_000.0, 3_000.0]), np.array([1e-4, 1e-7, 1e-2])
    assert in_plasma(speeds, densities).tolist() == [True, False, False]


def test_the_plasma_swallows_the_direct_signal_and_the_wake_lets_the_relay_hear(express: Transmitter) -> None:
    heard = reception(express, "ship", load_stations(("tasman", "relay")))
    (plasma,) = heard.plasma
    assert 40.0 < plasma.end_s - plasma.start_s < 300.0
    tasman, relay = heard.listeners
    (view,) = tasman.passes
    assert view.rise_s < plasma.end_s
    assert tasman.audible == (Span(plasma.end_s, np.inf),)
    assert relay.audible == (Span(-np.inf, np.inf),)
    assert plasma_spans(express.flight.tracks["booster"]) == ()


def test_a_relay_without_a_way_through_the_wake_is_swallowed_too(express: Transmitter) -> None:
    (relay,) = load_stations(("relay",))
    deaf = relay.model_copy(update={"wake_mask_deg": None})
    heard = reception(express, "ship", (deaf,))
    (plasma,) = heard.plasma
    assert heard.silent == (plasma,)
    low = relay.model_copy(update={"wake_mask_deg": 89.0})
    assert reception(express, "ship", (low,)).silent == (plasma,)


def test_what_nobody_hears_is_kept_and_sent_when_the_next_station_rises(
    express: Transmitter, direct_only: Reception
) -> None:
    haiyang, tasman = direct_only.listeners
    lost_s, found_s = haiyang.audible[0].end_s, tasman.audible[0].start_s
    assert found_s - lost_s > 500.0
    nav = direct_only.sendings["nav"]
    times_s = express.times_s("nav", "ship")
    silent = (times_s >= lost_s) & (times_s < found_s)
    assert np.array_equal(nav.recorded, silent)
    assert np.array_equal(nav.dumped, silent)
    assert nav.sent_s[silent].min() > found_s
    # first in, first out
    assert np.all(np.diff(nav.sent_s[silent]) > 0.0)
    octets = sum(
        np.count_nonzero(each.dumped) * express.stream("ship", name).octets.shape[1]
        for name, each in direct_only.sendings.items()
    )
    last_s = max(float(each.sent_s[each.dumped].max()) for each in direct_only.sendings.values())
    assert last_s - found_s == pytest.approx(octets / express.flight.preset.recorder.dump_octets_s, rel=1e-6)
    copies = tasman.heard["nav"].copies
    late_s = (copies.ert_ns - T0_NS) / NS_PER_S - times_s[copies.rows]
    assert float(late_s.max()) > found_s - lost_s
    assert np.count_nonzero(direct_only.heard_by("nav") == 0) < 0.01 * len(times_s)


def test_a_full_ring_keeps_the_newest() -> None:
    made = {"nav": np.arange(0.0, 10.0), "health": np.arange(0.5, 10.5, 2.0)}
    sent = sendings(made, {"nav": 10, "health": 20}, (Span(8.0, 99.0),), 12.0, Recorder(octets=60, dump_octets_s=100.0))
    # in the ring at 8 s: nav of 5, 6, 7 s and health of 6.5 s; that of 4.5 s does not fit any more
    assert np.flatnonzero(sent["nav"].dumped).tolist() == [5, 6, 7]
    assert np.flatnonzero(sent["health"].dumped).tolist() == [3]
    assert (sent["nav"].overwritten, sent["health"].overwritten) == (5, 3)
    assert sent["nav"].sent_s[5:].tolist() == pytest.approx([8.1, 8.2, 8.5, 8.0, 9.0])
    assert sent["health"].sent_s[3:].tolist() == pytest.approx([8.4, 8.5])


def test_a_dump_stops_where_hearing_stops_and_goes_on_later() -> None:
    made = {"nav": np.arange(0.0, 20.0)}
    heard = (Span(5.0, 7.0), Span(15.0, 99.0))
    sent = sendings(made, {"nav": 100}, heard, 19.0, Recorder(dump_octets_s=100.0))["nav"]
    # one a second: 5.0 + 1 s, then nothing fits before 7 s; four and the eight of the second gap are left
    assert sent.sent_s[:2].tolist() == [6.0, 16.0]
    assert np.flatnonzero(~np.isnan(sent.sent_s)).tolist() == [0, 1, 2, 3, 5, 6, 15, 16, 17, 18, 19]
    assert sent.overwritten == 0


def whole(count: int) -> tuple[Copies, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    sent_s = np.arange(count) / 50.0
    return copies_of(np.arange(count), np.rint(sent_s * NS_PER_S).astype(np.int64)), sent_s


def hit(line: str, count: int = 20_000, seed: int = 1) -> tuple[Copies, Damage]:
    copies, sent_s = whole(count)
    return damaged(copies, sent_s, draw([parse_fault(line)], seed), seed, WHOSE)


def test_lost_packets_are_the_share_that_was_asked_for() -> None:
    for line, share in (("packets_lost,share=0.05", 0.05), ("packets_lost,share=0.2,burst=10", 0.2)):
        copies, damage = hit(line)
        assert damage == Damage(lost=20_000 - len(copies.rows))
        assert damage.lost / 20_000 == pytest.approx(share, rel=0.2)
    assert len(hit("packets_lost,share=1")[0].rows) == 0


def test_bursts_hit_packets_in_a_row() -> None:
    copies, damage = hit("packets_lost,share=0.01,burst=50")
    gaps = np.diff(copies.rows) - 1
    assert gaps[gaps > 0].min() >= 50
    assert damage.lost > 0


def test_a_fault_keeps_to_its_time_vehicle_station_and_packet() -> None:
    copies, _ = hit("packets_lost@100,for_s=50,share=1")
    assert sorted(set(range(20_000)) - set(copies.rows.tolist())) == list(range(5_000, 7_500))
    for other in ("vehicle=booster", "station=tasman", "packet=cargo"):
        assert hit(f"packets_lost,share=1,{other}")[1] == Damage()


def test_duplicates_follow_their_packet() -> None:
    copies, damage = hit("packets_duplicated,share=0.1")
    assert len(copies.rows) == 20_000 + damage.duplicated
    assert np.all(np.diff(copies.rows) >= 0)
    assert damage.duplicated == pytest.approx(2_000, rel=0.1)


def test_reordered_packets_come_later_by_what_is_said() -> None:
    copies, damage = hit("packets_reordered,share=0.1,by_s=0.5")
    late_ns = copies.ert_ns - np.rint(copies.rows / 50.0 * NS_PER_S).astype(np.int64)
    assert sorted(set(late_ns.tolist())) == [0, NS_PER_S // 2]
    assert np.count_nonzero(late_ns) == damage.reordered
    assert np.all(np.diff(copies.ert_ns) >= 0)
    assert np.any(np.diff(copies.rows) < 0)


def test_flipped_bits_are_different_ones_behind_the_header() -> None:
    copies, damage = hit("packets_corrupted,share=0.5,bits=3")
    flips = copies.flips[~copies.intact]
    assert len(flips) == damage.corrupted
    assert flips.min() >= 6 * 8
    assert flips.max() < 80 * 8
    assert all(len(set(each)) == 3 for each in flips.tolist())


def test_a_cut_packet_keeps_its_header() -> None:
    for line, cut in (("packets_cut,share=0.1", 4), ("packets_cut,share=0.1,octets=500", 72)):
        copies, damage = hit(line)
        assert set(copies.cut.tolist()) == {0, cut}
        assert np.count_nonzero(copies.cut) == damage.cut


def test_faults_do_not_disturb_each_other() -> None:
    lines = ("packets_corrupted,share=0.1", "packets_cut,share=0.1", "packets_duplicated,share=0.1")
    copies, sent_s = whole(20_000)
    together, damage = damaged(copies, sent_s, draw([parse_fault(line) for line in lines], 1), 1, WHOSE)
    alone = [hit(line)[1] for line in lines]
    assert dataclasses.astuple(damage) == tuple(
        map(sum, zip(*(dataclasses.astuple(one) for one in alone), strict=True))
    )
    cut_alone = hit(lines[1])[0]
    assert set(together.rows[together.cut > 0].tolist()) == set(cut_alone.rows[cut_alone.cut > 0].tolist())


def test_masks_of_direct_stations_stand_above_the_horizontal(express: Transmitter) -> None:
    (haiyang,) = load_stations(("haiyang",))
    (start,) = passes(haiyang, express.flight.tracks["ship"])
    track = express.flight.tracks["ship"]
    before, behind = (track.position_m(np.array([start.set_s + step])) for step in (-0.2, 0.2))
    assert float(haiyang.above_mask_deg(before)[0]) > 0.0 > float(haiyang.above_mask_deg(behind)[0])
