"""Dead letters on real servers: refused, listed, shown, and brought through once the dictionary is mended."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import flown
import numpy as np
import pytest
from flown import running, with_part_rules
from ingesting import Kept, kept, publish
from servers.own import OwnKafka, OwnMosquitto

from downrange.line import RUN_SERVICE
from ingest.rejects import rejected_records
from ingest.retry import LINE_PROTOCOL
from runtime.kafka import ensure_topics, open_producer
from runtime.logs import logger
from runtime.mqtt import Client, connect
from runtime.settings import KafkaSettings, MqttSettings, ServiceSettings, Settings, environment_of
from telemetry.codec import PacketCodec
from telemetry.dictionary import load_dictionary
from telemetry.errors import Reason
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import Address, KafkaTopic, Kind

LOG: Final = logger("test")
WITHIN_S: Final = 60
NS: Final = 10**9
T_NS: Final = 1_893_456_000 * NS
HEAD: Final = """\
name: probe
version: 1
vehicle_class: probe
description: ""
time: {epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}
packets:
"""
PACKET: Final = """\
  NAME:
    apid: APID
    rate_hz: 1
    description: ""
    channels: [{name: NAME_m, raw: u16, description: ""}]
"""
NAV: Final = PACKET.replace("NAME", "nav").replace("APID", "10")
TANK: Final = PACKET.replace("NAME", "tank").replace("APID", "11")


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said."""
        return json.loads(self.out)


async def started(settings: Settings, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", RUN_SERVICE, "rejected", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment_of(settings)},
    )


