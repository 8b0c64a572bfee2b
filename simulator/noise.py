"""Chance in sensors: normal errors and slow drift, from a seed, the same bits on every machine."""

from __future__ import annotations

import math
import zlib
from typing import Final

import numpy as np
from scipy.special import ndtri

from simulator.physics.earth import FloatArray
from simulator.physics.lag import carry_on

SAMPLES_A_WORD: Final = 4
QUANTILES: Final = 1 << 16
ROUNDED_TO: Final = 2.0**-20
KNOTS_A_MEMORY: Final = 16
KEEP: Final = 0.9394130628134758
"""exp(-1 / KNOTS_A_MEMORY)."""
DRIVE: Final = math.sqrt(1.0 - KEEP * KEEP)

# The middle of each of 65536 equally likely parts of the normal distribution; a library's, therefore rounded.
NORMAL: Final[FloatArray] = np.rint(ndtri((np.arange(QUANTILES) + 0.5) / QUANTILES) / ROUNDED_TO) * ROUNDED_TO


class Chance:
    """An endless row of random numbers with a name.

    Number k is the same whoever asks for it, in whatever order, on whatever machine: a counting generator (PCG64, whose
    integers numpy promises to keep) draws 16 bits for each, and a table turns them into a normal number. numpy's own
    `Generator.normal` promises less: its method may change with numpy's version, and its tails (one number in 3700) go
    through the C library's logarithm.

    Parameters
    ----------
    seed
        Of the flight.
    name
        Of what is left to chance; no other row depends on it.

    Examples
    --------
    >>> row = Chance(1, "ship/altitude_m/noise")
    >>> bool(np.array_equal(row.normal(0, 10)[3:7], row.normal(3, 7)))
    True
    """

    def __init__(self, seed: int, name: str) -> None:
        self._seed = np.random.SeedSequence([seed, zlib.crc32(name.encode())])

    def normal(self, first: int, stop: int) -> FloatArray:
        """Return numbers `first` to `stop - 1`, normal with mean 0 and standard deviation 1, at most 4.3."""
        word, skipped = divmod(first, SAMPLES_A_WORD)
        words = -(-stop // SAMPLES_A_WORD) - word
        generator = np.random.PCG64(self._seed)
        generator.advance(word)
        parts = generator.random_raw(words).astype("<u8").view("<u2")
        drawn: FloatArray = NORMAL[parts[skipped : skipped + stop - first]]
        return drawn


class Drift:
    """A first-order Gauss-Markov process of standard deviation 1, drawn every sixteenth of its memory, linear between.

    It remembers only where it was last asked about: asked onwards it goes on from there, asked back it begins again.

    Parameters
    ----------
    chance
        What drives it.
    memory_s
        How long it remembers.
    """

    def __init__(self, chance: Chance, memory_s: float) -> None:
        self._chance = chance
        self._step_s = memory_s / KNOTS_A_MEMORY
        self._first = 0
        self._knots = np.empty(0)

    def at(self, t_s: FloatArray) -> FloatArray:
        """Return its values at rising times of shape (n,), from 0 on."""
        first, last = int(t_s[0] / self._step_s), int(t_s[-1] / self._step_s) + 1
        if first < self._first:
            self._first, self._knots = 0, np.empty(0)
        known = self._first + self._knots.size
        if last >= known:
            driven = self._chance.normal(known, last + 1)
            driven[0 if known else 1 :] *= DRIVE
            if known:
                driven[0] += KEEP * self._knots[-1]
            self._knots = np.concatenate([self._knots, carry_on(driven, KEEP)])
        self._knots = self._knots[first - self._first :]
        self._first = first
        steps = t_s / self._step_s
        index = steps.astype(np.int64)
        low, high = self._knots[index - first], self._knots[index - first + 1]
        return np.asarray(low + (steps - index) * (high - low))
