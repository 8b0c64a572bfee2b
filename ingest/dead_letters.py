"""The shell of retrying: reads refused records from Kafka or the archive, and brings through what is good now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka.errors import KafkaError

from ingest.refused import RESIDUE, RESIDUE_OF, Assembler, Marks, RawRecord, RefusedRecord, is_mark, parse_id
from ingest.retry import Retrier, Retry
from runtime.archive.catalog import list_recordings
from runtime.archive.layout import UNADDRESSED, Stream
from runtime.archive.reader import read_stream
from runtime.kafka import Outgoing, Partition, Producer, read_to_end
from runtime.settings import KafkaSettings
from telemetry.errors import TransientError
from telemetry.topics import KafkaTopic, flight_key, partition_of

CLIENT: Final = "downrange-rejected"
AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which refused records.

    Parameters
    ----------
    run, flight, reason
        Of these only; none for any.
    ids
        These only; empty for any.
    """

    run: str | None = None
    flight: str | None = None
    reason: str | None = None
    ids: frozenset[str] = frozenset()

    def takes(self, record: RefusedRecord) -> bool:
        """Return whether a record is one of them."""
        return (
            (self.run is None or record.text("run") == self.run)
            and (self.flight is None or record.text("flight") == self.flight)
            and (self.reason is None or record.text("reason") == self.reason)
            and (not self.ids or record.id in self.ids)
        )

    @property
    def starts(self) -> dict[int, int] | None:
        """The first offset of each partition that ids name; none without ids."""
        if not self.ids:
            return None
        found: dict[int, int] = {}
        for partition, offset in map(parse_id, sorted(self.ids)):
            found[partition] = min(found.get(partition, offset), offset)
        return found


Source = Callable[[], AsyncIterator[RawRecord]]


def in_kafka(settings: KafkaSettings, wanted: Wanted) -> Source:
    """Return what reads `downrange.rejected`, as far as it can hold what is wanted."""
    starts = wanted.starts

    async def read() -> AsyncIterator[RawRecord]:
        topic = KafkaTopic.REJECTED.value
        numbers: Iterable[int] = range(settings.partitions) if starts is None else starts
        if starts is None and wanted.run is not None and wanted.flight is not None:
            numbers = [partition_of(flight_key(wanted.run, wanted.flight), settings.partitions)]
        offsets = {Partition(topic, number): offset for number, offset in (starts or {}).items()}
        chosen = [Partition(topic, number) for number in numbers if number < settings.partitions]
        try:
            async for record in read_to_end(settings, CLIENT, chosen, offsets):
                yield record
        except KafkaError as error:
            msg = f"Kafka at {settings.bootstrap} (DOWNRANGE_KAFKA_BOOTSTRAP): {error!r}"
            raise TransientError(msg) from error

    return read


def in_archive(root: Path, wanted: Wanted) -> Source:
    """Return what reads the refused records of the archive; a flight's lie together, and those of no flight apart."""

    async def read() -> AsyncIterator[RawRecord]:
        folders = [
            recording.folder
            for recording in list_recordings(root)
            if wanted.run in {None, recording.run} and wanted.flight in {None, recording.flight}
        ]
        for folder in [*folders, root / UNADDRESSED / UNADDRESSED]:
            for record in read_stream(folder, Stream.REJECTED):
                yield record

    return read


async def marks_in(*sources: Source) -> Marks:
    """Return what earlier retries have left there."""
    marks = Marks()
    for source in sources:
        async for record in source():
            marks.take(record)
    return marks


async def refused_in(source: Source, wanted: Wanted) -> AsyncIterator[RefusedRecord]:
    """Yield the refused records that are wanted, each put together, in order of partition and offset."""
    assembler = Assembler()
    async for record in source():
        if not is_mark(record):
            for whole in assembler.take(record):
                if wanted.takes(whole):
                    yield whole
    for whole in assembler.rest():
        if wanted.takes(whole):
            yield whole


async def retried(
    records: AsyncIterator[RefusedRecord], retrier: Retrier, marks: Marks, producer: Producer | None
) -> AsyncIterator[Retry]:
    """Examine records again, and bring through what is good; yields what became of each when it is safe in Kafka.

    Killed in the middle and run again, it sends at most the last few records a second time, which whoever counts passes
    over: they name the same refused record. What an earlier retry has brought through is left out.

    Parameters
    ----------
    records
        Refused records.
    retrier
        Examines them.
    marks
        What earlier retries have left.
    producer
        To Kafka; none for a look at what would happen.

    Raises
    ------
    TransientError
        If Kafka does not take a record.
    """
    found: list[Retry] = []
    async for record in records:
        if record.id in marks.retried:
            continue
        found.append(retrier.retry(record))
        if len(found) >= AT_ONCE:
            for one in await _brought_through(found, marks, producer):
                yield one
            found = []
    for one in await _brought_through(found, marks, producer):
        yield one


async def _brought_through(found: list[Retry], marks: Marks, producer: Producer | None) -> list[Retry]:
    if producer is not None:
        # 1 what stays bad, each once: a retry that was killed here finds them the next time
        await _send(producer, [one for retry in found for one in retry.residue if _residue(one) not in marks.residues])
        # 2 what is good
        await _send(producer, [retry.telemetry for retry in found if retry.telemetry is not None])
        # 3 that it is through, when it is
        await _send(producer, [retry.mark for retry in found if retry.mark is not None])
    marks.retried |= {retry.record.id for retry in found if retry.mark is not None}
    return found


async def _send(producer: Producer, records: Collection[Outgoing]) -> None:
    if records:
        await producer.acknowledged(await producer.send_all(records))


def _residue(record: Outgoing) -> tuple[str, str]:
    headers = dict(record.headers)
    return headers[RESIDUE_OF].decode(), headers[RESIDUE].decode()
