"""How a stage moves in the water and is lifted on deck."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.faults.flight import TipOver
from simulator.physics.earth import DEG_PER_RAD, RAD_PER_DEG, FloatArray, dot, east_north, norm, up_and_altitude
from simulator.physics.elementary import PI, arccos, exp, sin, sin_cos
from simulator.plans import Recovery

BOB_PERIOD_S: Final = 5.0
BOB_DECAY_S: Final = 6.0
SWELL_M: Final = 0.6
SWELL_PERIOD_S: Final = 9.0
SWELL_RISE_S: Final = 20.0
SWAY_DEG: Final = 4.0
ROLL_PERIOD_S: Final = 11.0
PITCH_PERIOD_S: Final = 7.5
LIFT_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Afloat:
    """The time between splashdown and the deck.

    Parameters
    ----------
    splash_s
        Mission time of splashdown.
    speed_m_s
        Speed down into the water.
    recovery
        The fleet's timetable.
    tip
        How it falls over; None if it stays upright.
    """

    splash_s: float
    speed_m_s: float
    recovery: Recovery
    tip: TipOver | None = None

    @property
    def deck_s(self) -> float:
        """When it stands on deck."""
        return self.splash_s + self.recovery.on_deck_s

    def heave(self, t_s: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Height above the mean sea level and its rate, at mission times of shape (n,) after splashdown.

        The plunge is a damped oscillation that begins at altitude 0 with the speed of splashdown; the swell comes in
        as it dies.
        """
        t = t_s - self.splash_s
        w, d = 2.0 * PI / BOB_PERIOD_S, 1.0 / BOB_DECAY_S
        depth = self.speed_m_s / w * exp(-d * t)
        sine, cosine = sin_cos(w * t)
        bob, bob_rate = -depth * sine, depth * (d * sine - w * cosine)
        v = 2.0 * PI / SWELL_PERIOD_S
        sine, cosine = sin_cos(v * t)
        grown = _grown(t)
        growth = 2.0 * t / (SWELL_RISE_S * SWELL_RISE_S) * (1.0 - grown)
        sea = bob + SWELL_M * grown * sine
        sea_rate = bob_rate + SWELL_M * (growth * sine + grown * v * cosine)
        lifted, lift_rate = self._lifted(t)
        deck = self.recovery.deck_height_m
        return (1.0 - lifted) * sea + lifted * deck, (1.0 - lifted) * sea_rate + lift_rate * (deck - sea)

    def axis(self, t_s: FloatArray, position_m: FloatArray) -> FloatArray:
        """Body axis, swaying with the waves until it stands on deck; shape (3, n)."""
        t = t_s - self.splash_s
        sway = (SWAY_DEG * RAD_PER_DEG) * _grown(t) * (1.0 - self._lifted(t)[0])
        east, north = east_north(position_m)
        up, _ = up_and_altitude(position_m)
        leaning = sway * (sin(2.0 * PI / ROLL_PERIOD_S * t) * east + sin(2.0 * PI / PITCH_PERIOD_S * t) * north)
        axis = up + leaning
        axis = axis / norm(axis)
        if self.tip is not None:
            fallen = np.clip((t - self.tip.after_s) / self.tip.within_s, 0.0, 1.0)
            angle = self.tip.tilt_deg * RAD_PER_DEG * fallen * fallen * (1.0 - self._lifted(t)[0])
            aside = east - dot(east, axis) * axis
            sine, cosine = sin_cos(angle)
            axis = cosine * axis + sine * aside / norm(aside)
        return np.asarray(axis)

    def state(self, t_s: FloatArray) -> FloatArray:
        """Recovery state codes: 0 none, 1 afloat, 2 secured, 3 on deck."""
        after = t_s - self.splash_s
        steps = (0.0, self.recovery.secured_s, self.recovery.on_deck_s)
        return np.asarray(sum((after >= step).astype(np.float64) for step in steps))

    def _lifted(self, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        share = np.clip((t - self.recovery.on_deck_s + LIFT_S) / LIFT_S, 0.0, 1.0)
        return share * share * (3.0 - 2.0 * share), 6.0 * share * (1.0 - share) / LIFT_S


def _grown(t: FloatArray) -> FloatArray:
    """Return how far the swell has come in."""
    share = t / SWELL_RISE_S
    return np.asarray(1.0 - exp(-share * share))


def tilt_deg(axis: FloatArray, up: FloatArray) -> FloatArray:
    """Angle of a body axis from the vertical, shapes (3, n)."""
    return np.asarray(arccos(dot(axis, up)) * DEG_PER_RAD)
