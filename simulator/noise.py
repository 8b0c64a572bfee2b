"""Errors of sensors: white noise and slow drift, from a seed."""

from __future__ import annotations

import math
import zlib

import numpy as np

from simulator.earth import FloatArray
from simulator.lag import carry_on


class Noise:
    """The errors of one packet type of one vehicle, drawn block by block.

    Every channel draws from a generator of its own, so that one channel's errors do not depend on the others; how the
    flight is cut into blocks changes nothing.

    Parameters
    ----------
    seed
        Of the flight.
    vehicle, packet
        Whose.
    rate_hz
        Samples a second.

    Examples
    --------
    >>> whole, halves = Noise(1, "ship", "nav", 50.0), Noise(1, "ship", "nav", 50.0)
    >>> whole.begin(4), halves.begin(2)
    (None, None)
    >>> first = [halves.drift("altitude", 1.0, 60.0), halves.begin(2)][0]
    >>> bool(np.allclose(whole.drift("altitude", 1.0, 60.0), [*first, *halves.drift("altitude", 1.0, 60.0)]))
    True
    """

    def __init__(self, seed: int, vehicle: str, packet: str, rate_hz: float) -> None:
        self._seed = seed
        self._whose = f"{vehicle}/{packet}"
        self._rate_hz = rate_hz
        self._samples = 0
        self._generators: dict[str, np.random.Generator] = {}
        self._last: dict[str, float] = {}

    def begin(self, samples: int) -> None:
        """Begin the next block."""
        self._samples = samples

    def white(self, channel: str, sigma: float) -> FloatArray:
        """Return independent normal errors, shape (samples,)."""
        return self._generator(channel).normal(0.0, sigma, self._samples)

    def drift(self, channel: str, sigma: float, memory_s: float) -> FloatArray:
        """Return a first-order Gauss-Markov error of steady spread `sigma`, shape (samples,)."""
        keep = math.exp(-1.0 / (memory_s * self._rate_hz))
        name = f"{channel}/drift"
        driven = self._generator(name).normal(0.0, sigma, self._samples)
        last = self._last.get(name)
        driven[0 if last is not None else 1 :] *= math.sqrt(1.0 - keep * keep)
        driven[0] += keep * (last or 0.0)
        errors = carry_on(driven, keep)
        self._last[name] = float(errors[-1])
        return errors

    def _generator(self, channel: str) -> np.random.Generator:
        if channel not in self._generators:
            name = zlib.crc32(f"{self._whose}/{channel}".encode())
            self._generators[channel] = np.random.default_rng([self._seed, name])
        return self._generators[channel]
