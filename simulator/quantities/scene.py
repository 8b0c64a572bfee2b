"""A vehicle at the times at which a sensor looks."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from typing import Final

import numpy as np

from simulator.physics.earth import FloatArray
from simulator.physics.truth import Truth
from simulator.quantities.setting import Setting

SHORTEST_S: Final = 1e-9


class Scene:
    """What is, at evenly spaced mission times.

    Parameters
    ----------
    setting
        The vehicle and its flight.
    wide_s
        Shape (n + 2,), mission times with one more on either side, so that rates of change do not depend on how a
        flight is cut into pieces; they are held inside the vehicle's track.
    step_s
        From one time to the next.
    """

    def __init__(self, setting: Setting, wide_s: FloatArray, step_s: float) -> None:
        self.setting = setting
        self.wide_s = np.minimum(np.maximum(wide_s, setting.track.start_s), setting.track.end_s)
        self.t_s = self.wide_s[1:-1]
        self.step_s = step_s

    @cached_property
    def wide(self) -> Truth:
        """The truth at all times, the outer two included."""
        return self.setting.track.at(self.wide_s)

    @cached_property
    def truth(self) -> Truth:
        """The truth at the scene's own times."""
        return Truth(**{field.name: getattr(self.wide, field.name)[..., 1:-1] for field in fields(Truth)})

    @cached_property
    def wide_pitch_deg(self) -> FloatArray:
        """Body axis above the horizon, at all times."""
        return self.wide.pitch_deg

    def rate(self, wide: FloatArray) -> FloatArray:
        """Return how fast values of shape (..., n + 2) change a second, shape (..., n)."""
        over_s = np.maximum(self.wide_s[2:] - self.wide_s[:-2], SHORTEST_S)
        return np.asarray((wide[..., 2:] - wide[..., :-2]) / over_s)

    def wander(self, name: str, memory_s: float) -> FloatArray:
        """Return what wanders by itself in truth; see `Setting.drift`."""
        return self.setting.drift(f"{name}/wander", memory_s, self.t_s)

    def all_of(self, value: float) -> FloatArray:
        """Return a constant, shape (n,)."""
        return np.full(self.t_s.shape, value)
