"""What the line says of a flight's quality: from Kafka while the flight is in the topic, from the archive otherwise."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from pydantic import ValidationError
from rich.console import Console, RenderableType
from rich.live import Live

from processors.audit.tail import following
from runtime.archive.catalog import find_recording
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from runtime.kafka import Partition
from runtime.kafka_ends import log_ends
from runtime.logs import configure_logs
from runtime.settings import ServiceSettings, Settings, read_settings
from telemetry.errors import ArchiveError, TransientError
from telemetry.quality import QualityRecord
from telemetry.topics import LIVE_RUN, KafkaTopic, flight_key, partition_of

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

    from runtime.archive.records import Archived
    from runtime.kafka import Record

WIDE: Final = 140
REDRAW_S: Final = 2.0
WAIT_MS: Final = 500
R = TypeVar("R", bound=QualityRecord)


class Told(NamedTuple, Generic[R]):
    """The last record of each identity, in the order in which they were first told, and where they were found."""

    run: str
    flight: str
    source: str
    records: tuple[R, ...]


def told(kind: type[R], flight: str, run: str | None) -> Told[R]:
    """Return what was told of a flight.

    Raises
    ------
    ArchiveError
        If neither Kafka nor the archive has anything of it.
    """
    settings = _settings()
    missing = ""
    try:
        found = asyncio.run(_from_kafka(kind, settings, flight, run or LIVE_RUN))
    except TransientError as error:
        found, missing = None, f"; {error}"
    if found is not None:
        return found
    recording = find_recording(settings.archive.dir, flight, run)
    records = _Last(kind, flight_key(recording.run, recording.flight))
    for record in read_stream(recording.folder, Stream.QUALITY):
        records.take(record)
    if not records.last:
        detail = f"{recording.run}/{flight} has no record of type {kind.type}: it was recorded before there were any"
        raise ArchiveError(str(recording.folder), f"{detail}{missing}")
    return Told(recording.run, recording.flight, f"archive{missing}", tuple(records.last.values()))


def watch(kind: type[R], flight: str, run: str | None, draw: Callable[[Told[R]], RenderableType]) -> None:
    """Draw what is told of a flight, and again whenever it changes, until Ctrl-C.

    Raises
    ------
    TransientError
        If Kafka does not answer.
    """
    with suppress(KeyboardInterrupt):
        asyncio.run(_watch(kind, _settings(), Told(run or LIVE_RUN, flight, "Kafka", ()), draw))


def console() -> Console:
    """Return the terminal, or a wide page for a pipe."""
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


class _Last(Generic[R]):
    """The last record of each identity among those of one flight."""

    def __init__(self, kind: type[R], key: str) -> None:
        self._kind = kind
        self._key = key.encode()
        self.last: dict[tuple[str, ...], R] = {}

    def take(self, record: Record | Archived) -> None:
        """Take a record of the quality topic; one of another flight or kind, or one that cannot be read, is none."""
        if record.key != self._key or dict(record.headers).get("type") != self._kind.type.encode():
            return
        with suppress(ValidationError):
            found = self._kind.model_validate_json(record.value or b"")
            self.last[found.identity] = found


def _settings() -> Settings:
    configure_logs(ServiceSettings(log_level="error"))
    return read_settings()


async def _from_kafka(kind: type[R], settings: Settings, flight: str, run: str) -> Told[R] | None:
    key = flight_key(run, flight)
    tp = Partition(KafkaTopic.QUALITY.value, partition_of(key, settings.kafka.partitions))
    records = _Last(kind, key)
    async with following(settings.kafka, run, flight) as consumer:
        end = (await log_ends(consumer, [tp]))[tp]
        await consumer.seek_to_beginning(tp)
        while await consumer.position(tp) < end:
            await _read(consumer, records)
    return Told(run, flight, "Kafka", tuple(records.last.values())) if records.last else None


async def _watch(kind: type[R], settings: Settings, shown: Told[R], draw: Callable[[Told[R]], RenderableType]) -> None:
    tp = Partition(
        KafkaTopic.QUALITY.value, partition_of(flight_key(shown.run, shown.flight), settings.kafka.partitions)
    )
    records, page = _Last(kind, flight_key(shown.run, shown.flight)), console()
    async with following(settings.kafka, shown.run, shown.flight) as consumer:
        await consumer.seek_to_beginning(tp)
        with Live(console=page, auto_refresh=False) as live:
            live.update(draw(shown), refresh=True)
            while True:
                until_s = asyncio.get_running_loop().time() + REDRAW_S
                while asyncio.get_running_loop().time() < until_s:
                    await _read(consumer, records)
                found = shown._replace(records=tuple(records.last.values()))
                if found != shown:
                    shown = found
                    live.update(draw(shown), refresh=True)


async def _read(consumer: AIOKafkaConsumer, records: _Last[R]) -> None:
    for some in (await consumer.getmany(timeout_ms=WAIT_MS)).values():
        for record in some:
            records.take(record)
