"""The desk: takes manifests and what happens at the door, through Kafka, and waits until they count."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeVar

from runtime.kafka import Producer
from runtime.service import Scope
from telemetry.errors import TransientError
from telemetry.events import event_to_kafka
from telemetry.topics import KafkaTopic, flight_key
from telemetry.vocabulary import DeliveryStatus
from tracking.clock import clock_of
from tracking.codes import RANDOM_OCTETS, code_of
from tracking.delivery import Delivery, delivery_event
from tracking.load import Booking
from tracking.manifest import Manifest
from tracking.plan import FlightPlan
from tracking.records import state_record
from tracking.tail import LiveRegister

SETTLED_WITHIN_S: Final = 15.0
TOLD_AT_THE_DOOR: Final = frozenset(
    (
        DeliveryStatus.OUT_FOR_DELIVERY,
        DeliveryStatus.AVAILABLE_FOR_PICKUP,
        DeliveryStatus.DELIVERED,
        DeliveryStatus.ATTEMPT_FAILED,
        DeliveryStatus.EXCEPTION,
        DeliveryStatus.DELAYED,
        DeliveryStatus.CANCELLED,
        DeliveryStatus.RETURNED,
    )
)
_ONCE: Final = frozenset((DeliveryStatus.DELIVERED, DeliveryStatus.CANCELLED, DeliveryStatus.RETURNED))

T = TypeVar("T")


class RefusedError(Exception):
    """A request that conflicts with what has happened already."""


class Desk:
    """Books parcels and takes down what happens at the door.

    Everything goes through Kafka and comes back through the register: so any instance may be asked, and what
    is answered has been written.

    Parameters
    ----------
    producer
        Writes to Kafka.
    register
        Shows what became of it.
    scope
        The service's.
    """

    def __init__(self, producer: Producer, register: LiveRegister, scope: Scope) -> None:
        self._producer = producer
        self._register = register
        self._scope = scope

    async def book(self, manifest: Manifest) -> list[tuple[str, str]]:
        """Book a manifest and return (parcel, code) in its order; the same one again returns the same codes.

        Raises
        ------
        RefusedError
            If the flight's manifest can no longer be changed.
        InputError
            If the manifest is larger than a record may be.
        TransientError
            If it was not settled in time; it may be sent again.
        """
        plan = manifest.plan
        codes = {parcel.parcel: code_of(secrets.token_bytes(RANDOM_OCTETS)) for parcel in manifest.parcels}
        booking = Booking(booking=secrets.token_hex(8), booked_ns=time.time_ns(), manifest=manifest, codes=codes)

        def settled() -> bool | None:
            known = self._register.flight(plan.flight, plan.run)
            for outcome in known[0].outcomes if known is not None else ():
                if outcome.booking == booking.booking:
                    if outcome.refused is not None:
                        raise RefusedError(outcome.refused)
                    return True
            return None

        record = state_record(booking)
        sent = self._producer.send(
            KafkaTopic.DELIVERIES, record.key, record.value, record.headers, flight=record.flight
        )
        await self._until(flight_key(plan.run, plan.flight), await sent, settled)
        booked = {d.parcel.parcel: d.code for d in self._register.deliveries(plan.flight, plan.run)}
        return [(parcel.parcel, booked[parcel.parcel]) for parcel in manifest.parcels]

    async def tell(
        self, plan: FlightPlan, delivery: Delivery, status: DeliveryStatus, at: datetime | None, *, take_back: bool
    ) -> Delivery:
        """Take down that a parcel reached a status, or that it did not after all, and return its delivery then.

        Parameters
        ----------
        plan, delivery
            Of which flight and parcel.
        status
            One of `TOLD_AT_THE_DOOR`.
        at
            When; the flight's time now by default.
        take_back
            Whether the last report of this status was wrong.

        Raises
        ------
        RefusedError
            If there is nothing to take back.
        TransientError
            If it was not settled in time.
        """
        before = [m for m in delivery.own if m.type == status.event_type]
        last = max(before, key=lambda m: (m.ordinal, m.revision), default=None)
        if take_back and (last is None or last.state == "retracted"):
            msg = f"parcel {delivery.parcel.parcel} has no status {status.value} that could be taken back"
            raise RefusedError(msg)
        again = last is not None and (take_back or (status in _ONCE and last.state == "retracted"))
        ordinal = 0 if last is None else last.ordinal if again or status in _ONCE else last.ordinal + 1
        revision = 0 if last is None or not again else last.revision + 1
        t_ns = self._time_ns(plan) if at is None else round(at.timestamp() * 10**6) * 1000
        event = delivery_event(plan, delivery.parcel.parcel, status, t_ns, "operator", ordinal, revision)
        if take_back:
            event = event.model_copy(update={"status": "retracted"})

        def settled() -> Delivery | None:
            known = self._register.track(delivery.code)
            if known is None or all(m.event_id != event.id for m in known.delivery.own):
                return None
            return known.delivery

        key, value, headers = event_to_kafka(event)
        sent = self._producer.send(KafkaTopic.EVENTS, key.decode(), value, headers)
        return await self._until(flight_key(plan.run, plan.flight), await sent, settled)

    def _time_ns(self, plan: FlightPlan) -> int:
        """Return the flight's time: in an accelerated flight it is ahead of the wall clock."""
        known = self._register.flight(plan.flight, plan.run)
        wall_ns = time.time_ns()
        clock = None if known is None else clock_of(known[1], plan.run, wall_ns)
        return wall_ns if clock is None else clock.t_ns

    async def _until(self, key: str, sent: asyncio.Future[object], settled: Callable[[], T | None]) -> T:
        await self._producer.acknowledged([sent])
        try:
            async with asyncio.timeout(SETTLED_WITHIN_S):
                with self._register.news(key) as news:
                    while (result := settled()) is None:
                        if await self._scope.unless_stopped(news.wait()) is None:
                            raise TransientError("the service is stopping; send it again")
                        news.clear()
        except TimeoutError as error:
            raise TransientError(f"written, but not settled within {SETTLED_WITHIN_S:g} s; send it again") from error
        return result
