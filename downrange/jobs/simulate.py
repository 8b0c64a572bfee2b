"""`downrange simulate`: a flight as files, or over MQTT."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

DEFAULT_T0: Final = "2026-01-01T00:00:00Z"
NS_PER_S: Final = 10**9


def simulate(
    preset: Annotated[str, typer.Argument(help="express, hop, or a preset file.")] = "express",
    *,
    seed: Annotated[int, typer.Option(help="Of everything left to chance: same seed and t0, same bytes.")] = 1,
    t0: Annotated[
        str, typer.Option(help="Planned liftoff as ISO 8601 with offset; `now` for a minute from now.")
    ] = DEFAULT_T0,
    out: Annotated[
        Path | None, typer.Option(help="Write truth.json and each vehicle's packets.ccsds to this folder.")
    ] = None,
    publish: Annotated[bool, typer.Option("--publish", help="Fly it over MQTT (DOWNRANGE_MQTT_URL).")] = False,
    flight: Annotated[
        str | None, typer.Option(help="Name of the flight; made from preset and time by default.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.1, help="Flight seconds a second when publishing.")] = 1.0,
    spool_dir: Annotated[Path, typer.Option(help="Where the stations keep what the line has not confirmed.")] = Path(
        "var/stations"
    ),
) -> None:
    """Simulate a flight: to files, over MQTT, or both."""
    # loaded here, so that `downrange --help` does not wait for numpy and scipy
    from simulator.simulate import simulate as simulate_flight
    from simulator.simulate import write_flight

    if out is None and not publish:
        raise typer.BadParameter("say where it goes: --out FOLDER, --publish, or both")
    t0_ns = _t0_ns(t0)
    name = flight or f"{Path(preset).stem.upper()}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if out is not None:
        transmitter = simulate_flight(preset, seed, t0_ns)
        truth = write_flight(transmitter, name, out)
        typer.echo(f"{truth}: {len(transmitter.flight.tracks)} vehicles, {transmitter.duration_ns / NS_PER_S:.0f} s")
    if publish:
        sys.exit(_publish(preset, seed, t0_ns, name, speed, spool_dir))


def _publish(preset: str, seed: int, t0_ns: int, flight: str, speed: float, spool_dir: Path) -> int:
    from runtime.service import main as run_service
    from runtime.settings import read_settings
    from simulator.publish import Broadcast
    from simulator.service import Mission, flight_job

    job = flight_job(Mission(preset, seed, t0_ns), Broadcast(flight, speed, spool_dir))
    return run_service("simulate", job, read_settings())


def _t0_ns(text: str) -> int:
    if text == "now":
        return (int(datetime.now(UTC).timestamp()) + 60) * NS_PER_S
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--t0 {text!r} is no ISO 8601 time, for example {DEFAULT_T0}") from error
    if moment.tzinfo is None:
        raise typer.BadParameter(f"--t0 {text!r} has no offset: write {text}Z for UTC")
    return round(moment.timestamp()) * NS_PER_S
