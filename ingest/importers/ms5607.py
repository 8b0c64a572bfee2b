"""Pressure from the raw counts of an MS5607 or MS5611 barometer. Pure.

Source: TE Connectivity, data sheets MS5607-02BA03 and MS5611-01BA03: calculation of pressure and temperature, first
order and second order below 20 C, in whole numbers as there: the result is whole pascals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Barometer:
    """The calibration words C1 to C6 of one sensor.

    Parameters
    ----------
    sens, off, tcs, tco, tref, tempsens
        C1 and C2 sensitivity and offset of the pressure, C3 and C4 their temperature coefficients, C5 the reference
        temperature, C6 its coefficient.
    ms5611
        Whether it is the MS5611, whose words count half as much.
    """

    sens: int
    off: int
    tcs: int
    tco: int
    tref: int
    tempsens: int
    ms5611: bool = False

    @classmethod
    def of(cls, words: Mapping[str, object]) -> Self:
        """Return the barometer whose words a file's header gives by the names above.

        Raises
        ------
        ValueError
            If one is missing or no number from 1 to 65535.
        """
        values = {}
        for name in ("sens", "off", "tcs", "tco", "tref", "tempsens"):
            word = words.get(name)
            if isinstance(word, bool) or not isinstance(word, int) or not 0 < word < 1 << 16:
                raise ValueError(f"the barometer's {name} is {word!r}, no number from 1 to 65535")
            values[name] = word
        return cls(**values, ms5611=words.get("ms5611") is True)

    def pressure_pa(self, pressure_counts: NDArray[np.int64], temperature_counts: NDArray[np.int64]) -> Floats:
        """Return the pressure for raw counts D1 and D2 of shape (n,).

        Examples
        --------
        The data sheet's own numbers:

        >>> sensor = Barometer(46372, 43981, 29059, 27842, 31553, 28165)
        >>> sensor.pressure_pa(np.array([6465444]), np.array([8077636])).tolist()
        [110002.0]
        """
        # the MS5607's sensitivity and offset count twice as much
        more = 0 if self.ms5611 else 1
        d_t = temperature_counts - (self.tref << 8)
        centi_c = 2000 + (d_t * self.tempsens >> 23)
        off = (self.off << 16 + more) + (self.tco * d_t >> 7 - more)
        sens = (self.sens << 15 + more) + (self.tcs * d_t >> 8 - more)
        below_20 = np.minimum(centi_c - 2000, 0) ** 2
        below_minus_15 = np.minimum(centi_c + 1500, 0) ** 2
        if self.ms5611:
            off -= (5 * below_20 >> 1) + 7 * below_minus_15
            sens -= (5 * below_20 >> 2) + (11 * below_minus_15 >> 1)
        else:
            off -= (61 * below_20 >> 4) + 15 * below_minus_15
            sens -= 2 * below_20 + 8 * below_minus_15
        return np.asarray((pressure_counts * sens >> 21) - off >> 15, dtype=np.float64)
