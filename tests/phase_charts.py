"""The tables of docs/phases.md, made from the plans: `python tests/phase_charts.py` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from processors.phases.plan import Plan
from processors.phases.plans import plans

PAGE: Final = Path(__file__).parents[1] / "docs" / "phases.md"
HEADING: Final = "## The plans\n"


def chart(plan: Plan) -> str:
    """Return one plan as Markdown."""
    rows = []
    for name, state in plan.states.items():
        ends: dict[str, list[str]] = {}
        for event, after in state.to.items():
            ends.setdefault(after, []).append(f"`{event}`")
        to = "; ".join(f"{', '.join(events)} → **{after.replace('_', ' ')}**" for after, events in ends.items())
        stays = ", ".join(f"`{event}`" for event in state.stays)
        shown = f"**{name.replace('_', ' ')}**"
        rows.append(f"| {shown} | `{state.phase}` | {state.description} | {to or '-'} | {stays or '-'} |")
    words = ", ".join(f"`{word}`" for word in (plan.name, *plan.words))
    head = f"### {plan.name.replace('_', ' ')}\n\n{plan.description} `vehicle_class`: {words}.\n\n"
    columns = "| phase | of limits | | ends with | may also happen |\n|---|---|---|---|---|\n"
    return f"{head}{columns}{chr(10).join(rows)}\n"


def page(text: str) -> str:
    """Return the page with the tables made anew."""
    charts = "\n".join(map(chart, {plan.name: plan for plan in plans().values()}.values()))
    return re.sub(f"{HEADING}.*", lambda _: f"{HEADING}\n{charts}", text, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
