"""How strong a signal is, and how many packets it brings."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from simulator.physics.earth import FloatArray
from simulator.physics.elementary import exp, log10

LIGHT_M_S: Final = 299_792_458.0
BOLTZMANN_DBM_HZ_K: Final = -198.599
"""Boltzmann's constant, as a power density."""
FREE_SPACE_DB: Final = 21.984
"""20 log10(4 pi)."""
NEAREST_M: Final = 100.0
FADE_MEMORY_DEG: Final = 2.0
WATERFALL_1_DB: Final = 2.3

Positive = Annotated[float, Field(gt=0)]


class Antenna(BaseModel):
    """What receives, and what sends towards it.

    Parameters
    ----------
    frequency_hz
        Carrier.
    eirp_dbm
        Of the vehicle's antenna that looks at it.
    gain_dbi
        Of the station's antenna, or of the relay's.
    noise_k
        System temperature.
    rate_bit_s
        Of the coded data.
    needed_db
        Energy of a bit over noise density at which every second packet is lost.
    horizon_fade_db
        What haze, masts and mirrored waves take away at the mask; it is gone some degrees above.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    frequency_hz: Positive
    eirp_dbm: float
    gain_dbi: float
    noise_k: Positive
    rate_bit_s: Positive
    needed_db: float
    horizon_fade_db: Annotated[float, Field(ge=0)]

    def signal_dbm(self, distance_m: FloatArray, above_mask_deg: FloatArray) -> FloatArray:
        """Received power at distances and angles above the mask of shape (n,).

        References
        ----------
        Free-space loss: ITU-R P.525, 20 log10(4 pi distance frequency / speed of light).
        """
        distance = np.maximum(distance_m, NEAREST_M)
        lost_db = FREE_SPACE_DB + 20.0 * log10(distance * (self.frequency_hz / LIGHT_M_S))
        fade_db = self.horizon_fade_db * exp(-np.maximum(above_mask_deg, 0.0) / FADE_MEMORY_DEG)
        return np.asarray(self.eirp_dbm + self.gain_dbi - lost_db - fade_db)

    def margin_db(self, signal_dbm: FloatArray) -> FloatArray:
        """How far the energy of a bit over noise density lies above what is needed."""
        noise_dbm = BOLTZMANN_DBM_HZ_K + 10.0 * log10(self.noise_k * self.rate_bit_s)
        return np.asarray(signal_dbm - noise_dbm - self.needed_db)

    def loss(self, signal_dbm: FloatArray) -> FloatArray:
        """Share of packets that the noise takes: a coded link falls from nearly all to nearly none within 4 dB."""
        steepness = np.clip(self.margin_db(signal_dbm), -100.0, 100.0) * WATERFALL_1_DB
        return np.asarray(1.0 / (1.0 + exp(steepness)))
