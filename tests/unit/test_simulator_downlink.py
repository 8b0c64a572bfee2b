"""What the stations hear, when, and in what order it goes out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from detection import T0_NS, transmitter

from simulator.packets import Transmitter
from simulator.physics.earth import Place
from simulator.radio.downlink import Link, bundle_s, make_links, ticks
from simulator.radio.stations import chance_of, load_stations, passes
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import built_in
from telemetry.errors import FlightError
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.topics import Address, Kind

CODEC = PacketCodec(built_in("yuanxing-1"))


@pytest.fixture(scope="module")
def express() -> Transmitter:
    return transmitter("express")


@pytest.fixture(scope="module")
def links(express: Transmitter) -> tuple[Link, ...]:
    return make_links(express, load_stations(("haiyang", "tasman", "relay")), "live", "YX1-7")


@pytest.fixture(scope="module")
def messages(express: Transmitter, links: tuple[Link, ...]) -> list[Message]:
    return [message for tick in ticks(express, links, 1.0) for message in tick.messages]


def counts_of(messages: list[Message], vehicle: str, station: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for message in messages:
        if (message.address.vehicle, message.address.station, message.kind) == (vehicle, station, Kind.TELEMETRY):
            decoded = CODEC.inspect(message.payload, vehicle, station, message.ert_ns)
            assert not decoded.refusals
            assert len({frame.packet for frame in decoded.frames}) == len(decoded.frames), "grouped by type"
            for frame in decoded.frames:
                found.setdefault(frame.packet, []).extend(frame.t_ns.tolist())
    return found


def reports_of(messages: list[Message], vehicle: str, station: str) -> list[LinkReport]:
    return [
        LinkReport.model_validate_json(message.payload)
        for message in messages
        if (message.address.vehicle, message.address.station, message.kind) == (vehicle, station, Kind.LINK)
    ]


def test_two_stations_hear_both_ends_and_the_relay_closes_the_gap(express: Transmitter) -> None:
    haiyang, tasman, relay = load_stations(("haiyang", "tasman", "relay"))
    ship, booster = express.flight.tracks["ship"], express.flight.tracks["booster"]
    (start,), (end,) = passes(haiyang, ship), passes(tasman, ship)
    assert start.rise_s == -np.inf
    assert 250.0 < start.set_s < 700.0
    assert 1_000.0 < end.rise_s < 1_700.0
    assert end.set_s == np.inf
    assert passes(tasman, booster) == ()
    for track in (ship, booster):
        (always,) = passes(relay, track)
        assert (always.rise_s, always.set_s) == (-np.inf, np.inf)


def test_masks_hold_but_for_the_neighbourhood(express: Transmitter) -> None:
    haiyang, tasman, _ = load_stations(("haiyang", "tasman", "relay"))
    low = Place(haiyang.latitude_deg + 0.5, haiyang.longitude_deg).position_m(1_000.0)[:, np.newaxis]
    high = Place(haiyang.latitude_deg + 0.5, haiyang.longitude_deg).position_m(20_000.0)[:, np.newaxis]
    near = Place(haiyang.latitude_deg + 0.05, haiyang.longitude_deg).position_m(0.0)[:, np.newaxis]
    assert [bool(haiyang.hears(at)[0]) for at in (low, high, near)] == [False, True, True]
    splash = express.flight.tracks["ship"].at(np.array([float(express.flight.end_s)])).position_m
    assert bool(tasman.hears(splash)[0])


def test_nothing_is_received_before_it_is_sent_and_light_takes_its_time(messages: list[Message]) -> None:
    delays: dict[str, list[float]] = {}
    for message in messages[::37]:
        if message.kind is Kind.TELEMETRY:
            decoded = CODEC.inspect(message.payload, "v", "s", message.ert_ns)
            last_ns = max(int(frame.t_ns.max()) for frame in decoded.frames)
            delays.setdefault(message.address.station, []).append((message.ert_ns - last_ns) / NS_PER_S)
    assert all(0.0 <= delay < 0.03 for delay in delays["haiyang"])
    assert all(0.2 < delay < 0.35 for delay in delays["relay"])


def test_messages_of_a_link_come_in_order_of_receipt(messages: list[Message], links: tuple[Link, ...]) -> None:
    for link in links:
        own = [message for message in messages if message.address == link.address]
        packets = [message.ert_ns for message in own if message.kind is Kind.TELEMETRY]
        beats = [message.ert_ns for message in own if message.kind is Kind.LINK]
        assert packets == sorted(packets)
        assert beats == sorted(beats)


def test_each_link_beats_once_a_second_from_start_to_end(express: Transmitter, messages: list[Message]) -> None:
    for vehicle in ("ship", "booster"):
        for station in ("haiyang", "tasman", "relay"):
            beats = [report for report in reports_of(messages, vehicle, station) if report.reason == "heartbeat"]
            times = np.array([report.ert_ns for report in beats], dtype=np.int64)
            assert times[0] == express.start_ns
            assert times[-1] == express.start_ns + express.duration_ns
            assert set(np.diff(times).tolist()) == {NS_PER_S}
            assert all((report.signal_dbm is not None) == (report.state == "aos") for report in beats)


def test_masks_are_reported_when_they_are_crossed(express: Transmitter, messages: list[Message]) -> None:
    crossed = [r for r in reports_of(messages, "ship", "haiyang") if r.reason == "mask"]
    (start,) = passes(load_stations(("haiyang",))[0], express.flight.tracks["ship"])
    assert [(r.state, r.ert_ns) for r in crossed] == [("los", T0_NS + round(start.set_s * NS_PER_S))]
    # it rises in the plasma of its entry: nothing is heard of it at that moment
    assert not [r for r in reports_of(messages, "ship", "tasman") if r.reason == "mask"]
    assert not [r for r in reports_of(messages, "ship", "relay") if r.reason == "mask"]


def test_stations_lose_few_packets_and_each_others_differ(express: Transmitter, messages: list[Message]) -> None:
    sent = express.sent("ship")["nav"]
    relay = counts_of(messages, "ship", "relay")["nav"]
    assert 0.996 < len(relay) / sent < 0.9995
    haiyang = counts_of(messages, "ship", "haiyang")["nav"]
    everything = Counter([*relay, *haiyang, *counts_of(messages, "ship", "tasman")["nav"]])
    assert max(everything.values()) == 2, "overlap gives duplicates"
    lost_together = sent - len(everything)
    assert 0 < lost_together < sent - len(relay)


def test_chance_depends_on_seed_station_vehicle_and_packet() -> None:
    base = chance_of(1, "haiyang", "ship", "nav").random(8).tolist()
    assert base == chance_of(1, "haiyang", "ship", "nav").random(8).tolist()
    for other in (
        chance_of(2, "haiyang", "ship", "nav"),
        chance_of(1, "relay", "ship", "nav"),
        chance_of(1, "haiyang", "booster", "nav"),
        chance_of(1, "haiyang", "ship", "cargo"),
    ):
        assert other.random(8).tolist() != base


def test_bundles_grow_with_speed_but_not_beyond_a_second() -> None:
    assert [bundle_s(speed) for speed in (1.0, 5.0, 20.0, 60.0, float("inf"))] == [0.2, 0.2, 0.8, 1.0, 1.0]


def test_every_tick_lies_behind_what_it_carries(express: Transmitter, links: tuple[Link, ...]) -> None:
    for tick in ticks(express, links[:1], 0.8):
        assert all(tick.t_ns - 800_000_000 < message.ert_ns <= tick.t_ns for message in tick.messages)


def test_messages_carry_address_and_dictionary(messages: list[Message]) -> None:
    packets = next(message for message in messages if message.kind is Kind.TELEMETRY)
    assert packets.address == Address("live", "YX1-7", "ship", "haiyang")
    assert (packets.dictionary, packets.correlation, packets.sent_ns) == ("yuanxing-1", b"", 0)
    assert packets.content_type == "application/vnd.ccsds.space-packets"


def test_an_unknown_station_names_the_known_ones() -> None:
    with pytest.raises(FlightError, match=r"no station 'mars' in .*; there are haiyang, tasman, .*relay"):
        load_stations(("haiyang", "mars"))
