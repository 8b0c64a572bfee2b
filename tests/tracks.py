"""Plans, parcels and events for the tests of tracking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from telemetry.events import Event, Evidence, Status
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.codes import RANDOM_OCTETS, code_of
from tracking.example import example_plan
from tracking.load import Booking
from tracking.manifest import Manifest, Parcel
from tracking.plan import FlightPlan

NS: Final = 10**9
LIFTOFF_NS: Final = 1_900_000_000 * NS
# what a flight without trouble brings, with seconds since liftoff
JOURNEY: Final = (
    (CargoEvent.LOADED, -30),
    (CargoEvent.SEALED, -20),
    (FlightEvent.LIFTOFF, 0),
    (FlightEvent.STAGE_SEPARATION, 160),
    (FlightEvent.SES, 165),
    (FlightEvent.APOGEE, 800),
    (FlightEvent.SPLASHDOWN, 1800),
    (FlightEvent.RECOVERED, 2100),
    (CargoEvent.UNLOADED, 2300),
)


def plan(flight: str = "F-1", **changes: Any) -> FlightPlan:
    return example_plan("express", flight, LIFTOFF_NS, 1800.0, 2100.0, 2400.0).model_copy(update=changes)


def parcels(count: int = 3) -> tuple[Parcel, ...]:
    return tuple(
        Parcel(parcel=f"P-{n}", mass_kg=10.0 + n, volume_m3=0.1, recipient=f"SECRET-{n}", description="Jackets")
        for n in range(count)
    )


def manifest(flight: str = "F-1", count: int = 3, **changes: Any) -> Manifest:
    return Manifest(plan=plan(flight, **changes), parcels=parcels(count))


def booking(of: Manifest, number: int = 0) -> Booking:
    codes = {p.parcel: code_of(bytes([number, n]) + bytes(RANDOM_OCTETS - 2)) for n, p in enumerate(of.parcels)}
    return Booking(booking=f"b{number}", booked_ns=LIFTOFF_NS - 3600 * NS, manifest=of, codes=codes)


def event(
    kind: FlightEvent | CargoEvent | DeliveryStatus,
    t_s: float = 0.0,
    *,
    flight: str = "F-1",
    run: str = "live",
    vehicle: str = "ship",
    ordinal: int = 0,
    revision: int = 0,
    status: Status = "confirmed",
    t_sigma_s: float = 0.1,
    values: Mapping[str, float | int | str | bool] | None = None,
) -> Event:
    return Event(
        type=kind.event_type if isinstance(kind, DeliveryStatus) else kind.value,
        run=run,
        flight=flight,
        vehicle=vehicle,
        ordinal=ordinal,
        revision=revision,
        status=status,
        t_ns=LIFTOFF_NS + round(t_s * NS),
        t_sigma_s=t_sigma_s,
        detected_ns=LIFTOFF_NS + round(t_s * NS),
        values=dict(values or {}),
        evidence=Evidence(detector="test", detector_version=1),
    )
