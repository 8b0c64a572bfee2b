"""`downrange simulate fleet`: many flights on a schedule, with their manifests, in one process."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from downrange.jobs.start_time import DEFAULT_T0, NS_PER_S, t0_ns_of

if TYPE_CHECKING:
    from runtime.service import Run, Scope
    from runtime.settings import Settings
    from simulator.fleet.fly import Flown
    from simulator.fleet.ports import Ports
    from simulator.preset import Express
    from telemetry.dictionary import Dictionary
    from tracking.manifest import Manifest

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
SCHEDULE_FILE: Final = "schedule.csv"
MANIFEST_FILE: Final = "manifest.json"


def fleet(
    *,
    flights: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    rate: Annotated[str, typer.Option(help="Liftoffs an hour, all launch zones together, e.g. 20/h.")] = "20/h",
    preset: Annotated[str, typer.Option(help="The vehicle: express, or a preset file of that profile.")] = "express",
    seed: Annotated[int, typer.Option(help="Of routes, loads and everything else left to chance.")] = 1,
    t0: Annotated[str, typer.Option(help="First planned liftoff, ISO 8601 with offset; or `now`.")] = DEFAULT_T0,
    fault: Annotated[
        list[str] | None, typer.Option(help="What may go wrong with every flight; see `simulate flight --faults`.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for schedule.csv and each flight's truth.json and manifest.json.")
    ] = None,
    packets: Annotated[bool, typer.Option("--packets", help="Write each vehicle's packets.ccsds too.")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="Fly them over MQTT (DOWNRANGE_MQTT_URL).")] = False,
    book: Annotated[bool, typer.Option("--book", help="Book each manifest with the running track service.")] = False,
    speed: Annotated[float, typer.Option(min=0.1, help="Flight seconds a second when publishing.")] = 1.0,
    spool_dir: Annotated[Path, typer.Option(help="Where the stations keep what the line has not confirmed.")] = Path(
        "var/stations"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the schedule as JSON.")] = False,
) -> None:
    """Simulate many flights on a schedule: routes and loads drawn from the seed, all flown at once."""
    from simulator.fault_names import check_names
    from simulator.faults import parse_fault
    from simulator.fleet.fly import fly_schedule
    from simulator.fleet.missions import station_names
    from simulator.fleet.ports import load_ports
    from simulator.fleet.schedule import make_schedule
    from simulator.mission import BOOSTER, SHIP
    from simulator.preset import Express, load_preset
    from telemetry.errors import FlightError

    vehicle, ports = load_preset(preset), load_ports()
    if not isinstance(vehicle, Express) or vehicle.handling is None:
        raise FlightError(f"preset {preset!r} is no express delivery: a fleet needs a vehicle that carries containers")
    schedule = make_schedule(flights, _per_hour(rate), t0_ns_of(t0), seed, ports, vehicle.handling.mass_kg)
    wrong, dictionary = tuple(parse_fault(each) for each in fault or ()), _dictionary(vehicle)
    anywhere = vehicle.model_copy(update={"stations": station_names(ports)})
    check_names(wrong, anywhere, (SHIP, BOOSTER), dictionary)
    began_s = time.process_time()
    flown = list(_shown(fly_schedule(schedule, vehicle, ports, wrong), flights, "flying", quiet=as_json))
    cpu_s = time.process_time() - began_s
    rows = [_row(each) for each in flown]
    if out is not None:
        _write(out, flown, rows, dictionary, ports, packets=packets, quiet=as_json)
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    else:
        _tell(rows, cpu_s)
        if out is not None:
            typer.echo(f"{out / SCHEDULE_FILE}, and a folder for each flight beside it")
    if publish:
        sys.exit(_publish(flown, vehicle, ports, speed, spool_dir, book=book))


def _per_hour(text: str) -> float:
    number, _, unit = text.partition("/")
    try:
        rate = float(number)
    except ValueError:
        rate = 0.0
    if rate <= 0.0 or unit not in {"", "h"}:
        raise typer.BadParameter(f"--rate {text!r} is no rate: write liftoffs an hour, for example 20/h")
    return rate


def _shown(flown: Iterator[Flown], total: int, what: str, *, quiet: bool) -> Iterator[Flown]:
    """Pass flights through, with a bar on a terminal."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    yield from track(flown, what, total, console=console, disable=quiet or not console.is_terminal, transient=True)


def _row(flown: Flown) -> dict[str, str | float | None]:
    departure = flown.departure
    row: dict[str, str | float | None] = {
        "flight": departure.flight,
        "liftoff": _iso_8601(departure.liftoff_ns),
        "origin": departure.origin,
        "landing": departure.landing,
        "load_kg": departure.load_kg,
        "splashdown_s": None,
        "refused": None,
    }
    if isinstance(flown.flight, Exception):
        row["refused"] = str(flown.flight)
    elif (afloat := flown.flight.tracks["ship"].afloat) is not None:
        row["splashdown_s"] = round(afloat.splash_s, 1)
    return row


