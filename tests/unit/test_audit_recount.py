"""A recount finds what the line's own way of reading finds, without decoding what it does not need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from audited import DECODER, telemetry_of
from flown import NS

from processors.audit.recount import Recount
from processors.influx.counted import Asked, count_query, read_counts
from telemetry.errors import TransientError
from telemetry.message import Message
from telemetry.quality import LedgerRow

T0_NS = 1_893_456_000 * NS
SECONDS = 5
# what the time code on board can tell apart, and more
CLOCK_NS = 1000


def recounted(messages: Iterable[Message], rejected: Iterable[tuple[Message, str, str]] = ()) -> dict[str, LedgerRow]:
    recount = Recount("live", "F", DECODER)
    for message in messages:
        recount.take_telemetry(message.payload, message.kafka_headers())
    for message, packet, reason in rejected:
        headers = [*message.kafka_headers(), ("packet", packet.encode()), ("reason", reason.encode())]
        recount.take_rejected(message.payload, headers)
    return {row.packet: row for row in recount.rows()}


def messages() -> list[Message]:
    return telemetry_of("F", SECONDS, T0_NS)


def test_a_resend_and_a_second_station_are_told_apart() -> None:
    flown = messages()
    rows = recounted([*flown, flown[0], flown[0]])
    assert (rows["nav"].unique, rows["nav"].overlapping, rows["nav"].resent) == (250, 250, 100)


def test_a_refused_record_that_a_retry_brought_is_moved_once() -> None:
    first, *others = messages()
    again = replace(first, retry_of="0-17", retry_packet="nav", retry_reason="unknown-apid")
    rows = recounted([*others, again, again], [(first, "nav", "unknown-apid"), (first, "nav", "bad-crc")])
    assert (rows["nav"].unique, rows["nav"].rejected_by) == (250, {"bad-crc": 1})
    assert rows["nav"].balanced


def test_a_packet_from_the_future_is_none_as_for_the_line() -> None:
    first, *others = messages()
    early = replace(first, ert_ns=first.ert_ns - 10 * NS)
    rows = recounted([early, *others[1:]])
    expected = DECODER.inspect(early)
    assert not expected.frames
    assert rows["nav"].unique == 200


def test_gaps_have_the_times_of_their_neighbours() -> None:
    recount = Recount("live", "F", DECODER)
    flown = messages()
    for message in [*flown[:2], *flown[4:]]:
        recount.take_telemetry(message.payload, message.kafka_headers())
    (gap,) = recount.gaps("ship", "nav")
    assert (gap.first, gap.last) == (50, 99)
    assert gap.after_ns is not None
    assert (gap.after_ns - T0_NS) // CLOCK_NS == 980_000_000 // CLOCK_NS
    assert gap.before_ns == T0_NS + 2 * NS
    assert recount.gaps("ship", "nothing") == []


def test_its_time_range_is_the_flights() -> None:
    recount = Recount("live", "F", DECODER)
    for message in messages():
        recount.take_telemetry(message.payload, message.kafka_headers())
    recount.rows()
    assert recount.first_ns == T0_NS
    assert (recount.last_ns - T0_NS) // CLOCK_NS == (SECONDS * NS - 20_000_000) // CLOCK_NS


def test_what_is_no_message_is_counted_as_such() -> None:
    recount = Recount("live", "F", DECODER)
    recount.take_telemetry(b"?", [])
    headers = [*messages()[0].kafka_headers(), ("retry_of", b"nowhere")]
    recount.take_telemetry(b"", headers)
    assert recount.unreadable == 2


def test_however_many_are_counted_together_the_figures_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    shuffled = messages()
    np.random.default_rng(1).shuffle(shuffled)
    found = []
    for together in (1, 3, 1000):
        monkeypatch.setattr("processors.audit.recount.TOGETHER", together)
        found.append(recounted(shuffled))
    assert found[0] == found[1] == found[2]


def test_the_question_is_one_statement_a_packet_type_within_times() -> None:
    asked = [Asked("ship", "nav", "a"), Asked("booster", "nav", "a"), Asked("ship", "cargo", "b")]
    first, second = count_query("live", "F", asked, 5, 9).split(";")
    assert first.startswith('SELECT count("b"), count("sequence_count") FROM "cargo" WHERE ')
    assert second.endswith('time >= 5 AND time <= 9 GROUP BY "vehicle"')
    answer = {
        "results": [
            {"statement_id": 0},
            {"statement_id": 1, "series": [{"tags": {"vehicle": "ship"}, "values": [[5, 7, None]]}]},
        ]
    }
    assert read_counts(answer, asked) == {("ship", "nav"): 7, ("booster", "nav"): 0, ("ship", "cargo"): 0}
    with pytest.raises(TransientError, match="could not count: timeout"):
        read_counts({"results": [{"statement_id": 0, "error": "timeout"}]}, asked)
