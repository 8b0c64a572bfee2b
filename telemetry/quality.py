"""Records of `downrange.quality`: ledger rows, gaps, link states, latencies; each replaces the one of its identity."""

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
    """The books of one packet type of one vehicle; docs/design.md, section 9.

    What is None was not told: in a recording made before it was told, or since the auditor has not looked yet.

    Parameters
    ----------
    packet
        Packet type; `?` for refused octets whose type cannot be told.
    sent
        Packets made on board, by the vehicle's own counter or by its sequence counts, whichever proves more; after a
        reset of both, what was sent before stays counted.
    received
        Packets that reached the line, from all stations together.
    unique, duplicate, rejected
        What they were.
    missing
        Packets sent and never received.
    late
        Unique packets that came behind the reorder hold, and were not detected on.
    detected, held
        Unique packets that detectors have seen, and those that wait for it: in the hold, or to be seen in a re-run.
    rerun
        Of those that detectors have seen, the ones that came behind the hold and were seen in a re-run.
    resent, overlapping
        Duplicates from a station that had brought the packet before, and those that another station had brought.
    rejected_by
        Refused packets by reason.
    missing_ranges, ranges_left_out
        First and last unwrapped count of the longest ranges of missing packets, and how many there are besides.
    gaps_untold
        Changes of gaps that wait to be told: only so many are in a second.
    resets
        How often the vehicle began to count again.
    stored, archived
        Unique packets that InfluxDB and the archive have, as the auditor counted them.
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
    detected: Count | None = None
    held: Count | None = None
    rerun: Count | None = None
    resent: Count | None = None
    overlapping: Count | None = None
    rejected_by: dict[str, Count] | None = None
    missing_ranges: tuple[tuple[Count, Count], ...] | None = None
    ranges_left_out: Count = 0
    gaps_untold: Count = 0
    resets: Count = 0
    stored: Count | None = None
    archived: Count | None = None

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own idiom for a computed field over a property
    @property
    def balanced(self) -> bool:
        """Whether all equations hold of what was told."""
        return not self.imbalances

    @property
    def imbalances(self) -> tuple[str, ...]:
        """The equations that do not hold, with their figures."""
        ranges = self.missing_ranges
        listed = None if ranges is None or self.ranges_left_out else sum(last + 1 - first for first, last in ranges)
        reasons = None if self.rejected_by is None else tuple(self.rejected_by.values())
        equations: tuple[tuple[str, int | None, tuple[int | None, ...]], ...] = (
            ("sent = unique + missing", self.sent, (self.unique, self.missing)),
            ("received = unique + duplicate + rejected", self.received, (self.unique, self.duplicate, self.rejected)),
            ("unique = detected + late + held", self.unique, (self.detected, self.late, self.held)),
            ("duplicate = resent + overlapping", self.duplicate, (self.resent, self.overlapping)),
            ("rejected = rejected_by", self.rejected, (None,) if reasons is None else reasons),
            ("missing = missing_ranges", self.missing, (listed,)),
            ("stored = unique", self.stored, (self.unique,)),
            ("archived = unique", self.archived, (self.unique,)),
        )
        found: list[str] = []
        for name, whole, parts in equations:
            known = [part for part in parts if part is not None]
            if whole is not None and len(known) == len(parts) and whole != sum(known):
                found.append(f"{name}: {whole} is not {' + '.join(map(str, known)) or '0'}")
        return tuple(found)


class GapRecord(QualityRecord):
    """Packets of one type that did not come in their turn, and what became of it.

    Parameters
    ----------
    packet
        Packet type.
    first, last
        Unwrapped counts. A gap that shrinks or splits is told anew: what is left of it, and `healed` of what came
        at its beginning, so that no record with an old `first` stays.
    state
        `suspected`: a later packet came; `confirmed`: the hold waits no more; `healed`: all of it came after all.
    after_ns, before_ns
        Generation times of the neighbours; `after_ns` is none of a gap before the first packet that came.
    """

    type: ClassVar[str] = "gap"
    about: ClassVar[str] = "first"
    packet: str
    first: Count
    last: Count
    state: Literal["suspected", "confirmed", "healed"]
    after_ns: int | None
    before_ns: int

    @property
    def identity(self) -> tuple[str, ...]:
        """Flight, vehicle, packet type and first count."""
        return (self.run, self.flight, self.vehicle, self.packet, str(self.first))


class LinkState(QualityRecord):
    """Whether a station hears a vehicle, since when, what it said last, and what came from it.

    Parameters
    ----------
    station, state, reason, since_ns, signal_dbm
        The link, by the station's own reports, its will, or its silence.
    frames, frame_rate_hz
        Packets that it brought, each time it brought them, and how many a second of flight lately.
    first, share
        Of the vehicle's unique packets, those that came from it first, and their share of all; none before any came.
    only
        Unique packets that no other station had.
    best, why_best
        Whether it is the vehicle's best source now, and what made it that: `lock` (the only one that has it), `first`
        (most came from it first), `signal` (heard strongest), `name` (nothing tells them apart).
    """

    type: ClassVar[str] = "link"
    about: ClassVar[str] = "station"
    station: str
    state: Literal["aos", "los"]
    reason: str
    since_ns: int
    signal_dbm: float | None = None
    frames: Count = 0
    frame_rate_hz: float = 0.0
    first: Count = 0
    share: float | None = None
    only: Count = 0
    best: bool = False
    why_best: str | None = None


class StageLatency(QualityRecord):
    """How long messages took for one stage of the line, of all that one member of a service has counted so far.

    Parameters
    ----------
    service, stage
        Who counted, and what; the stages are in `telemetry.latency.STAGES`.
    since_ns
        When this member began to count for this vehicle, Unix ns; part of the identity, so that members stay apart.
    messages
        How many.
    p50_s, p95_s, p99_s, max_s
        Wrong by at most 1/128; the longest is exact.
    histogram
        What they are of (`telemetry.histogram.Histogram.text`), so that several members can be added up. Empty in a
        recording from before there were any: its figures are of a few seconds only, and it has no `p95_s`.
    """

    type: ClassVar[str] = "latency"
    about: ClassVar[str] = "stage"
    stage: str
    service: str = "detect"
    since_ns: Count = 0
    messages: Count
    p50_s: float
    p95_s: float | None = None
    p99_s: float
    max_s: float
    histogram: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """Flight, vehicle, stage, and which member of which service counted."""
        return (self.run, self.flight, self.vehicle, self.stage, self.service, str(self.since_ns))


QUALITY_TYPES: dict[str, type[QualityRecord]] = {
    record.type: record for record in (LedgerRow, GapRecord, LinkState, StageLatency)
}
