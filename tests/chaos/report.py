"""The tables at the end."""

from __future__ import annotations

from collections.abc import Iterator

from chaos.flown import Outcome, Plan
from chaos.proof import Found
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

MOST_WRONG = 12


def drawing(plan: Plan, outcome: Outcome) -> RenderableType:
    """Draw what was done, what was found of each flight, and what is wrong."""
    return Group(_done(outcome), _found(outcome), *_verdict(plan, outcome))


def _done(outcome: Outcome) -> Table:
    table = Table(title="what was done", title_justify="left", header_style="dim")
    for heading in ("part", "killed", "ended by itself", "way", "stalled", "reset", "half-open"):
        table.add_column(heading, justify="left" if heading in {"part", "way"} else "right")
    parts = sorted(outcome.kills.keys() | outcome.own_ends.keys())
    ways = sorted({key.rpartition(" ")[0] for key in outcome.cuts})
    for n in range(max(len(parts), len(ways))):
        row = ["", "", ""]
        if n < len(parts):
            codes = outcome.own_ends.get(parts[n], [])
            row = [parts[n], str(outcome.kills[parts[n]]), str(len(codes) or "")]
        if n < len(ways):
            row += [
                ways[n],
                *(str(outcome.cuts[f"{ways[n]} {deed}"] or "") for deed in ("stall", "reset", "half-open")),
            ]
        table.add_row(*row)
    return table


def _found(outcome: Outcome) -> Table:
    table = Table(title="what was found", title_justify="left", header_style="dim", show_footer=True)
    columns = ("made", "unique", "messages", "resent", "kept twice", "stored", "archived", "events", "lost", "doubled")
    table.add_column("flight", footer=f"{outcome.kills.total()} kills")
    for name in columns:
        total = sum(_figure(found, name) for found in outcome.flights)
        table.add_column(name, justify="right", footer=f"{total:,}")
    for found in outcome.flights:
        figures = [f"{_figure(found, name):,}" for name in columns]
        table.add_row(found.flight, *figures, style="red" if found.wrong else "")
    return table


def _figure(found: Found, heading: str) -> int:
    return int(getattr(found, heading.replace(" ", "_")))


def _verdict(plan: Plan, outcome: Outcome) -> Iterator[Text]:
    for found in outcome.flights:
        for wrong in found.wrong[:MOST_WRONG]:
            yield Text(f"{found.flight}: {wrong}", style="red")
        if len(found.wrong) > MOST_WRONG:
            yield Text(f"{found.flight}: and {len(found.wrong) - MOST_WRONG} more", style="red")
    for wrong in outcome.wrong:
        yield Text(wrong, style="red")
    again = f"again: --seed {plan.seed} --flights {plan.flights} --kills {plan.kills} --cuts {plan.cuts}"
    said = "nothing lost, nothing doubled" if outcome.is_whole else "NOT WHOLE"
    yield Text(f"{said}; {again} --speed {plan.speed:g}; data and logs in {plan.folder}")
