"""Events: what happened, when, how sure, and on what evidence; and their CloudEvents 1.0 form on Kafka."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary, to_binary
from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import BaseModel, ConfigDict, Field, field_validator

from telemetry.errors import PacketError, Reason
from telemetry.topics import flight_key
from telemetry.vocabulary import EVENT_TYPES, short_name

ID_HEX_DIGITS: Final = 32
Status = Literal["provisional", "confirmed", "retracted"]


class Evidence(BaseModel):
    """What an event rests on.

    Parameters
    ----------
    detector, detector_version, parameters
        Which rule said so.
    packet, count_first, count_last, station
        The packets it saw last, as unwrapped sequence counts; none when the rule speaks of silence.
    topic_offsets
        Offset of the message that completed it, by topic-partition.
    silent
        Whether no message completed it: it was told because nothing came any more after that message.
    """

    model_config = ConfigDict(frozen=True)

    detector: str
    detector_version: int
    parameters: dict[str, float | int | str | bool] = {}
    packet: str | None = None
    count_first: int | None = None
    count_last: int | None = None
    station: str | None = None
    topic_offsets: dict[str, int] = {}
    silent: bool = False


class Event(BaseModel):
    """Something that happened.

    Parameters
    ----------
    type
        One of the vocabulary, for example `downrange.flight.apogee`.
    run, flight, vehicle
        Of what.
    ordinal
        0 for the first of its type on this vehicle, 1 for the second, ...
    revision, status
        A later revision with the same ordinal replaces an earlier one, which stays on record.
    t_ns, t_sigma_s
        When it happened, Unix ns on the vehicle's clock, and the standard uncertainty of that.
    was_ns
        The time that the revision before this one gave; none for the first. Whoever keeps events by their time finds
        by it what this one replaces.
    detected_ns
        Earth receive time of the message that completed the evidence: the flight's time at which one could know.
    values
        Values with units in their names, for example `altitude_m`; NaN and infinity are left out, since JSON has none
        and an event must say the same to everyone who reads it.
    evidence
        What it rests on.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    run: str
    flight: str
    vehicle: str
    ordinal: Annotated[int, Field(ge=0)] = 0
    revision: Annotated[int, Field(ge=0)] = 0
    status: Status = "confirmed"
    t_ns: int
    t_sigma_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0
    was_ns: int | None = None
    detected_ns: int
    values: dict[str, float | int | str | bool] = {}
    evidence: Evidence

    @field_validator("type")
    @classmethod
    def _known_type(cls, value: str) -> str:
        if value not in EVENT_TYPES:
            msg = f"{value!r} is not in the vocabulary"
            raise ValueError(msg)
        return value

    @field_validator("values")
    @classmethod
    def _known_values(cls, values: dict[str, float | int | str | bool]) -> dict[str, float | int | str | bool]:
        return {name: value for name, value in values.items() if isinstance(value, str) or math.isfinite(value)}

    @property
    def id(self) -> str:
        """Hash of what the event is: equal for the same event found again, different for another revision."""
        identity = "\x1f".join((self.run, self.flight, self.vehicle, self.type, str(self.ordinal), str(self.revision)))
        return hashlib.sha256(identity.encode()).hexdigest()[:ID_HEX_DIGITS]

    @property
    def name(self) -> str:
        """The last word of the type."""
        return short_name(self.type)

    @property
    def is_standing(self) -> bool:
        """Whether it says that something happened, as far as this revision knows."""
        return self.status != "retracted"

    @property
    def identity_in_flight(self) -> tuple[str, str, int, int]:
        """What stays the same when the flight is flown again under another run: vehicle, type, ordinal, revision."""
        return (self.vehicle, self.type, self.ordinal, self.revision)


def event_to_kafka(event: Event) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Return key, value and headers of the event's record (CloudEvents Kafka binding, binary mode)."""
    cloud = CloudEvent(
        {
            "id": event.id,
            "source": f"/downrange/{event.run}/{event.flight}/{event.vehicle}",
            "type": event.type,
            "subject": f"{event.vehicle}/{event.name}/{event.ordinal}",
            "time": datetime.fromtimestamp(event.t_ns // 10**9, UTC).replace(microsecond=event.t_ns % 10**9 // 1000),
            "datacontenttype": "application/json",
            "specversion": "1.0",
        },
        json.loads(event.model_dump_json()),
    )
    record = to_binary(cloud, JSONFormat())
    names: list[tuple[str, bytes]] = [
        ("run", event.run.encode()),
        ("flight", event.flight.encode()),
        ("vehicle", event.vehicle.encode()),
    ]
    return flight_key(event.run, event.flight).encode(), record.value, [*record.headers.items(), *names]


def event_from_kafka(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Event:
    """Read an event's record.

    Raises
    ------
    PacketError
        If it is no CloudEvent of the vocabulary.
    """
    cloud_headers = {
        name: octets or b"" for name, octets in headers if name.startswith("ce_") or name == "content-type"
    }
    try:
        cloud = from_binary(KafkaMessage(cloud_headers, None, value or b""), JSONFormat())
        return Event.model_validate(cloud.get_data())
    except (BaseCloudEventException, ValueError, RecursionError) as error:
        raise PacketError(Reason.BAD_JSON, f"not an event: {error}") from error
