"""`downrange latency` and `downrange links` on a real Kafka, and from an archive when Kafka has nothing or is away."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from flown import new_flight
from typer.testing import CliRunner, Result

from downrange.cli import app
from downrange.stack.process import free_port
from runtime.archive.layout import Stream, flight_folder
from runtime.archive.records import Archived
from runtime.archive.writer import write_part
from runtime.kafka import Outgoing, Partition, ensure_topics, open_producer, read_to_end
from runtime.latency import Handled, Latencies
from runtime.logs import logger
from runtime.settings import KafkaSettings
from telemetry.message import Message
from telemetry.quality import LinkState
from telemetry.topics import Address, KafkaTopic, Kind, flight_key, partition_of

MS: Final = 10**6
INGEST_NS: Final = 1_800_000_000 * 10**9


def records_of(flight: str) -> list[Outgoing]:
    """Return what two members of one service tell of a flight, and two stations' links."""
    message = Message(Address("live", flight, "ship", "a"), Kind.TELEMETRY, b"", 5, 0, INGEST_NS)
    records: list[Outgoing] = []
    for since_ms, took_ms, count in ((0, 10, 90), (1, 1000, 10)):
        member = Latencies("store")
        member.take([Handled(message)] * count, INGEST_NS + took_ms * MS + since_ms, 0.0)
        records += member.due(0.0)
    for station, best in (("a", False), ("b", True)):
        state = LinkState(
            run="live",
            flight=flight,
            vehicle="ship",
            as_of_ns=INGEST_NS,
            station=station,
            state="aos",
            reason="mask",
            since_ns=5,
            frames=3,
            first=2,
            share=0.5,
            only=1,
            best=best,
            why_best="signal" if best else None,
        )
        key = flight_key("live", flight)
        for told in (state.model_copy(update={"frames": 1, "best": not best, "why_best": None}), state):
            records.append(Outgoing(KafkaTopic.QUALITY, key, told.model_dump_json().encode(), [("type", b"link")]))
    return records


def ask(monkeypatch: pytest.MonkeyPatch, bootstrap: str, archive: Path, *words: str) -> Result:
    monkeypatch.setenv("DOWNRANGE_KAFKA_BOOTSTRAP", bootstrap)
    monkeypatch.setenv("DOWNRANGE_ARCHIVE_DIR", str(archive))
    return CliRunner().invoke(app, list(words), catch_exceptions=False)


def answer(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def check(monkeypatch: pytest.MonkeyPatch, bootstrap: str, archive: Path, flight: str, source: str) -> None:
    found = answer(ask(monkeypatch, bootstrap, archive, "latency", flight, "--json"))
    (stage,) = found["stages"]
    assert found["source"].startswith(source)
    assert (stage["stage"], stage["messages"], stage["max_s"]) == ("store", 100, 1.0)
    assert [stage[name] for name in ("p50_s", "p95_s", "p99_s")] == pytest.approx([0.01, 1.0, 1.0], rel=0.01)
    found = answer(ask(monkeypatch, bootstrap, archive, "links", flight, "--json"))
    told = [(link["station"], link["frames"], link["best"], link["why_best"]) for link in found["links"]]
    assert told == [("a", 3, False, None), ("b", 3, True, "signal")]
    page = ask(monkeypatch, bootstrap, archive, "latency", flight).output
    assert "1.00 s" in page
    assert "10.0 ms" in page
    assert "heard strongest" in ask(monkeypatch, bootstrap, archive, "links", flight).output


def test_from_kafka_while_it_has_the_flight(
    monkeypatch: pytest.MonkeyPatch, kafka_bootstrap: str, tmp_path: Path
) -> None:
    flight, settings = new_flight(), KafkaSettings(bootstrap=kafka_bootstrap)

    async def tell() -> None:
        await ensure_topics(settings, logger("test"), 30.0)
        async with open_producer(settings, "test") as producer:
            await producer.acknowledged(await producer.send_all(records_of(flight)))

    asyncio.run(tell())
    check(monkeypatch, kafka_bootstrap, tmp_path, flight, "Kafka")


def test_from_the_archive_when_kafka_is_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = b"live/F"
    records = [
        Archived(0, offset, offset, key, tuple(record.headers), record.value)
        for offset, record in enumerate(records_of("F"))
    ]
    write_part(flight_folder(tmp_path, key), Stream.QUALITY, records)
    check(monkeypatch, f"127.0.0.1:{free_port()}", tmp_path, "F", "archive; no Kafka answers at")


async def test_a_telemetry_record_has_the_time_at_which_kafka_appended_it(kafka_bootstrap: str) -> None:
    settings = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(settings, logger("test"), 30.0)
    message = Message(Address("live", new_flight(), "ship", "a"), Kind.TELEMETRY, b"", 5, 0, INGEST_NS)
    tp = Partition(KafkaTopic.TELEMETRY.value, partition_of(message.address.key, settings.partitions))
    async with open_producer(settings, "test") as producer:
        late = replace(message, ingest_ns=time.time_ns())
        sent = Outgoing(KafkaTopic.TELEMETRY, message.address.key, b"", late.kafka_headers())
        await producer.acknowledged(await producer.send_all([sent]))
    found = [
        (record.timestamp, record.timestamp_type)
        async for record in read_to_end(settings, "test", [tp])
        if record.key == message.address.key.encode()
    ]
    ((logged_ms, kind),) = found
    assert kind == 1
    assert late.ingest_ns // MS <= logged_ms <= time.time_ns() // MS
