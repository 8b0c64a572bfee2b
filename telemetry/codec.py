"""Packets to columns and back, by the dictionary; a run of equal packets is one numpy array of octets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.columns import Columns
from telemetry.crc import CRC_OCTETS, CrcTable
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, Packet
from telemetry.errors import Reason
from telemetry.frames import Decoded, Frame, Refusal
from telemetry.heap import Bundle, Heap
from telemetry.layout import Layout
from telemetry.packet_columns import Block, PacketColumns, Part
from telemetry.packets import (
    COUNT_MASK,
    PRIMARY_HEADER_OCTETS,
    TELEMETRY_WITH_SECONDARY_HEADER,
    UNSEGMENTED,
    PacketLayout,
    PacketRun,
)

FUTURE_TOLERANCE_NS: Final = 1 * NS_PER_S
OLDEST_NS: Final = 7 * 24 * 3600 * NS_PER_S
COUNT_AT: Final = 2
LENGTH_AT: Final = 4

Octets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    packet: Packet
    octets: int
    layout: Layout
    crc: CrcTable


class PacketCodec:
    """Encoder and decoder of one dictionary's packets.

    Parameters
    ----------
    dictionary
        The vehicle type's dictionary.
    """

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary
        self.layout = PacketLayout(dictionary)
        self._time = dictionary.time
        self._head = PRIMARY_HEADER_OCTETS + dictionary.time.octets
        self._kinds: dict[int, _Kind] = {}
        for name, packet in dictionary.packets.items():
            octets = self.layout.octets(packet.apid)
            crc = CrcTable(octets - CRC_OCTETS)
            self._kinds[packet.apid] = _Kind(name, packet, octets, Layout(packet, self._head), crc)

    def encode(
        self,
        packet: str,
        counts: NDArray[np.int64],
        t_ns: NDArray[np.int64],
        columns: Mapping[str, NDArray[Any]],
    ) -> bytes:
        """Encode n packets of one type, one behind the other.

        Parameters
        ----------
        packet
            Name of the packet type.
        counts
            Shape (n,), sequence counts; taken modulo 16384.
        t_ns
            Shape (n,), generation times, Unix ns.
        columns
            Every channel of the packet, shape (n,), in the channel's unit; enumerations as codes. Derived channels are
            not looked at.

        Returns
        -------
        bytes
            n whole packets.
        """
        kind = self._kinds[self.dictionary.packets[packet].apid]
        octets = np.zeros((len(counts), kind.octets), dtype=np.uint8)
        header = octets[:, :PRIMARY_HEADER_OCTETS].view(">u2")
        header[:, 0] = TELEMETRY_WITH_SECONDARY_HEADER | kind.packet.apid
        header[:, 1] = UNSEGMENTED | (np.asarray(counts) & COUNT_MASK)
        header[:, 2] = kind.octets - PRIMARY_HEADER_OCTETS - 1
        octets[:, PRIMARY_HEADER_OCTETS : self._head] = self._time.encode(np.asarray(t_ns))
        kind.layout.write(octets, columns)
        octets[:, -CRC_OCTETS:].view(">u2")[:, 0] = kind.crc.of(octets[:, :-CRC_OCTETS])
        return octets.tobytes()

    def decode(self, payload: bytes, vehicle: str, station: str, ert_ns: int) -> Decoded:
        """Decode a payload of whole packets back to back.

        Parameters
        ----------
        payload
            The octets.
        vehicle, station
            Put on the frames.
        ert_ns
            Earth receive time; a generation time more than 1 s after it, or more than 7 days before it, is refused.

        Returns
        -------
        Decoded
            Frames of all good packets, and a refusal for each stretch that is none.
        """
        return self._read([Bundle(payload, vehicle, station, ert_ns)], with_columns=True)[0]

    def decode_all(self, bundles: Sequence[Bundle]) -> list[Decoded]:
        """Decode some payloads, each as `decode` does, but what is alike in them together."""
        return self._read(bundles, with_columns=True)

    def inspect(self, payload: bytes, vehicle: str, station: str, ert_ns: int) -> Decoded:
        """Check a payload as `decode` does, but leave the frames' columns empty: counts and times only."""
        return self._read([Bundle(payload, vehicle, station, ert_ns)], with_columns=False)[0]

    def join(self, packet: str, octets: bytes, vehicle: str, station: str, ert_ns: int) -> Frame:
        """Decode good packets of one type, gathered from any number of messages; nothing is checked again.

        Parameters
        ----------
        packet
            Their type.
        octets
            The packets back to back, as the runs of `layout.split` have them.
        vehicle, station, ert_ns
            Put on the frame.
        """
        kind = self._kinds[self.dictionary.packets[packet].apid]
        rows = np.frombuffer(octets, dtype=np.uint8).reshape(-1, kind.octets)
        t_ns = self._time.decode(rows[:, PRIMARY_HEADER_OCTETS : self._head])
        columns = PacketColumns((Part(Block(rows, kind.layout, kind.packet.derived), 0, len(rows)),))
        return Frame(vehicle, station, packet, kind.packet.apid, _counts(rows), t_ns, ert_ns, columns)

    def times(self, packet: str, octets: bytes) -> NDArray[np.int64]:
        """Return the generation times of good packets of one type, as `join` does, and nothing else."""
        kind = self._kinds[self.dictionary.packets[packet].apid]
        rows = np.frombuffer(octets, dtype=np.uint8).reshape(-1, kind.octets)
        return self._time.decode(rows[:, PRIMARY_HEADER_OCTETS : self._head])

    def counts(self, packet: str, octets: bytes) -> NDArray[np.int64]:
        """Return the sequence counts of good packets of one type, as `join` does, and nothing else."""
        kind = self._kinds[self.dictionary.packets[packet].apid]
        return _counts(np.frombuffer(octets, dtype=np.uint8).reshape(-1, kind.octets))

    def versions(self, payload: bytes, run: PacketRun) -> list[int | None]:
        """Return the versions of the dictionary that a run of packets says; none if packets of that type do not."""
        place = self.layout.version
        if place is None or place.apid != run.apid:
            return []
        size = self._kinds[run.apid].octets
        return [place.read(payload, at, at + size) for at in range(run.start, run.stop, size)]

    def said(self, payload: bytes, refusals: list[Refusal]) -> int | None:
        """Return the version that a refused packet says, if that is why it was refused."""
        place = self.layout.version
        if not refusals or place is None:
            return None
        found = [refusal for refusal in refusals if refusal.reason is Reason.UNKNOWN_VERSION]
        return place.read(payload, found[-1].start, found[-1].stop) if found else None

    def _read(self, bundles: Sequence[Bundle], *, with_columns: bool) -> list[Decoded]:
        found = [self.layout.split(bundle.payload) for bundle in bundles]
        pieces: dict[int, list[bytes]] = {}
        for bundle, (runs, _) in zip(bundles, found, strict=True):
            for run in runs:
                pieces.setdefault(run.apid, []).append(bundle.payload[run.start : run.stop])
        heaps = {apid: self._heap(self._kinds[apid], some) for apid, some in pieces.items()}
        return [
            self._decoded(bundle, runs, refusals, heaps, with_columns=with_columns)
            for bundle, (runs, refusals) in zip(bundles, found, strict=True)
        ]

    def _heap(self, kind: _Kind, pieces: list[bytes]) -> Heap:
        rows = np.frombuffer(b"".join(pieces), dtype=np.uint8).reshape(-1, kind.octets)
        t_ns = self._time.decode(rows[:, PRIMARY_HEADER_OCTETS : self._head])
        bounds = [0, *accumulate(len(piece) // kind.octets for piece in pieces)]
        return Heap(bounds, _counts(rows), t_ns, Block(rows, kind.layout, kind.packet.derived, bounds[:-1]))

    def _decoded(
        self,
        bundle: Bundle,
        runs: list[PacketRun],
        refusals: list[Refusal],
        heaps: Mapping[int, Heap],
        *,
        with_columns: bool,
    ) -> Decoded:
        payload, vehicle, station, ert_ns = bundle
        version = self.said(payload, refusals)
        frames: list[Frame] = []
        for run in runs:
            heap = heaps[run.apid]
            piece = heap.next()
            rows, t_ns, counts = piece.rows, heap.t_ns[piece.rows], heap.counts[piece.rows]
            part = Part(heap.block, rows.start, rows.stop, piece.number)
            columns: Columns = PacketColumns((part,)) if with_columns else {}
            frame = Frame(vehicle, station, run.packet, run.apid, counts, t_ns, ert_ns, columns, piece.least_step_ns)
            versions = self.versions(payload, run)
            is_known = all(each == self.dictionary.version for each in versions)
            version = versions[-1] if versions else version
            if is_known and piece.newest_ns <= ert_ns + FUTURE_TOLERANCE_NS and piece.oldest_ns >= ert_ns - OLDEST_NS:
                frames.append(frame)
                continue
            bad = (t_ns > ert_ns + FUTURE_TOLERANCE_NS) | (t_ns < ert_ns - OLDEST_NS)
            bad |= [each != self.dictionary.version for each in versions] or False
            octets = heap.block.octets[rows]
            refusals.extend(self._refused(run, octets[bad], np.flatnonzero(bad), t_ns[bad], ert_ns))
            if not bad.all():
                frames.append(frame.select(~bad))
        return Decoded(tuple(frames), tuple(sorted(refusals, key=lambda refusal: refusal.start)), version)

    def _refused(
        self, run: PacketRun, rows: Octets, places: NDArray[np.intp], t_ns: NDArray[np.int64], ert_ns: int
    ) -> list[Refusal]:
        """Say why packets, good but for their time or version, are refused."""
        size, counts = self._kinds[run.apid].octets, _counts(rows)
        refusals: list[Refusal] = []
        for row, place, made_ns, count in zip(rows, places.tolist(), t_ns.tolist(), counts.tolist(), strict=True):
            start = run.start + place * size
            reason, detail = Reason.BAD_TIME, f"{run.packet} count {count} "
            wrong = self.layout.wrong_version(run.apid, row.tobytes())
            fault = self._time.fault(row[PRIMARY_HEADER_OCTETS : self._head].tobytes())
            if wrong is not None:
                reason, detail = Reason.UNKNOWN_VERSION, wrong
            elif fault is not None:
                detail += f"has no time: {fault}"
            else:
                detail += f"was made {(made_ns - ert_ns) / NS_PER_S:+.3f} s from its receipt"
            refusals.append(Refusal(start, start + size, reason, detail))
        return refusals


def _counts(rows: Octets) -> NDArray[np.int64]:
    return (rows[:, COUNT_AT:LENGTH_AT].view(">u2")[:, 0] & COUNT_MASK).astype(np.int64)
