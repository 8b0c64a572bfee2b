"""From packets of one type to columns and back: what is alike is read and calibrated in one numpy call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.bits import read_bits, read_octets, signed, write_bits, write_octets
from telemetry.calibration import Polynomial
from telemetry.channels import Channel
from telemetry.packet_type import Packet
from telemetry.raw import OCTET

# octets say any number, a signalling NaN too; what is too large for a type is infinity: neither is worth a warning
_UNHEARD: Final = np.errstate(over="ignore", invalid="ignore")
TEXT_LIKE: Final = frozenset({"text", "octets"})

Octets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Block:
    """Channels of one raw type behind one another: octets `start` to `stop`, rows `row` to `end` of the numbers."""

    start: int
    stop: int
    dtype: np.dtype[Any]
    row: int
    end: int


class Layout:
    """How the channels of one packet type lie in its octets.

    Numbers with a linear calibration or none, on the octet grid, make one matrix of shape (k, n): each block of one raw
    type is converted in one call, and all calibrations are one product and one sum. The other channels are read alone.

    Parameters
    ----------
    packet
        Its definition.
    head_octets
        What stands before the channels.

    Attributes
    ----------
    names
        The channels, in order of the wire.
    rows
        Those that are read together, and which row of the matrix each is.
    """

    def __init__(self, packet: Packet, head_octets: int) -> None:
        self._bit_at = {name: head_octets * OCTET + at for name, at in packet.bit_offsets.items()}
        self.names = tuple(channel.name for channel in packet.channels)
        plain = [channel for channel in packet.channels if self._is_plain(channel)]
        whole = [channel for channel in plain if channel.calibration is not None and channel.raw.is_whole]
        scaled = whole + [channel for channel in plain if channel.calibration is not None and channel.raw.is_float]
        self._plain = scaled + [channel for channel in plain if channel.calibration is None]
        others = [channel for channel in packet.channels if not self._is_plain(channel)]
        self._alone = others
        self._counts = {c.name: (self._block(c, 0), _native(c)) for c in others if self._is_count(c)}
        self._others = {channel.name: channel for channel in others if not self._is_count(channel)}
        self._whole, self._scaled = len(whole), len(scaled)
        lines = [c.calibration.root[:2] for c in scaled if isinstance(c.calibration, Polynomial)]
        self._offsets, self._scales = np.array(lines, dtype=np.float64).reshape(-1, 2).T[:, :, np.newaxis]
        bounds = [(low, np.nextafter(high + 1.0, 0.0)) for low, high in (channel.raw.bounds for channel in whole)]
        self._lows, self._highs = np.array(bounds, dtype=np.float64).reshape(-1, 2).T[:, :, np.newaxis]
        self.rows = {channel.name: row for row, channel in enumerate(self._plain)}
        self._blocks = self._find_blocks()

    @_UNHEARD
    def numbers(self, octets: Octets) -> NDArray[np.float64]:
        """Return the calibrated channels of `rows` of packets of shape (n, size), as a matrix of shape (k, n)."""
        numbers = np.empty((len(self._plain), len(octets)))
        for block in self._blocks:
            numbers[block.row : block.end] = octets[:, block.start : block.stop].view(block.dtype).T
        if self._scaled:
            scaled = numbers[: self._scaled]
            scaled *= self._scales
            scaled += self._offsets
        return numbers

    @_UNHEARD
    def other(self, octets: Octets, name: str) -> NDArray[Any]:
        """Return a calibrated channel that is none of `rows`, of packets of shape (n, size), as an array of shape (n,).

        Raises
        ------
        KeyError
            If there is none of that name.
        """
        count = self._counts.get(name)
        if count is not None:
            block, native = count
            return octets[:, block.start : block.stop].view(block.dtype)[:, 0].astype(native)
        channel = self._others[name]
        return channel.calibrate(self.read_raw(octets, channel))

    @_UNHEARD
    def write(self, octets: Octets, columns: Mapping[str, NDArray[Any]]) -> None:
        """Put columns into packets of shape (n, size) whose channels are 0; see `Channel.uncalibrate`."""
        numbers = np.empty((len(self._plain), len(octets)))
        for name, row in self.rows.items():
            numbers[row] = columns[name]
        if self._scaled:
            scaled = numbers[: self._scaled]
            scaled -= self._offsets
            scaled /= self._scales
        if self._whole:
            whole = numbers[: self._whole]
            np.rint(whole, out=whole)
            whole[np.isnan(whole)] = 0.0
            np.clip(whole, self._lows, self._highs, out=whole)
        for block in self._blocks:
            octets[:, block.start : block.stop].view(block.dtype)[:] = numbers[block.row : block.end].T
        for channel in self._alone:
            self._write_raw(octets, channel, channel.uncalibrate(np.asarray(columns[channel.name])))

    def read_raw(self, octets: Octets, channel: Channel) -> NDArray[Any]:
        """Return the raw values of one channel, shape (n,)."""
        at, raw = self._bit_at[channel.name], channel.raw
        if self._on_grid(channel):
            return octets[:, at // OCTET : (at + raw.bits) // OCTET].view(raw.dtype)[:, 0]
        if raw.kind in TEXT_LIKE:
            return read_octets(octets, at, raw.dtype.itemsize).view(raw.dtype)[:, 0]
        words = read_bits(octets, at, raw.bits)
        if raw.is_float:
            return words.astype(f">u{raw.dtype.itemsize}").view(raw.dtype)
        return np.asarray((signed(words, raw.bits) if raw.kind == "signed" else words).astype(raw.dtype))

    def _write_raw(self, octets: Octets, channel: Channel, values: NDArray[Any]) -> None:
        at, raw = self._bit_at[channel.name], channel.raw
        if self._on_grid(channel):
            octets[:, at // OCTET : (at + raw.bits) // OCTET].view(raw.dtype)[:, 0] = values
        elif raw.kind in TEXT_LIKE:
            write_octets(octets, at, np.ascontiguousarray(values).view(np.uint8).reshape(len(octets), -1))
        elif raw.is_float:
            write_bits(octets, at, raw.bits, values.view(f">u{raw.dtype.itemsize}").astype(np.uint64))
        else:
            native = values.astype(np.int64 if raw.kind == "signed" else np.uint64)
            write_bits(octets, at, raw.bits, native.view(np.uint64))

    def _on_grid(self, channel: Channel) -> bool:
        return self._bit_at[channel.name] % OCTET == 0 and channel.raw.fills_dtype

    def _is_plain(self, channel: Channel) -> bool:
        line = isinstance(channel.calibration, Polynomial) and channel.calibration.is_linear
        return self._on_grid(channel) and (line or (channel.calibration is None and channel.raw.is_float))

    def _is_count(self, channel: Channel) -> bool:
        whole = channel.raw.is_whole or channel.raw.kind == "bool"
        return self._on_grid(channel) and whole and channel.calibration is None

    def _block(self, channel: Channel, row: int) -> _Block:
        start, dtype = self._bit_at[channel.name] // OCTET, channel.raw.dtype
        return _Block(start, start + dtype.itemsize, dtype, row, row + 1)

    def _find_blocks(self) -> list[_Block]:
        blocks: list[_Block] = []
        for row, channel in enumerate(self._plain):
            block = self._block(channel, row)
            last = blocks[-1] if blocks else None
            if last is not None and (last.stop, last.dtype) == (block.start, block.dtype):
                blocks[-1] = _Block(last.start, block.stop, block.dtype, last.row, block.end)
            else:
                blocks.append(block)
        return blocks


def _native(channel: Channel) -> np.dtype[Any]:
    return np.dtype(np.bool_) if channel.raw.kind == "bool" else channel.raw.dtype.newbyteorder("=")
