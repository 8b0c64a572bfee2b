"""How detection takes a backlog: together, and one by one where that goes wrong; both say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest
from detection import DECODER, REGISTRY, messages_of, seen, transmitter
from structlog import get_logger

from processors.detect import taking
from processors.detect.flight import Flight
from processors.detect.intake import Arrival
from processors.detect.outbox import Findings
from processors.detect.reading import Packets, Reading, Report, advance, read_telemetry
from processors.detect.taking import TOGETHER, Said, Taking
from processors.engine import Engine
from processors.output import Output
from runtime.aside import Aside
from runtime.health import Health
from telemetry.dictionary import Dictionary
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic

TOPIC = KafkaTopic.TELEMETRY.value
YEAR_NS = 365 * 24 * 3600 * 10**9


class Fragile(Engine):
    """Breaks on some messages: on those of `takes` half way through, on those of `looks` when detectors look."""

    takes: frozenset[int] = frozenset()
    looks: frozenset[int] = frozenset()

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
        offset = offsets[f"{TOPIC}-0"]
        self.spoilt = getattr(self, "spoilt", False) or offset in self.looks
        if offset in self.takes or (look and self.spoilt):
            raise ZeroDivisionError
        return output

    def look(self) -> Output:
        if getattr(self, "spoilt", False):
            raise ZeroDivisionError
        return super().look()


@dataclass
class Came:
    """What came of a backlog: events, refused records, books."""

    events: list[Event] = field(default_factory=list)
    kept: list[bytes] = field(default_factory=list)
    books: list[LedgerRow] = field(default_factory=list)


def arrivals_of(readings: Sequence[Reading]) -> list[Arrival]:
    return [Arrival(0, TOPIC, offset, "live/F", reading) for offset, reading in enumerate(readings)]


def take(
    monkeypatch: pytest.MonkeyPatch, arrivals: Sequence[Arrival], most: int, new: Callable[..., Engine] = Engine
) -> Came:
    """Let a new flight take a backlog in batches of at most so many."""
    monkeypatch.setattr(taking, "Engine", new)
    health = Health("detect")
    taker = Taking(DECODER, 2 * 10**9, Aside("detect", health, get_logger()))
    flight, findings = Flight(taker.new_engine("live/F"), {}), Findings([], [])
    said = Said(0, set(), findings)
    for at in range(0, len(arrivals), most):
        taker.take_records(flight, arrivals[at : at + most], said)
    refused = [record.value for record in findings.records if record.topic is KafkaTopic.REJECTED]
    books = [row.model_copy(update={"as_of_ns": 0}) for row in flight.engine.ledger()]
    assert flight.next_offsets == {TOPIC: arrivals[-1].offset + 1}
    return Came([event for _, event in findings.events], refused, books)


@pytest.fixture(scope="module")
def hop() -> list[Arrival]:
    messages = messages_of(transmitter("hop"))[:900]
    return arrivals_of([read_telemetry(one.payload, one.kafka_headers(), DECODER) for one in messages])


@pytest.mark.parametrize("most", [7, TOGETHER, 900])
def test_a_backlog_says_what_the_messages_say_one_by_one(
    monkeypatch: pytest.MonkeyPatch, hop: list[Arrival], most: int
) -> None:
    singly, together = take(monkeypatch, hop, 1), take(monkeypatch, hop, most)
    assert singly.events
    assert together == singly


@pytest.mark.parametrize("where", ["takes", "looks"])
def test_of_a_backlog_only_what_breaks_the_engine_is_put_aside(
    monkeypatch: pytest.MonkeyPatch, hop: list[Arrival], where: str
) -> None:
    packets = [arrival.offset for arrival in hop if isinstance(arrival.reading, Packets)]
    broken = frozenset({packets[3], packets[120], packets[121], packets[400]})

    def new(run: str, flight: str, registry: object, hold_ns: int) -> Engine:
        assert registry is REGISTRY
        engine = Fragile(run, flight, REGISTRY, hold_ns)
        setattr(engine, where, broken)
        return engine

    sound = [arrival for arrival in hop if arrival.offset not in broken]
    expected, came = take(monkeypatch, sound, 1), take(monkeypatch, hop, 900, new)
    octets = [one.reading.message.payload for one in hop if one.offset in broken and isinstance(one.reading, Packets)]
    assert came.kept == octets
    assert (came.events, came.books) == (expected.events, expected.books)


def test_a_report_that_is_not_believed_is_kept_and_its_backlog_taken(
    monkeypatch: pytest.MonkeyPatch, hop: list[Arrival]
) -> None:
    at = next(arrival.offset for arrival in hop[300:] if isinstance(arrival.reading, Report))
    reading = hop[at].reading
    assert isinstance(reading, Report)
    wrong_ns = reading.message.ert_ns + 80 * YEAR_NS
    wrong = LinkReport(state="aos", reason="heartbeat", ert_ns=wrong_ns)
    message = replace(reading.message, payload=wrong.model_dump_json().encode(), ert_ns=wrong_ns)
    spoilt = [replace(hop[at], reading=Report(message, wrong)) if one.offset == at else one for one in hop]
    without = [one for one in hop if one.offset != at]
    came = take(monkeypatch, spoilt, TOGETHER)
    assert came.kept == [message.payload]
    assert came.events == take(monkeypatch, without, TOGETHER).events


def test_what_detectors_had_not_seen_when_a_flight_was_saved_they_see_afterwards(hop: list[Arrival]) -> None:
    engine, whole, events = Engine("live", "F", REGISTRY), Engine("live", "F", REGISTRY), list[Event]()
    for number, one in enumerate(hop):
        events += advance(engine, one.reading, one.offsets, look=False).events
        if number % 50 == 49:
            saved, engine = engine.snapshot(), Engine("live", "F", REGISTRY)
            engine.restore(saved)
    events += engine.look().events
    expected = [event for one in hop for event in advance(whole, one.reading, one.offsets).events]
    assert seen(events) == seen(expected) != []
