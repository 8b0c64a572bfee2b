"""What sensors can measure: true quantities by name, each a pure function of a flight."""

from simulator.quantities.catalogue import CATALOGUE, GROUPS, nearest, table
from simulator.quantities.quantity import Quantity
from simulator.quantities.scene import Scene
from simulator.quantities.setting import Setting

__all__ = ["CATALOGUE", "GROUPS", "Quantity", "Scene", "Setting", "nearest", "table"]
