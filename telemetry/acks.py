"""The end-to-end acknowledgement: what ingest tells a station once Kafka has it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from telemetry.errors import Reason


class SafeRange(BaseModel):
    """A closed range of 14-bit sequence counts of one packet type that is in Kafka."""

    model_config = ConfigDict(frozen=True)

    packet: str
    first: int
    last: int


class RefusedOctets(BaseModel):
    """Octets that are in `downrange.rejected` instead, and why."""

    model_config = ConfigDict(frozen=True)

    octets: int
    reason: Reason
    detail: str


class SettledMessage(BaseModel):
    """One message that its station may forget.

    Parameters
    ----------
    correlation
        The station's own number of the message, as hex.
    stored
        What is safe in `downrange.telemetry`.
    refused
        What is kept in `downrange.rejected`.
    """

    model_config = ConfigDict(frozen=True)

    correlation: str
    stored: tuple[SafeRange, ...] = ()
    refused: tuple[RefusedOctets, ...] = ()


class Ack(BaseModel):
    """One publication on `.../{station}/ack`."""

    model_config = ConfigDict(frozen=True)

    settled: tuple[SettledMessage, ...]
