"""What mission control sees, gathered from what came through the line and from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from telemetry.dictionary import Dictionary
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.quality import LedgerRow, LinkState, QualityRecord
from telemetry.vocabulary import DeliveryStatus, FlightEvent

NS_PER_S: Final = 10**9


@dataclass(slots=True)
class VehicleView:
    """Last known values of one vehicle, by channel name, with the time of the newest."""

    t_ns: int = 0
    values: dict[str, Any] = field(default_factory=dict)

    def number(self, channel: str) -> float | None:
        """Return the last value of a numeric channel, or None before the first."""
        value = self.values.get(channel)
        return None if value is None else float(value)


@dataclass(slots=True)
class Board:
    """Everything the console shows.

    Parameters
    ----------
    dictionary
        Gives enumerations their labels.
    planned_liftoff_ns
        T-0 until the liftoff itself is detected.
    """

    dictionary: Dictionary
    planned_liftoff_ns: int
    vehicles: dict[str, VehicleView] = field(default_factory=dict)
    events: dict[tuple[str, str, int], Event] = field(default_factory=dict)
    ledger: dict[tuple[str, ...], LedgerRow] = field(default_factory=dict)
    links: dict[tuple[str, ...], LinkState] = field(default_factory=dict)
    deliveries: dict[str, DeliveryStatus] = field(default_factory=dict)
    messages: int = 0
    unreadable: int = 0

    @property
    def now_ns(self) -> int:
        """The flight's time: the newest generation time seen, or T-0 before the first packet."""
        return max((view.t_ns for view in self.vehicles.values()), default=0) or self.planned_liftoff_ns

    @property
    def liftoff_ns(self) -> int:
        """When the flight lifted off: as detected, else as planned."""
        found = [event.t_ns for event in self.events_in_order() if event.type == FlightEvent.LIFTOFF.value]
        return min(found, default=self.planned_liftoff_ns)

    @property
    def has_lifted_off(self) -> bool:
        """Whether a liftoff was detected."""
        return any(event.type == FlightEvent.LIFTOFF.value for event in self.events_in_order())

    def t_s(self, t_ns: int) -> float:
        """Return seconds since liftoff."""
        return (t_ns - self.liftoff_ns) / NS_PER_S

    def see_frame(self, frame: Frame) -> None:
        """Take the last row of a frame, if it is newer than what is shown."""
        view = self.vehicles.setdefault(frame.vehicle, VehicleView())
        t_ns = int(frame.t_ns[-1])
        if t_ns < view.t_ns - NS_PER_S:
            return
        view.t_ns = max(view.t_ns, t_ns)
        for channel in self.dictionary.packets[frame.packet].channels:
            value = frame.columns[channel.name][-1].item()
            view.values[channel.name] = channel.labels.get(value, str(value)) if channel.labels else value

    def see_event(self, event: Event) -> bool:
        """Take an event; returns whether it is new or a revision."""
        key = (event.vehicle, event.type, event.ordinal)
        known = self.events.get(key)
        if known is not None and known.revision >= event.revision:
            return False
        self.events[key] = event
        return True

    def see_quality(self, record: QualityRecord) -> None:
        """Take a ledger row or a link state."""
        if isinstance(record, LedgerRow):
            self.ledger[record.identity] = record
        elif isinstance(record, LinkState):
            self.links[record.identity] = record

    def events_in_order(self) -> list[Event]:
        """Return the events by the time at which they happened, less those that were taken back."""
        standing = [event for event in self.events.values() if event.status != "retracted"]
        return sorted(standing, key=lambda event: (event.t_ns, event.vehicle, event.type))

    def counts(self) -> tuple[int, int]:
        """Return packets (received, missing) of all ledger rows."""
        rows = self.ledger.values()
        return sum(row.received for row in rows), sum(row.missing for row in rows)


def t_clock(t_s: float) -> str:
    """Format a time since liftoff.

    Examples
    --------
    >>> t_clock(-9.6), t_clock(754.04)
    ('T-00:00:10', 'T+00:12:34')
    """
    whole = round(abs(t_s)) if t_s < 0 else int(t_s)
    return f"T{'-' if t_s < 0 else '+'}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"
