"""Ingest as a process between real brokers, stations that feed it, and what Kafka keeps of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiomqtt
import numpy as np

from runtime.kafka import Partition, read_to_end
from runtime.mqtt import Connection
from runtime.settings import MqttSettings, Settings
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.message import SPACE_PACKETS
from telemetry.packets import crc16
from telemetry.topics import Address, KafkaTopic, Kind, partition_of

NS: Final = 10**9
T_NS: Final = 1_893_456_000 * NS
CODEC: Final = PacketCodec(built_in("yuanxing-1"))
NAV_OCTETS: Final = CODEC.layout.octets(CODEC.dictionary.packets["nav"].apid)
TIMES: Final = [("ert_ns", str(T_NS)), ("sent_ns", str(T_NS))]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record in Kafka."""

    value: bytes
    headers: dict[str, str]


def nav(first: int, n: int = 1, *, t_ns: int = T_NS, packet: str = "nav", value: float = 0.0) -> bytes:
    """Return whole packets of one type."""
    columns: dict[str, Any] = {c.name: np.full(n, value) for c in CODEC.dictionary.packets[packet].channels}
    columns[str(CODEC.dictionary.version_channel)] = np.full(n, CODEC.dictionary.version)
    return CODEC.encode(packet, np.arange(first, first + n), np.full(n, t_ns), columns)


def with_header(packet: bytes, *, apid: int | None = None, length: int | None = None) -> bytes:
    """Return a packet with another header, and a CRC that fits it."""
    octets = bytearray(packet[:-2])
    if apid is not None:
        octets[0:2] = (int.from_bytes(octets[0:2], "big") & 0xF800 | apid).to_bytes(2, "big")
    if length is not None:
        octets[4:6] = length.to_bytes(2, "big")
    return bytes(octets) + crc16(bytes(octets)).to_bytes(2, "big")


async def publish(
    connection: Connection,
    address: Address,
    payload: bytes,
    *,
    properties: Sequence[tuple[str, str]] = (),
    correlation: bytes | None = None,
) -> None:
    """Publish telemetry as a station does, but without keeping it."""
    await connection.publish(
        address.topic(Kind.TELEMETRY),
        payload,
        content_type=SPACE_PACKETS,
        correlation=correlation,
        properties=properties or TIMES,
    )


async def publish_raw(settings: MqttSettings, name: str, topic: str, payload: bytes, **options: Any) -> None:
    """Publish with whatever options, and wait for the broker to have it."""
    async with aiomqtt.Client(hostname=settings.host, port=settings.port, identifier=name, keep_alive=30) as client:
        await client.publish(
            topic, payload, qos=aiomqtt.QoS.AT_LEAST_ONCE, packet_id=next(client.packet_ids), **options
        )


async def kept(settings: Settings, topic: KafkaTopic, key: str) -> list[Kept]:
    """Return what Kafka has of a flight now, in order."""
    partition = Partition(topic.value, partition_of(key, settings.kafka.partitions))
    return [
        Kept(record.value, {name: value.decode() for name, value in record.headers})
        async for record in read_to_end(settings.kafka, "test", [partition])
        if record.key == key.encode()
    ]


def counts_of(records: Sequence[Kept]) -> list[int]:
    """Return the sequence counts of all nav packets, in order of the records."""
    counts = []
    for record in records:
        if record.headers["kind"] == Kind.TELEMETRY:
            decoded = CODEC.inspect(record.value, "", "", int(record.headers["ert_ns"]))
            assert decoded.refusals == ()
            counts += [int(count) for frame in decoded.frames for count in frame.counts]
    return counts
