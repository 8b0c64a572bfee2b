"""The parcels of the demo: booked before the flight, asked for after it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from downrange.demo.summary import Truth
from runtime.settings import Settings
from simulator.mission import SHIP, Mission
from telemetry.cuc import NS_PER_S
from telemetry.errors import FlightError
from telemetry.vocabulary import CargoEvent, FlightEvent
from tracking.booking import book, delivery_of, site_address
from tracking.example import FULL_KG, example_manifest, example_plan
from tracking.plan import FlightPlan


@dataclass(frozen=True, slots=True)
class Booked:
    """What was booked.

    Parameters
    ----------
    code
        Tracking code of the parcel that the demo follows; None of a vehicle without a container.
    page
        Address of its page.
    route
        From where to where, for the console.
    """

    code: str | None
    page: str | None
    route: str


async def book_parcels(settings: Settings, flight: str, truth: Truth, preset: Mission) -> Booked:
    """Book a container of parcels with the running service; nothing on a vehicle that carries none.

    The plan that the customers see is the flight as it is meant to go: the simulator's own timeline.

    Raises
    ------
    FlightError
        If the vehicle does not bring its container down.
    """
    if preset.handling is None:
        return Booked(None, None, preset.description)
    plan = _plan(flight, truth, preset)
    manifest = example_manifest(plan, min(FULL_KG, preset.handling.mass_kg))
    codes = await book(settings, manifest)
    _, code = codes[0]
    route = f"{plan.origin.name.en} to {plan.destination.name.en}"
    return Booked(code, f"{site_address(settings.track)}/t/{code}", route)


async def ask_delivery(settings: Settings, booked: Booked) -> dict[str, Any]:
    """Return the public state of the parcel that the demo follows, as far as a summary needs it; empty without one."""
    if booked.code is None:
        return {}
    state = await delivery_of(settings, booked.code)
    chosen = {"code", "status", "eta", "eta_sigma_s", "eta_basis", "seal_broken"}
    return {**state.model_dump(mode="json", include=chosen), "page": booked.page}


def _plan(flight: str, truth: Truth, preset: Mission) -> FlightPlan:
    def after_liftoff_s(kind: FlightEvent | CargoEvent) -> float:
        for event in truth.events:
            if event.type == kind.value and event.vehicle == SHIP:
                return (event.t_ns - truth.liftoff_ns) / NS_PER_S
        msg = f"preset {preset.name} has no {kind.value} of its ship: no parcel arrives with it"
        raise FlightError(msg)

    splashdown_s = after_liftoff_s(FlightEvent.SPLASHDOWN)
    recovered_s = after_liftoff_s(FlightEvent.RECOVERED)
    unloaded_s = after_liftoff_s(CargoEvent.UNLOADED)
    return example_plan(Path(preset.name).stem, flight, truth.liftoff_ns, splashdown_s, recovered_s, unloaded_s)
