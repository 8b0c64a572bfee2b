"""Plans, parcels and events for the tests of tracking."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.events import Event, Evidence, Status
from telemetry.message import Message
from telemetry.topics import Address, Kind
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent, LinkEvent
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


def packets(packet: str, t_ns: NDArray[np.int64], **columns: Sequence[float]) -> bytes:
    """Encode packets of a ship; a channel that is not given is zero, or what is good for cargo."""
    good = {"bay_temperature_k": 294.0, "seal_intact": 1.0, "door_closed": 1.0, "supply_voltage_v": 28.0}
    names = [channel.name for channel in built_in("yuanxing-1").packets[packet].channels]
    filled = {name: np.array(columns.get(name, [good.get(name, 0.0)] * len(t_ns))) for name in names}
    return PacketCodec(built_in("yuanxing-1")).encode(packet, np.arange(len(t_ns)), t_ns, filled)


def telemetry(flight: str, start_s: int, stop_s: int, rate: float = 1.0) -> list[Message]:
    """Return a ship's telemetry on the way to Sydney, a message a second; the last one came in now by the wall clock.

    Parameters
    ----------
    flight
        Of which flight.
    start_s, stop_s
        Seconds since liftoff.
    rate
        Seconds of flight a second of wall clock.
    """
    now_ns = time.time_ns()
    found = []
    for second in range(start_s, stop_s):
        t_ns = np.array([LIFTOFF_NS + second * NS])
        part = second / 1800
        payload = packets(
            "nav",
            t_ns,
            latitude_deg=[36.6 - 70 * part],
            longitude_deg=[121.2 + 31 * part],
            altitude_m=[350_000 * (1 - (2 * part - 1) ** 2)],
            speed_m_s=[6_900.0],
        ) + packets("cargo", t_ns, shock_m_s2=[12.0], tilt_deg=[2.0])
        ingest_ns = now_ns - round((stop_s - second) * NS / rate)
        address = Address("live", flight, "ship", "haiyang")
        ert_ns = LIFTOFF_NS + (second + 1) * NS
        found.append(Message(address, Kind.TELEMETRY, payload, ert_ns, ingest_ns=ingest_ns, dictionary="yuanxing-1"))
    return found


def event(
    kind: FlightEvent | CargoEvent | LinkEvent | DeliveryStatus,
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
