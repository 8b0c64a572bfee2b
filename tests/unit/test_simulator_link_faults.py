"""Link faults on a flown hop: the truth's books are what the line's ledger says, and events stay what they are."""

from __future__ import annotations

import functools
import json
from collections import Counter
from typing import Any

import pytest
from detection import DECODER, T0_NS, detect, new_engine, take

from processors.engine import Engine
from simulator.faults import parse_fault
from simulator.packets import Transmitter
from simulator.radio.downlink import COARSEST_BUNDLE_S, in_line, make_links, ticks
from simulator.radio.stations import load_stations
from simulator.record import truth_json
from simulator.simulate import simulate
from telemetry.cuc import NS_PER_S
from telemetry.errors import Reason
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.refused import packet_of_refused
from telemetry.topics import Kind

LINKS = {"aos", "los"}
ONE = ("packets_duplicated", "packets_reordered,by_s=0.4", "packets_corrupted,bits=2", "packets_cut,octets=9")
LINES = {
    "nothing": (),
    "one station harms": tuple(f"{line},share=0.05,station=relay" for line in ("packets_lost", *ONE)),
    "station down": ("station_down@40,for_s=30,station=relay",),
    "all down": ("station_down@60,for_s=15",),
    "backhaul down": ("backhaul_down@40,for_s=30,station=relay",),
    "lost at the end": ("station_down@100",),
    "everything": (
        "packets_lost,share=0.05",
        "packets_duplicated,share=0.05,packet=nav",
        "packets_reordered,share=0.05,by_s=6",
        "packets_corrupted,share=0.05",
        "packets_cut,share=0.05,burst=3",
        "backhaul_down@90,station=relay",
        "station_down@60,for_s=15,station=haiyang",
    ),
}


@functools.cache
def hop(name: str) -> Transmitter:
    return simulate("hop", 3, T0_NS, faults=tuple(parse_fault(line) for line in LINES[name]))


