"""`downrange simulate`: a flight as files, plots or over MQTT; and many flights."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from typer.core import TyperGroup

from downrange.jobs.fleet import fleet
from downrange.jobs.start_time import DEFAULT_T0, NS_PER_S, t0_ns_of

if TYPE_CHECKING:
    from simulator.packets import Transmitter
    from simulator.publish import Broadcast
    from simulator.service import Mission

ONE_FLIGHT: Final = "flight"


def _list_faults(value: bool) -> None:
    if value:
        from simulator.faults import descriptions

        for kind, takes, what in descriptions():
            typer.echo(f"{kind:18} {what}\n{'':18} {takes}")
        raise typer.Exit


def _list_quantities(value: bool) -> None:
    if value:
        from simulator.quantities import table

        for line in table():
            typer.echo(line)
        raise typer.Exit


def _list_fields(profile: str | None) -> None:
    if profile:
        from simulator.preset_fields import fields_of

        for path, takes, meaning in fields_of(profile):
            typer.echo(f"{path:38} {takes}" + (f"\n{'':38} {meaning}" if meaning else ""))
        raise typer.Exit


class _OneFlightByDefault(TyperGroup):
    """Takes `downrange simulate express ...` as `downrange simulate flight express ...`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # typer's own context
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [ONE_FLIGHT, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_OneFlightByDefault,
    no_args_is_help=True,
    short_help="Simulate flights: to files, plots, over MQTT.",
    help="Simulate flights: `downrange simulate express --plot express.png`; `simulate flight -h` has all options.",
)


app.command("fleet")(fleet)


@app.command(ONE_FLIGHT)
def simulate(
    preset: Annotated[
        str,
        typer.Argument(
            help="Of express, falcon_like, falcon_like_gto, hop, sounding, static_fire; or a preset file (.yaml)."
        ),
    ] = "express",
    *,
    seed: Annotated[int, typer.Option(help="Of everything left to chance: same seed and t0, same bytes.")] = 1,
    t0: Annotated[
        str, typer.Option(help="Planned liftoff as ISO 8601 with offset; `now` for a minute from now.")
    ] = DEFAULT_T0,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder for truth.json and each vehicle's packets.ccsds; or a .parquet, .csv, .kml or .czml file."
        ),
    ] = None,
    plot: Annotated[
        list[Path] | None, typer.Option(help="Draw it: .png, .svg, .pdf, or .html to look closer with the mouse.")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option(
            min=0.01, help="Seconds between rows of --out files; by default 0.1 to 10, for at most 3000 rows."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="What goes wrong: KIND@TIME,key=value, e.g. engine_out@60,engine=3; may be given often."),
    ] = None,
    faults: Annotated[  # noqa: ARG001 -- the callback does it
        bool, typer.Option("--faults", help="List what can go wrong, and leave.", is_eager=True, callback=_list_faults)
    ] = False,
    quantities: Annotated[  # noqa: ARG001 -- the callback does it
        bool,
        typer.Option(
            "--quantities", help="List what channels can measure, and leave.", is_eager=True, callback=_list_quantities
        ),
    ] = False,
    fields: Annotated[  # noqa: ARG001 -- the callback does it
        str | None,
        typer.Option(
            metavar="PROFILE", help="List what a preset of a profile says.", is_eager=True, callback=_list_fields
        ),
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
    """Simulate one flight: to files, plots, over MQTT, or all of them."""
    # loaded here, so that `downrange --help` does not wait for numpy and scipy
    from runtime.registry import registry_of
    from runtime.settings import read_settings
    from simulator.faults import parse_fault
    from simulator.simulate import simulate as simulate_flight

    outs, plots = out or [], plot or []
    if not (outs or plots or publish):
        raise typer.BadParameter("say where it goes: --out FOLDER or FILE, --plot FILE, --publish, or several")
    t0_ns = t0_ns_of(t0)
    wrong = tuple(parse_fault(each) for each in fault or ())
    name = flight or f"{Path(preset).stem.upper()}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    if outs or plots:
        transmitter = simulate_flight(preset, seed, t0_ns, registry_of(read_settings().service), wrong)
        for path in outs:
            _write(transmitter, name, path, every)
        for path in plots:
            _plot(transmitter, name, path)
    if publish:
        from simulator.publish import Broadcast
        from simulator.service import Mission

        sys.exit(_publish(Mission(preset, seed, t0_ns, faults=wrong), Broadcast(name, speed, spool_dir)))


def _write(transmitter: Transmitter, name: str, path: Path, every_s: float | None) -> None:
    from simulator.exports.write import export
    from simulator.simulate import write_flight

    if path.suffix:
        typer.echo(f"{path}: {export(transmitter, name, path, every_s=every_s)} rows")
        return
    truth = write_flight(transmitter, name, path)
    typer.echo(f"{truth}: {', '.join(transmitter.flight.tracks)}; {transmitter.duration_ns / NS_PER_S:.0f} s")


def _plot(transmitter: Transmitter, name: str, path: Path) -> None:
    from simulator.exports.write import plot
    from tracking.globe import land_outlines_deg

    plot(transmitter, name, path, tuple(ring for polygon in land_outlines_deg() for ring in polygon))
    typer.echo(f"{path}: {name}")


def _publish(mission: Mission, broadcast: Broadcast) -> int:
    from runtime.service import main as run_service
    from runtime.settings import read_settings
    from simulator.service import flight_job

    return run_service("simulate", flight_job(mission, broadcast), read_settings())
