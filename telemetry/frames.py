"""Decoded telemetry: runs of packets of one type as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemetry.columns import Columns, select_columns
from telemetry.errors import Reason

__all__ = ["Columns", "Decoded", "Frame", "Refusal"]


# never changed, but not frozen: that would be two thirds of the cost of making one, and there is one every few packets
@dataclass(slots=True, eq=False)
class Frame:
    """A run of packets of one type from one message.

    Parameters
    ----------
    vehicle, station
        Who sent it and who heard it.
    packet, apid
        The packet type.
    counts
        Shape (n,), 14-bit sequence counts as received.
    t_ns
        Shape (n,), generation time, Unix ns.
    ert_ns
        Earth receive time of the message, Unix ns.
    columns
        Channel name to values of shape (n,): floats, integers (enumerations as codes), bools, texts or octets; those of
        the packet, then the derived ones.
    least_step_ns
        The shortest time from one packet to the next, where it is known and each has the count after the one before.
    """

    vehicle: str
    station: str
    packet: str
    apid: int
    counts: NDArray[np.int64]
    t_ns: NDArray[np.int64]
    ert_ns: int
    columns: Columns
    least_step_ns: int | None = None

    def __len__(self) -> int:
        return int(self.t_ns.size)

    def select(self, which: NDArray[Any] | slice) -> Frame:
        """Return the frame with only the chosen rows (a mask, indices or a slice)."""
        return Frame(
            self.vehicle,
            self.station,
            self.packet,
            self.apid,
            self.counts[which],
            self.t_ns[which],
            self.ert_ns,
            select_columns(self.columns, which),
        )


@dataclass(frozen=True, slots=True)
class Refusal:
    """Octets of a payload that are no packet of the dictionary: `payload[start:stop]` and why."""

    start: int
    stop: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a payload held.

    Parameters
    ----------
    frames
        In payload order.
    refusals
        What was refused.
    version
        The version of the dictionary that its packets say, good or not; none if they do not say it.
    """

    frames: tuple[Frame, ...]
    refusals: tuple[Refusal, ...]
    version: int | None = None
