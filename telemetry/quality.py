"""Records of `downrange.quality`: ledger rows, link states, latencies; each replaces the one of its identity."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

UNKNOWN_PACKET = "?"
Count = Annotated[int, Field(ge=0)]


class QualityRecord(BaseModel):
    """What every record names: its flight and the time it speaks of."""

    model_config = ConfigDict(frozen=True)

    type: ClassVar[str]
    about: ClassVar[str]
    run: str
    flight: str
    vehicle: str
    as_of_ns: int

    @property
    def identity(self) -> tuple[str, ...]:
        """What it is about; the next record with the same identity replaces it."""
        return (self.run, self.flight, self.vehicle, str(getattr(self, self.about)))


class LedgerRow(QualityRecord):
    """The books of one packet type of one vehicle.

    Parameters
    ----------
    packet
        Packet type; `?` for refused octets whose type cannot be told.
    sent
        Packets made on board: the vehicle's own counter, or the highest unwrapped sequence count plus one
        if that is more.
    received
        Packets that reached the line, from all stations together.
    unique, duplicate, rejected
        What they were; `late` of them came behind the reorder hold (they are counted as unique or duplicate too).
    missing
        Packets sent and never received.
    """

    type: ClassVar[str] = "ledger"
    about: ClassVar[str] = "packet"
    packet: str
    sent: Count
    received: Count
    unique: Count
    duplicate: Count
    late: Count
    rejected: Count
    missing: Count

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own idiom for a computed field over a property
    @property
    def balanced(self) -> bool:
        """Whether sent = unique + missing and received = unique + duplicate + rejected."""
        return self.sent == self.unique + self.missing and self.received == self.unique + self.duplicate + self.rejected


class LinkState(QualityRecord):
    """Whether a station hears a vehicle, since when, and what it said last."""

    type: ClassVar[str] = "link"
    about: ClassVar[str] = "station"
    station: str
    state: Literal["aos", "los"]
    reason: str
    since_ns: int
    signal_dbm: float | None = None


class StageLatency(QualityRecord):
    """Wall-clock latency of one stage of the line over the messages since the last record."""

    type: ClassVar[str] = "latency"
    about: ClassVar[str] = "stage"
    stage: str
    messages: Count
    p50_s: float
    p99_s: float
    max_s: float


QUALITY_TYPES: dict[str, type[QualityRecord]] = {record.type: record for record in (LedgerRow, LinkState, StageLatency)}
