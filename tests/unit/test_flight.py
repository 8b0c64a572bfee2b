"""A flight in memory: what breaks its engine leaves no trace in it, and what is absurd costs only itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from detection import DECODER, NS, REGISTRY, T0_NS, messages_of, transmitter

from processors.detect.flight import MOST_STEPS, Flight, pack_flight, unpack_flight
from processors.detect.reading import Packets, Reading, Refused, Report, read_telemetry
from processors.detect.snapshot_parts import PART_OCTETS, join_snapshot, split_snapshot, turn_of
from processors.engine import Engine
from processors.links.watches import MOST_VEHICLES
from processors.output import Output
from telemetry.dictionary import Dictionary
from telemetry.errors import InputError, InternalError, PacketError, Reason
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.link import LinkReport
from telemetry.message import JSON, Message
from telemetry.quality import LedgerRow
from telemetry.topics import Address, Kind

YEAR_NS = 365 * 24 * 3600 * NS
AT = "downrange.telemetry-0"


class Fragile(Engine):
    """An engine that breaks on some messages after it has taken half of them in."""

    breaks: frozenset[int] = frozenset()

    def take_frames(
        self,
        message: Message,
        frames: Sequence[Frame],
        dictionary: Dictionary,
        offsets: dict[str, int],
        *,
        look: bool = True,
    ) -> Output:
        output = super().take_frames(message, frames, dictionary, offsets, look=look)
        if offsets[AT] in self.breaks:
            raise ZeroDivisionError
        return output


def fragile(breaks: frozenset[int]) -> Callable[[], Engine]:
    def new() -> Engine:
        engine = Fragile("live", "F", REGISTRY)
        engine.breaks = breaks
        return engine

    return new


def readings(messages: Sequence[Message]) -> list[Reading]:
    return [read_telemetry(message.payload, message.kafka_headers(), DECODER) for message in messages]


def fly(
    flight: Flight, taken: Sequence[tuple[int, Reading]], new: Callable[[], Engine]
) -> tuple[list[Event], list[str]]:
    """Let a flight take readings; returns its events, and what is said of those that were put aside."""
    events: list[Event] = []
    aside: list[str] = []
    for offset, reading in taken:
        try:
            events += flight.take(reading, {AT: offset}).events
        except InternalError as error:
            flight.go_back(new(), DECODER)
            aside.append(error.detail)
    return events, aside


def ledger(flight: Flight) -> list[LedgerRow]:
    return flight.engine.ledger()


@pytest.fixture(scope="module")
def hop() -> list[Reading]:
    return readings(messages_of(transmitter("hop"))[:1800])


@pytest.mark.parametrize("saved_at", [450, 700])
def test_a_flight_goes_on_as_if_a_message_that_breaks_its_engine_had_never_come(
    hop: list[Reading], saved_at: int
) -> None:
    packets = [offset for offset, reading in enumerate(hop) if isinstance(reading, Packets)]
    # the third, two in a row, and one behind more messages than are taken again
    breaks = frozenset({packets[2], packets[200], packets[201], packets[201 + 2 * MOST_STEPS]})
    sound = [(offset, reading) for offset, reading in enumerate(hop) if offset not in breaks]
    undisturbed = Flight(Engine("live", "F", REGISTRY), {})
    expected, _ = fly(undisturbed, sound, fragile(frozenset()))

    new = fragile(breaks)
    flight = Flight(new(), {})
    found: list[Event] = []
    aside: list[str] = []
    taken = list(enumerate(hop))
    for part in (taken[:saved_at], taken[saved_at:]):
        events, put_aside = fly(flight, part, new)
        found += events
        aside += put_aside
        flight = unpack_flight(pack_flight(flight, 0), new())
    assert len(aside) == len(breaks)
    assert all(detail.startswith("ZeroDivisionError at test_flight.py:") for detail in aside)
    assert found == expected
    assert ledger(flight) == ledger(undisturbed)


def test_the_way_back_is_short_however_long_the_flight_is(hop: list[Reading]) -> None:
    flight = Flight(Engine("live", "F", REGISTRY), {})
    for offset, reading in enumerate(hop):
        flight.take(reading, {AT: offset})
        assert len(flight.steps) < MOST_STEPS
        assert all(not step.frames for step, _ in flight.steps if isinstance(step, Packets))


def report(ert_ns: int, station: str = "haiyang") -> Report:
    said = LinkReport(state="aos", reason="heartbeat", ert_ns=ert_ns)
    octets = said.model_dump_json().encode()
    return Report(Message(Address("live", "F", "ship", station), Kind.LINK, octets, ert_ns, content_type=JSON), said)


def test_a_station_whose_clock_is_decades_fast_does_not_carry_the_flight_away(hop: list[Reading]) -> None:
    sound = Flight(Engine("live", "F", REGISTRY), {})
    expected, _ = fly(sound, list(enumerate(hop)), fragile(frozenset()))
    flight, found, refused = Flight(Engine("live", "F", REGISTRY), {}), [], 0
    for offset, reading in enumerate(hop):
        found += flight.take(reading, {AT: offset}).events
        if offset % 10 == 0 and offset > 100:
            with pytest.raises(InputError) as error:
                flight.take(report(T0_NS + 80 * YEAR_NS + offset * NS // 10, "wrong"), {AT: offset})
            assert error.value.reason is Reason.BAD_TIME
            refused += 1
    assert refused > 100
    assert found == expected


def test_packets_whose_station_has_the_wrong_year_count_when_their_vehicle_made_them(hop: list[Reading]) -> None:
    first = next(reading for reading in hop if isinstance(reading, Packets))
    flight = Flight(Engine("live", "F", REGISTRY), {})
    flight.take(report(first.message.ert_ns + 80 * YEAR_NS), {AT: 0})
    for offset, reading in enumerate(hop[:600]):
        ert_ns = reading.message.ert_ns if isinstance(reading, Packets) else 0
        if isinstance(reading, Packets) and reading.message.address.station == "relay":
            wrong = replace(reading.message, ert_ns=ert_ns + 80 * YEAR_NS)
            flight.take(Packets(wrong, reading.frames, (), reading.dictionary), {AT: offset})
        elif isinstance(reading, Packets | Report):
            flight.take(reading, {AT: offset})
    rows = ledger(flight)
    assert max(row.as_of_ns for row in rows) < T0_NS + YEAR_NS
    assert sum(row.detected or 0 for row in rows) > 100
    assert sum(row.late or 0 for row in rows) == 0


def test_a_flight_that_was_silent_for_a_day_goes_on_after_three_seconds_of_reports() -> None:
    flight = Flight(Engine("live", "F", REGISTRY), {})
    flight.take(report(T0_NS), {AT: 0})
    later_ns = T0_NS + 86_400 * NS
    for second in range(3):
        with pytest.raises(InputError):
            flight.take(report(later_ns + second * NS), {AT: second})
        # what was refused is remembered by the next owner, and by the engine that is made anew
        flight = unpack_flight(pack_flight(flight, 0), Engine("live", "F", REGISTRY))
    assert flight.take(report(later_ns + 3 * NS), {AT: 3}).records


def test_a_station_that_reports_once_a_minute_is_believed_at_once_and_told() -> None:
    flight = Flight(Engine("live", "F", REGISTRY), {})
    for minute in range(5):
        assert flight.take(report(T0_NS + minute * 60 * NS), {AT: minute}).records


def test_of_ten_thousand_vehicles_a_flight_keeps_so_many(hop: list[Reading]) -> None:
    first = next(reading for reading in hop if isinstance(reading, Packets))
    flight = Flight(Engine("live", "F", REGISTRY), {})
    refused: list[Reason] = []
    for number in range(10_000):
        address = Address("live", "F", f"v{number}", "haiyang")
        reading = Packets(replace(first.message, address=address), first.frames, (), first.dictionary)
        try:
            flight.take(reading, {AT: number})
        except PacketError as error:
            flight.take(Refused(reading.message, "nav", error.reason.value), {AT: number})
            refused.append(error.reason)
    assert refused == [Reason.TOO_MANY] * (10_000 - MOST_VEHICLES)
    rows = ledger(flight)
    assert sum(row.rejected for row in rows) == len(refused)
    assert len({row.vehicle for row in rows}) < 1_000
    assert len(pack_flight(flight, 0)) < 4_000_000


def refusal(message: Message, origin: str) -> Refused:
    return Refused(message, "nav", "bad-crc", origin)


def test_what_detection_refuses_once_more_after_a_crash_counts_once(hop: list[Reading]) -> None:
    message = next(reading for reading in hop if isinstance(reading, Packets)).message
    flight = Flight(Engine("live", "F", REGISTRY), {})
    first = ["read-5-0", "read-5-40", "engine-4-0", "read-9-0"]
    counted = []
    for origin in (*first, *first[1:], "read-10-0", "", ""):
        if flight.is_news(refusal(message, origin)):
            counted.append(origin)
        flight = unpack_flight(pack_flight(flight, 0), Engine("live", "F", REGISTRY))
    assert counted == [*first, "read-10-0", "", ""]


def test_a_snapshot_larger_than_a_record_is_joined_of_its_own_parts_only() -> None:
    first, second = bytes(3 * PART_OCTETS + 7), b"\1" * (2 * PART_OCTETS)
    parts, head = split_snapshot("live/F", first, 0)
    assert len(parts) == 4
    assert max(map(len, parts.values())) <= PART_OCTETS
    # the next one was being written when the process ended: its parts, and not yet its record
    later, later_head = split_snapshot("live/F", second, 1)
    assert join_snapshot("live/F", head, parts | later) == first
    assert join_snapshot("live/F", later_head, parts | later) == second
    with pytest.raises(PacketError, match="do not belong together"):
        join_snapshot("live/F", head, parts | dict(list(split_snapshot("live/F", second, 0)[0].items())[:1]))
    small = pack_flight(Flight(Engine("live", "F", REGISTRY), {}), 0)
    assert split_snapshot("live/F", small, 1) == ({}, small)
    assert (turn_of(head), turn_of(later_head), turn_of(small)) == (0, 1, None)
