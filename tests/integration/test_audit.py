"""The auditor and `downrange ledger` on real servers: what the stores lack is said in words, nothing is forgotten."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import numpy as np
import pytest
from audited import answers, archive, ledger_of, store, telemetry_of, tell
from conftest import Servers
from flown import NS, new_flight, publish, running
from proxy import proxied
from pydantic import SecretStr
from servers.provide import Influx, kafka_broker

from downrange.line import RUN_SERVICE
from downrange.stack.process import free_port
from processors.audit.examine import examine
from processors.influx.counted import Asked, counted_field
from processors.influx.line_protocol import pack, packet_lines
from processors.influx.reader import open_reader
from processors.influx.writer import open_writer
from runtime.groups import ends_of, group_passes
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import (
    ArchiveSettings,
    AuditSettings,
    InfluxSettings,
    KafkaSettings,
    ServiceSettings,
    Settings,
    environment_of,
)
from telemetry.dictionary import built_in
from telemetry.errors import ArchiveError, SettingsError
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import KafkaTopic, flight_key

GROUP = "downrange.audit"
SECONDS = 6
T0_NS = 1_895_000_000 * NS
WITHIN_S = 30


@pytest.fixture(scope="module")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start our own broker: flights of others, whose archives are elsewhere, would keep offsets back for an hour."""
    kept = Servers(tmp_path_factory.mktemp("audit"))
    try:
        yield kept.enter(kafka_broker(kept.data_dir / "kafka"))
    finally:
        kept.close()


@pytest.fixture
async def settings(kafka_bootstrap: str, influx: Influx, tmp_path: Path) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, logger("test"), 60)
    place = InfluxSettings(
        url=influx.url, token=SecretStr(influx.token), org=influx.org, bucket=influx.bucket, timeout_s=5
    )
    (tmp_path / "archive").mkdir()
    return Settings(
        service=ServiceSettings(health_port=free_port()),
        kafka=kafka,
        influx=place,
        archive=ArchiveSettings(dir=tmp_path / "archive"),
        audit=AuditSettings(quiet_s=0.5, every_s=1.0),
    )


