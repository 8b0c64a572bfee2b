"""What goes wrong with the container."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from simulator.faults.common import FaultBase, LastingFault
from telemetry.vocabulary import CargoEvent

Positive = Annotated[float, Field(gt=0)]


class Shock(FaultBase):
    """A blow of `peak_m_s2` that rings out as every other does."""

    kind: Literal["shock"] = "shock"
    peak_m_s2: Positive = 200.0

    @property
    def expected(self) -> tuple[str, ...]:
        """A shock."""
        return (CargoEvent.SHOCK.value,)


class Overheat(LastingFault):
    """Cooling is lost: the air in the bay warms by `rise_k` within `within_s`, and cools as fast after `for_s`."""

    kind: Literal["overheat"] = "overheat"
    rise_k: Positive = 40.0
    within_s: Positive = 20.0

    @property
    def expected(self) -> tuple[str, ...]:
        """A temperature over its limit."""
        return (CargoEvent.TEMPERATURE.value,)


class Depressurisation(LastingFault):
    """The bay leaks down to `to_pa` within `within_s`; after `for_s` it is filled again as fast."""

    kind: Literal["depressurisation"] = "depressurisation"
    to_pa: Annotated[float, Field(ge=0)] = 40_000.0
    within_s: Positive = 10.0

    @property
    def expected(self) -> tuple[str, ...]:
        """A pressure under its limit."""
        return (CargoEvent.PRESSURE.value,)


class SealBroken(FaultBase):
    """The customs seal opens on the way."""

    kind: Literal["seal_broken"] = "seal_broken"

    @property
    def expected(self) -> tuple[str, ...]:
        """A broken seal."""
        return (CargoEvent.SEAL_BROKEN.value,)


CargoFault = Shock | Overheat | Depressurisation | SealBroken
