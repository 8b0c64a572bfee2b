"""All true quantities by name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from simulator.quantities import air, board, cargo, engines, motion
from simulator.quantities.quantity import Quantity

GROUPS: Final[Mapping[str, tuple[Quantity, ...]]] = {
    "motion": motion.QUANTITIES,
    "air and navigation": air.QUANTITIES,
    "engines and tanks": engines.QUANTITIES,
    "cargo": cargo.QUANTITIES,
    "on board": board.QUANTITIES,
}
CATALOGUE: Final[Mapping[str, Quantity]] = {each.name: each for group in GROUPS.values() for each in group}


def nearest(name: str, known: Iterable[str] = CATALOGUE) -> str:
    """Return the known names that look most like one, best first.

    Examples
    --------
    >>> nearest("altitude_km")
    'altitude_m, latitude_deg, longitude_deg'
    """
    return ", ".join(difflib.get_close_matches(name, known, n=3, cutoff=0.4)) or "nothing looks like it"


def table() -> Iterator[str]:
    """Yield the catalogue as lines of a Markdown table."""
    yield "| quantity | kind | meaning |"
    yield "|---|---|---|"
    for group in GROUPS.values():
        for each in group:
            kind = f"one of {', '.join(each.labels)}" if each.kind == "label" else each.unit or each.kind
            yield f"| `{each.name}` | {kind} | {each.meaning} |"
