"""Lines of sight over a flattened Earth."""

from __future__ import annotations

import numpy as np

from simulator.physics.earth import DEG_PER_RAD, EQUATOR_M, FLATTENING, FloatArray, dot, norm
from simulator.physics.elementary import arccos, arcsin


def above_edge_deg(observer_m: FloatArray, target_m: FloatArray) -> FloatArray:
    """Return how far targets in space stand above the edge of the Earth as observers see it; negative behind it.

    The ellipsoid is stretched to a sphere, which leaves straight lines straight: the sign is exact, and so is the line
    of sight; angles are off by less than the flattening, 0.2 degrees. From on high the edge lies below the horizontal.

    Parameters
    ----------
    observer_m, target_m
        Shapes (3, ...) that broadcast; the targets farther out than the edge.
    """
    observer, target = _stretched(observer_m), _stretched(target_m)
    sight = target - observer
    from_centre = arccos(np.clip(-dot(sight, observer) / (norm(sight) * norm(observer)), -1.0, 1.0))
    edge = arcsin(np.minimum(EQUATOR_M / norm(observer), 1.0))
    return np.asarray((from_centre - edge) * DEG_PER_RAD)


def _stretched(position_m: FloatArray) -> FloatArray:
    return np.asarray([position_m[0], position_m[1], position_m[2] / (1.0 - FLATTENING)])
