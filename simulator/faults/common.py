"""What every fault says: of which vehicle, when, how long, and how likely."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, ClassVar, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, model_validator

from simulator.physics.earth import FloatArray
from simulator.plans import Record
from telemetry.errors import FlightError

NOTHING: Final = "nothing: "
MISSING: Final = "ledger: missing"
DUPLICATE: Final = "ledger: duplicate"
LATE: Final = "ledger: late"
REJECTED: Final = "rejected: "

When = float | tuple[float, float]
Share = Annotated[float, Field(gt=0, le=1)]


class FaultBase(Record):
    """Something that goes wrong.

    Parameters
    ----------
    vehicle
        Whose it is.
    at_s
        Mission time; of two numbers, one between them, drawn evenly. A fault that has an occasion of its own, such as
        a splashdown, takes none.
    probability
        That it happens at all.
    number
        Tells equal faults of one flight apart; set when they are drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    time: ClassVar[Literal["needed", "optional", "none"]] = "needed"

    vehicle: str | None = "ship"
    at_s: When | None = None
    probability: Share = 1.0
    number: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _when(self) -> Self:
        if self.at_s is None and self.time == "needed":
            msg = "say when: 'at_s' is a mission time, or two for one drawn between them"
            raise ValueError(msg)
        if self.at_s is not None and self.time == "none":
            msg = "it has an occasion of its own: leave 'at_s' out"
            raise ValueError(msg)
        if isinstance(self.at_s, tuple) and self.at_s[0] >= self.at_s[1]:
            msg = "'at_s' must be one time, or an earlier and a later one"
            raise ValueError(msg)
        return self

    @property
    def start_s(self) -> float:
        """Mission time at which it begins; minus infinity if it has no time of its own.

        Raises
        ------
        FlightError
            If it has not been drawn from its window yet.
        """
        if isinstance(self.at_s, tuple):
            raise FlightError(f"a fault's time is still the window {self.at_s}: draw the faults of a flight first")
        return -math.inf if self.at_s is None else self.at_s

    @property
    def end_s(self) -> float:
        """Mission time at which it ends; infinity if it stays."""
        return math.inf

    def lasts(self, t_s: FloatArray) -> NDArray[np.bool_]:
        """Whether it is there, at mission times of any shape."""
        return np.asarray((t_s >= self.start_s) & (t_s < self.end_s))

    def concerns(self, vehicle: str) -> bool:
        """Whether it is this vehicle's."""
        return self.vehicle is None or self.vehicle == vehicle

    @property
    @abstractmethod
    def expected(self) -> tuple[str, ...]:
        """What should be detected.

        Event types of the vocabulary, `ledger: missing`, `ledger: duplicate`, `ledger: late`, `rejected: REASON`, or
        `nothing: WHY`.
        """


class LastingFault(FaultBase):
    """Something that goes wrong for a time.

    Parameters
    ----------
    for_s
        How long it lasts; to the end of the flight if it is not said.
    """

    for_s: Annotated[float, Field(gt=0)] | None = None

    @property
    def end_s(self) -> float:
        """Mission time at which it ends; infinity if it stays."""
        return math.inf if self.for_s is None else self.start_s + self.for_s
