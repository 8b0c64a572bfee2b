"""Points of what is no telemetry: events, quality records, link reports, deliveries. Pure."""

from __future__ import annotations

import zlib
from typing import Final

from pydantic import BaseModel

from processors.influx.line_protocol import FieldValue, point_line
from telemetry.errors import PacketError, Reason
from telemetry.events import Event
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.quality import GapRecord, LedgerRow, LinkState, QualityRecord, StageLatency
from telemetry.vocabulary import WATCH_EVENTS

LINK_EVENTS: Final = "downrange.link."
LIMIT_TAGS: Final = ("channel", "level", "side")
DELIVERY_EVENTS: Final = "downrange.delivery."
APART_NS: Final = 100_000_000
# a point of its own for each ordinal and revision, at most 1 ms behind the event's time
MOST_ORDINALS: Final = 1_000
MOST_REVISIONS: Final = 1_000
LEDGER_FIELDS: Final = (
    *("sent", "received", "unique", "duplicate", "resent", "overlapping", "late", "detected", "held", "rejected"),
    *("rerun", "missing", "ranges_left_out", "resets", "stored", "archived", "balanced"),
)
LATENCY_FIELDS: Final = ("messages", "since_ns", "p50_s", "p95_s", "p99_s", "max_s")
LINK_FIELDS: Final = (
    *("state", "reason", "since_ns", "signal_dbm", "frames", "frame_rate_hz", "first", "share", "only"),
    *("best", "why_best"),
)


class ParcelName(BaseModel):
    """Of a delivery's parcel: what mission control may see."""

    parcel: str


class DeliveryState(BaseModel):
    """Of a delivery's record: what becomes of it in InfluxDB; tracking's own model has more."""

    run: str
    flight: str
    parcel: ParcelName
    status: str
    progress: str
    since_ns: int
    eta_ns: int | None = None
    eta_sigma_s: float | None = None


def event_line(event: Event, superseded_by: int | None = None) -> str | None:
    """Return the point of one revision of an event, in measurement `events`, at the time when it happened.

    The type is a tag, so that a dashboard picks by it and two events of one instant stay apart; a link event has its
    station's too, one about a limit its channel's, level's and side's. Every number among the values is a float,
    because one field has one type for good. A delivery's event is about a parcel and not a vehicle, and is none of
    this measurement: see `delivery_line`.

    Each revision is a point of its own and stays. `standing` says whether it is what is believed now: the last word,
    and not one that takes the event back. Of a revision that was followed by another, `superseded_by` says which.

    Parameters
    ----------
    event
        The revision.
    superseded_by
        The revision that followed, where it is known already; one that follows later marks it (`superseded_line`).
    """
    if event.type.startswith(DELIVERY_EVENTS):
        return None
    fields: dict[str, FieldValue] = {
        "id": event.id,
        "name": event.name,
        "status": event.status,
        "standing": event.is_standing and superseded_by is None,
        "superseded_by": superseded_by,
        "ordinal": event.ordinal,
        "revision": event.revision,
        "t_ns": event.t_ns,
        "t_sigma_s": float(event.t_sigma_s),
        "detected_ns": event.detected_ns,
        "latency_s": (event.detected_ns - event.t_ns) / 1e9,
        "detector": event.evidence.detector,
    }
    values = {f"value_{name}": _as_float(value) for name, value in event.values.items()}
    return point_line("events", _event_tags(event), fields | values, _stands_at_ns(event, event.t_ns, event.revision))


def superseded_line(event: Event) -> str | None:
    """Return what marks the point of the revision before as superseded; None for a first revision.

    InfluxDB adds it to the fields that the point has. Written again it changes nothing.
    """
    if event.was_ns is None or event.type.startswith(DELIVERY_EVENTS):
        return None
    fields: dict[str, FieldValue] = {"standing": False, "superseded_by": event.revision}
    return point_line("events", _event_tags(event), fields, _stands_at_ns(event, event.was_ns, event.revision - 1))


