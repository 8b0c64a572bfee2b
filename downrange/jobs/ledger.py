"""`downrange ledger`: the books of a recorded flight, recounted from its raw packets."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from processors.archive.audit import Audit

EXIT_UNBALANCED: Final = 1
WIDE: Final = 120


def ledger(
    flight: Annotated[str, typer.Argument(help="Name of the flight, as in the archive.")],
    *,
    run: Annotated[str | None, typer.Option(help="Which run: live, imported, replay-...; the best by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Recount the books of a recorded flight; exit code 1 if they do not balance."""
    # loaded here, so that `downrange --help` does not wait for pyarrow
    from processors.archive.audit import audit
    from replay.flight import replay_registry
    from runtime.archive.catalog import find_recording
    from runtime.settings import read_settings

    settings = read_settings()
    recording = find_recording(settings.archive.dir, flight, run)
    found = audit(recording, replay_registry(settings))
    if as_json:
        report = {
            "run": recording.run,
            "flight": recording.flight,
            "balanced": found.balanced,
            "rows": [row.model_dump(mode="json") for row in found.rows],
            "disagreements": [asdict(each) for each in found.disagreements],
            "unreadable": found.unreadable,
        }
        typer.echo(json.dumps(report, indent=1))
    else:
        _print(found, f"{recording.run}/{recording.flight}")
    sys.exit(0 if found.balanced else EXIT_UNBALANCED)


def _print(found: Audit, name: str) -> None:
    said = "the books balance" if found.balanced else "THE BOOKS DO NOT BALANCE"
    table = Table(title=f"{name}, counted from the raw packets: {said}", title_justify="left", header_style="dim")
    for heading in ("packets", "sent", "received", "unique", "twice", "rejected", "missing"):
        table.add_column(heading, justify="left" if heading == "packets" else "right", no_wrap=True)
    for row in found.rows:
        counts = (row.sent, row.received, row.unique, row.duplicate, row.rejected, row.missing)
        table.add_row(
            Text(f"{row.vehicle} {row.packet}"),
            *(f"{count:,}" for count in counts),
            style="" if row.balanced else "red",
        )
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    console.print(table)
    for each in found.disagreements:
        counted = f"{each.figure} {each.recounted:,} by this count, {each.recorded:,} in the flight's own ledger"
        console.print(f"{each.vehicle} {each.packet}: {counted}", style="red")
    if found.unreadable:
        console.print(f"{found.unreadable:,} records are no messages; they are in the recording", style="red")
    if not found.has_ledger:
        console.print("the recording holds no ledger to compare with", style="dim")
