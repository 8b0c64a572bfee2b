"""`downrange limits`: what is raised on a flight, and what people do about it."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from telemetry.topics import LIVE_RUN

if TYPE_CHECKING:
    from telemetry.limit_command import Action
    from telemetry.limit_state import LimitState

EXIT_REFUSED: Final = 1
NS_PER_S: Final = 10**9
WIDE: Final = 160
SECONDS_IN: Final = {"s": 1, "min": 60, "h": 3600}
NORMAL: Final = "normal"
STYLES: Final = {
    "unacknowledged": "bold red",
    "acknowledged": "yellow",
    "returned": "magenta",
    "shelved": "blue",
    NORMAL: "green",
}

Flight = Annotated[str, typer.Argument(help="Name of the flight.")]
Vehicle = Annotated[str, typer.Argument(help="Vehicle.")]
Channel = Annotated[str, typer.Argument(help="Channel of the dictionary.")]
By = Annotated[str, typer.Option(help="Who does it; stays on record.")]
Why = Annotated[str, typer.Option(help="The reason; stays on record.")]
OfLevel = Annotated[str | None, typer.Option(help="Only watch, warning or critical; all by default.")]
OfSide = Annotated[str | None, typer.Option(help="Only above, below or stale; all by default.")]
Run = Annotated[str, typer.Option(help="Which run of the flight.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]

app = typer.Typer(help="Limits of a flight: what is raised, acknowledged, shelved.", no_args_is_help=True)


@app.command("list")
def list_(
    flight: Flight,
    *,
    run: Run = LIVE_RUN,
    all_: Annotated[bool, typer.Option("--all", help="Those that are back to normal too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the limits that want attention, and who did what about them."""
    # loaded here, so that `downrange --help` does not wait for Kafka's client
    from processors.limits.desk import limit_states
    from runtime.settings import read_settings

    found = asyncio.run(limit_states(read_settings().kafka, run, flight))
    shown = [state for state in found if all_ or state.state.value != NORMAL]
    if as_json:
        typer.echo(json.dumps([state.model_dump(mode="json") for state in shown], indent=1))
        return
    typer.echo(f"{run}/{flight}: {len(shown)} limits want attention" if not all_ else f"{run}/{flight}: {len(shown)}")
    if shown:
        (Console() if sys.stdout.isatty() else Console(width=WIDE)).print(_table(shown))


@app.command()
def acknowledge(
    flight: Flight,
    vehicle: Vehicle,
    channel: Channel,
    *,
    by: By,
    why: Why,
    level: OfLevel = None,
    side: OfSide = None,
    run: Run = LIVE_RUN,
    as_json: AsJson = False,
) -> None:
    """Say that somebody has seen a limit and sees to it."""
    said = {"by": by, "why": why, "level": level, "side": side}
    _act("acknowledge", {"run": run, "flight": flight, "vehicle": vehicle, "channel": channel, **said}, as_json=as_json)


@app.command()
def shelve(
    flight: Flight,
    vehicle: Vehicle,
    channel: Channel,
    *,
    by: By,
    why: Why,
    until: Annotated[str | None, typer.Option(help="Until this time of the flight's own clock, ISO 8601.")] = None,
    for_: Annotated[str | None, typer.Option("--for", help="For so long on that clock: 90s, 10min, 2h.")] = None,
    level: OfLevel = None,
    side: OfSide = None,
    run: Run = LIVE_RUN,
    as_json: AsJson = False,
) -> None:
    """Take a limit out of sight for a time; it comes back by itself."""
    if (until is None) == (for_ is None):
        raise typer.BadParameter("say for how long: --for 10min, or --until 2026-01-01T12:00:00Z")
    said = {"by": by, "why": why, "level": level, "side": side, "until_ns": _until_ns(until), "for_s": _for_s(for_)}
    _act("shelve", {"run": run, "flight": flight, "vehicle": vehicle, "channel": channel, **said}, as_json=as_json)


@app.command()
def unshelve(
    flight: Flight,
    vehicle: Vehicle,
    channel: Channel,
    *,
    by: By,
    why: Why,
    level: OfLevel = None,
    side: OfSide = None,
    run: Run = LIVE_RUN,
    as_json: AsJson = False,
) -> None:
    """Bring a limit back before its time; if it is raised it wants to be acknowledged."""
    said = {"by": by, "why": why, "level": level, "side": side}
    _act("unshelve", {"run": run, "flight": flight, "vehicle": vehicle, "channel": channel, **said}, as_json=as_json)


def _act(action: Action, said: dict[str, Any], *, as_json: bool) -> None:
    from processors.limits.desk import carry_out
    from runtime.settings import read_settings
    from telemetry.errors import InputError, Reason
    from telemetry.limit_command import LimitCommand

    try:
        command = LimitCommand.model_validate({"id": secrets.token_hex(16), "action": action, **said})
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"--{step}: " for step in first["loc"])
        raise typer.BadParameter(f"{where}{first['msg'].removeprefix('Value error, ')}") from error
    try:
        events = asyncio.run(carry_out(read_settings().kafka, command))
    except InputError as error:
        if error.reason is not Reason.REFUSED_COMMAND:
            raise
        typer.secho(f"refused: {error.detail}", fg=typer.colors.RED, err=True)
        sys.exit(EXIT_REFUSED)
    for event in events:
        values = event.values
        until = f" until {_clock(int(values['until_ns']))}" if "until_ns" in values else ""
        told = f"{event.vehicle} {values['channel']} {values['level']} {values['side']}: {event.name}{until}"
        typer.echo(event.model_dump_json() if as_json else f"{told}, {_clock(event.t_ns)}, by {values['by']}")


def _table(states: list[LimitState]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in ("state", "vehicle", "channel", "level", "side", "value", "limit", "times", "raised", "who and why"):
        table.add_column(heading, justify="right" if heading in {"value", "limit", "times"} else "left")
    for state in states:
        act = state.shelved or state.acknowledged
        until = f", until {_clock(state.shelved.until_ns)}" if state.shelved is not None else ""
        table.add_row(
            Text(state.state.value, style=STYLES[state.state.value]),
            state.condition.vehicle,
            state.condition.channel,
            state.condition.level.value,
            state.condition.side,
            "" if state.value is None else f"{state.value:,.6g}",
            "" if state.threshold is None else f"{state.threshold:,.6g}",
            str(state.times_raised),
            "" if state.raised_ns is None else _clock(state.raised_ns),
            "" if act is None else f"{act.by}: {act.why}{until}",
        )
    return table


def _clock(t_ns: int) -> str:
    return datetime.fromtimestamp(t_ns // NS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _until_ns(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"--until {text!r} is no ISO 8601 time, for example 2026-01-01T12:00:00Z") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"--until {text!r} has no offset: write {text}Z for UTC")
    return round(moment.timestamp() * 10**6) * 1000


def _for_s(text: str | None) -> float | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|h)", text)
    if match is None:
        raise typer.BadParameter(f"--for {text!r} is no time: write 90s, 10min or 2h")
    return float(match[1]) * SECONDS_IN[match[2]]
