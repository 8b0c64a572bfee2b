"""What goes wrong with one channel's sensor: what is true stays true, what is measured does not follow."""

from __future__ import annotations

from typing import Literal

from simulator.faults.common import NOTHING, FaultBase, LastingFault


class _SensorFault(LastingFault):
    channel: str


class SensorStuck(_SensorFault):
    """The channel keeps the value that it had when it began."""

    kind: Literal["sensor_stuck"] = "sensor_stuck"

    @property
    def expected(self) -> tuple[str, ...]:
        """Nothing but what follows from what is true."""
        return (f"{NOTHING}no event may come of it, and none may be lost by it",)


class SensorSpike(FaultBase):
    """One sample is `by` (the channel's unit) too high, or too low if that is negative."""

    kind: Literal["sensor_spike"] = "sensor_spike"
    channel: str
    by: float

    @property
    def expected(self) -> tuple[str, ...]:
        """Nothing."""
        return (f"{NOTHING}one sample is no event",)


class SensorDrift(_SensorFault):
    """The channel runs away by `rate_per_s` (its unit in a second)."""

    kind: Literal["sensor_drift"] = "sensor_drift"
    rate_per_s: float

    @property
    def expected(self) -> tuple[str, ...]:
        """Nothing but a passed limit, if the channel has one."""
        return (f"{NOTHING}unless the channel passes a limit of the dictionary",)


class SensorDead(_SensorFault):
    """The channel says no number any more where its raw type can say so, else its lowest."""

    kind: Literal["sensor_dead"] = "sensor_dead"

    @property
    def expected(self) -> tuple[str, ...]:
        """Nothing but what other channels show."""
        return (f"{NOTHING}no event may come of it; other channels stand in where a detector has them",)


SensorFault = SensorStuck | SensorSpike | SensorDrift | SensorDead
