"""Rows that detectors have seen, kept so that they can see them again: as the octets that came, where there are any."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from processors.frames import join_frames, pack_frame, unpack_frame, with_counts
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame
from telemetry.packet_columns import PacketColumns

# so many small pieces are joined to one: an object of Python's takes more than the octets of a few packets
MOST_PIECES: Final = 32
COUNT_AND_TIME_OCTETS: Final = 16
PIECE_NS: Final = NS_PER_S


class KeptRows:
    """Rows of one vehicle, in the order in which they were seen."""

    def __init__(self) -> None:
        self.octets = 0
        self._pieces: dict[str, list[Frame]] = {}
        self._packed: dict[str, list[list[Any]]] = {}

    def add(self, frames: Iterable[Frame]) -> None:
        """Keep some more; each frame in order of time."""
        for frame in frames:
            pieces = self._pieces.setdefault(frame.packet, [])
            pieces.append(frame)
            self.octets += len(frame) * _row_octets(frame)
            if len(pieces) >= MOST_PIECES:
                self._pack(frame.packet)

    def stretches(self, codec: PacketCodec) -> Iterator[list[Frame]]:
        """Yield all rows in order of time, those of a second at a time."""
        self.pack()
        frames = [join_frames([_unpack(codec, one) for one in packed]) for packed in self._packed.values()]
        if not frames:
            return
        start_ns, end_ns = min(int(one.t_ns[0]) for one in frames), max(int(one.t_ns[-1]) for one in frames)
        places = [0] * len(frames)
        while start_ns <= end_ns:
            start_ns += PIECE_NS
            part: list[Frame] = []
            for at, frame in enumerate(frames):
                stop = int(frame.t_ns.searchsorted(start_ns))
                if stop > places[at]:
                    part.append(frame.select(slice(places[at], stop)))
                    places[at] = stop
            if part:
                yield part
            else:
                rest = [int(one.t_ns[at]) for one, at in zip(frames, places, strict=True) if at < len(one)]
                start_ns = min(rest, default=end_ns + 1)

    def take_all(self, other: KeptRows) -> None:
        """Keep what another one keeps behind what is kept here."""
        self.pack()
        other.pack()
        for packet, packed in other._packed.items():
            self._packed.setdefault(packet, []).extend(packed)
        self.octets += other.octets

    def pack(self) -> None:
        """Join the small pieces."""
        for packet in self._pieces:
            self._pack(packet)

    def _pack(self, packet: str) -> None:
        if pieces := self._pieces[packet]:
            self._packed.setdefault(packet, []).append(_pack(join_frames(pieces)))
            pieces.clear()

    def snapshot(self) -> list[Any]:
        """Return the state as plain values and octets."""
        self.pack()
        return [self.octets, self._packed]

    def restore(self, state: list[Any]) -> None:
        """Take the state of another one's snapshot."""
        self.octets, self._packed = state


def _row_octets(frame: Frame) -> int:
    if isinstance(frame.columns, PacketColumns):
        return COUNT_AND_TIME_OCTETS + int(frame.columns.parts[0].block.octets.shape[1])
    return COUNT_AND_TIME_OCTETS + sum(values.itemsize for values in frame.columns.values())


def _pack(frame: Frame) -> list[Any]:
    if not isinstance(frame.columns, PacketColumns):
        return ["columns", pack_frame(frame)]
    octets = np.concatenate([block.octets[start:stop] for block, start, stop, _ in frame.columns.parts])
    head = [frame.vehicle, frame.station, frame.packet, frame.ert_ns]
    # the time on board is in the octets, the one that goes on is not
    return ["octets", [head, frame.counts.tobytes(), frame.t_ns.tobytes(), octets.tobytes()]]


def _unpack(codec: PacketCodec, packed: list[Any]) -> Frame:
    kind, content = packed
    if kind == "columns":
        return unpack_frame(content)
    (vehicle, station, packet, ert_ns), counts, t_ns, octets = content
    frame = codec.join(packet, octets, vehicle, station, ert_ns)
    frame.t_ns = np.frombuffer(t_ns, dtype=np.int64)
    return with_counts(frame, np.frombuffer(counts, dtype=np.int64))
