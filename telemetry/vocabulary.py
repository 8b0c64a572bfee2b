"""The flight, link, cargo, limit, channel and delivery vocabulary: every event type there is, as CloudEvents types."""

from __future__ import annotations

from enum import StrEnum


class FlightEvent(StrEnum):
    """What a vehicle does."""

    IGNITION = "downrange.flight.ignition"
    LIFTOFF = "downrange.flight.liftoff"
    MAX_Q = "downrange.flight.max_q"
    MECO = "downrange.flight.meco"
    STAGE_SEPARATION = "downrange.flight.stage_separation"
    SES = "downrange.flight.ses"
    SECO = "downrange.flight.seco"
    BOOSTBACK_START = "downrange.flight.boostback_start"
    BOOSTBACK_END = "downrange.flight.boostback_end"
    ENTRY_START = "downrange.flight.entry_start"
    ENTRY_END = "downrange.flight.entry_end"
    APOGEE = "downrange.flight.apogee"
    LANDING_BURN_START = "downrange.flight.landing_burn_start"
    TOUCHDOWN = "downrange.flight.touchdown"
    SPLASHDOWN = "downrange.flight.splashdown"
    RECOVERED = "downrange.flight.recovered"
    HOLD = "downrange.flight.hold"
    SCRUB = "downrange.flight.scrub"
    ABORT = "downrange.flight.abort"
    LOSS_OF_VEHICLE = "downrange.flight.loss_of_vehicle"
    BLACKOUT_START = "downrange.flight.blackout_start"
    BLACKOUT_END = "downrange.flight.blackout_end"


class LinkEvent(StrEnum):
    """What a station hears of a vehicle."""

    AOS = "downrange.link.aos"
    LOS = "downrange.link.los"


class CargoEvent(StrEnum):
    """What happens to the container."""

    LOADED = "downrange.cargo.loaded"
    SEALED = "downrange.cargo.sealed"
    SHOCK = "downrange.cargo.shock"
    TILT = "downrange.cargo.tilt"
    TEMPERATURE = "downrange.cargo.temperature"
    PRESSURE = "downrange.cargo.pressure"
    HUMIDITY = "downrange.cargo.humidity"
    POWER = "downrange.cargo.power"
    SEAL_BROKEN = "downrange.cargo.seal_broken"
    UNLOADED = "downrange.cargo.unloaded"


class LimitEvent(StrEnum):
    """What becomes of a limit: the first two are the data's, the others are people's."""

    RAISED = "downrange.limit.raised"
    CLEARED = "downrange.limit.cleared"
    ACKNOWLEDGED = "downrange.limit.acknowledged"
    SHELVED = "downrange.limit.shelved"
    UNSHELVED = "downrange.limit.unshelved"


class ChannelEvent(StrEnum):
    """Whether a channel still says something."""

    STALE = "downrange.channel.stale"
    FRESH = "downrange.channel.fresh"


ACTS: frozenset[str] = frozenset((LimitEvent.ACKNOWLEDGED, LimitEvent.SHELVED, LimitEvent.UNSHELVED))
WATCH_EVENTS: frozenset[str] = frozenset(member.value for kind in (LimitEvent, ChannelEvent) for member in kind)


class DeliveryStatus(StrEnum):
    """Where a parcel is, in the order in which a delivery passes through; the last six leave the path."""

    BOOKED = "booked"
    LOADED = "loaded"
    DEPARTED = "departed"
    IN_FLIGHT = "in_flight"
    LANDED = "landed"
    RECOVERED = "recovered"
    OUT_FOR_DELIVERY = "out_for_delivery"
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    DELIVERED = "delivered"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"
    DELAYED = "delayed"
    CANCELLED = "cancelled"
    RETURNED = "returned"

    @property
    def event_type(self) -> str:
        """The CloudEvents type that announces this status."""
        return f"downrange.delivery.{self.value}"


class VehicleClass(StrEnum):
    """What kind of vehicle it is, by the phases of its flight."""

    LAUNCHER = "launcher"
    BOOSTER = "booster"
    UPPER_STAGE = "upper_stage"
    SHIP = "ship"
    SOUNDING = "sounding"
    HOP = "hop"


class FlightPhase(StrEnum):
    """The phases that limits name of a vehicle that sends none of its own."""

    PAD = "pad"
    ASCENT = "ascent"
    COAST = "coast"
    BOOSTBACK = "boostback"
    ENTRY = "entry"
    DESCENT = "descent"
    LANDING_BURN = "landing_burn"
    LANDED = "landed"
    AFLOAT = "afloat"
    RECOVERED = "recovered"
    LOST = "lost"
    SCRUBBED = "scrubbed"
    ABORTED = "aborted"


EVENT_TYPES: frozenset[str] = frozenset(
    [
        *(member.value for vocabulary in (FlightEvent, LinkEvent, CargoEvent) for member in vocabulary),
        *WATCH_EVENTS,
        *(status.event_type for status in DeliveryStatus),
    ]
)


def short_name(event_type: str) -> str:
    """Return the last word of an event type.

    Examples
    --------
    >>> short_name("downrange.flight.max_q")
    'max_q'
    """
    return event_type.rsplit(".", 1)[-1]
