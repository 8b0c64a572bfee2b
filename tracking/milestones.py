"""What happened to a flight or a parcel, kept so that neither order nor repetition of its arrival matters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from telemetry.events import Event, Status
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent, short_name

KEPT_TYPES: Final = frozenset(
    member.value for vocabulary in (FlightEvent, CargoEvent) for member in vocabulary
) | frozenset(status.event_type for status in DeliveryStatus)

Validity = Literal["current", "superseded", "retracted"]


class Milestone(BaseModel):
    """One event, as a history keeps it.

    Parameters
    ----------
    event_id, type, ordinal, revision, state
        The event's own.
    subject
        The vehicle it happened to; for delivery events the parcel.
    t_ns, t_sigma_s
        When, on the flight's own clock.
    values
        The event's values.
    """

    model_config = ConfigDict(frozen=True)

    event_id: str
    type: str
    subject: str
    ordinal: int
    revision: int
    state: Status
    t_ns: int
    t_sigma_s: float
    values: dict[str, float | int | str | bool] = {}

    @property
    def name(self) -> str:
        """The last word of the type."""
        return short_name(self.type)

    @property
    def identity(self) -> tuple[str, str, int]:
        """What all its revisions have in common."""
        return (self.subject, self.type, self.ordinal)


def milestone_of(event: Event) -> Milestone:
    """Return what a history keeps of an event."""
    return Milestone(
        event_id=event.id,
        type=event.type,
        subject=event.vehicle,
        ordinal=event.ordinal,
        revision=event.revision,
        state=event.status,
        t_ns=event.t_ns,
        t_sigma_s=event.t_sigma_s,
        values=event.values,
    )


class Chronicle:
    """A set of milestones: the same one twice is one; all revisions are kept, and the highest counts.

    Examples
    --------
    >>> a = Milestone(event_id="a", type="downrange.flight.liftoff", subject="ship", ordinal=0, revision=0,
    ...               state="confirmed", t_ns=7, t_sigma_s=0.1)
    >>> b = a.model_copy(update={"event_id": "b", "revision": 1, "t_ns": 8})
    >>> kept = Chronicle([b, a, a])
    >>> [m.t_ns for m in kept.current()], [(m.t_ns, kept.validity(m)) for m in kept]
    ([8], [(7, 'superseded'), (8, 'current')])
    """

    # a flight has about sixty events; a detector gone mad must not fill the memory
    LIMIT: Final = 1_000

    def __init__(self, milestones: Iterable[Milestone] = ()) -> None:
        self._by_id: dict[str, Milestone] = {}
        self._latest: dict[tuple[str, str, int], Milestone] = {}
        for milestone in milestones:
            self.add(milestone)

    def add(self, milestone: Milestone) -> bool:
        """Keep a milestone; returns whether it is new."""
        if milestone.event_id in self._by_id or len(self._by_id) >= self.LIMIT:
            return False
        self._by_id[milestone.event_id] = milestone
        latest = self._latest.get(milestone.identity)
        if latest is None or latest.revision < milestone.revision:
            self._latest[milestone.identity] = milestone
        return True

    def __iter__(self) -> Iterator[Milestone]:
        return iter(sorted(self._by_id.values(), key=_in_time))

    def __len__(self) -> int:
        return len(self._by_id)

    def current(self) -> tuple[Milestone, ...]:
        """Return what counts now, in order of time: the highest revisions, less those that take their event back."""
        return tuple(sorted((m for m in self._latest.values() if m.state != "retracted"), key=_in_time))

    def validity(self, milestone: Milestone) -> Validity:
        """Return whether a kept milestone still counts, was replaced by a later revision, or takes its event back."""
        if self._latest[milestone.identity].revision != milestone.revision:
            return "superseded"
        return "retracted" if milestone.state == "retracted" else "current"


def _in_time(milestone: Milestone) -> tuple[int, str, str, int, int]:
    return (milestone.t_ns, milestone.type, milestone.subject, milestone.ordinal, milestone.revision)
