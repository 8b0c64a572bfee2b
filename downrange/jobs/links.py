"""`downrange links`: which stations hear a flight, what each brings, and which is the best source."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from telemetry.quality import LinkState

if TYPE_CHECKING:
    from downrange.jobs.quality import Told

NS_PER_S: Final = 10**9
RIGHT: Final = frozenset({"signal", "packets/s", "packets", "first", "share", "only here"})
WHY: Final = {
    "lock": "the only one with lock",
    "first": "most packets came from it first",
    "signal": "heard strongest",
    "name": "nothing tells them apart",
}


def links(
    flight: Annotated[str, typer.Argument(help="Name of the flight.")],
    *,
    run: Annotated[str | None, typer.Option(help="Which run: live, replay-...; live, or the best there is.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    watching: Annotated[bool, typer.Option("--watch", help="Go on as it is told; Ctrl-C ends it.")] = False,
) -> None:
    """Show who hears whom, how well, what only one station had, and where the data comes from."""
    # loaded here, so that `downrange --help` does not wait for Kafka's client and pyarrow
    from downrange.jobs.quality import console, told, watch

    if watching and as_json:
        raise typer.BadParameter("--watch and --json do not go together")
    if watching:
        watch(LinkState, flight, run, drawing)
        return
    found = told(LinkState, flight, run)
    if as_json:
        states = [record.model_dump(mode="json") for record in _in_order(found)]
        typer.echo(json.dumps({"run": found.run, "flight": flight, "source": found.source, "links": states}, indent=1))
        return
    console().print(drawing(found), highlight=False)


def drawing(found: Told[LinkState]) -> RenderableType:
    """Return the page: a row a vehicle and station."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in (
        *("station", "link", "since", "signal", "packets/s", "packets", "first", "share", "only here", "source"),
    ):
        table.add_column(heading, justify="right" if heading in RIGHT else "left", no_wrap=heading != "source")
    vehicle = None
    for state in _in_order(found):
        if state.vehicle != vehicle:
            vehicle = state.vehicle
            table.add_row(Text(vehicle, style="bold"))
        table.add_row(
            f" {state.station}",
            Text(f"{state.state} {state.reason}", style="green" if state.state == "aos" else "red"),
            f"{datetime.fromtimestamp(state.since_ns // NS_PER_S, UTC):%H:%M:%S}",
            "-" if state.signal_dbm is None else f"{state.signal_dbm:.1f} dBm",
            f"{state.frame_rate_hz:,.1f}",
            f"{state.frames:,}",
            f"{state.first:,}",
            "-" if state.share is None else f"{state.share:.1%}",
            f"{state.only:,}",
            Text(f"best: {WHY.get(state.why_best or '', '')}" if state.best else "", style="bold"),
        )
    as_of_ns = max((state.as_of_ns for state in found.records), default=0)
    title = f"{found.run}/{found.flight}: "
    title += f"as of {datetime.fromtimestamp(as_of_ns // NS_PER_S, UTC):%H:%M:%S}" if as_of_ns else "nothing told yet"
    explained = "first: unique packets that came from it first; only here: that no other station had"
    return Group(Text(title), table, Text(f"from {found.source}; {explained}", style="dim"))


def _in_order(found: Told[LinkState]) -> list[LinkState]:
    return sorted(found.records, key=lambda state: (state.vehicle, state.station))
