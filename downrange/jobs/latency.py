"""`downrange latency`: how long a flight's messages took, stage by stage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from telemetry.latency import STAGES, added_up
from telemetry.quality import StageLatency

if TYPE_CHECKING:
    from downrange.jobs.quality import Told


def latency(
    flight: Annotated[str, typer.Argument(help="Name of the flight.")],
    *,
    run: Annotated[str | None, typer.Option(help="Which run: live, replay-...; live, or the best there is.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    watching: Annotated[bool, typer.Option("--watch", help="Go on as it is told; Ctrl-C ends it.")] = False,
) -> None:
    """Show how long messages took from generation to InfluxDB and the customers' page."""
    # loaded here, so that `downrange --help` does not wait for Kafka's client and pyarrow
    from downrange.jobs.quality import console, told, watch

    if watching and as_json:
        raise typer.BadParameter("--watch and --json do not go together")
    if watching:
        watch(StageLatency, flight, run, drawing)
        return
    found = told(StageLatency, flight, run)
    if as_json:
        stages = [record.model_dump(mode="json") for record in added_up(found.records)]
        typer.echo(json.dumps({"run": found.run, "flight": flight, "source": found.source, "stages": stages}, indent=1))
        return
    console().print(drawing(found), highlight=False)


def drawing(found: Told[StageLatency]) -> RenderableType:
    """Return the page: a row a vehicle and stage, members added up."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("stage", no_wrap=True)
    for heading in ("messages", "p50", "p95", "p99", "max"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("from and to", style="dim")
    stages = added_up(found.records)
    vehicle = None
    for record in stages:
        if record.vehicle != vehicle:
            vehicle = record.vehicle
            table.add_row(Text(vehicle, style="bold"))
        times = (record.p50_s, record.p95_s, record.p99_s, record.max_s)
        table.add_row(
            f" {record.stage}", f"{record.messages:,}", *map(_time, times), Text(STAGES.get(record.stage, ""))
        )
    members = {(record.service, record.since_ns) for record in found.records if record.histogram}
    counted = ", ".join(sorted({service for service, _ in members}))
    title = f"{found.run}/{found.flight}: {'nothing counted yet' if not stages else f'counted by {counted}'}"
    return Group(Text(title), table, Text(f"from {found.source}; quantiles within 1 %", style="dim"))


def _time(time_s: float | None) -> str:
    """Return a time in the unit that suits it.

    Examples
    --------
    >>> [_time(time_s) for time_s in (None, 0.0, 0.000251, 0.0123, 1.5, 75.0, 7200.0)]
    ['-', '0.0 ms', '0.3 ms', '12.3 ms', '1.50 s', '75.0 s', '120.0 min']
    """
    if time_s is None:
        return "-"
    if time_s < 1.0:
        return f"{time_s * 1000:.1f} ms"
    if time_s < 10.0:  # noqa: PLR2004 -- where two decimals become one
        return f"{time_s:.2f} s"
    return f"{time_s:.1f} s" if time_s < 600.0 else f"{time_s / 60:.1f} min"  # noqa: PLR2004 -- ten minutes