async def rejected(settings: Settings, *arguments: str) -> Ended:
    process = await started(settings, *arguments)
    out, err = await asyncio.wait_for(process.communicate(), WITHIN_S)
    return Ended(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
async def settings(tmp_path: Path, kafka_bootstrap: str) -> AsyncIterator[Settings]:
    """Return those of a line whose dictionary `probe` does not know the packet `tank`."""
    folder = tmp_path / "dictionaries"
    folder.mkdir()
    (folder / "probe.yaml").write_text(HEAD + NAV)
    await ensure_topics(KafkaSettings(bootstrap=kafka_bootstrap), LOG, WITHIN_S)
    async with OwnMosquitto(tmp_path / "mosquitto") as broker:
        yield Settings(
            service=ServiceSettings(dictionary_dir=folder, dictionary="probe"),
            mqtt=MqttSettings(url=broker.url),
            kafka=KafkaSettings(bootstrap=kafka_bootstrap),
        )


@pytest.fixture
def address() -> Address:
    return Address("live", f"F-{token_hex(4)}", "probe", "haiyang")


def mend(settings: Settings, *packets: str) -> PacketCodec:
    folder = settings.service.dictionary_dir
    assert folder is not None
    (folder / "probe.yaml").write_text(HEAD + "".join(packets))
    return PacketCodec(load_dictionary(folder / "probe.yaml"))


def made(codec: PacketCodec, packet: str, first: int, n: int) -> bytes:
    t_ns = T_NS - NS + np.arange(n) * 1000
    return codec.encode(packet, np.arange(first, first + n), t_ns, {f"{packet}_m": np.arange(n, dtype=float)})


def spoilt(packet: bytes) -> bytes:
    return packet[:-1] + bytes([packet[-1] ^ 1])


async def in_topic(settings: Settings, topic: KafkaTopic, address: Address, n: int) -> list[Kept]:
    async with asyncio.timeout(WITHIN_S):
        while len(found := await kept(settings, topic, address.key)) < n:  # noqa: ASYNC110 -- another process writes
            await asyncio.sleep(0.05)
    return found


async def test_a_packet_type_that_nobody_knew_comes_through_with_its_own_times(
    settings: Settings, address: Address, tmp_path: Path
) -> None:
    whole = PacketCodec(load_dictionary(_written(tmp_path / "whole.yaml", HEAD + NAV + TANK)))
    nav, tank, bad = made(whole, "nav", 0, 1), made(whole, "tank", 7, 3), spoilt(made(whole, "nav", 1, 1))
    times = [("ert_ns", str(T_NS)), ("sent_ns", str(T_NS))]
    async with (
        running("ingest", settings, tmp_path, well=True),
        connect(Client(settings.mqtt, "station"), LOG) as connection,
    ):
        await publish(connection, address, nav + tank + bad, properties=times)
        before = await in_topic(settings, KafkaTopic.TELEMETRY, address, 1)
        refused = await in_topic(settings, KafkaTopic.REJECTED, address, 4)
    assert [one.headers["reason"] for one in refused] == ["unknown-apid"] * 3 + ["bad-crc"]

    told = (await rejected(settings, "list", address.flight, "--json")).json
    assert told["by_reason"] == {"unknown-apid": 3, "bad-crc": 1}
    ids = [one["id"] for one in told["records"]]
    shown = await rejected(settings, "show", ids[0])
    assert shown.err == ""
    assert "unknown-apid: APID 11 is not in the dictionary" in shown.out
    assert "APID 11 (not in the dictionary), count 7, " in shown.out
    hopeless = await rejected(settings, "retry", "--flight", address.flight)
    assert hopeless.code == 1
    assert hopeless.out.endswith("0 records with 0 packets brought through, 4 stay\n")
    assert f"{ids[3]} {address.flight} probe: bad-crc: CRC-16 of the packet with APID 10 does not match" in hopeless.out

    mend(settings, NAV, TANK)
    dry = (await rejected(settings, "retry", "--flight", address.flight, "--dry-run", "--json")).json
    assert (dry["records"], dry["packets"], dry["left"]) == (3, 3, 1)
    assert len(await kept(settings, KafkaTopic.TELEMETRY, address.key)) == 1
    done = await rejected(settings, "retry", *ids[:3])
    assert (done.code, done.out) == (0, "3 records with 3 packets brought through, 0 stay\n")
    through = (await kept(settings, KafkaTopic.TELEMETRY, address.key))[1:]
    assert b"".join(one.value for one in through) == tank
    for one, id_ in zip(through, ids, strict=False):
        same = ("run", "flight", "vehicle", "station", "kind", "ert_ns", "sent_ns", "ingest_ns", "content-type")
        assert {name: one.headers[name] for name in same} == {name: before[0].headers[name] for name in same}
        retry = [one.headers[f"retry_{name}"] for name in ("of", "packet", "reason")]
        assert retry == [id_, "?", "unknown-apid"]
    decoded = whole.decode(through[0].value, "", "", int(through[0].headers["ert_ns"]))
    assert decoded.frames[0].t_ns.tolist() == [T_NS - NS]

    again = await rejected(settings, "retry", "--flight", address.flight)
    assert again.out.endswith("0 records with 0 packets brought through, 1 stay, 3 were through before\n")
    assert len(await kept(settings, KafkaTopic.TELEMETRY, address.key)) == 4
    assert (await rejected(settings, "list", address.flight, "--json")).json["by_reason"] == {"bad-crc": 1}


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


async def refuse(settings: Settings, message: Message, reason: Reason, n: int) -> None:
    records = [
        record
        for number in range(n)
        for record in rejected_records(
            replace(message, ert_ns=message.ert_ns + number),
            message.topic,
            message.payload,
            reason,
            "as the test says",
            900_000,
            "?",
        )
    ]
    async with open_producer(settings.kafka, "test") as producer:
        await producer.acknowledged(await producer.send_all(records))


async def test_killed_in_the_middle_a_retry_ends_its_work_and_names_no_record_that_it_does_not_know(
    settings: Settings, address: Address
) -> None:
    codec = mend(settings, NAV, TANK)
    records = 3000
    message = Message(address, Kind.TELEMETRY, made(codec, "tank", 0, 1), T_NS, T_NS, T_NS, dictionary="probe@1")
    await refuse(settings, message, Reason.UNKNOWN_APID, records)
    process = await started(settings, "retry", "--flight", address.flight)
    some = await in_topic(settings, KafkaTopic.TELEMETRY, address, 1)
    process.kill()
    await process.communicate()
    assert len(some) < records
    ended = await rejected(settings, "retry", "--flight", address.flight, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.json["before"] + ended.json["records"] == records
    found = [one.headers["retry_of"] for one in await kept(settings, KafkaTopic.TELEMETRY, address.key)]
    assert len(set(found)) == records
    # what was sent and not yet marked, a batch at most, is sent again under the same name
    assert len(found) - records <= 200
    told = await rejected(settings, "retry", "0-999999999")
    assert told.code == 1
    assert "0-999999999: no such refused record" in told.err


async def test_a_whole_message_of_an_unknown_dictionary_leaves_its_bad_packet_behind_once(
    settings: Settings, address: Address
) -> None:
    codec = mend(settings, NAV, TANK)
    good = made(codec, "tank", 0, 2)
    message = Message(
        address, Kind.TELEMETRY, good + spoilt(good[: len(good) // 2]), T_NS, T_NS, T_NS, dictionary="probe@1"
    )
    await refuse(settings, message, Reason.UNKNOWN_DICTIONARY, 1)
    partly = (await rejected(settings, "retry", "--flight", address.flight, "--json")).json
    assert (partly["records"], partly["packets"], partly["left"], partly["stay"][0]["partly"]) == (1, 2, 1, True)
    (through,) = await kept(settings, KafkaTopic.TELEMETRY, address.key)
    assert through.value == good
    left = (await rejected(settings, "list", address.flight, "--json")).json
    assert left["by_reason"] == {"bad-crc": 1}
    again = (await rejected(settings, "retry", "--flight", address.flight, "--json")).json
    assert (again["records"], again["left"], again["before"]) == (0, 1, 1)
    assert len(await kept(settings, KafkaTopic.TELEMETRY, address.key)) == 1


async def test_the_ledger_moves_what_a_retry_brings_through(
    settings: Settings, address: Address, own_kafka: OwnKafka, tmp_path: Path
) -> None:
    line = replace(settings, kafka=KafkaSettings(bootstrap=own_kafka.bootstrap))
    await ensure_topics(line.kafka, LOG, WITHIN_S)
    codec = mend(line, NAV, TANK)
    nav, tank = (
        Message(address, Kind.TELEMETRY, made(codec, packet, 0, n), T_NS, T_NS, T_NS, dictionary="probe@1")
        for packet, n in (("nav", 1), ("tank", 3))
    )
    await flown.publish(line.kafka, [nav])
    await refuse(line, tank, Reason.UNKNOWN_APID, 1)
    async with running("detect", line, tmp_path, well=True):
        before = await row_of(line, address, "?", lambda row: row.rejected == 1)
        assert (before.received, before.rejected_by, before.balanced) == (1, {"unknown-apid": 1}, True)
        assert (await rejected(line, "retry", "--flight", address.flight)).code == 0
        through = await row_of(line, address, "tank", lambda row: row.unique == 3)
        assert (through.received, through.rejected, through.balanced) == (3, 0, True)
        after = await row_of(line, address, "?", lambda row: row.rejected == 0)
        assert (after.received, after.balanced) == (0, True)


async def row_of(settings: Settings, address: Address, packet: str, when: Callable[[LedgerRow], bool]) -> LedgerRow:
    """Return the newest ledger row of a packet type, once it is as it should be."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            found = await kept(settings, KafkaTopic.QUALITY, address.key)
            rows = [LedgerRow.model_validate_json(one.value) for one in found if one.headers["type"] == "ledger"]
            last = next((row for row in reversed(rows) if row.packet == packet), None)
            if last is not None and when(last):
                return last
            await asyncio.sleep(0.1)


async def test_octets_in_parts_are_put_together_and_what_is_no_telemetry_stays(
    settings: Settings, address: Address
) -> None:
    codec = mend(settings, NAV, TANK)
    payload = made(codec, "tank", 0, 100)
    message = Message(address, Kind.TELEMETRY, payload, T_NS, T_NS, T_NS, dictionary="probe@1")
    parts = rejected_records(message, message.topic, payload, Reason.TOO_LARGE, "", 600, "?")
    told = {"content-type": LINE_PROTOCOL, "reason": "field-conflict", "run": "live", "flight": address.flight}
    headers = [(name, text.encode()) for name, text in told.items()]
    line = replace(parts[0], value=b"tank,run=live m=1i 5", headers=headers)
    async with open_producer(settings.kafka, "test") as producer:
        await producer.acknowledged(await producer.send_all([*parts, parts[0], line]))
    listed = (await rejected(settings, "list", address.flight, "--json")).json
    whole, conflict, torn = listed["records"]
    assert (whole["octets"], whole["parts"], whole["damage"]) == (len(payload), 3, "")
    assert (torn["octets"], torn["damage"]) == (600, "only 1 of 3 parts are there")
    assert conflict["reason"] == "field-conflict"
    ended = await rejected(settings, "retry", "--flight", address.flight)
    assert ended.code == 1
    assert "1 records with 100 packets brought through, 2 stay" in ended.out
    assert "a line that InfluxDB refused: its packet is in downrange.telemetry" in ended.out
    (through,) = await kept(settings, KafkaTopic.TELEMETRY, address.key)
    assert through.value == payload


async def test_what_kafka_no_longer_has_comes_from_the_archive(
    settings: Settings, address: Address, tmp_path: Path
) -> None:
    recording = with_part_rules(settings, tmp_path / "archive", 1024, 0.2)
    codec = mend(settings, NAV, TANK)
    message = Message(address, Kind.TELEMETRY, made(codec, "tank", 0, 1), T_NS, T_NS, T_NS, dictionary="probe@1")
    await refuse(settings, message, Reason.UNKNOWN_APID, 2)
    async with running("record", recording, tmp_path, well=True):
        async with asyncio.timeout(WITHIN_S):
            folder = tmp_path / "archive" / "live" / address.flight
            while not list(folder.glob("rejected-*.parquet")):  # noqa: ASYNC110 -- another process writes
                await asyncio.sleep(0.1)
    there = (await rejected(recording, "list", address.flight, "--from-archive", "--json")).json
    assert there["count"] == 2
    done = await rejected(recording, "retry", there["records"][0]["id"], "--from-archive")
    assert done.out == "1 records with 1 packets brought through, 0 stay\n"
    again = await rejected(recording, "retry", "--flight", address.flight, "--from-archive")
    assert again.out == "1 records with 1 packets brought through, 0 stay, 1 were through before\n"
    assert len(await kept(settings, KafkaTopic.TELEMETRY, address.key)) == 2


async def test_a_kafka_that_is_away_is_named(settings: Settings) -> None:
    away = replace(settings, kafka=KafkaSettings(bootstrap="127.0.0.1:1"))
    ended = await rejected(away, "list")
    assert ended.code == 2
    assert ended.err.startswith("downrange: no Kafka at 127.0.0.1:1 within 5 s")
    assert "DOWNRANGE_KAFKA_BOOTSTRAP" in ended.err
