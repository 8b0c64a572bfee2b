"""The closing summary: each event against the simulator's truth, and the books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from telemetry.events import Event
from telemetry.quality import LedgerRow
from telemetry.vocabulary import WATCH_EVENTS, LinkEvent


class TrueEvent(BaseModel):
    """One event of the simulator's truth file."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str
    vehicle: str
    t_ns: int


class Truth(BaseModel):
    """What the simulator knows of a flight (docs/design.md, section 7)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    flight: str
    liftoff_ns: int
    events: tuple[TrueEvent, ...]
    sent: dict[str, dict[str, int]]
    books: dict[str, dict[str, dict[str, int]]] = {}

    @property
    def told(self) -> dict[str, dict[str, int]]:
        """What the line can know to be sent: without what is made after the last that anybody hears."""
        return {
            vehicle: {
                name: self.books.get(vehicle, {}).get(name, {}).get("sent", count) for name, count in made.items()
            }
            for vehicle, made in self.sent.items()
        }


class EventRow(BaseModel):
    """One line of the summary; a missed event has no `t_event_s`, a false one no `truth_s`."""

    model_config = ConfigDict(frozen=True)

    type: str
    vehicle: str
    t_event_s: float | None
    truth_s: float | None
    error_s: float | None
    sigma_s: float | None
    latency_s: float | None


class Ledger(BaseModel):
    """The books of the flight."""

    model_config = ConfigDict(frozen=True)

    rows: tuple[LedgerRow, ...]
    balanced: bool


class Summary(BaseModel):
    """What `--summary FILE` writes."""

    model_config = ConfigDict(frozen=True)

    flight: str
    events: tuple[EventRow, ...]
    ledger: Ledger
    delivery: dict[str, Any]
    archive: str
    replay: str
    timings: dict[str, float]


def event_rows(events: Iterable[Event], truth: Truth) -> tuple[EventRow, ...]:
    """Pair detected events with true ones of the same type and vehicle, in the order in which they happened.

    Link events are the stations' own and stand without a truth; what becomes of limits is no event of the flight and
    is left out. Times are seconds since the true liftoff; `latency_s`
    is flight time from the event to the receipt of the message that completed its evidence.
    """
    true: dict[tuple[str, str], list[TrueEvent]] = defaultdict(list)
    for known in sorted(truth.events, key=lambda event: event.t_ns):
        true[known.type, known.vehicle].append(known)
    rows = []
    for event in sorted((one for one in events if one.type not in WATCH_EVENTS), key=lambda event: event.t_ns):
        left = true[event.type, event.vehicle]
        rows.append(_row(event, left.pop(0) if left else None, truth.liftoff_ns))
    missed = [
        EventRow(
            type=known.type,
            vehicle=known.vehicle,
            t_event_s=None,
            truth_s=_seconds(known.t_ns - truth.liftoff_ns),
            error_s=None,
            sigma_s=None,
            latency_s=None,
        )
        for unmatched in true.values()
        for known in unmatched
    ]
    return tuple(sorted([*rows, *missed], key=_when))


def balance(rows: Iterable[LedgerRow], sent: Mapping[str, Mapping[str, int]]) -> Ledger:
    """Close the books: every row balances, and the vehicles' counts of what they sent are the simulator's."""
    kept = tuple(sorted(rows, key=lambda row: row.identity))
    told = {(row.vehicle, row.packet): row.sent for row in kept}
    agrees = all(
        told.get((vehicle, packet)) == count
        for vehicle, packets in sent.items()
        for packet, count in packets.items()
        if count
    )
    return Ledger(rows=kept, balanced=bool(kept) and agrees and all(row.balanced for row in kept))


def is_link(event_type: str) -> bool:
    """Whether an event speaks of a station's link."""
    return event_type in {member.value for member in LinkEvent}


def _row(event: Event, known: TrueEvent | None, liftoff_ns: int) -> EventRow:
    return EventRow(
        type=event.type,
        vehicle=event.vehicle,
        t_event_s=_seconds(event.t_ns - liftoff_ns),
        truth_s=None if known is None else _seconds(known.t_ns - liftoff_ns),
        error_s=None if known is None else _seconds(event.t_ns - known.t_ns),
        sigma_s=round(event.t_sigma_s, 3),
        latency_s=_seconds(event.detected_ns - event.t_ns),
    )


def _when(row: EventRow) -> float:
    return row.t_event_s if row.t_event_s is not None else row.truth_s or 0.0


def _seconds(duration_ns: int) -> float:
    return round(duration_ns / 10**9, 3)
