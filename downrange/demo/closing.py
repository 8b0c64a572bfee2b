"""The closing summary on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from downrange.demo.board import t_clock
from downrange.demo.summary import EventRow, Ledger, Summary, is_link
from telemetry.vocabulary import short_name


def close(console: Console, summary: Summary) -> None:
    """Print each event against the truth, the books, the delivery, and how to ask this flight further."""
    console.print()
    console.print(_event_table([row for row in summary.events if not is_link(row.type)]))
    console.print(_ledger_table(summary.ledger))
    if summary.delivery:
        status = str(summary.delivery.get("status", "unknown")).replace("_", " ")
        console.print(f"Delivery  [bold]{status}[/bold], expected {summary.delivery.get('eta')}")
    console.print(f"Archive   {summary.archive}", highlight=False, soft_wrap=True)
    console.print(f"Again     {summary.replay}", highlight=False, soft_wrap=True)
    console.print()


def _event_table(rows: list[EventRow]) -> Table:
    missed = sum(row.t_event_s is None for row in rows)
    false = sum(row.truth_s is None for row in rows)
    title = f"{len(rows) - missed - false} events found, {missed} missed, {false} false; against the simulator's truth"
    table = Table(title=title, title_justify="left", header_style="dim")
    for heading in ("event", "vehicle", "detected", "truth s", "error s", "sigma s", "known after s"):
        table.add_column(heading, justify="left" if heading in {"event", "vehicle"} else "right", no_wrap=True)
    for row in rows:
        style = "red" if row.t_event_s is None or row.truth_s is None else ""
        table.add_row(
            short_name(row.type),
            row.vehicle,
            "missed" if row.t_event_s is None else t_clock(row.t_event_s),
            "none" if row.truth_s is None else f"{row.truth_s:.2f}",
            _number(row.error_s, "+.2f"),
            _number(row.sigma_s, ".2f"),
            _number(row.latency_s, ".2f"),
            style=style,
        )
    return table


def _ledger_table(ledger: Ledger) -> Table:
    said = "the books balance" if ledger.balanced else "THE BOOKS DO NOT BALANCE"
    title = Text(
        f"{said}: sent = unique + missing, received = unique + twice + rejected", style="" if ledger.balanced else "red"
    )
    table = Table(title=title, title_justify="left", header_style="dim")
    for heading in (
        "packets",
        "sent",
        "received",
        "unique",
        "twice",
        "late",
        "rejected",
        "missing",
        "stored",
        "archived",
    ):
        table.add_column(heading, justify="left" if heading == "packets" else "right", no_wrap=True)
    for row in ledger.rows:
        counts = (
            row.sent,
            row.received,
            row.unique,
            row.duplicate,
            row.late,
            row.rejected,
            row.missing,
            row.stored,
            row.archived,
        )
        style = "" if row.balanced else "red"
        table.add_row(
            f"{row.vehicle} {row.packet}", *("" if count is None else f"{count:,}" for count in counts), style=style
        )
    return table


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