async def until_answered(settings: Settings, flight: str, **wanted: Any) -> list[LedgerRow]:
    """Wait until the auditor's last word on every row has these figures, `unique` standing for the row's own."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            said = await answers(settings.kafka, flight)
            last = {(row.vehicle, row.packet): row for row in said}
            if last and all(getattr(row, n) == v(row) for row in last.values() for n, v in wanted.items()):
                return said
            await asyncio.sleep(0.1)


def unique(row: LedgerRow) -> int:
    return row.unique


async def committed(settings: Settings, flight: str) -> None:
    ends = await ends_of(settings.kafka, flight_key("live", flight), [KafkaTopic.QUALITY])
    await group_passes(settings.kafka, GROUP, ends, WITHIN_S)


async def metric(settings: Settings, name: str) -> float:
    address = f"http://127.0.0.1:{settings.service.health_port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        text = await answer.text()
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, flags=re.MULTILINE))


async def test_killed_before_its_answer_it_answers_after_its_return_and_never_of_itself(
    settings: Settings, tmp_path: Path
) -> None:
    flight = new_flight()
    messages = telemetry_of(flight, SECONDS, T0_NS)
    archive(settings.archive.dir, messages)
    await store(settings.influx, messages)
    patient = replace(settings, audit=AuditSettings(quiet_s=600, every_s=600))
    async with running("audit", patient, tmp_path, well=True) as auditor, asyncio.timeout(WITHIN_S):
        await tell(settings.kafka, ledger_of(messages))
        while await metric(patient, "downrange_audit_waiting") == 0:  # noqa: ASYNC110 -- a process tells by its metrics
            await asyncio.sleep(0.05)
        await auditor.kill()
    assert await answers(settings.kafka, flight) == []
    async with running("audit", settings, tmp_path) as auditor:
        said = await until_answered(settings, flight, stored=unique, archived=unique)
        await committed(settings, flight)
        await asyncio.sleep(3 * settings.audit.quiet_s)
        assert await answers(settings.kafka, flight) == said, "its own rows are no news"
        assert await auditor.stop(25) == 0
    assert len(said) == len(ledger_of(messages))
    assert all(row.balanced and row.detected == row.unique for row in said)


async def test_what_the_archive_gets_later_is_found_later_and_no_offset_is_committed_before(
    settings: Settings, tmp_path: Path
) -> None:
    flight = new_flight()
    messages = telemetry_of(flight, SECONDS, T0_NS)
    half = len(messages) // 2
    archive(settings.archive.dir, messages[:half])
    alone = replace(settings, influx=InfluxSettings())
    async with running("audit", alone, tmp_path):
        await tell(settings.kafka, ledger_of(messages))
        first = await until_answered(settings, flight, archived=lambda row: row.unique // 2)
        assert {(row.stored, row.balanced) for row in first} == {(None, False)}
        ends = await ends_of(settings.kafka, flight_key("live", flight), [KafkaTopic.QUALITY])
        with pytest.raises(Exception, match="has done nothing"):
            await group_passes(settings.kafka, GROUP, ends, 1)
        archive(settings.archive.dir, messages[half:], first=half)
        await until_answered(settings, flight, archived=unique, stored=lambda _: None)
        await committed(settings, flight)


async def test_without_influxdb_it_waits_is_ill_and_goes_on_when_it_is_back(settings: Settings, tmp_path: Path) -> None:
    flight = new_flight()
    messages = telemetry_of(flight, SECONDS, T0_NS)
    archive(settings.archive.dir, messages)
    await store(settings.influx, messages)
    where = urlsplit(settings.influx.url)
    async with proxied(where.hostname or "", where.port or 0) as way:
        url = f"http://127.0.0.1:{way.port}"
        through = replace(settings, influx=settings.influx.model_copy(update={"url": url}))
        async with running("audit", through, tmp_path, well=True):
            way.refuse()
            await tell(settings.kafka, ledger_of(messages))
            async with asyncio.timeout(WITHIN_S):
                while "InfluxDB" not in await ailment(through):  # noqa: ASYNC110 -- a process tells by its health
                    await asyncio.sleep(0.05)
            assert await answers(settings.kafka, flight) == []
            await way.mend()
            await until_answered(settings, flight, stored=unique, archived=unique)
            assert not await ailment(through)


async def ailment(settings: Settings) -> str:
    address = f"http://127.0.0.1:{settings.service.health_port}/healthz"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        said = await answer.json()
    return "" if said["healthy"] else json.dumps(said["parts"])


@asynccontextmanager
async def ledger_command(settings: Settings, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN_SERVICE, "ledger", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **environment_of(settings), "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def says(log: Path, what: str, flight: str) -> None:
    """Return once a line of a log says something of a flight."""
    while True:
        text = await asyncio.to_thread(log.read_text)
        if any(what in line and flight in line for line in text.splitlines()):
            return
        await asyncio.sleep(0.1)


async def ask(settings: Settings, flight: str) -> tuple[int, str]:
    async with ledger_command(settings, flight) as process:
        out, _ = await process.communicate()
    return process.returncode or 0, " ".join(out.decode().split())


async def delete_one(influx: InfluxSettings, t_ns: int) -> None:
    def text(each_ns: int) -> str:
        return f"{datetime.fromtimestamp(each_ns // NS, UTC):%Y-%m-%dT%H:%M:%S}.{each_ns % NS:09d}Z"

    query = {"org": influx.org, "bucket": influx.bucket}
    body = {"start": text(t_ns), "stop": text(t_ns + 1), "predicate": '_measurement="nav"'}
    headers = {"Authorization": f"Token {influx.token.get_secret_value() if influx.token else ''}"}
    address = f"{influx.url}/api/v2/delete"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(address, params=query, json=body) as answer,
    ):
        assert answer.status == HTTPStatus.NO_CONTENT, await answer.text()


async def test_a_point_that_was_deleted_and_a_part_that_was_removed_are_named(settings: Settings) -> None:
    flight, t0_ns = new_flight(), T0_NS + 10**12
    messages = telemetry_of(flight, SECONDS, t0_ns)
    archive(settings.archive.dir, messages[:4])
    second = archive(settings.archive.dir, messages[4:], first=4)
    await store(settings.influx, messages)
    await tell(settings.kafka, ledger_of(messages))
    code, said = await ask(settings, flight)
    assert (code, "the books balance" in said) == (0, True), said
    await delete_one(settings.influx, t0_ns)
    code, said = await ask(settings, flight)
    assert code == 1
    assert "ship nav: stored = unique does not hold, 299 is not 300: 1 packet that came is not in InfluxDB" in said
    assert "archived = unique" not in said
    second.unlink()
    found = await examine(settings, flight, None)
    assert [each for each in found.verdict.complaints if each.startswith("ship cargo")] == [
        "ship cargo: archived = unique does not hold, 10 is not 30: 20 packets that came are not in the archive"
    ]
    nav = next(row for row in found.verdict.rows if row.packet == "nav")
    assert (nav.unique, nav.stored, nav.archived) == (300, 299, 100)


async def test_whom_it_could_not_ask_it_names(settings: Settings) -> None:
    flight = new_flight()
    messages = telemetry_of(flight, SECONDS, T0_NS)
    archive(settings.archive.dir, messages)
    nobody = f"127.0.0.1:{free_port()}"
    away = replace(
        settings,
        influx=settings.influx.model_copy(update={"url": f"http://{nobody}"}),
        kafka=settings.kafka.model_copy(update={"bootstrap": nobody}),
    )
    found = await examine(away, flight, None)
    assert found.verdict.balanced
    assert {row.stored for row in found.verdict.rows} == {None}
    assert found.sources["influx"].startswith("not asked: InfluxDB at http://127.0.0.1")
    assert found.sources["kafka"].startswith("not asked: no Kafka answers at 127.0.0.1")
    wrong = replace(away, influx=settings.influx.model_copy(update={"token": SecretStr("wrong")}))
    assert "token to one that may read" in (await examine(wrong, flight, None)).sources["influx"].replace(
        "_TOKEN", "token"
    )
    with pytest.raises(ArchiveError, match="Nor has Kafka any of it"):
        await examine(away, "nobody-flew-this", None)


async def test_the_account_that_only_reads_is_enough_to_count_and_cannot_write(settings: Settings) -> None:
    flight, name, password = new_flight(), new_flight(), token_hex(8)
    messages = telemetry_of(flight, SECONDS, T0_NS)
    await store(settings.influx, messages)
    await make_reader(settings.influx, name, password)
    reading = replace(settings, influx=settings.influx.model_copy(update={"token": SecretStr(f"{name}:{password}")}))
    await publish(settings.kafka, messages)
    found = await examine(reading, flight, None)
    assert found.sources["influx"].startswith("counted")
    assert {row.stored == row.unique > 0 for row in found.verdict.rows} == {True}
    with pytest.raises(SettingsError):
        await store(reading.influx, messages)


async def make_reader(influx: InfluxSettings, name: str, password: str) -> None:
    """Do what `influx v1 auth create --read-bucket` does."""
    assert influx.token is not None
    headers = {"Authorization": f"Token {influx.token.get_secret_value()}"}
    async with aiohttp.ClientSession(influx.url, headers=headers, raise_for_status=True) as session:
        async with session.get("/api/v2/buckets", params={"name": influx.bucket}) as answer:
            (bucket,) = (await answer.json())["buckets"]
        resource = {"type": "buckets", "id": bucket["id"], "orgID": bucket["orgID"]}
        account = {"token": name, "orgID": bucket["orgID"], "permissions": [{"action": "read", "resource": resource}]}
        async with session.post("/private/legacy/authorizations", json=account) as answer:
            place = f"/private/legacy/authorizations/{(await answer.json())['id']}/password"
        await session.post(place, json={"password": password})


async def test_a_flight_that_flies_is_counted_from_kafka_and_its_stores_are_not_judged(settings: Settings) -> None:
    flight = new_flight()
    messages: list[Message] = telemetry_of(flight, SECONDS, T0_NS)
    archive(settings.archive.dir, messages[:4])
    await publish(settings.kafka, messages)
    await tell(settings.kafka, ledger_of(messages))
    patient = replace(settings, audit=AuditSettings(quiet_s=600))
    found = await examine(patient, flight, None)
    assert (found.verdict.balanced, found.verdict.counts.flying) == (True, True), found.verdict.complaints
    told = {row.packet: row for row in ledger_of(messages)}
    assert {p: (r.sent, r.unique) for (_, p), r in found.verdict.counts.recounted.items()} == {
        packet: (row.sent, row.unique) for packet, row in told.items()
    }
    impatient = replace(settings, audit=AuditSettings(quiet_s=0.001))
    complaints = (await examine(impatient, flight, None)).verdict.complaints
    assert any("not in InfluxDB" in each for each in complaints)
    assert any("not in the archive" in each for each in complaints)


async def test_while_detection_is_away_it_waits_without_a_warning_and_balances_after_its_return(
    settings: Settings, tmp_path: Path
) -> None:
    flight = new_flight()
    messages = telemetry_of(flight, SECONDS, T0_NS)
    unarchived = replace(settings, archive=ArchiveSettings(dir=tmp_path / "nobody-records"))
    await publish(settings.kafka, messages)
    await store(settings.influx, messages)
    await tell(settings.kafka, ledger_of(messages[: len(messages) // 2]))
    async with running("audit", unarchived, tmp_path) as auditor, asyncio.timeout(WITHIN_S * 2):
        await says(auditor.log, "detect is behind", flight)
        await asyncio.sleep(2 * settings.audit.every_s)
        code, said = await ask(unarchived, flight)
        assert code == 1
        assert f"live/{flight}: NOT SETTLED: detect is behind" in said
        assert "does not hold" not in said
        async with running("detect", replace(settings, service=ServiceSettings(health_port=free_port())), tmp_path):
            await says(auditor.log, "the books balance", flight)
        code, said = await ask(unarchived, flight)
        assert code == 0, said
        said_of_it = [line for line in auditor.log.read_text().splitlines() if f'"{flight}"' in line]
        assert not any('"warning"' in line for line in said_of_it), said_of_it
        assert sum("detect is behind" in line for line in said_of_it) == 1


async def test_every_point_counts_once_also_where_a_channel_is_absent(settings: Settings) -> None:
    packet, flight = built_in("webcast").packets["kinematics"], new_flight()
    t_ns = T0_NS + np.arange(5) * NS
    nan = np.nan
    columns = {
        "speed_m_s": np.array([1, nan, 3, nan, 5], np.float32),
        "altitude_m": np.array([1, 2, nan, nan, 5], np.float32),
        **{derived.name: np.full(5, nan) for derived in packet.derived},
    }
    frame = Frame("stage1", "s", "kinematics", packet.apid, np.arange(5), t_ns, 0, columns)
    tags = {"run": "live", "flight": flight, "vehicle": "stage1"}
    (block,) = pack([packet_lines("kinematics", packet, tags, [frame])], 100, 100_000)
    async with open_writer(settings.influx) as writer, open_reader(settings.influx) as reader:
        assert reader is not None
        for _ in range(2):
            assert await writer.write(block) == []
        asked = [Asked("stage1", "kinematics", counted_field(packet)), Asked("ship", "nav", "nav_mode")]
        found = await reader.counts("live", flight, asked, int(t_ns[0]), int(t_ns[-1]))
        assert found == {("stage1", "kinematics"): 5, ("ship", "nav"): 0}
        later = await reader.counts("live", flight, asked, int(t_ns[1]), int(t_ns[3]))
        assert later["stage1", "kinematics"] == 3


async def test_watching_on_a_pipe_is_a_line_a_change_and_ends_with_the_verdict(settings: Settings) -> None:
    flight = new_flight()
    messages = telemetry_of(flight, SECONDS, T0_NS)
    rows = ledger_of(messages)
    async with ledger_command(settings, flight, "--watch") as process, asyncio.timeout(WITHIN_S):
        lines = process.stdout
        assert lines is not None
        assert b"waiting for" in await lines.readline()
        archive(settings.archive.dir, messages)
        await store(settings.influx, messages)
        await tell(settings.kafka, rows)
        told = [(await lines.readline()).decode().strip() for _ in rows]
        assert any(line.startswith("ship nav: sent 300, received 600, unique 300") for line in told)
        while (line := (await lines.readline()).decode().strip()) != f"live/{flight}: the books balance":
            assert line, "it ended"
        process.send_signal(signal.SIGINT)
        try:
            assert await asyncio.wait_for(process.wait(), WITHIN_S / 2) == 0
        except TimeoutError:
            # it says where it hangs
            process.send_signal(signal.SIGABRT)
            pytest.fail((await lines.read()).decode())
