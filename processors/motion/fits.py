"""Two-sided robust fits over a window of the track: these time events, and say how sure that is."""

from __future__ import annotations

from processors.motion.hinges import Hinge, hinge
from processors.motion.polynomials import Polynomial, polynomial

__all__ = ["Hinge", "Polynomial", "hinge", "polynomial"]
