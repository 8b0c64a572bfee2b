"""Events in a real InfluxDB: each revision once, and only the last word stands, though the writer is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from backlog import no_backlog
from flown import NS, new_flight, running
from influxes import PATIENCE_S, ask, count, influx_settings, some_week, stored
from servers.provide import SESSION_S, Influx
from sites import happen

from processors.influx.stage import InfluxStage
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import KafkaSettings, Settings
from telemetry.events import Event, Evidence, Status
from telemetry.vocabulary import FlightEvent

FLIGHTS = 15
REVISIONS = 6


def revisions(flight: str, kind: FlightEvent, ordinal: int, t0_ns: int, *, retracted: bool) -> list[Event]:
    """Return what is said of an event: it moves to and fro, so that two revisions give one time."""
    times_ns = [t0_ns + (number % 3) * NS for number in range(REVISIONS)]
    found = []
    for revision, t_ns in enumerate(times_ns):
        last = revision == REVISIONS - 1
        status: Status = "provisional" if not last else "retracted" if retracted else "confirmed"
        found.append(
            Event(
                type=kind.value,
                run="live",
                flight=flight,
                vehicle="ship",
                ordinal=ordinal,
                revision=revision,
                status=status,
                t_ns=t_ns,
                was_ns=times_ns[revision - 1] if revision else None,
                detected_ns=t_ns + NS,
                evidence=Evidence(detector="test", detector_version=1),
            )
        )
    return found


async def rows(influx: Influx, flight: str) -> list[dict[str, Any]]:
    names = ("id", "type", "ordinal", "revision", "status", "standing", "superseded_by", "t_ns")
    query = f"SELECT {', '.join(names)} FROM events WHERE flight = '{flight}'"  # noqa: S608 -- our own names
    return [dict(zip(("time", *names), row, strict=True)) for row in await ask(influx, query)]


async def test_killed_three_times_each_revision_is_there_once_and_the_last_word_stands(
    kafka_bootstrap: str, influx: Influx, tmp_path: Path
) -> None:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap, session_s=SESSION_S)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    await no_backlog(Settings(kafka=kafka, influx=influx_settings(influx)), "store", InfluxStage.topics, tmp_path)
    # a line a request: the writer is killed between a revision and the one that follows it
    settings = Settings(kafka=kafka, influx=influx_settings(influx, batch_lines=1))
    flight, t0_ns = new_flight(), some_week()
    events = [
        event
        for number in range(FLIGHTS)
        for kind, retracted in ((FlightEvent.APOGEE, False), (FlightEvent.TOUCHDOWN, True))
        for event in revisions(flight, kind, number, t0_ns, retracted=retracted)
    ]
    third = len(events) // 3
    for part in (events[:third], events[third : 2 * third], events[2 * third :]):
        await happen(settings, part)
        before = await count(influx, "id", "events", flight)
        async with running("store", settings, tmp_path) as store, asyncio.timeout(2 * PATIENCE_S):
            while await count(influx, "id", "events", flight) <= before:
                pass
            await store.kill()
    async with running("store", settings, tmp_path) as store:
        await stored(settings, flight)
        assert await store.stop(25) == 0

    found = await rows(influx, flight)
    assert sorted(row["id"] for row in found) == sorted(event.id for event in events)
    by_id = {row["id"]: row for row in found}
    for event in events:
        row, last = by_id[event.id], event.revision == REVISIONS - 1
        assert row["t_ns"] == event.t_ns
        assert 0 <= row["time"] - event.t_ns < NS // 1000
        assert row["status"] == event.status
        assert row["standing"] is (event.status == "confirmed")
        assert row["superseded_by"] == (None if last else event.revision + 1)
