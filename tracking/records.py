"""Records on `downrange.deliveries`: their keys, their types, and the models that they hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, ValidationError

from runtime.kafka import Headers
from telemetry.errors import PacketError, Reason
from telemetry.topics import flight_key
from tracking.delivery import Delivery
from tracking.flight import FlightRecord
from tracking.load import Booking
from tracking.motion import Now

TYPE_HEADER: Final = "type"


class RecordType(StrEnum):
    """What a record is; the value of its header `type`.

    A flight has one `flight` and one `now`, each replaced by the next; one `manifest`, the last that was sent in; and
    one `delivery` a parcel.
    """

    MANIFEST = "manifest"
    FLIGHT = "flight"
    NOW = "now"
    DELIVERY = "delivery"


MODELS: Final[dict[RecordType, type[BaseModel]]] = {
    RecordType.MANIFEST: Booking,
    RecordType.FLIGHT: FlightRecord,
    RecordType.NOW: Now,
    RecordType.DELIVERY: Delivery,
}


@dataclass(frozen=True, slots=True)
class StateRecord:
    """A record to write.

    Parameters
    ----------
    flight
        `{run}/{flight}`, which chooses the partition.
    last
        The last level of its key: a tracking code, or the record's type.
    type, value
        What it is, and its JSON.
    """

    flight: str
    last: str
    type: RecordType
    value: bytes

    @property
    def key(self) -> str:
        """The record's key: `{run}/{flight}/{code}`, or with the type in the code's place."""
        return f"{self.flight}/{self.last}"

    @property
    def headers(self) -> Headers:
        """The record's headers."""
        return [(TYPE_HEADER, self.type.value.encode())]


def state_record(record: Booking | FlightRecord | Now | Delivery) -> StateRecord:
    """Return a model as a record."""
    kind = next(kind for kind, model in MODELS.items() if isinstance(record, model))
    of = record.manifest.plan if isinstance(record, Booking) else record
    last = record.code if isinstance(record, Delivery) else kind.value
    return StateRecord(flight_key(of.run, of.flight), last, kind, record.model_dump_json().encode())


def read_record(value: bytes, headers: Headers) -> Booking | FlightRecord | Now | Delivery:
    """Read a record.

    Raises
    ------
    PacketError
        If it is none of the types, or not of its type's shape.
    """
    name = dict(headers).get(TYPE_HEADER, b"").decode("utf-8", "replace")
    try:
        record = MODELS[RecordType(name)].model_validate_json(value)
    except (ValidationError, ValueError) as error:
        raise PacketError(Reason.BAD_JSON, f"not a record of type {name[:40]!r}: {error}") from error
    if not isinstance(record, Booking | FlightRecord | Now | Delivery):
        raise TypeError(type(record))
    return record
