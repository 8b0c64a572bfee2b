"""A threshold with hysteresis, as data."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Level(StrEnum):
    """How much a limit matters."""

    WATCH = "watch"
    WARNING = "warning"
    CRITICAL = "critical"


class Limit(BaseModel):
    """A threshold with hysteresis.

    Raised after `raise_count` samples beyond the threshold, cleared after `clear_count` samples back behind `clear`.

    Parameters
    ----------
    phases
        Labels of the dictionary's `flight_phase`, or without one the phases that events tell; the limit is valid in
        these only. Always, when there are none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    level: Level
    above: float | None = None
    below: float | None = None
    clear: float
    raise_count: Annotated[int, Field(ge=1)] = 1
    clear_count: Annotated[int, Field(ge=1)] = 1
    phases: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_sided(self) -> Self:
        if (self.above is None) == (self.below is None):
            msg = "a limit has either 'above' or 'below'"
            raise ValueError(msg)
        if (self.above is not None and self.clear > self.above) or (self.below is not None and self.clear < self.below):
            msg = "'clear' must lie on the good side of the threshold"
            raise ValueError(msg)
        return self
