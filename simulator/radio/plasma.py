"""The plasma of an entry, which swallows radio."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.physics.earth import FloatArray
from simulator.radio.spans import Spans, looks_s, spans_of
from simulator.track import Track

IONISED_M_S: Final = 4_500.0
LEAST_DENSITY_KG_M3: Final = 8.2e-6


def in_plasma(speed_m_s: FloatArray, density_kg_m3: FloatArray) -> NDArray[np.bool_]:
    """Whether the air around a vehicle is ionised so far that it swallows S-band, shape (n,).

    Faster than 4.5 km/s in air denser than at 85 km. What decides is the electron density of the shock layer against
    the critical one, (frequency / 8.98 Hz)**2 per m3. It falls steeply with speed, and with the density of the air.

    References
    ----------
    Rybak and Churchill, Progress in Reentry Communications, IEEE Trans. Aerospace and Electronic Systems AES-7 (1971)
    879: blackouts of blunt vehicles begin at 80 to 95 km and end where they have slowed down to 3 to 5 km/s.
    """
    return np.asarray((speed_m_s > IONISED_M_S) & (density_kg_m3 > LEAST_DENSITY_KG_M3))


def plasma_spans(track: Track) -> Spans:
    """Return when a vehicle is in the plasma of its entry, to a tenth of a second."""
    coarse_s = looks_s(track.start_s, track.end_s, 1)
    truth = track.at(coarse_s)
    inside = np.flatnonzero(in_plasma(truth.speed_m_s, truth.density_kg_m3))
    if not inside.size:
        return ()
    around_s = coarse_s[[max(int(inside[0]) - 1, 0), min(int(inside[-1]) + 1, coarse_s.size - 1)]].tolist()
    fine_s = looks_s(*around_s)
    truth = track.at(fine_s)
    return spans_of(fine_s, in_plasma(truth.speed_m_s, truth.density_kg_m3))