def _tell(rows: list[dict[str, str | float | None]], cpu_s: float) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("flight", "liftoff", "from", "to", "load kg", "splashdown", box=None, pad_edge=False)
    for row in rows:
        down = row["splashdown_s"]
        end = f"T+{down:,.0f} s" if isinstance(down, float) else f"[red]{row['refused'] or 'does not come down'}[/]"
        table.add_row(
            *(str(row[key]) for key in ("flight", "liftoff", "origin", "landing")), f"{row['load_kg']:,}", end
        )
    console = Console()
    console.print(table)
    refused = sum(row["refused"] is not None for row in rows)
    console.print(f"{len(rows) - refused} flights, {refused} refused, flown in {cpu_s:.1f} s of processor time")


def _write(
    out: Path,
    flown: list[Flown],
    rows: list[dict[str, str | float | None]],
    dictionary: Dictionary,
    ports: Ports,
    *,
    packets: bool,
    quiet: bool,
) -> None:
    from simulator.simulate import write_flight

    out.mkdir(parents=True, exist_ok=True)
    for each in _shown(iter(flown), len(flown), "writing", quiet=quiet):
        if isinstance(each.flight, Exception):
            continue
        name = each.departure.flight
        write_flight(each.transmitter(dictionary), name, out / name, packets=packets)
        manifest = _manifest(each, ports)
        if manifest is not None:
            (out / name / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    with (out / SCHEDULE_FILE).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _manifest(flown: Flown, ports: Ports) -> Manifest | None:
    """Return what a flight carries and when it is meant to arrive; None if it does not come down."""
    from tracking.example import FULL_KG, example_manifest
    from tracking.plan import FlightPlan, LocalName, Place

    flight, departure = flown.flight, flown.departure
    if isinstance(flight, Exception) or (afloat := flight.tracks["ship"].afloat) is None:
        return None
    origin, landing = ports.launch[departure.origin], ports.landing[departure.landing]
    start, end = (
        Place(name=LocalName(en=port.en, zh=port.zh), latitude_deg=port.latitude_deg, longitude_deg=port.longitude_deg)
        for port in (origin, landing)
    )
    recovered_s = afloat.splash_s + afloat.recovery.on_deck_s
    handling = flight.preset.handling
    unloaded_s = recovered_s + (handling.unload_end_after_s if handling is not None else 0.0)
    plan = FlightPlan(
        flight=departure.flight,
        origin=start,
        destination=end,
        liftoff_ns=departure.liftoff_ns,
        to_splashdown_s=afloat.splash_s,
        to_recovered_s=recovered_s,
        to_pickup_s=unloaded_s,
    )
    return example_manifest(plan, min(FULL_KG, departure.load_kg))


def _dictionary(vehicle: Express) -> Dictionary:
    from runtime.registry import registry_of
    from runtime.settings import read_settings
    from telemetry.errors import FlightError

    registry = registry_of(read_settings().service)
    dictionary = registry.get(vehicle.dictionary)
    if dictionary is None:
        known = ", ".join(registry.names())
        raise FlightError(f"preset {vehicle.name}: no dictionary {vehicle.dictionary!r}; there are {known}")
    return dictionary


def _publish(flown: list[Flown], vehicle: Express, ports: Ports, speed: float, spool_dir: Path, *, book: bool) -> int:
    from runtime.service import main as run_service
    from runtime.settings import read_settings

    return run_service("simulate", _job(flown, vehicle, ports, speed, spool_dir, book=book), read_settings())


def _job(flown: list[Flown], vehicle: Express, ports: Ports, speed: float, spool_dir: Path, *, book: bool) -> Run:
    from simulator.fleet.publish import Sortie, publish_fleet
    from simulator.publish import Broadcast
    from telemetry.errors import TransientError
    from tracking.booking import book as book_manifest

    dictionary = _dictionary(vehicle)
    ready = {each.departure.flight: each for each in flown if not isinstance(each.flight, Exception)}

    async def run(settings: Settings, scope: Scope) -> None:
        async def booked(flight: str) -> None:
            manifest = _manifest(ready[flight], ports)
            if manifest is not None:
                codes = await book_manifest(settings, manifest)
                scope.log.info("booked", flight=flight, parcels=len(codes), first_code=codes[0][1])

        sorties = [
            Sortie(
                name,
                partial(each.transmitter, dictionary),
                each.departure.liftoff_ns + vehicle.countdown.start_s * NS_PER_S,
            )
            for name, each in ready.items()
        ]
        broadcast = Broadcast("", speed, spool_dir)
        outcomes = await publish_fleet(settings, sorties, broadcast, scope, booked if book else None)
        left = sum(outcome.left for outcome in outcomes.values())
        scope.log.info("fleet flown", flights=len(outcomes), of=len(sorties), not_confirmed=left)
        if left:
            raise TransientError(f"{left} messages are not confirmed; fly the same schedule again to send them")

    return run


def _iso_8601(t_ns: int) -> str:
    moment = EPOCH + timedelta(microseconds=t_ns // 1000)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
