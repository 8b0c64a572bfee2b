"""How a channel is measured, for the simulator: what a data sheet says of the sensor, as data."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

NotNegative = Annotated[float, Field(ge=0)]


class Sensor(BaseModel):
    """A sensor's errors; saturation is the channel's `range`, quantisation its raw type and calibration.

    Parameters
    ----------
    measures
        The simulator's quantity behind it; the channel's own name when left out.
    noise
        Standard deviation of the white noise of one sample, in the channel's unit.
    relative_noise
        The same as a fraction of the value; added to `noise`.
    noise_driven
        The same as a multiple of the quantity's own unrest, where it has one: an accelerometer shakes with the engines.
    bias
        Standard deviation of the offset that is drawn once a flight, in the channel's unit.
    scale_error
        Standard deviation of the relative error of the scale that is drawn once a flight, as a fraction.
    drift
        Standard deviation of the slow part of the error (first-order Gauss-Markov), in the channel's unit.
    relative_drift
        The same as a fraction of the value; added to `drift`.
    drift_memory_s
        Time constant with which the slow part forgets itself; a drift needs one.
    rate_hz
        How often the sensor measures; between two samples the last one stands. As often as its packet when left out.
    latency_s
        Time from the measurement to the value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    measures: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] | None = None
    noise: NotNegative = 0.0
    relative_noise: NotNegative = 0.0
    noise_driven: NotNegative = 0.0
    bias: NotNegative = 0.0
    scale_error: NotNegative = 0.0
    drift: NotNegative = 0.0
    relative_drift: NotNegative = 0.0
    drift_memory_s: Annotated[float, Field(gt=0)] | None = None
    rate_hz: Annotated[float, Field(gt=0)] | None = None
    latency_s: NotNegative = 0.0

    @model_validator(mode="after")
    def _drift_has_a_memory(self) -> Self:
        if (self.drift or self.relative_drift) and self.drift_memory_s is None:
            msg = "a sensor with 'drift' needs 'drift_memory_s', the time constant with which it forgets"
            raise ValueError(msg)
        return self
