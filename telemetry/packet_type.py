"""One packet type: an APID, its fields in their order on the wire, and what is derived from them."""

from __future__ import annotations

import functools
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from telemetry.channels import Channel, Spare
from telemetry.derived import Derived
from telemetry.quantity import Quantity
from telemetry.raw import OCTET

MAX_APID = 2046


def _field_kind(given: Any) -> str:
    raw = given.get("raw") if isinstance(given, dict) else getattr(given, "raw", "")
    return "spare bits" if str(raw).startswith("spare") else "a channel"


PacketField = Annotated[
    Annotated[Channel, Tag("a channel")] | Annotated[Spare, Tag("spare bits")], Discriminator(_field_kind)
]


class Packet(BaseModel):
    """A packet type.

    Parameters
    ----------
    fields
        Channels and spare bits in their order on the wire, one behind the other; in the file they are `channels`.
    derived
        Computed from the channels.
    rate_hz
        Nominal rate.
    vehicles
        Only these vehicles send it; all, when left out.
    sent_counter
        The channel, of any packet, that counts how many of these the vehicle has made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True)

    apid: Annotated[int, Field(ge=0, le=MAX_APID)]
    rate_hz: Annotated[float, Field(gt=0)]
    description: str
    fields: tuple[PacketField, ...] = Field(min_length=1, alias="channels")
    derived: tuple[Derived, ...] = ()
    vehicles: tuple[str, ...] | None = None
    sent_counter: str | None = None

    @functools.cached_property
    def channels(self) -> tuple[Channel, ...]:
        """The channels without the spare bits."""
        return tuple(field for field in self.fields if isinstance(field, Channel))

    @functools.cached_property
    def quantities(self) -> tuple[Channel | Derived, ...]:
        """What its frames have as columns: the channels, then what is derived from them."""
        return (*self.channels, *self.derived)

    @functools.cached_property
    def bit_offsets(self) -> dict[str, int]:
        """Where each channel begins, in bits from the first field."""
        offsets: dict[str, int] = {}
        at = 0
        for field in self.fields:
            if isinstance(field, Channel):
                offsets[field.name] = at
            at += field.raw.bits
        return offsets

    @functools.cached_property
    def bits(self) -> int:
        """Length of all fields together."""
        return sum(field.raw.bits for field in self.fields)

    @property
    def field_octets(self) -> int:
        """Length of all fields together in octets."""
        return self.bits // OCTET

    def channel(self, name: str) -> Channel:
        """Return the channel of that name; KeyError if there is none."""
        return next((channel for channel in self.channels if channel.name == name), None) or _no(name)

    def quantity(self, name: str) -> Quantity:
        """Return the channel or derived channel of that name; KeyError if there is none."""
        return next((quantity for quantity in self.quantities if quantity.name == name), None) or _no(name)


def _no(name: str) -> NoReturn:
    raise KeyError(name)
