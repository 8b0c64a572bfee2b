"""Colours of a report: by name in the picture, by CSS variable in the page, so that it is dark where the reader is."""

from __future__ import annotations

import re
from typing import Final

INK: Final = "#212529"
FAINT: Final = "#868e96"
RULE: Final = "#dee2e6"
PAPER: Final = "#ffffff"
HOLE: Final = "#e9ecef"
VEHICLES: Final = ("#1864ab", "#d9480f", "#2b8a3e", "#862e9c")
LEVELS: Final = {"critical": "#c92a2a", "warning": "#e67700", "watch": "#f2c94c", "stale": "#adb5bd"}
PHASES: Final = {
    "pad": "#ced4da",
    "boost": "#f08c4f",
    "upper burn": "#f2a97c",
    "boostback": "#e599a7",
    "coast": "#a5c8ec",
    "descent": "#9ad6c5",
    "entry burn": "#f3b0a1",
    "landing burn": "#f2798f",
    "given up": "#f1b24a",
    "aborted": "#f1b24a",
    "scrubbed": "#f1b24a",
    "landed": "#b8ddaa",
    "afloat": "#b8ddaa",
    "recovered": "#d3e8c8",
}
OTHER_PHASE: Final = "#ebedf0"
ON_PHASE: Final = "#1f2327"
# what differs in the dark; phases and levels keep their colours, with dark letters on them
DARK: Final = {
    "ink": "#e9ecef",
    "faint": "#909aa3",
    "rule": "#343a40",
    "paper": "#14171a",
    "hole": "#23282d",
    "v0": "#74b0f0",
    "v1": "#ff9a62",
    "v2": "#7bd08c",
    "v3": "#d59cf0",
}
LIGHT: Final = {
    "ink": INK,
    "faint": FAINT,
    "rule": RULE,
    "paper": PAPER,
    "hole": HOLE,
    **{f"v{index}": colour for index, colour in enumerate(VEHICLES)},
}


def vehicle_colour(index: int) -> str:
    """Return the colour of a vehicle by its place."""
    return VEHICLES[index % len(VEHICLES)]


def with_variables(svg: str) -> str:
    """Return a drawing whose colours are CSS variables."""
    names = {colour: name for name, colour in LIGHT.items()}
    return re.sub(r"#[0-9a-f]{6}", lambda m: f"var(--{names[m[0]]})" if m[0] in names else m[0], svg)


def variables(colours: dict[str, str]) -> str:
    """Return colours as declarations of CSS variables."""
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
