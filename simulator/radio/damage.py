"""What link faults do to the packets that a station hears."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.faults.draw import generator
from simulator.faults.kinds import AnyFault
from simulator.faults.link import (
    PacketFault,
    PacketsCorrupted,
    PacketsCut,
    PacketsDuplicated,
    PacketsLost,
    PacketsReordered,
)
from simulator.physics.earth import FloatArray
from simulator.physics.elementary import power
from telemetry.cuc import NS_PER_S
from telemetry.packets import CRC_OCTETS, PRIMARY_HEADER_OCTETS

MOST_FLIPS: Final = 3
OCTET_BITS: Final = 8
# a cut packet still has a header, so that it is seen to be cut
LEAST_OCTETS: Final = PRIMARY_HEADER_OCTETS + CRC_OCTETS
WHOLE: Final = -1

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Copies:
    """Packets of one type as a station passes them on, in order of receipt.

    Parameters
    ----------
    rows
        Shape (n,), which of the vehicle's packets of that type.
    ert_ns
        Shape (n,), Unix ns.
    flips
        Shape (n, 3), bits that are turned over, counted from the first of the packet; -1 for none.
    cut
        Shape (n,), octets that are missing at the end.
    """

    rows: IntArray
    ert_ns: IntArray
    flips: IntArray
    cut: IntArray

    @property
    def intact(self) -> NDArray[np.bool_]:
        """Which of them are as they were sent, shape (n,)."""
        return np.asarray((self.flips[:, 0] == WHOLE) & (self.cut == 0))

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Copies:
        """Return some of them."""
        return Copies(self.rows[which], self.ert_ns[which], self.flips[which], self.cut[which])


@dataclass(frozen=True, slots=True)
class Damage:
    """How many packets link faults hit.

    Parameters
    ----------
    lost, duplicated, reordered, corrupted, cut
        Counts; a packet that is corrupted and cut counts as both, one that is lost as nothing else.
    """

    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    corrupted: int = 0
    cut: int = 0


def copies_of(rows: IntArray, ert_ns: IntArray) -> Copies:
    """Return packets as they come without faults."""
    return Copies(rows, ert_ns, np.full((len(rows), MOST_FLIPS), WHOLE), np.zeros(len(rows), dtype=np.int64))


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose packets of which type at which station, and how many octets each has."""

    vehicle: str
    station: str
    packet: str
    octets: int


def damaged(
    whole: Copies, sent_s: FloatArray, faults: Iterable[AnyFault], seed: int, whose: Whose
) -> tuple[Copies, Damage]:
    """Return what faults leave of packets, in order of receipt, and how many they hit.

    Parameters
    ----------
    whole
        As received.
    sent_s
        Shape (m,), mission times at which all m packets of the type were sent.
    faults
        As drawn; each has a chance of its own for every packet, so that they do not disturb each other.
    seed
        Of the flight.
    whose
        Of whom.
    """
    copies, done = whole, Damage()
    mine = [fault for fault in faults if isinstance(fault, PacketFault) and _concerns(fault, whose)]
    # the lost go first and duplicates come last, so that the counts mean what they say
    for fault in sorted(mine, key=lambda each: (each.kind != "packets_lost", each.kind == "packets_duplicated")):
        chance = generator(fault, seed, whose.vehicle, whose.station, whose.packet)
        hit = _hit(fault, sent_s, chance.random(len(sent_s)))[copies.rows]
        count = int(np.count_nonzero(hit))
        match fault:
            case PacketsLost():
                copies, done = copies.take(~hit), replace(done, lost=done.lost + count)
            case PacketsReordered():
                late_ns = round(fault.by_s * NS_PER_S)
                copies = replace(copies, ert_ns=np.where(hit, copies.ert_ns + late_ns, copies.ert_ns))
                done = replace(done, reordered=done.reordered + count)
            case PacketsCorrupted():
                flips = _flips(chance.random((2, len(sent_s)))[:, copies.rows], fault.bits, whose.octets)
                copies = replace(copies, flips=np.where(hit[:, np.newaxis], flips, copies.flips))
                done = replace(done, corrupted=done.corrupted + count)
            case PacketsCut():
                octets = max(min(fault.octets, whose.octets - LEAST_OCTETS), 0)
                copies = replace(copies, cut=np.where(hit, octets, copies.cut))
                done = replace(done, cut=done.cut + count)
            case PacketsDuplicated():
                twice = np.concatenate([np.arange(len(hit)), np.flatnonzero(hit)])
                copies = copies.take(twice)
                done = replace(done, duplicated=done.duplicated + count)
    return copies.take(np.argsort(copies.ert_ns, kind="stable")), done


def _concerns(fault: PacketFault, whose: Whose) -> bool:
    return (
        fault.concerns(whose.vehicle)
        and fault.station in (None, whose.station)
        and fault.packet in (None, whose.packet)
    )


def _hit(fault: PacketFault, sent_s: FloatArray, chance: FloatArray) -> NDArray[np.bool_]:
    """Which of all packets of a type a fault hits: bursts begin so often that they make up the share together."""
    begins = chance < 1.0 - power(1.0 - fault.share, 1.0 / fault.burst) if fault.share < 1.0 else chance >= 0.0
    begun = np.cumsum(begins)
    before = np.concatenate([np.zeros(min(fault.burst, len(begun)), dtype=begun.dtype), begun[: -fault.burst]])
    return np.asarray((begun > before) & fault.lasts(sent_s))


def _flips(chance: FloatArray, bits: int, octets: int) -> IntArray:
    """Return which bits behind the primary header are turned over, all of a packet's different ones, shape (n, 3)."""
    first_bit = PRIMARY_HEADER_OCTETS * OCTET_BITS
    count = octets * OCTET_BITS - first_bit
    start = np.floor(chance[0] * count).astype(np.int64)
    step = 1 + np.floor(chance[1] * (count // MOST_FLIPS)).astype(np.int64)
    flips = np.full((len(start), MOST_FLIPS), WHOLE, dtype=np.int64)
    for bit in range(bits):
        flips[:, bit] = first_bit + (start + bit * step) % count
    return flips
