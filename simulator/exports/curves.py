"""What truly happened, sampled evenly: the common ground of tables, maps and plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.happenings import Happening
from simulator.packets import Transmitter
from simulator.physics.atmosphere import GRAVITY_M_S2
from simulator.physics.earth import FloatArray
from simulator.physics.truth import PHASES, Truth
from simulator.record import happenings_of

MOST_POINTS: Final = 3000
STEPS_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Mark:
    """An event where and when it happened, at the end of a curve's way to it."""

    happening: Happening
    latitude_deg: float
    longitude_deg: float
    altitude_m: float

    @property
    def name(self) -> str:
        """The event without its family, as people say it.

        Examples
        --------
        >>> Mark(Happening("downrange.flight.stage_separation", "ship", 160.9), 0.0, 0.0, 0.0).name
        'stage separation'
        """
        return self.happening.type.rsplit(".", 1)[-1].replace("_", " ")


@dataclass(frozen=True, slots=True)
class Curve:
    """One vehicle's way.

    Parameters
    ----------
    vehicle
        Its name.
    truth
        What is, at times of shape (n,), evenly spaced.
    marks
        Its events, in order of time.
    """

    vehicle: str
    truth: Truth
    marks: tuple[Mark, ...]

    @property
    def load_g(self) -> FloatArray:
        """What is felt on board, in multiples of standard gravity, shape (n,)."""
        truth = self.truth
        return np.asarray(np.sqrt(truth.axial_m_s2**2 + truth.lateral_m_s2**2) / GRAVITY_M_S2)

    @property
    def phases(self) -> NDArray[np.str_]:
        """The names of the phases, shape (n,)."""
        return np.asarray(PHASES)[self.truth.phase]

    @property
    def own_way(self) -> slice:
        """From where the vehicle is alone; the whole way if it always is."""
        joined = np.flatnonzero(self.truth.attached)
        return slice(int(joined[-1]) if joined.size else 0, None)


def curves_of(transmitter: Transmitter, every_s: float | None = None) -> tuple[Curve, ...]:
    """Sample every vehicle of a flight.

    Parameters
    ----------
    transmitter
        The flight.
    every_s
        Time between samples; by default the finest of `STEPS_S` that gives at most `MOST_POINTS` samples.
    """
    happened = happenings_of(transmitter)
    curves: list[Curve] = []
    for vehicle, track in transmitter.flight.tracks.items():
        step_s = every_s or even_step_s(track.end_s - track.start_s)
        steps = int(np.floor((track.end_s - track.start_s) / step_s))
        mine = [each for each in happened if each.vehicle == vehicle and track.start_s <= each.t_s <= track.end_s]
        there = track.at(np.array([each.t_s for each in mine]))
        places = zip(
            mine, there.latitude_deg.tolist(), there.longitude_deg.tolist(), there.altitude_m.tolist(), strict=True
        )
        marks = tuple(Mark(*place) for place in places)
        curves.append(Curve(vehicle, track.at(track.start_s + step_s * np.arange(steps + 1, dtype=np.float64)), marks))
    return tuple(curves)


def even_step_s(duration_s: float) -> float:
    """Return the step for a flight of that length.

    Examples
    --------
    >>> even_step_s(120.0), even_step_s(2400.0), even_step_s(1e6)
    (0.1, 1.0, 10.0)
    """
    return next((step for step in STEPS_S if duration_s / step <= MOST_POINTS), STEPS_S[-1])
