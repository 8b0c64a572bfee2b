"""What the line has at the end, held against what the recordings say: nothing lost, nothing doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from chaos.parcels import parcels_seen
from chaos.recording import Recording, in_order, packets_in
from chaos.truth import Truth, identity_of, is_whole, samples_of, seen_of

from downrange.line import RUN_SERVICE
from processors.influx.counted import counted_field
from runtime.archive.layout import Stream
from runtime.archive.reader import count_rows, read_stream
from runtime.kafka import Partition, Record, read_to_end
from runtime.settings import Settings
from telemetry.dictionary import built_in
from telemetry.events import event_from_kafka
from telemetry.message import message_from_kafka
from telemetry.quality import UNKNOWN_PACKET, LedgerRow
from telemetry.topics import LIVE_RUN, KafkaTopic, Kind
from tracking.delivery import Delivery
from tracking.records import read_record

RECORDED: Final = {
    Stream.TELEMETRY: KafkaTopic.TELEMETRY,
    Stream.EVENTS: KafkaTopic.EVENTS,
    Stream.QUALITY: KafkaTopic.QUALITY,
    Stream.REJECTED: KafkaTopic.REJECTED,
}
LEDGER: Final = "import sys; sys.argv[0] = 'downrange'; " + RUN_SERVICE


@dataclass(slots=True)
class Found:
    """What was found of one flight.

    Parameters
    ----------
    flight
        Which.
    made, unique
        Packets made on board, and different ones that any station heard whole.
    messages, resent
        Messages of the stations, and how many more times they stand on Kafka: resends, which the identities tell.
    lost, doubled
        Of anything, anywhere: what there should have been and was not, and what there was too often.
    kept_twice
        Records that a recorder wrote a second time after it was killed, in a part that overlaps; read, they are one.
    stored, archived
        Points in InfluxDB, and different whole packets in the archive.
    events
        On Kafka, links left out.
    wrong
        Everything that is not as it should be, in words.
    """

    flight: str
    made: int = 0
    unique: int = 0
    messages: int = 0
    resent: int = 0
    lost: int = 0
    doubled: int = 0
    kept_twice: int = 0
    stored: int = 0
    archived: int = 0
    events: int = 0
    wrong: list[str] = field(default_factory=list)

    def expect(self, what: str, wanted: Mapping[Any, int], got: Mapping[Any, int]) -> None:
        """Note what there is too little and too much of."""
        lost = sum((Counter(wanted) - Counter(got)).values())
        doubled = sum((Counter(got) - Counter(wanted)).values())
        self.lost += lost
        self.doubled += doubled
        if lost or doubled:
            self.wrong.append(f"{what}: {lost} lost, {doubled} too many")


class Witness:
    """Everything that the line has, read once.

    Parameters
    ----------
    settings
        Where it is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._records: dict[KafkaTopic, dict[str, list[Record]]] = {}

    async def read_kafka(self) -> None:
        """Read every topic that the recorder keeps, to its end."""
        partitions = range(self._settings.kafka.partitions)
        for topic in (*RECORDED.values(), KafkaTopic.DELIVERIES):
            kept = self._records[topic] = {}
            read = read_to_end(self._settings.kafka, "chaos-proof", [Partition(topic.value, n) for n in partitions])
            async for record in read:
                run, flight, *_ = (record.key or b"?/?").decode().split("/")
                kept.setdefault(f"{run}/{flight}", []).append(record)

    async def examine(self, truth: Truth, recordings: Sequence[Recording]) -> Found:
        """Hold one flight against the truth."""
        found = Found(truth.flight, sum(truth.made.values()), len(truth.good), truth.messages.total())
        self._kafka(truth, found)
        self._archive(truth, found)
        self._events(truth, found)
        self._parcels(truth, found)
        self._ledger(truth, found)
        await self._influx(truth, recordings, found)
        return found

    def _of(self, topic: KafkaTopic, flight: str) -> list[Record]:
        return self._records[topic].get(f"{LIVE_RUN}/{flight}", [])

    def _kafka(self, truth: Truth, found: Found) -> None:
        """Look for all whole packets on the topic, each message with its own time, and for what no station sent."""
        times = {(station, kind, ert_ns) for station, kind, ert_ns, _ in truth.messages}
        seen: Counter[tuple[str, str, int]] = Counter()
        packets: set[bytes] = set()
        for record in self._of(KafkaTopic.TELEMETRY, truth.flight):
            message = message_from_kafka(record.value, record.headers)
            station, kind, ert_ns, payload = identity_of(message)
            if ert_ns:
                seen[station, kind, ert_ns] += 1
            if message.kind is Kind.TELEMETRY:
                packets.update(packets_in(payload))
        found.resent = seen.total() - len(seen)
        found.expect("packets on Kafka", dict.fromkeys(truth.good, 1), dict.fromkeys(packets, 1))
        found.expect("messages on Kafka", dict.fromkeys(times, 1), dict.fromkeys(seen, 1))

    def _archive(self, truth: Truth, found: Found) -> None:
        """Look for each record of Kafka in the archive, and for each packet."""
        folder = self._settings.archive.dir / LIVE_RUN / truth.flight
        for stream, topic in RECORDED.items():
            kept = Counter((r.partition, r.offset) for r in read_stream(folder, stream))
            wanted = dict.fromkeys(((r.partition, r.offset) for r in self._of(topic, truth.flight)), 1)
            found.expect(f"records of {stream.value} in the archive", wanted, kept)
            found.kept_twice += count_rows(folder, stream) - kept.total()
        packets: set[bytes] = set()
        for record in read_stream(folder, Stream.TELEMETRY):
            if dict(record.headers).get("kind") == Kind.TELEMETRY.value.encode():
                packets.update(packets_in(record.value or b""))
        found.archived = sum(packet in truth.good for packet in packets)
        found.expect("packets in the archive", dict.fromkeys(truth.good, 1), dict.fromkeys(packets, 1))

    def _events(self, truth: Truth, found: Found) -> None:
        """Look for each event once, as it is in an undisturbed run."""
        events = [event_from_kafka(r.value, r.headers) for r in self._of(KafkaTopic.EVENTS, truth.flight)]
        seen = seen_of(events)
        found.events = len(seen)
        found.expect("events", dict.fromkeys(truth.events, 1), Counter(e.id for e in events if e.id in seen))
        links = Counter(event.id for event in events if event.id not in seen)
        found.expect("events of links", dict.fromkeys(links, 1), links)
        for identity in seen.keys() & truth.events.keys():
            if seen[identity] != truth.events[identity]:
                found.wrong.append(f"event {seen[identity]} instead of {truth.events[identity]}")
        for identity in truth.events.keys() - seen.keys():
            found.wrong.append(f"event lost: {truth.events[identity]}")
        for identity in seen.keys() - truth.events.keys():
            found.wrong.append(f"event too many: {seen[identity]}")

    def _parcels(self, truth: Truth, found: Found) -> None:
        """Hold the last state of each parcel against an undisturbed one."""
        last: dict[bytes, Delivery] = {}
        for record in self._of(KafkaTopic.DELIVERIES, truth.flight):
            read = read_record(record.value or b"", record.headers)
            if isinstance(read, Delivery):
                last[record.key or b""] = read
        found.expect("parcels", dict.fromkeys(truth.parcels, 1), Counter(one.parcel.parcel for one in last.values()))
        for name, seen in parcels_seen(last.values()).items():
            if seen != truth.parcels.get(name):
                found.wrong.append(f"parcel {name}: {seen} instead of {truth.parcels.get(name)}")

    def _ledger(self, truth: Truth, found: Found) -> None:
        """Hold the books against what was made, heard and refused."""
        rows: dict[str, LedgerRow] = {}
        for record in self._of(KafkaTopic.QUALITY, truth.flight):
            if dict(record.headers).get("type") == b"ledger":
                row = LedgerRow.model_validate_json(record.value or b"{}")
                rows[row.packet] = row
        received, refused = self._counted(truth)
        for packet in sorted(rows.keys() | truth.made.keys()):
            if packet == UNKNOWN_PACKET:
                continue
            if packet not in rows:
                found.wrong.append(f"ledger: no row of {packet}")
                continue
            row = rows[packet]
            found.wrong += [f"ledger of {packet}: {each}" for each in row.imbalances]
            unique, made = truth.unique[packet], truth.made[packet]
            said = (row.sent, row.unique, row.missing, row.duplicate, row.stored, row.archived)
            true = (made, unique, made - unique, received[packet] - unique, unique, unique)
            if said != true:
                names = "sent, unique, missing, duplicate, stored, archived"
                found.wrong.append(f"ledger of {packet}: {names} are {said}, not {true}")
            if row.late:
                found.wrong.append(f"ledger of {packet}: {row.late} came too late to be detected on")
        told = sum(row.rejected for row in rows.values())
        if told != refused or refused < truth.bad:
            found.wrong.append(f"ledger: {told} refused, {refused} on Kafka, {truth.bad} at the stations")

    def _counted(self, truth: Truth) -> tuple[Counter[str], int]:
        received: Counter[str] = Counter()
        for record in self._of(KafkaTopic.TELEMETRY, truth.flight):
            message = message_from_kafka(record.value, record.headers)
            if message.kind is Kind.TELEMETRY:
                received.update(truth.good.get(packet, "") for packet in packets_in(message.payload))
        refused = sum(not is_whole(r.value or b"") for r in self._of(KafkaTopic.REJECTED, truth.flight))
        return received, refused

    async def _influx(self, truth: Truth, recordings: Sequence[Recording], found: Found) -> None:
        """Look for exactly the unique samples in InfluxDB, and each event."""
        times, values = samples_of(in_order(recordings))
        for packet, wanted in times.items():
            counted = counted_field(built_in("yuanxing-1").packets[packet])
            rows = await self._ask(f'"{counted}"', packet, truth.flight)
            stored = Counter(int(row["time"]) for row in rows)
            found.stored += stored.total()
            found.expect(f"points of {packet} in InfluxDB", dict.fromkeys(wanted, 1), stored)
            counts = {
                name.removeprefix("count_"): number
                for row in await self._ask("count(*)", packet, truth.flight)
                for name, number in row.items()
                if name != "time"
            }
            found.expect(f"values of {packet} in InfluxDB", +values[packet], counts)
        ids = Counter(str(row["id"]) for row in await self._ask('"id"', "events", truth.flight))
        events = [event_from_kafka(r.value, r.headers) for r in self._of(KafkaTopic.EVENTS, truth.flight)]
        found.expect("events in InfluxDB", dict.fromkeys((event.id for event in events), 1), ids)

    async def _ask(self, what: str, measurement: str, flight: str) -> list[dict[str, Any]]:
        influx = self._settings.influx
        query = f'SELECT {what} FROM "{measurement}" WHERE "flight" = \'{flight}\''  # noqa: S608 -- our own names
        token = influx.token.get_secret_value() if influx.token is not None else ""
        form, headers = {"q": query, "db": influx.bucket, "epoch": "ns"}, {"Authorization": f"Token {token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{influx.url}/query", data=form) as response,
        ):
            answer = await response.json(content_type=None)
        [result] = answer["results"]
        if "error" in result:
            raise ValueError(result["error"])
        [series] = result.get("series", [{"columns": [], "values": []}])
        return [dict(zip(series["columns"], row, strict=True)) for row in series["values"]]
