"""When a sensor measures what its packets say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Sampling:
    """When a sensor measures what some packets say.

    Parameters
    ----------
    rate_hz
        Of the samples, counted from the first telemetry on.
    first, stop
        Their numbers.
    latency_s
        How much earlier than on the beat they are taken.
    rows
        Shape (packets,), which of them each packet says; None where each has its own.
    """

    rate_hz: float
    first: int
    stop: int
    latency_s: float
    rows: NDArray[np.int64] | None = None

    @property
    def key(self) -> tuple[float, int, int, float]:
        """What two samplings at the same times have in common."""
        return self.rate_hz, self.first, self.stop, self.latency_s


def sampling(packet_hz: float, first: int, stop: int, sensor_hz: float | None, latency_s: float) -> Sampling:
    """Return when a sensor measures for packets `first` to `stop - 1` of a rate.

    A sensor as fast as its packet measures for each, `latency_s` before it. A slower one keeps its own beat, and a
    packet says the last sample that is `latency_s` old.

    Examples
    --------
    >>> sampling(4.0, 0, 6, 2.0, 0.25).rows.tolist()
    [0, 0, 0, 1, 1, 2]
    """
    if sensor_hz is None or sensor_hz >= packet_hz:
        return Sampling(packet_hz, first, stop, latency_s)
    since_s = np.arange(first, stop) / packet_hz - latency_s
    numbers = np.maximum(np.floor(since_s * sensor_hz + TINY).astype(np.int64), 0)
    return Sampling(sensor_hz, int(numbers[0]), int(numbers[-1]) + 1, 0.0, numbers - numbers[0])
