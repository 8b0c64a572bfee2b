"""The missions of a schedule: the vehicle of a preset, from the schedule's places with its loads."""

from __future__ import annotations

from simulator.fleet.ports import Port, Ports
from simulator.fleet.schedule import Departure
from simulator.plans import Coordinates
from simulator.preset import Express
from simulator.radio.station import Station
from simulator.radio.stations import load_stations
from telemetry.errors import FlightError

HALF_TURN_DEG = 180.0


def mission_of(departure: Departure, preset: Express, ports: Ports) -> Express:
    """Return the mission of a departure.

    Parameters
    ----------
    departure
        The line of the schedule.
    preset
        The vehicle, and how it flies.
    ports
        The zones that the schedule names.

    Raises
    ------
    FlightError
        If the preset carries no container.
    """
    if preset.handling is None:
        raise FlightError(f"preset {preset.name} carries no container: give one with `handling`")
    origin, landing = ports.launch[departure.origin], ports.landing[departure.landing]
    return preset.model_copy(
        update={
            "name": departure.flight,
            "description": f"{departure.load_kg:,.0f} kg from {origin.en} to {landing.en}.",
            "pad": _coordinates(origin),
            "target": _coordinates(landing),
            "handling": preset.handling.model_copy(update={"mass_kg": departure.load_kg}),
            "stations": _stations(departure, ports),
        }
    )


def station_names(ports: Ports) -> tuple[str, ...]:
    """Return the names of all stations that may hear a flight of the fleet."""
    relays = (_relay_name(ports.relay_station, east_deg) for east_deg in ports.relay_longitudes_deg)
    return (*ports.launch, *ports.landing, *relays)


def _relay_name(relay: str, east_deg: float) -> str:
    return f"{relay}-{east_deg % (2 * HALF_TURN_DEG):03.0f}"


def _coordinates(port: Port) -> Coordinates:
    return Coordinates(latitude_deg=port.latitude_deg, longitude_deg=port.longitude_deg)


def _stations(departure: Departure, ports: Ports) -> tuple[Station, ...]:
    pad, fleet, relay = load_stations((ports.launch_station, ports.landing_station, ports.relay_station))
    origin, landing = ports.launch[departure.origin], ports.landing[departure.landing]
    near = sorted({_nearest_deg(port.longitude_deg, ports.relay_longitudes_deg) for port in (origin, landing)})
    relays = [
        relay.model_copy(update={"name": _relay_name(relay.name, east_deg), "relay_longitude_deg": east_deg})
        for east_deg in near
    ]
    return (_at(pad, departure.origin, origin), _at(fleet, departure.landing, landing), *relays)


def _at(station: Station, name: str, port: Port) -> Station:
    place = {"latitude_deg": port.latitude_deg, "longitude_deg": port.longitude_deg}
    return station.model_copy(update={"name": name, **place})


def _nearest_deg(east_deg: float, choices_deg: tuple[float, ...]) -> float:
    """Return the longitude that lies nearest, round the Earth.

    Examples
    --------
    >>> _nearest_deg(175.0, (-150.0, 90.0))
    -150.0
    """
    return min(
        choices_deg, key=lambda each: abs((each - east_deg + HALF_TURN_DEG) % (2 * HALF_TURN_DEG) - HALF_TURN_DEG)
    )
