"""Faults: what may go wrong in a flight, one model a kind, and what should be detected of each."""

from simulator.faults.draw import draw, generator
from simulator.faults.kinds import KINDS, AnyFault, Fault, descriptions
from simulator.faults.notation import parse_fault

__all__ = ["KINDS", "AnyFault", "Fault", "descriptions", "draw", "expected", "generator", "parse_fault"]


def expected(fault: AnyFault) -> tuple[str, ...]:
    """Return what should be detected of a fault; see `FaultBase.expected`."""
    return fault.expected
