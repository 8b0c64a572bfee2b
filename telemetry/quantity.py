"""What a measured channel and a derived one have in common: name with unit, range, limits."""

from __future__ import annotations

from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from telemetry.limit import Limit

UNITS: frozenset[str] = frozenset(
    [
        *("m", "km", "s", "ns", "pa", "k", "kg", "n", "rpm", "v", "a", "w", "deg", "percent", "count", "g"),
        *("m_s", "m_s2", "deg_s", "dbm", "hz", "j", "rad", "rad_s", "kg_s", "kg_m3", "w_m2", "number"),
    ]
)

RESERVED_NAMES: frozenset[str] = frozenset({"run", "flight", "vehicle", "station", "time", "sequence_count"})

Kind = Literal["float", "int", "bool", "label", "text", "octets"]


class Quantity(BaseModel):
    """A named column of a packet's frames.

    Parameters
    ----------
    name
        Ends in its unit where it has one.
    description
        What it is.
    range
        The values that make sense; anything else was not measured.
    limits
        Thresholds that somebody must hear of.
    stale_after_s
        Older than this it is shown as stale.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    description: str
    range: tuple[float, float] | None = None
    limits: tuple[Limit, ...] = ()
    stale_after_s: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.name in RESERVED_NAMES:
            msg = f"channel {self.name!r}: the name means something else on every sample; choose another"
            raise ValueError(msg)
        if self.range is not None and self.range[0] >= self.range[1]:
            msg = f"channel {self.name!r}: range must be [low, high]"
            raise ValueError(msg)
        if any(_clash(one, other) for one, other in combinations(self.limits, 2)):
            msg = f"channel {self.name!r}: two limits of one level on the same side; keep one, or part their phases"
            raise ValueError(msg)
        return self

    @property
    def unit(self) -> str | None:
        """The unit that the name ends in, the longest that fits; None without one."""
        words = self.name.split("_")
        return next((u for i in range(1, len(words)) if (u := "_".join(words[i:])) in UNITS), None)

    @property
    def kind(self) -> Kind:
        """What a value is; the sinks choose their own field type from it."""
        return "float"

    def unit_missing(self) -> str:
        """Return the complaint about a name without unit."""
        units = ", ".join(sorted(UNITS))
        return f"channel {self.name!r} must end in a unit ({units}), or have labels, or be a bool, text or octets"


def _clash(one: Limit, other: Limit) -> bool:
    same = one.level is other.level and (one.above is None) == (other.above is None)
    return same and (not one.phases or not other.phases or not set(one.phases).isdisjoint(other.phases))
