"""The books of one vehicle: what came of every packet type, its gaps, and what its own counters say was sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from processors.airframe import Airframe
from processors.books.bringers import Brought
from processors.books.completeness import Completeness
from processors.books.counters import SentCounter
from processors.books.gaps import GapWatch
from processors.books.ledger import Passage, ledger_rows
from processors.books.waiting import Waiting
from processors.frames import margin_ns, pieces_of
from telemetry.frames import Frame
from telemetry.quality import GapRecord, LedgerRow

Whose = tuple[str, str, str]


class VehicleBooks:
    """Counts one vehicle's packets in order of arrival, whatever dictionaries they were decoded by.

    Without an engine: `admit` the airframe of every dictionary, `take` every frame, ask for `rows`. An engine's hold
    enters packets itself.
    """

    def __init__(self) -> None:
        self.packets: dict[str, Completeness] = {}
        self.sent: dict[str, SentCounter] = {}
        self.gaps: dict[str, GapWatch] = {}
        self._counters: dict[str, set[tuple[str, str]]] = {}
        self._margins_ns: dict[str, int] = {}

    def admit(self, airframe: Airframe) -> dict[str, Completeness]:
        """Open the books of all packet types that an airframe may send, and return them."""
        alone = len(airframe.rates_hz) == 1
        for name, packet in airframe.dictionary.packets.items():
            if packet.sent_counter in airframe.packet_of and name in airframe.rates_hz:
                told_by = airframe.packet_of[packet.sent_counter]
                self._counters.setdefault(told_by, set()).add((name, packet.sent_counter))
        return {packet: self.open(packet, rate_hz, alone=alone) for packet, rate_hz in airframe.rates_hz.items()}

    def open(self, packet: str, rate_hz: float, *, alone: bool = False) -> Completeness:
        """Open the books of a packet type, unless they are, and return them."""
        if packet not in self.packets:
            self.packets[packet] = Completeness(rate_hz)
            self.gaps[packet] = GapWatch(self.packets[packet])
            self._margins_ns[packet] = 0 if alone else margin_ns(rate_hz)
        return self.packets[packet]

    def read_counters(self, frame: Frame) -> None:
        """Read the vehicle's own counters in a frame."""
        for name, counter in self._counters.get(frame.packet, ()):
            if counter in frame.columns:
                self.sent.setdefault(name, SentCounter()).read(frame.t_ns, frame.columns[counter])

    def take(self, station: str, frame: Frame) -> None:
        """Count the packets of a frame that a station brought; their type must be open."""
        self.read_counters(frame)
        for piece in pieces_of(frame, self._margins_ns[frame.packet]):
            self.packets[frame.packet].accept(int(piece.counts[0]), piece.t_ns, station)

    def brought(self) -> dict[str, Brought]:
        """Return what each station brought, of all packet types."""
        found: dict[str, Brought] = {}
        for books in self.packets.values():
            for station, one in books.bringers.brought.items():
                so_far = found.get(station, Brought())
                found[station] = Brought(*(a + b for a, b in zip(so_far, one, strict=True)))
        return found

    def gap_changes(self, whose: Whose, as_of_ns: int, holds: Iterable[Waiting]) -> Iterator[GapRecord]:
        """Yield what has changed about gaps since the last call, so many a packet type; see `processors.books.gaps`."""
        of_holds = list(holds)
        for packet, gaps in self.gaps.items():
            settled = max((hold.settled(packet) for hold in of_holds), default=-1)
            yield from gaps.changes((*whose, packet), as_of_ns, settled)

    def rows(
        self,
        whose: Whose,
        as_of_ns: int,
        rejected: Mapping[str, Mapping[str, int]],
        holds: Iterable[Waiting] | None = None,
    ) -> list[LedgerRow]:
        """Return one row a packet type.

        Parameters
        ----------
        whose
            Run, flight and vehicle.
        as_of_ns
            The time that the rows speak of.
        rejected
            The vehicle's refused packets by packet type and reason.
        holds
            That packets went through on their way to detectors; none without an engine.
        """
        passages: dict[str, Passage] | None = None if holds is None else {}
        for hold in holds or ():
            for packet, one in hold.passages.items():
                passages = passages or {}
                passages[packet] = passages.get(packet, Passage()) + one
        rows = ledger_rows(whose, as_of_ns, self.packets, self.sent, rejected, passages)
        untold = {packet: gaps.untold for packet, gaps in self.gaps.items() if gaps.untold}
        return [
            row.model_copy(update={"gaps_untold": untold[row.packet]}) if row.packet in untold else row for row in rows
        ]

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {
            "packets": {packet: books.snapshot() for packet, books in self.packets.items()},
            "gaps": {packet: gaps.snapshot() for packet, gaps in self.gaps.items()},
            "sent": {packet: counter.snapshot() for packet, counter in self.sent.items()},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take the state of another one's snapshot; the airframes are admitted before."""
        for packet, books in state["packets"].items():
            self.open(packet, 1.0).restore(books)
            self.gaps[packet].restore(state["gaps"][packet])
        for packet, counter in state["sent"].items():
            self.sent.setdefault(packet, SentCounter()).restore(counter)
