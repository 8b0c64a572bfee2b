"""`downrange replay` and `events`: what one does with recorded flights."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from downrange.stack.names import StackName

if TYPE_CHECKING:
    from replay.flight import ReplayOptions, ReplayProgress
    from runtime.settings import Settings
    from telemetry.events import Event

EXIT_DIFFERENT: Final = 1
MAX_SPEED: Final = "max"
WIDE: Final = 200
REPLAY_SERVICES: Final = ("ingest", "detect", "store", "record")
Flight = Annotated[str, typer.Argument(help="Name of the flight, as in the archive.")]
Run = Annotated[
    str | None, typer.Option(help="Which run of it: live, imported, replay-...; the best there is by default.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]


def replay(
    flight: Flight,
    *,
    speed: Annotated[str, typer.Option(help="Flight seconds a second, or max.")] = "1",
    from_: Annotated[str | None, typer.Option("--from", help="Begin at this time since liftoff: T+140, -10.")] = None,
    to: Annotated[str | None, typer.Option(help="End at this time since liftoff.")] = None,
    run: Run = None,
    compare: Annotated[bool, typer.Option("--compare", help="Compare the events with the original's.")] = False,
    stack: Annotated[
        StackName, typer.Option(help="none: your servers and services; embedded, native: started for this.")
    ] = StackName.NONE,
    as_json: AsJson = False,
) -> None:
    """Fly a recorded flight again through the same line."""
    from replay.flight import ReplayOptions
    from runtime.archive.catalog import find_recording
    from runtime.logs import configure_logs
    from runtime.settings import ServiceSettings, read_settings

    configure_logs(ServiceSettings(log_level="error"))
    settings = read_settings()
    find_recording(settings.archive.dir, flight, run)
    options = ReplayOptions(
        flight, source_run=run, speed=_speed(speed), from_s=_since_liftoff(from_), to_s=_since_liftoff(to)
    )
    if compare and (options.from_s is not None or options.to_s is not None):
        raise typer.BadParameter("--compare is for a whole flight: leave out --from and --to")
    sys.exit(asyncio.run(_replay(settings, options, stack, compare=compare, as_json=as_json)))


async def _replay(settings: Settings, options: ReplayOptions, stack: StackName, *, compare: bool, as_json: bool) -> int:
    from downrange.line import open_line
    from replay.compare import compare_events
    from replay.flight import new_run
    from replay.flight import replay as fly
    from replay.outcome import archived, mark, outcome
    from runtime.archive.contents import recorded_events
    from runtime.logs import logger

    log, console = logger("replay"), Console(stderr=True)
    named = replace(options, run=options.run or new_run())
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=console
    )
    with tempfile.TemporaryDirectory(prefix="downrange-") as work, bar:
        task = bar.add_task("starting", total=None)

        def say(text: str) -> None:
            bar.update(task, description=text)

        def on_progress(progress: ReplayProgress) -> None:
            bar.update(task, description=f"flying {named.flight}", completed=progress.read, total=progress.recorded)

        archive_dir = settings.archive.dir.absolute()
        async with open_line(stack, REPLAY_SERVICES, Path(work), archive_dir, 0, say) as line:
            begin = await mark(line.settings, named.run or "", named.flight, log)
            result = await fly(line.settings, named, log, on_progress)
            bar.update(task, description="waiting for the detectors", total=None)
            found = await outcome(line.settings, begin, result.packets)
            if "record" in line.services:
                # brokers that end with us keep nothing of what the recorder has not read
                await archived(line.settings, begin)
    uncounted = found.uncounted(result.packets)
    comparison = compare_events(recorded_events(result.source), found.events) if compare else None
    seconds = (result.last_ns - result.first_ns) / 1e9
    if as_json:
        report = {
            "run": result.run,
            "flight": result.flight,
            "messages": result.messages,
            "packets": sum(result.packets.values()),
            "flight_s": seconds,
            "elapsed_s": result.elapsed_s,
            "events": [event.model_dump(mode="json") for event in found.events],
            "compare": None if comparison is None else {"same": comparison.same, "report": comparison.to_text()},
        }
        typer.echo(json.dumps(report, indent=1))
    else:
        count = sum(result.packets.values())
        typer.echo(f"{result.run}: {count:,} packets, {seconds:,.0f} s of flight in {result.elapsed_s:.1f} s")
        _print_events(found.events)
        if comparison is not None:
            typer.echo(comparison.to_text())
    for (vehicle, packet), (sent, received) in uncounted.items():
        typer.secho(f"{vehicle} {packet}: {sent} sent, {received} in the books", fg=typer.colors.RED, err=True)
    return EXIT_DIFFERENT if uncounted or (comparison is not None and not comparison.same) else 0


def events(flight: Flight, *, run: Run = None, as_json: AsJson = False) -> None:
    """Show what happened on a recorded flight."""
    from runtime.archive.catalog import find_recording
    from runtime.archive.contents import recorded_events
    from runtime.settings import read_settings

    recording = find_recording(read_settings().archive.dir, flight, run)
    found = sorted(recorded_events(recording), key=lambda event: event.t_ns)
    if as_json:
        for event in found:
            typer.echo(event.model_dump_json())
        return
    typer.echo(f"{recording.run}/{recording.flight}: {len(found)} events")
    _print_events(found)


def _print_events(found: list[Event]) -> None:
    from telemetry.vocabulary import FlightEvent

    def whose(event: Event) -> tuple[str, str, int]:
        return event.vehicle, event.type, event.ordinal

    in_order = sorted(found, key=lambda event: (event.t_ns, event.revision))
    # the last revision of each liftoff
    last = {(e.vehicle, e.ordinal): e for e in sorted(in_order, key=_revision) if e.type == FlightEvent.LIFTOFF.value}
    liftoff_ns = min((e.t_ns for e in last.values() if e.status != "retracted"), default=None)
    zero_ns = liftoff_ns if liftoff_ns is not None else in_order[0].t_ns if in_order else 0
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    since = "T s" if liftoff_ns is not None else "s since the first"
    for heading in (since, "± s", "vehicle", "event", "revision", "status", "known after s", "values"):
        table.add_column(heading, justify="right" if heading.endswith(" s") else "left", no_wrap=heading != "values")
    newest: Counter[tuple[str, str, int]] = Counter()
    for event in in_order:
        newest[whose(event)] = max(newest[whose(event)], event.revision)
    for event in in_order:
        values = ", ".join(
            f"{name} {value:,.6g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in event.values.items()
        )
        table.add_row(
            f"{(event.t_ns - zero_ns) / 1e9:+,.2f}",
            f"{event.t_sigma_s:.2f}",
            event.vehicle,
            _name(event),
            str(event.revision),
            event.status if event.revision == newest[whose(event)] else f"{event.status}, superseded",
            f"{(event.detected_ns - event.t_ns) / 1e9:.2f}",
            values,
        )
    Console(width=None if sys.stdout.isatty() else WIDE).print(table)


def _revision(event: Event) -> int:
    return event.revision


def _name(event: Event) -> str:
    from telemetry.vocabulary import WATCH_EVENTS

    name = event.type.removeprefix("downrange.") if event.type in WATCH_EVENTS else event.name
    return name if event.ordinal == 0 else f"{name} {event.ordinal + 1}"


def _speed(text: str) -> float | None:
    if text == MAX_SPEED:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not speed > 0:
        raise typer.BadParameter(f"--speed {text!r} is neither a positive number nor {MAX_SPEED}")
    return speed


def _since_liftoff(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return float(text.upper().removeprefix("T"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time since liftoff, for example T+151 or -10") from None
