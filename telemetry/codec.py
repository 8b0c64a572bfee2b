"""Packets to columns and back, by the dictionary, with one `numpy.frombuffer` a run of equal packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.cuc import NS_PER_S, decode_cuc, encode_cuc
from telemetry.dictionary import Dictionary, Packet
from telemetry.errors import Reason
from telemetry.frames import Decoded, Frame, Refusal
from telemetry.packets import (
    COUNT_MASK,
    CRC_OCTETS,
    PRIMARY_HEADER_OCTETS,
    TELEMETRY_WITH_SECONDARY_HEADER,
    UNSEGMENTED,
    PacketLayout,
    PacketRun,
    crc16,
)

FUTURE_TOLERANCE_NS: Final = 1 * NS_PER_S
OLDEST_NS: Final = 7 * 24 * 3600 * NS_PER_S


@dataclass(frozen=True, slots=True)
class _Layout:
    name: str
    packet: Packet
    dtype: np.dtype[np.void]


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
        self._layouts: dict[int, _Layout] = {}
        for name, packet in dictionary.packets.items():
            fields = [(channel.name, channel.raw.dtype) for channel in packet.channels]
            head = [("_id", ">u2"), ("_count", ">u2"), ("_length", ">u2"), ("_time", "u1", (dictionary.time.octets,))]
            dtype = np.dtype([*head, *fields, ("_crc", ">u2")])
            self._layouts[packet.apid] = _Layout(name, packet, dtype)

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
            Every channel of the packet, shape (n,), in the channel's unit; enumerations as codes.

        Returns
        -------
        bytes
            n whole packets.
        """
        layout = self._layouts[self.dictionary.packets[packet].apid]
        time = self.dictionary.time
        rows = np.zeros(len(counts), dtype=layout.dtype)
        rows["_id"] = TELEMETRY_WITH_SECONDARY_HEADER | layout.packet.apid
        rows["_count"] = UNSEGMENTED | (np.asarray(counts) & COUNT_MASK)
        rows["_length"] = layout.dtype.itemsize - PRIMARY_HEADER_OCTETS - 1
        rows["_time"] = encode_cuc(t_ns, self.dictionary.epoch_ns, time.coarse_octets, time.fine_octets)
        for channel in layout.packet.channels:
            rows[channel.name] = channel.uncalibrate(np.asarray(columns[channel.name]))
        octets = memoryview(rows.tobytes())
        size = layout.dtype.itemsize
        rows["_crc"] = [crc16(octets[at : at + size - CRC_OCTETS]) for at in range(0, len(octets), size)]
        return rows.tobytes()

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
        return self._read(payload, vehicle, station, ert_ns, with_columns=True)

    def inspect(self, payload: bytes, vehicle: str, station: str, ert_ns: int) -> Decoded:
        """Check a payload as `decode` does, but leave the frames' columns empty: counts and times only."""
        return self._read(payload, vehicle, station, ert_ns, with_columns=False)

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
        apid = self.dictionary.packets[packet].apid
        rows = self._rows(octets, PacketRun(packet, apid, 0, len(octets)))
        return self._frame(rows, packet, apid, vehicle, station, ert_ns, with_columns=True)

    def _read(self, payload: bytes, vehicle: str, station: str, ert_ns: int, *, with_columns: bool) -> Decoded:
        runs, refusals = self.layout.split(payload)
        frames: list[Frame] = []
        for run in runs:
            rows = self._rows(payload, run)
            frame = self._frame(rows, run.packet, run.apid, vehicle, station, ert_ns, with_columns=with_columns)
            bad = (frame.t_ns > ert_ns + FUTURE_TOLERANCE_NS) | (frame.t_ns < ert_ns - OLDEST_NS)
            if bad.any():
                refusals.extend(self._bad_times(run, frame, bad))
                frame = frame.select(~bad)
            if len(frame):
                frames.append(frame)
        return Decoded(tuple(frames), tuple(sorted(refusals, key=lambda refusal: refusal.start)))

    def _frame(
        self,
        rows: NDArray[np.void],
        packet: str,
        apid: int,
        vehicle: str,
        station: str,
        ert_ns: int,
        *,
        with_columns: bool,
    ) -> Frame:
        t_ns = decode_cuc(rows["_time"], self.dictionary.epoch_ns, self.dictionary.time.fine_octets)
        counts = (rows["_count"] & COUNT_MASK).astype(np.int64)
        channels = self._layouts[apid].packet.channels if with_columns else ()
        columns = {channel.name: channel.calibrate(rows[channel.name]) for channel in channels}
        return Frame(vehicle, station, packet, apid, counts, t_ns, ert_ns, columns)

    def _rows(self, payload: bytes, run: PacketRun) -> NDArray[np.void]:
        dtype = self._layouts[run.apid].dtype
        return np.frombuffer(payload, dtype=dtype, count=(run.stop - run.start) // dtype.itemsize, offset=run.start)

    def _bad_times(self, run: PacketRun, frame: Frame, bad: NDArray[np.bool_]) -> list[Refusal]:
        size = self._layouts[run.apid].dtype.itemsize
        ahead_s = (frame.t_ns - frame.ert_ns) / NS_PER_S
        return [
            Refusal(
                run.start + int(i) * size,
                run.start + (int(i) + 1) * size,
                Reason.BAD_TIME,
                f"{frame.packet} count {frame.counts[i]} was made {ahead_s[i]:+.3f} s from its receipt",
            )
            for i in np.flatnonzero(bad)
        ]