def _event_tags(event: Event) -> dict[str, str]:
    tags = {"run": event.run, "flight": event.flight, "vehicle": event.vehicle, "type": event.type}
    if event.type.startswith(LINK_EVENTS) and event.evidence.station is not None:
        tags["station"] = event.evidence.station
    if event.type in WATCH_EVENTS:
        # two limits of a channel are often passed by one sample; elsewhere a revision may say other values
        tags |= {name: str(event.values[name]) for name in LIMIT_TAGS if name in event.values}
    return tags


def _stands_at_ns(event: Event, t_ns: int, revision: int) -> int:
    """Return the time of a revision's point: neither another revision nor another ordinal at that instant has it."""
    return t_ns + event.ordinal % MOST_ORDINALS * MOST_REVISIONS + revision % MOST_REVISIONS


def quality_line(record: QualityRecord) -> str | None:
    """Return the point of a quality record: ledger rows, gaps and latencies in `quality`, link states in `links`."""
    tags = {"run": record.run, "flight": record.flight, "vehicle": record.vehicle}
    if isinstance(record, LedgerRow):
        fields: dict[str, FieldValue] = {name: getattr(record, name) for name in LEDGER_FIELDS}
        fields |= {f"rejected_{reason}": count for reason, count in (record.rejected_by or {}).items()}
        return point_line("quality", tags | {"type": record.type, "packet": record.packet}, fields, record.as_of_ns)
    if isinstance(record, GapRecord):
        # at the time of its left neighbour, which is one gap's only: what becomes of it replaces what it was
        fields = {name: getattr(record, name) for name in ("first", "last", "state", "before_ns")}
        t_ns = record.before_ns if record.after_ns is None else record.after_ns
        return point_line("quality", tags | {"type": record.type, "packet": record.packet}, fields, t_ns)
    if isinstance(record, StageLatency):
        fields = {name: getattr(record, name) for name in LATENCY_FIELDS}
        told = {"type": record.type, "stage": record.stage, "service": record.service}
        return point_line("quality", tags | told, fields, record.as_of_ns)
    if isinstance(record, LinkState):
        fields = {name: getattr(record, name) for name in LINK_FIELDS}
        return point_line("links", tags | {"station": record.station}, fields, record.as_of_ns)
    raise PacketError(Reason.BAD_JSON, f"no measurement for a quality record of type {record.type!r}")


def link_line(message: Message, report: LinkReport) -> str | None:
    """Return the point of a station's own report, in `links`; None for a will, which has no time of its own."""
    if report.ert_ns is None:
        return None
    address = message.address
    tags = {"run": address.run, "flight": address.flight, "vehicle": address.vehicle, "station": address.station}
    signal_dbm = None if report.signal_dbm is None else float(report.signal_dbm)
    fields: dict[str, FieldValue] = {"state": report.state, "reason": report.reason, "signal_dbm": signal_dbm}
    return point_line("links", tags, fields, report.ert_ns)


def delivery_line(state: DeliveryState) -> str | None:
    """Return the point of a delivery that reached a status, in `deliveries`.

    Parcels are too many for a tag, and all those of a flight reach a status in one instant. So each stands up to 0.1 s
    later, by a hash of its name: the same parcel always at the same time, and no two of them on one point.
    """
    t_ns = state.since_ns + zlib.crc32(state.parcel.parcel.encode()) % APART_NS
    fields: dict[str, FieldValue] = {
        "parcel": state.parcel.parcel,
        "progress": state.progress,
        "eta_ns": state.eta_ns,
        "eta_sigma_s": None if state.eta_sigma_s is None else float(state.eta_sigma_s),
    }
    return point_line("deliveries", {"run": state.run, "flight": state.flight, "status": state.status}, fields, t_ns)


def _as_float(value: float | str | bool) -> FieldValue:
    return value if isinstance(value, bool | str) else float(value)
