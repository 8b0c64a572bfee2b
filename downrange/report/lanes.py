"""Labels above a picture, none over another. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Wide(NamedTuple):
    """A label's left end, where its line goes down, and its width, in the same units."""

    at: float
    width: float


def lanes_of(labels: Sequence[Wide]) -> list[int]:
    """Return a lane for each label, 0 the lowest, so that no label lies over another or over another's line.

    A label stands to the right of its line. From the right to the left each is put above all whose lines come down
    within its width: so every line falls through free room.

    Parameters
    ----------
    labels
        In any order.

    Examples
    --------
    >>> lanes_of([Wide(0.0, 5.0), Wide(3.0, 5.0), Wide(10.0, 5.0)])
    [1, 0, 0]
    """
    lanes = [0] * len(labels)
    placed: list[int] = []
    for index in sorted(range(len(labels)), key=lambda i: (-labels[i].at, -i)):
        label = labels[index]
        beneath = [lanes[other] for other in placed if labels[other].at < label.at + label.width]
        lanes[index] = max(beneath, default=-1) + 1
        placed.append(index)
    return lanes
