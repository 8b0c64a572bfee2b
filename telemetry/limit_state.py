"""Records of `downrange.limits`: what a limit says now, and what people did about it; the last one of a key counts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field

from telemetry.channels import Level
from telemetry.topics import flight_key

Side = Literal["above", "below", "stale"]
# the dictionary gives staleness no level; a channel that nobody sees is nothing to ignore, and no emergency by itself
STALE_LEVEL: Final = Level.WARNING


class AlarmState(StrEnum):
    """The states of an alarm by ISA-18.2 and IEC 62682, without those that take an alarm out of service for good."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    SHELVED = "shelved"


class Act(BaseModel):
    """What somebody did: who, why, and when by the flight's own clock."""

    model_config = ConfigDict(frozen=True)

    by: str
    why: str
    t_ns: int


class Shelving(Act):
    """A limit put on the shelf until a time of the flight's own clock."""

    until_ns: int


class Condition(BaseModel):
    """Which limit of a flight; staleness is the side `stale` of a channel, of level `warning`."""

    model_config = ConfigDict(frozen=True)

    vehicle: str
    channel: str
    level: Level
    side: Side

    @property
    def order(self) -> tuple[str, str, str, str]:
        """By which conditions are sorted and told apart."""
        return (self.vehicle, self.channel, self.level.value, self.side)


class LimitState(BaseModel):
    """The present of one limit of one flight.

    Parameters
    ----------
    run, flight, condition
        Which.
    as_of_ns
        Time of the event that it reflects.
    raised
        Whether the condition holds now.
    times_raised
        How often it was raised on this flight.
    raised_ns, value, threshold, phase
        Of the last time: when, which value beyond which threshold, in which flight phase; for staleness the value is
        nothing and the threshold is `stale_after_s`.
    cleared_ns, cleared_by
        When it cleared last, and whether by `values`, or by leaving the limit's `phase`.
    acknowledged
        Who has seen the last time, and what they said; none while nobody has.
    shelved
        Who has put it on the shelf; none while it is not there.
    unshelved
        Who took it off the shelf last; `downrange` when its time was up.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    flight: str
    condition: Condition
    as_of_ns: int
    raised: bool = False
    times_raised: Annotated[int, Field(ge=0)] = 0
    raised_ns: int | None = None
    value: float | None = None
    threshold: float | None = None
    phase: str | None = None
    cleared_ns: int | None = None
    cleared_by: str | None = None
    acknowledged: Act | None = None
    shelved: Shelving | None = None
    unshelved: Act | None = None

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own idiom for a computed field over a property
    @property
    def state(self) -> AlarmState:
        """Shelved hides the rest; what nobody has acknowledged stays visible after it has cleared."""
        if self.shelved is not None:
            return AlarmState.SHELVED
        if self.raised:
            return AlarmState.UNACKNOWLEDGED if self.acknowledged is None else AlarmState.ACKNOWLEDGED
        return AlarmState.RETURNED if self.times_raised and self.acknowledged is None else AlarmState.NORMAL

    @property
    def key(self) -> str:
        """The record's Kafka key; its partition is the flight's."""
        return "/".join((flight_key(self.run, self.flight), *self.condition.order))
