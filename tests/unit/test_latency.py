"""Latencies of a service: which stages a message counts for, when they are told, and what members add up to."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Final

import pytest
from prometheus_client import REGISTRY

from runtime.kafka import Outgoing
from runtime.latency import Handled, Latencies
from telemetry.latency import added_up
from telemetry.message import Message
from telemetry.quality import StageLatency
from telemetry.topics import Address, KafkaTopic, Kind

NS: Final = 10**9
MS: Final = 10**6
INGEST_NS: Final = 1_800_000_000 * NS
# generated at 0, received 0.3 s later by the flight's own clock; sent 20 ms before ingest by that on the wall
MESSAGE: Final = Message(
    Address("live", "F", "ship", "haiyang"), Kind.TELEMETRY, b"", 300 * MS, INGEST_NS - 20 * MS, INGEST_NS
)
HANDLED: Final = Handled(MESSAGE, 1, INGEST_NS // MS + 7, appended=True)


def told(records: list[Outgoing]) -> dict[str, StageLatency]:
    assert {record.topic for record in records} <= {KafkaTopic.QUALITY}
    assert {record.key for record in records} <= {"live/F"}
    found = [StageLatency.model_validate_json(record.value) for record in records]
    return {record.stage: record for record in found}


def test_a_message_counts_for_every_stage_that_its_times_tell_of() -> None:
    latencies = Latencies("detect")
    latencies.take([HANDLED], INGEST_NS + 40 * MS, 0.0)
    found = told(latencies.due(0.0))
    took_ms = {stage: round(record.p50_s * 1000) for stage, record in found.items()}
    assert took_ms == {"ert": 300, "ingest": 20, "kafka": 7, "detect": 40}
    assert {(record.service, record.as_of_ns, record.messages) for record in found.values()} == {
        ("detect", 300 * MS, 1)
    }


def test_a_time_that_is_the_clients_is_not_called_kafkas() -> None:
    latencies = Latencies("detect")
    latencies.take([HANDLED._replace(appended=False)], INGEST_NS + 40 * MS, 0.0)
    assert set(told(latencies.due(0.0))) == {"ert", "ingest", "produce", "detect"}


def test_other_services_count_their_own_stage_only() -> None:
    latencies = Latencies("store")
    latencies.take([Handled(MESSAGE)], INGEST_NS + 40 * MS, 0.0)
    assert set(told(latencies.due(0.0))) == {"store"}


@pytest.mark.parametrize(
    "message", [replace(MESSAGE, ingest_ns=0), replace(MESSAGE, retry_of="3-4")], ids=["no time of ingest", "retried"]
)
def test_what_has_no_honest_time_is_left_out(message: Message) -> None:
    latencies = Latencies("store")
    latencies.take([Handled(message)], INGEST_NS, 0.0)
    assert latencies.due(0.0, everything=True) == []


def test_records_are_told_now_and_then_and_once_when_silence_falls() -> None:
    latencies = Latencies("store")
    told_at: list[float] = []
    for tick in range(40):
        now_s = tick / 2
        if now_s < 12:
            latencies.take([Handled(MESSAGE)], INGEST_NS + tick, now_s)
        if latencies.due(now_s):
            told_at.append(now_s)
    assert told_at == [0.0, 5.0, 10.0, 12.5]


def test_at_the_end_everything_is_told() -> None:
    latencies = Latencies("store")
    latencies.take([Handled(MESSAGE)], INGEST_NS, 0.0)
    assert told(latencies.due(0.0))["store"].messages == 1
    latencies.take([Handled(MESSAGE)], INGEST_NS, 0.1)
    assert latencies.due(0.1) == []
    assert told(latencies.due(0.1, everything=True))["store"].messages == 2


def test_a_flight_long_silent_is_forgotten_and_begins_anew() -> None:
    latencies = Latencies("store")
    latencies.take([Handled(MESSAGE)], INGEST_NS, 0.0)
    first = told(latencies.due(0.0))["store"]
    assert latencies.due(700.0) == []
    latencies.take([Handled(MESSAGE)], INGEST_NS + 5, 700.0)
    second = told(latencies.due(700.0))["store"]
    assert first.identity != second.identity
    assert second.messages == 1
    assert latencies.totals()["store"].total == 2


def test_members_add_up_and_the_last_word_of_each_counts() -> None:
    one, other = Latencies("store"), Latencies("store")
    records: list[Outgoing] = []
    for member, waited_ms, count in ((one, 10, 30), (other, 1000, 10)):
        for time in range(2):
            member.take([Handled(MESSAGE)] * count, INGEST_NS + waited_ms * MS, 10.0 * time)
            records += member.due(10.0 * time)
    (whole,) = added_up(StageLatency.model_validate_json(record.value) for record in records)
    assert whole.messages == 80
    assert (round(whole.p50_s, 3), round(whole.p95_s or 0, 1), whole.max_s) == (0.01, 1.0, 1.0)


def test_records_from_before_there_were_histograms_are_left_out() -> None:
    old = StageLatency(
        run="live", flight="F", vehicle="ship", as_of_ns=1, stage="detect", messages=3, p50_s=1, p99_s=2, max_s=3
    )
    assert added_up([old]) == []


def test_stages_come_in_the_order_in_which_a_message_passes_them() -> None:
    detect, track = Latencies("detect"), Latencies("track")
    for member in (track, detect):
        member.take([HANDLED], INGEST_NS + 40 * MS, 0.0)
    records = [*told(track.due(0.0)).values(), *told(detect.due(0.0)).values()]
    assert [record.stage for record in added_up(reversed(records))][:4] == ["ert", "ingest", "kafka", "detect"]


def test_prometheus_is_told_a_histogram_a_stage() -> None:
    gc.collect()
    latencies = Latencies("made-up")
    latencies.take([Handled(MESSAGE)] * 3, INGEST_NS + 40 * MS, 0.0)
    name, of = "downrange_stage_latency_seconds", {"service": "made-up", "stage": "made-up"}
    assert REGISTRY.get_sample_value(f"{name}_count", of) == 3
    assert REGISTRY.get_sample_value(f"{name}_sum", of) == pytest.approx(0.12)
    up_to = {
        le: REGISTRY.get_sample_value(f"{name}_bucket", of | {"le": le}) for le in ("0.001", "0.025", "0.05", "60")
    }
    assert up_to == {"0.001": 0, "0.025": 0, "0.05": 3, "60": 3}
