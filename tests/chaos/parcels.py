"""A container of parcels on every flight, so that tracking has something to lose."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from chaos.recording import T0_NS

from runtime.settings import Settings
from telemetry.dictionary import Registry
from telemetry.errors import TransientError
from telemetry.events import Event
from telemetry.vocabulary import DeliveryStatus
from tracking.booking import book
from tracking.codes import RANDOM_OCTETS, code_of
from tracking.delivery import Delivery
from tracking.example import example_manifest, example_plan
from tracking.load import Booking
from tracking.manifest import Manifest
from tracking.sampling import Sampler
from tracking.tracker import Tracker

LOAD_KG = 500.0
BOOKED_WITHIN_S = 60
Parcels = dict[str, tuple[Any, ...]]


def manifest_of(flight: str) -> Manifest:
    """Return what a flight carries."""
    return example_manifest(example_plan("hop", flight, T0_NS, 110.0, 170.0, 250.0), LOAD_KG)


async def book_flight(settings: Settings, flight: str) -> None:
    """Book a flight's parcels at the tracking service."""
    async with asyncio.timeout(BOOKED_WITHIN_S):
        while True:
            try:
                await book(settings, manifest_of(flight))
            except TransientError:
                await asyncio.sleep(1)
            else:
                return


def expected_parcels(flight: str, events: Iterable[Event]) -> Parcels:
    """Return what becomes of a flight's parcels when nobody is disturbed."""
    manifest = manifest_of(flight)
    codes = {parcel.parcel: code_of(bytes([n]) * RANDOM_OCTETS) for n, parcel in enumerate(manifest.parcels)}
    tracker = Tracker(Sampler(Registry()))
    tracker.take_booking(Booking(booking="b", booked_ns=0, manifest=manifest, codes=codes), 0)
    for event in events:
        tracker.take_event(event)
    records = (
        Delivery.model_validate_json(r.value) for r in tracker.due(everything=True) if r.type.value == "delivery"
    )
    return parcels_seen(records)


def parcels_seen(deliveries: Iterable[Delivery]) -> Parcels:
    """Return what must not depend on who was killed, by parcel; the moment of booking is the wall clock's."""
    return {
        delivery.parcel.parcel: (
            delivery.status,
            delivery.progress,
            delivery.seal_broken,
            tuple(sorted(limit.model_dump_json() for limit in delivery.limits)),
            tuple(
                (entry.event_id, entry.event, entry.t_ns, entry.validity)
                for entry in delivery.history
                if entry.status is not DeliveryStatus.BOOKED
            ),
        )
        for delivery in deliveries
    }
