"""What an engine said, as records of Kafka."""

from __future__ import annotations

from dataclasses import dataclass, field

from processors.output import Output
from runtime.kafka import Outgoing
from telemetry.events import Event, event_to_kafka
from telemetry.limit_state import LimitState
from telemetry.quality import QualityRecord
from telemetry.topics import KafkaTopic, flight_key


@dataclass(slots=True)
class Told:
    """Events, which stand on their topic once, and records that each replace the one before."""

    events: list[Event] = field(default_factory=list)
    records: list[Outgoing] = field(default_factory=list)


def told(output: Output) -> Told:
    """Return what an engine said of a message; what cannot be written is found out here, and not when it is sent."""
    for event in output.events:
        event_to_kafka(event)
    return Told(output.events, [*map(quality_record, output.quality), *map(limit_record, output.limits)])


def quality_record(record: QualityRecord) -> Outgoing:
    """Return the record of `downrange.quality`."""
    headers = [("type", record.type.encode()), ("run", record.run.encode()), ("flight", record.flight.encode())]
    key = flight_key(record.run, record.flight)
    return Outgoing(KafkaTopic.QUALITY, key, record.model_dump_json().encode(), headers)


def limit_record(state: LimitState) -> Outgoing:
    """Return the record of `downrange.limits`."""
    headers = [("type", b"limit"), ("run", state.run.encode()), ("flight", state.flight.encode())]
    value = state.model_dump_json().encode()
    return Outgoing(KafkaTopic.LIMITS, state.key, value, headers, flight_key(state.run, state.flight))
