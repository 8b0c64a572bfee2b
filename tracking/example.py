"""Example plans and manifests for the demonstration: who sends what from Shandong across the world; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from telemetry.errors import FlightError
from telemetry.topics import LIVE_RUN
from tracking.manifest import MAX_MASS_KG, Manifest, Parcel
from tracking.plan import FlightPlan, LocalName, Place

FULL_KG: Final = 9_960.0
PARCEL_KG: Final = 249.0


@dataclass(frozen=True, slots=True)
class Route:
    """Places of a flight, and what its container holds at most."""

    origin: Place
    landing: Place
    destination: Place
    mass_kg: float


def _place(en: str, zh: str, latitude_deg: float, longitude_deg: float) -> Place:
    return Place(name=LocalName(en=en, zh=zh), latitude_deg=latitude_deg, longitude_deg=longitude_deg)


_HAIYANG: Final = _place("Haiyang, Shandong", "山东海阳", 36.62, 121.25)
ROUTES: Final[dict[str, Route]] = {
    "express": Route(
        _HAIYANG,
        _place("Tasman Sea", "塔斯曼海", -34.05, 152.0),
        _place("Sydney", "悉尼", -33.87, 151.21),
        MAX_MASS_KG,
    ),
    "hop": Route(_HAIYANG, _place("Yellow Sea", "黄海", 36.61, 121.27), _HAIYANG, 500.0),
}
# description, density in kg/m3 as packed
_GOODS: Final = (
    ("Down jackets", 70),
    ("Mobile phones", 320),
    ("Fresh cherries", 240),
    ("Insulin, refrigerated", 180),
    ("Spare parts for a wind turbine", 450),
    ("Ceramics, fragile", 260),
    ("Running shoes", 130),
    ("Laptop computers", 300),
    ("Blood plasma, temperature-controlled", 210),
    ("Wedding dress", 60),
)


def example_plan(
    preset: str,
    flight: str,
    liftoff_ns: int,
    to_splashdown_s: float,
    to_recovered_s: float,
    to_pickup_s: float,
    *,
    run: str = LIVE_RUN,
    handover: Literal["delivery", "pickup"] = "delivery",
) -> FlightPlan:
    """Return the plan of a flight of one of the simulator's presets.

    Raises
    ------
    FlightError
        If no places are known for the preset.
    """
    route = ROUTES.get(preset)
    if route is None:
        raise FlightError(f"no example plan for preset {preset!r}: there are {', '.join(sorted(ROUTES))}")
    return FlightPlan(
        run=run,
        flight=flight,
        origin=route.origin,
        landing=route.landing,
        destination=route.destination,
        liftoff_ns=liftoff_ns,
        to_splashdown_s=to_splashdown_s,
        to_recovered_s=to_recovered_s,
        to_pickup_s=to_pickup_s,
        handover=handover,
    )


def example_manifest(plan: FlightPlan, mass_kg: float = FULL_KG) -> Manifest:
    """Fill a container with parcels of about a quarter of a tonne each, `mass_kg` in all: 40 when it is full.

    Examples
    --------
    >>> plan = example_plan("express", "YX1-1", 1_800_000_000 * 10**9, 2000.0, 2400.0, 2700.0)
    >>> manifest = example_manifest(plan)
    >>> len(manifest.parcels), round(sum(parcel.mass_kg for parcel in manifest.parcels), 3)
    (40, 9960.0)
    """
    count = max(2, round(mass_kg / PARCEL_KG))
    # a spread of one to three between the lightest and the heaviest, in an order that looks like chance and is none
    weights = [1.0 + 2.0 * (7 * n % count) / count for n in range(count)]
    parcels = []
    for n, weight in enumerate(weights):
        description, density_kg_m3 = _GOODS[n % len(_GOODS)]
        parcel_kg = mass_kg * weight / sum(weights)
        parcels.append(
            Parcel(
                parcel=f"P-{n + 1:03d}",
                mass_kg=round(parcel_kg, 6),
                volume_m3=round(parcel_kg / density_kg_m3, 4),
                recipient=f"R-{4711 + 37 * n}",
                description=description,
            )
        )
    return Manifest(plan=plan, parcels=tuple(parcels))