@functools.cache
def truth(name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(truth_json(hop(name), "F"))
    return record


@functools.cache
def messages(name: str) -> tuple[Message, ...]:
    sent = hop(name)
    links = make_links(sent, load_stations(sent.flight.preset.stations), "live", "F")
    return tuple(in_line(ticks(sent, links, COARSEST_BUNDLE_S)))


@functools.cache
def line(name: str) -> tuple[Engine, Counter[str], tuple[tuple[str, str, str, float], ...]]:
    """Let an engine take the flight as the service does, refusals included."""
    engine, reasons = new_engine(), Counter[str]()
    events = []
    for message in messages(name):
        if message.kind is Kind.TELEMETRY:
            for refusal in DECODER.decode(message).refusals:
                reasons[refusal.reason.value] += 1
                octets = message.payload[refusal.start : refusal.stop]
                lone = Message(message.address, message.kind, octets, message.ert_ns)
                engine.take_refusal("ship", packet_of_refused(lone, hop(name).dictionary), refusal.reason.value)
        events += take(engine, message).events
    found = [(e.vehicle, e.name, str(e.values.get("station", "")), (e.t_ns - T0_NS) / NS_PER_S) for e in events]
    return engine, reasons, tuple(found)


each = pytest.mark.parametrize("name", LINES)


@each
def test_the_lines_ledger_says_what_the_truth_says_it_must(name: str) -> None:
    engine, _, _ = line(name)
    rows = {row.packet: row for row in engine.ledger()}
    books = truth(name)["books"]["ship"]
    assert set(rows) == set(books)
    for packet, expected in books.items():
        said = {key: getattr(rows[packet], key) for key in expected}
        assert said == expected, packet
        assert rows[packet].balanced


@each
def test_the_truths_ledger_adds_up(name: str) -> None:
    record = truth(name)
    for packet, entry in record["ledger"]["ship"].items():
        assert entry["sent"] == sum(entry["heard_by"]) == record["sent"]["ship"][packet]
        assert entry["recorded"] == entry["dumped"] + entry["overwritten"] + entry["left_on_board"]
        unknown = entry["sent"] - record["books"]["ship"][packet]["sent"]
        assert entry["heard_by"][0] == record["books"]["ship"][packet]["missing"] + unknown
        assert (unknown > 0) == (name == "lost at the end")
        for station in entry["stations"].values():
            assert station["sent"] == station["heard"] + station["lost_by_chance"] + station["lost_by_fault"]
        heard_well = sum(count * by for by, count in enumerate(entry["heard_by"]))
        heard = sum(one["heard"] for one in entry["stations"].values())
        harmed = sum(one["corrupted"] + one["cut"] for one in entry["stations"].values())
        assert heard - harmed <= heard_well <= heard


@each
def test_the_truth_says_what_goes_wrong_and_what_should_be_detected(name: str) -> None:
    faults = truth(name)["faults"]
    assert [fault["kind"] for fault in faults] == [parse_fault(line).kind for line in LINES[name]]
    engine, reasons, events = line(name)
    late = sum(row.late + (row.rerun or 0) for row in engine.ledger())
    books = truth(name)["books"]["ship"].values()
    for finding in [finding for fault in faults for finding in fault["expected"]]:
        if finding.startswith("downrange.link"):
            assert finding.rpartition(".")[2] in {event for _, event, _, _ in events}
        elif finding.startswith("rejected: "):
            assert reasons[finding.removeprefix("rejected: ")] > 0
        elif finding == "ledger: late":
            assert late > 0
        elif finding.startswith("ledger: "):
            assert sum(row[finding.removeprefix("ledger: ")] for row in books) > 0


@pytest.mark.parametrize("name", ["one station harms", "station down", "backhaul down"])
def test_what_the_other_station_hears_gives_the_same_events(name: str) -> None:
    def flown(name: str) -> list[tuple[str, float]]:
        return sorted((event, round(t_s, 6)) for _, event, _, t_s in line(name)[2] if event not in LINKS)

    assert flown(name) == flown("nothing")


@pytest.mark.parametrize("name", ["one station harms", "everything"])
def test_a_bad_packet_costs_no_neighbour(name: str) -> None:
    stations = [one for entry in truth(name)["ledger"]["ship"].values() for one in entry["stations"].values()]
    books = truth(name)["books"]["ship"]
    _, reasons, _ = line(name)
    assert reasons[Reason.BAD_LENGTH.value] == books["?"]["rejected"] >= sum(one["cut"] for one in stations) > 0
    assert sum(reasons.values()) == sum(row["rejected"] for row in books.values())
    assert set(reasons) == {Reason.BAD_LENGTH.value, Reason.BAD_CRC.value}


def test_a_station_that_is_down_says_nothing_and_its_packets_are_missing_where_it_is_alone() -> None:
    name = "station down"
    beats = [
        (LinkReport.model_validate_json(each.payload).ert_ns or 0) - T0_NS
        for each in messages(name)
        if each.kind is Kind.LINK and each.address.station == "relay"
    ]
    assert not [t_ns for t_ns in beats if 40 * NS_PER_S <= t_ns < 70 * NS_PER_S]
    (lost_s,) = [t_s for _, event, station, t_s in line(name)[2] if (event, station) == ("los", "relay")]
    assert lost_s == pytest.approx(40.0, abs=0.5)
    assert ("ship", "aos", "relay", 70.0) in line(name)[2]
    assert truth(name)["radio"]["ship"]["stations"]["relay"]["heard"] == [[None, 40.0], [70.0, None]]


def test_with_all_stations_down_the_ring_on_board_brings_it_afterwards() -> None:
    nav = truth("all down")["ledger"]["ship"]["nav"]
    assert nav["recorded"] == nav["dumped"] == 15 * 50
    assert nav["heard_by"][0] < 10
    late_ns = [
        message.ert_ns - int(frame.t_ns.min())
        for message in messages("all down")
        if message.kind is Kind.TELEMETRY
        for frame in DECODER.decode(message).frames
    ]
    assert max(late_ns) == pytest.approx(15 * NS_PER_S, abs=NS_PER_S)


def test_a_station_without_its_line_keeps_what_it_hears_and_brings_it_with_its_own_times() -> None:
    name = "backhaul down"
    order = [each.ert_ns for each in messages(name)]
    assert order != sorted(order)
    relay = [each for each in messages(name) if each.address.station == "relay"]
    assert relay == [each for each in messages("nothing") if each.address.station == "relay"]
    first = next(
        i
        for i, each in enumerate(messages(name))
        if each.address.station == "relay" and each.ert_ns > T0_NS + 40 * NS_PER_S
    )
    assert max(each.ert_ns for each in messages(name)[:first]) >= T0_NS + 69 * NS_PER_S
    assert sum(row.late + (row.rerun or 0) for row in line(name)[0].ledger()) > 0


def test_without_faults_two_stations_hear_nearly_everything() -> None:
    nav = truth("nothing")["ledger"]["ship"]["nav"]
    none, one, two = nav["heard_by"]
    assert none < 0.0005 * nav["sent"]
    assert one < 0.01 * nav["sent"]
    assert two > 0.99 * nav["sent"]


def test_detection_goes_on_beside_damage() -> None:
    found = {event for _, event, _, _ in line("everything")[2]}
    assert {"ignition", "liftoff", "meco", "apogee", "landing_burn_start", "splashdown"} <= found
    assert detect(messages("nothing")).events
