"""A true quantity: its name, its meaning, and how it follows from a flight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from simulator.physics.earth import FloatArray
from simulator.quantities.scene import Scene
from simulator.quantities.units import unit_of

Kind = Literal["number", "bool", "label", "text", "nothing"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """What a sensor can measure.

    Parameters
    ----------
    name
        Ends in its unit, if it is a number.
    meaning
        In one line.
    of
        Its values of shape (n,) in a scene: numbers, truth values, or indices into `labels`.
    kind
        What they are.
    labels
        The names that a label can have.
    wraps_at
        A number that is 0 again from here on, as a course at 360 degrees.
    unrest
        How much it trembles, in its own unit, shape (n,): what a sensor's `noise_driven` is a share of.
    """

    name: str
    meaning: str
    of: Callable[[Scene], NDArray[Any]]
    kind: Kind = "number"
    labels: tuple[str, ...] = ()
    wraps_at: float | None = None
    unrest: Callable[[Scene], FloatArray] | None = None

    @property
    def unit(self) -> str | None:
        """The unit that the name ends in; None for what is no number."""
        return unit_of(self.name) if self.kind == "number" else None


def switch(name: str, meaning: str, of: Callable[[Scene], NDArray[np.bool_]]) -> Quantity:
    """Return a quantity that is true or false."""
    return Quantity(name, meaning, of, kind="bool", labels=("false", "true"))
