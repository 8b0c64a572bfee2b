"""What goes wrong between the vehicle and the line."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from simulator.faults.common import DUPLICATE, LATE, MISSING, NOTHING, REJECTED, LastingFault, Share
from telemetry.errors import Reason
from telemetry.vocabulary import LinkEvent

HOLD_S: Final = 2.0


class _LinkFault(LastingFault):
    """Of one station, or of every one.

    Parameters
    ----------
    vehicle, station, packet
        Whose packets, at which station, of which type; all of them if it is not said.
    """

    time: ClassVar[Literal["needed", "optional", "none"]] = "optional"
    vehicle: str | None = None
    station: str | None = None


class _PacketFault(_LinkFault):
    """Of a share of the packets.

    Parameters
    ----------
    share
        Of the packets of a type that it hits.
    burst
        How many packets in a row are hit together.
    """

    packet: str | None = None
    share: Share = 0.01
    burst: Annotated[int, Field(ge=1)] = 1


class PacketsLost(_PacketFault):
    """A station misses a share of the packets, on top of its natural loss."""

    kind: Literal["packets_lost"] = "packets_lost"

    @property
    def expected(self) -> tuple[str, ...]:
        """Gaps; none if another station hears them."""
        return (MISSING,) if self.station is None else (f"{NOTHING}where another station hears them",)


class PacketsDuplicated(_PacketFault):
    """A station sends a share of the packets twice."""

    kind: Literal["packets_duplicated"] = "packets_duplicated"

    @property
    def expected(self) -> tuple[str, ...]:
        """Duplicates, and no event twice."""
        return (DUPLICATE,)


class PacketsReordered(_PacketFault):
    """A share of the packets arrives `by_s` later than the others."""

    kind: Literal["packets_reordered"] = "packets_reordered"
    by_s: Annotated[float, Field(gt=0)] = 0.5

    @property
    def expected(self) -> tuple[str, ...]:
        """Late packets, where they come later than they are waited for."""
        return (LATE,) if self.by_s > HOLD_S else (f"{NOTHING}they are put in order",)


class PacketsCorrupted(_PacketFault):
    """A share of the packets arrives with `bits` of their data turned over."""

    kind: Literal["packets_corrupted"] = "packets_corrupted"
    bits: Annotated[int, Field(ge=1, le=3)] = 1

    @property
    def expected(self) -> tuple[str, ...]:
        """Refusals, and gaps unless another station hears them."""
        return (f"{REJECTED}{Reason.BAD_CRC.value}", *((MISSING,) if self.station is None else ()))


class PacketsCut(_PacketFault):
    """A share of the packets arrives without its last `octets`."""

    kind: Literal["packets_cut"] = "packets_cut"
    octets: Annotated[int, Field(ge=1)] = 4

    @property
    def expected(self) -> tuple[str, ...]:
        """Refusals, and gaps unless another station hears them."""
        return (f"{REJECTED}{Reason.BAD_LENGTH.value}", *((MISSING,) if self.station is None else ()))


class StationDown(_LinkFault):
    """A station hears nothing and says nothing."""

    time: ClassVar[Literal["needed", "optional", "none"]] = "needed"
    kind: Literal["station_down"] = "station_down"

    @property
    def expected(self) -> tuple[str, ...]:
        """A loss of signal, found by its silence; if nobody else hears, late packets out of the ring on board."""
        if self.station is not None:
            return (LinkEvent.LOS.value,) if self.for_s is None else (LinkEvent.LOS.value, LinkEvent.AOS.value)
        if self.for_s is None:
            return (f"{NOTHING}with the last message the flight's clock stands still, until others come",)
        return (LinkEvent.LOS.value, LinkEvent.AOS.value, LATE)


class BackhaulDown(_LinkFault):
    """A station hears, but its line is cut: it keeps everything, and sends it when the line is back."""

    time: ClassVar[Literal["needed", "optional", "none"]] = "needed"
    kind: Literal["backhaul_down"] = "backhaul_down"

    @property
    def expected(self) -> tuple[str, ...]:
        """A loss of signal, found by its silence, and then late packets but no gaps."""
        return (LinkEvent.LOS.value, LATE) if self.for_s is None else (LinkEvent.LOS.value, LinkEvent.AOS.value, LATE)


PacketFault = PacketsLost | PacketsDuplicated | PacketsReordered | PacketsCorrupted | PacketsCut
LinkFault = PacketFault | StationDown | BackhaulDown
