"""Recordings as a recorder would have made them of a simulated flight, without brokers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from detection import detect, new_engine

from runtime.archive.layout import Stream
from runtime.archive.records import Archived
from runtime.archive.writer import write_part
from telemetry.events import Event, event_to_kafka
from telemetry.message import Message
from telemetry.quality import QualityRecord

NS_PER_MS: Final = 10**6


def record(root: Path, flight: str, messages: Sequence[Message], *, told: bool = False, run: str = "live") -> None:
    """Write a flight's telemetry, and with `told` what an engine says of it."""
    folder, key = root / run / flight, f"{run}/{flight}".encode()
    write_part(
        folder,
        Stream.TELEMETRY,
        [
            Archived(0, offset, each.ert_ns // NS_PER_MS, key, tuple(each.kafka_headers()), each.payload)
            for offset, each in enumerate(messages)
        ],
    )
    if told:
        flown = detect(messages, new_engine(flight, run))
        write_events(folder, flown.events)
        write_quality(folder, key, [*flown.quality, *flown.engine.ledger()])


def write_events(folder: Path, events: Iterable[Event]) -> None:
    """Write events in the order in which they were told."""
    records = [(event.detected_ns // NS_PER_MS, *event_to_kafka(event)) for event in events]
    write_part(
        folder,
        Stream.EVENTS,
        [
            Archived(0, offset, ms, key, tuple(headers), value)
            for offset, (ms, key, value, headers) in enumerate(records)
        ],
    )


def write_quality(folder: Path, key: bytes, records: Iterable[QualityRecord]) -> None:
    """Write quality records in the order in which they were told."""
    write_part(
        folder,
        Stream.QUALITY,
        [
            Archived(0, offset, 0, key, (("type", each.type.encode()),), each.model_dump_json().encode())
            for offset, each in enumerate(records)
        ],
    )
