"""Cuts outlines on a sphere at the limb, behind which an observer sees nothing; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]

_LIMB_STEP_RAD: Final = math.radians(3)


def clip(rings: Sequence[Vectors]) -> list[Vectors]:
    """Cut a polygon of the sphere at the limb z = 0 and return the rings of its visible part, in the view.

    Parameters
    ----------
    rings
        Outline and holes in the view, shape (n, 3) each, closed, interior on the left.

    Returns
    -------
    list
        Rings of shape (m, 3) with z >= 0.

    Notes
    -----
    Where an outline leaves the visible half, its interior goes on along the limb to the left, as far as the next
    crossing, which is one where an outline comes in (Weiler and Atherton 1977, for a circle).
    """
    whole: list[Vectors] = []
    pieces: list[Vectors] = []
    for ring in rings:
        visible = ring[:, 2] > 0
        if visible.all():
            whole.append(ring)
        elif visible.any():
            pieces.extend(_visible_pieces(ring[:-1], visible[:-1]))
    return [*whole, *_join(pieces)]


def _visible_pieces(ring: Vectors, visible: NDArray[np.bool_]) -> list[Vectors]:
    """Return the stretches of an open ring on the near side, each beginning and ending on the limb."""
    first = int(np.flatnonzero(~visible)[0])
    ring, visible = np.roll(ring, -first, axis=0), np.roll(visible, -first)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], visible.astype(np.int8), [0]))))
    pieces = []
    for start, stop in edges.reshape(-1, 2):
        entry = _crossing(ring[start - 1], ring[start])
        leave = _crossing(ring[stop - 1], ring[stop % len(ring)])
        pieces.append(np.vstack([entry, ring[start:stop], leave]))
    return pieces


def _crossing(a: Vectors, b: Vectors) -> Vectors:
    point = a + (b - a) * (a[2] / (a[2] - b[2]))
    point[2] = 0.0
    return np.asarray(point / np.linalg.norm(point))


def _join(pieces: list[Vectors]) -> list[Vectors]:
    """Close stretches along the limb: from each exit counter-clockwise to the nearest entry."""
    entries = [math.atan2(piece[0][1], piece[0][0]) for piece in pieces]
    left = set(range(len(pieces)))
    rings: list[Vectors] = []
    while left:
        first = at = left.pop()
        parts = []
        while True:
            piece = pieces[at]
            leave = math.atan2(piece[-1][1], piece[-1][0])
            candidates = left | {first}
            following = min(candidates, key=lambda i: (entries[i] - leave) % math.tau)
            parts.extend([piece, _limb(leave, entries[following])])
            if following == first:
                break
            left.remove(following)
            at = following
        rings.append(np.vstack(parts))
    return rings


def _limb(start_rad: float, stop_rad: float) -> Vectors:
    angles = np.arange(start_rad, start_rad + (stop_rad - start_rad) % math.tau, _LIMB_STEP_RAD)
    return np.stack([np.cos(angles), np.sin(angles), np.zeros_like(angles)], axis=1)
