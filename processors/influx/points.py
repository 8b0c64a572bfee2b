"""Points of what is no telemetry: events, quality records, link reports, deliveries. Pure."""

from __future__ import annotations

from typing import Final

from processors.influx.line_protocol import FieldValue, point_line
from telemetry.errors import PacketError, Reason
from telemetry.events import Event
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.quality import LedgerRow, LinkState, QualityRecord, StageLatency

LINK_EVENTS: Final = "downrange.link."


def event_line(event: Event) -> str | None:
    """Return the point of an event, in measurement `events`, at the time when it happened.

    The type is a tag, so that a dashboard picks by it and two events of one instant stay apart; a link event has its
    station's too. Every number among the values is a float, because one field has one type for good.
    """
    tags = {"run": event.run, "flight": event.flight, "vehicle": event.vehicle, "type": event.type}
    if event.type.startswith(LINK_EVENTS) and event.evidence.station is not None:
        tags["station"] = event.evidence.station
    fields: dict[str, FieldValue] = {
        "id": event.id,
        "name": event.name,
        "status": event.status,
        "ordinal": event.ordinal,
        "revision": event.revision,
        "t_sigma_s": float(event.t_sigma_s),
        "detected_ns": event.detected_ns,
        "latency_s": (event.detected_ns - event.t_ns) / 1e9,
        "detector": event.evidence.detector,
    }
    values = {f"value_{name}": _as_float(value) for name, value in event.values.items()}
    return point_line("events", tags, fields | values, event.t_ns)


def quality_line(record: QualityRecord) -> str | None:
    """Return the point of a quality record: ledger rows and latencies in `quality`, link states in `links`."""
    tags = {"run": record.run, "flight": record.flight, "vehicle": record.vehicle}
    if isinstance(record, LedgerRow):
        fields: dict[str, FieldValue] = {
            name: getattr(record, name)
            for name in ("sent", "received", "unique", "duplicate", "late", "rejected", "missing", "balanced")
        }
        return point_line("quality", tags | {"type": record.type, "packet": record.packet}, fields, record.as_of_ns)
    if isinstance(record, StageLatency):
        fields = {"messages": record.messages, "p50_s": record.p50_s, "p99_s": record.p99_s, "max_s": record.max_s}
        return point_line("quality", tags | {"type": record.type, "stage": record.stage}, fields, record.as_of_ns)
    if isinstance(record, LinkState):
        signal_dbm = None if record.signal_dbm is None else float(record.signal_dbm)
        fields = {
            "state": record.state,
            "reason": record.reason,
            "since_ns": record.since_ns,
            "signal_dbm": signal_dbm,
        }
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


def _as_float(value: float | str | bool) -> FieldValue:
    return value if isinstance(value, bool | str) else float(value)
