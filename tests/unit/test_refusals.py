"""Refused packets by reason, and a retry that takes each of them back once."""

from __future__ import annotations

from dataclasses import replace

import msgpack
import pytest
from detection import DECODER, detect, messages_of, new_engine, take, transmitter

from processors.books.refusals import MAX_RANGES, Refusals
from processors.detect.reading import read_telemetry
from processors.engine import Engine
from telemetry.errors import PacketError, Reason
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import Kind


def telemetry() -> list[Message]:
    return [message for message in messages_of(transmitter("hop"))[:200] if message.kind is Kind.TELEMETRY]


def retry(message: Message, retry_of: str) -> Message:
    return replace(message, retry_of=retry_of, retry_packet="?", retry_reason="unknown-apid")


def figures(engine: Engine) -> dict[str, LedgerRow]:
    rows = {row.packet: row for row in engine.ledger()}
    assert all(row.balanced for row in rows.values()), [row.imbalances for row in rows.values()]
    return rows


def test_a_retried_record_is_counted_and_its_refusal_taken_back_once() -> None:
    messages = telemetry()
    engine = detect(messages[:3]).engine
    engine.take_refusal("ship", "?", "unknown-apid")
    engine.take_refusal("ship", "?", "bad-crc")
    before = figures(engine)
    assert before["?"].rejected_by == {"bad-crc": 1, "unknown-apid": 1}
    retried = retry(messages[3], "0-17")
    take(engine, retried)
    after = figures(engine)
    assert after["?"].rejected_by == {"bad-crc": 1}
    assert sum(row.unique for row in after.values()) > sum(row.unique for row in before.values())
    assert take(engine, retried).events == []
    assert figures(engine) == after


def test_a_retry_of_what_came_another_way_is_a_duplicate() -> None:
    messages = telemetry()
    engine = detect(messages[:3]).engine
    engine.take_refusal("ship", "?", "unknown-apid")
    before = figures(engine)
    take(engine, retry(messages[1], "0-17"))
    after = figures(engine)
    assert (after["?"].received, after["?"].rejected_by) == (0, {})
    assert sum(row.unique for row in after.values()) == sum(row.unique for row in before.values())
    assert sum(row.duplicate for row in after.values()) > sum(row.duplicate for row in before.values())


def test_a_retry_may_be_read_before_its_refusal() -> None:
    engine = new_engine()
    take(engine, retry(telemetry()[0], "3-5"))
    assert figures(engine)["?"].rejected == 0
    engine.take_refusal("ship", "?", "unknown-apid")
    assert figures(engine)["?"].rejected == 0


def test_a_retry_is_remembered_through_a_snapshot() -> None:
    messages = telemetry()
    engine, other = detect(messages[:3]).engine, new_engine()
    take(engine, retry(messages[3], "0-17"))
    other.restore(engine.snapshot())
    take(other, retry(messages[3], "0-17"))
    assert figures(other) == figures(engine)


def test_books_of_a_vehicle_are_one_whatever_dictionary_its_packets_name() -> None:
    messages = telemetry()
    engine = detect(messages[:20]).engine
    dictionary = DECODER.dictionary_of(messages[20])
    assert dictionary is not None
    mended = dictionary.model_copy(update={"version": dictionary.version + 1})
    engine.take_frames(messages[20], DECODER.decode(messages[20]).frames, mended, {})
    engine.take_frames(messages[20], DECODER.decode(messages[20]).frames, dictionary, {})
    rows = engine.ledger()
    assert len({row.identity for row in rows}) == len(rows)
    assert all(row.balanced for row in rows)
    whole = {row.packet: row.unique for row in detect(messages[:21]).engine.ledger()}
    assert {row.packet: row.unique for row in rows} == whole


@pytest.mark.parametrize("retry_of", ["17", "a-1", "0-", "-1", "0-1-2", "0--1", "0-" + 30 * "9"])
def test_a_retry_of_nothing_that_can_be_is_refused(retry_of: str) -> None:
    message = retry(telemetry()[0], retry_of)
    with pytest.raises(PacketError, match="retry_of") as caught:
        read_telemetry(message.payload, message.kafka_headers(), DECODER)
    assert caught.value.reason is Reason.BAD_PROPERTY


def test_what_was_retried_is_remembered_in_bounded_memory_and_the_newest_for_sure() -> None:
    refusals = Refusals()
    for offset in range(0, 6 * MAX_RANGES, 2):
        assert refusals.retry("ship", "?", "bad-crc", f"0-{offset}")
    assert not refusals.retry("ship", "?", "bad-crc", f"0-{6 * MAX_RANGES - 2}")
    assert len(msgpack.packb(refusals.snapshot())) < 5 * MAX_RANGES
