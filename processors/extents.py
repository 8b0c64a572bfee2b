"""The lowest and the highest value of many channels at once: most of what is watched needs to know no more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry import packet_columns
from telemetry.channels import Channel
from telemetry.derived import Derived
from telemetry.frames import Frame
from telemetry.layout import Layout
from telemetry.packet_columns import PacketColumns

MAX: Final = float(np.finfo(np.float64).max)


@dataclass(slots=True)
class Extents:
    """What the rows of a frame lie between, for each channel of a block.

    Parameters
    ----------
    lowest, highest
        Shape (k,); NaN for a channel of which a value is no number, so that no comparison with it holds.
    whole
        Whether every row was measured: a number inside the channel's range.
    calm
        Whether no row lies beyond a limit of the channel, in whatever phase of flight it is valid.
    all_whole, all_calm
        Whether that is so of every channel.
    """

    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    whole: list[bool]
    calm: list[bool]
    all_whole: bool
    all_calm: bool


class Block:
    """The numbers of one packet type that somebody looks at row by row: measured, or derived and watched.

    Parameters
    ----------
    channels
        All of the packet, in order.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> block = Block(built_in("yuanxing-1").packets["cargo"].quantities)
    >>> block.names[block.places["bay_temperature_k"]]
    'bay_temperature_k'
    """

    __slots__ = ("_bottoms", "_floors", "_layout", "_rows", "_tops", "names", "places")

    def __init__(self, channels: Iterable[Channel | Derived]) -> None:
        chosen = [channel for channel in channels if _is_looked_at(channel)]
        self.names = tuple(channel.name for channel in chosen)
        self.places = {name: place for place, name in enumerate(self.names)}
        bounds = [(*_bounds(channel), *_thresholds(channel)) for channel in chosen]
        low, high, below, above = np.array(bounds, dtype=np.float64).reshape(-1, 4).T
        self._bottoms, self._tops = np.array([low, below]), np.array([high, above])
        # at the very bottom rests a sensor without power
        self._floors = np.maximum(np.nextafter(low, np.inf), below)[:, np.newaxis]
        self._layout: Layout | None = None
        self._rows: NDArray[np.intp] | None = None

    def extents(self, frame: Frame) -> Extents:
        """Return the extents of a frame that has rows."""
        numbers = self._numbers(frame)
        lowest, highest = np.minimum.reduce(numbers, axis=1), np.maximum.reduce(numbers, axis=1)
        whole, calm = ((lowest >= self._bottoms) & (highest <= self._tops)).tolist()
        return Extents(lowest, highest, whole, calm, all(whole), all(calm))

    def is_quiet(self, frame: Frame) -> bool:
        """Return whether every row was measured above the bottom of its range, and lies beyond no limit.

        Found out for all the packets at once that were decoded together. So it is asked of the whole bundles in which
        the rows came: False says nothing.
        """
        columns = frame.columns
        return isinstance(columns, PacketColumns) and all(
            (block.quiet or self._find_quiet(block))[run] for block, _, _, run in columns.parts
        )

    def _find_quiet(self, block: packet_columns.Block) -> list[bool]:
        rows = self._rows_in(block.layout)
        if rows is None:
            block.quiet = [False] * len(block.starts)
        else:
            numbers = block.numbers[rows]
            inside = (numbers >= self._floors) & (numbers <= self._tops.min(axis=0)[:, np.newaxis])
            block.quiet = np.logical_and.reduceat(inside.all(axis=0), block.starts).tolist()
        return block.quiet

    def _numbers(self, frame: Frame) -> NDArray[np.float64]:
        """Return the rows of a frame as a matrix of shape (k, n)."""
        columns = frame.columns
        if isinstance(columns, PacketColumns):
            rows = self._rows_in(columns.layout)
            if rows is not None:
                return columns.numbers[rows]
        return np.array([columns[name] for name in self.names], dtype=np.float64).reshape(-1, len(frame))

    def _rows_in(self, layout: Layout) -> NDArray[np.intp] | None:
        """Return which rows of a layout's matrix the channels are; None if not all of them are."""
        if layout is not self._layout:
            rows = [layout.rows[name] for name in self.names if name in layout.rows]
            self._layout = layout
            self._rows = np.array(rows, dtype=np.intp) if len(rows) == len(self.names) else None
        return self._rows


def _is_looked_at(channel: Channel | Derived) -> bool:
    # a derived channel costs its computation: only where somebody waits for it
    is_wanted = isinstance(channel, Channel) or channel.stale_after_s is not None
    return bool(channel.limits) or (channel.kind == "float" and is_wanted)


def _bounds(channel: Channel | Derived) -> tuple[float, float]:
    """Return between which values a number was measured; a whole number always was."""
    if channel.kind != "float":
        return -np.inf, np.inf
    return channel.range or (-MAX, MAX)


def _thresholds(channel: Channel | Derived) -> tuple[float, float]:
    """Return between which values no limit of a channel is passed."""
    below = max((limit.below for limit in channel.limits if limit.below is not None), default=-np.inf)
    above = min((limit.above for limit in channel.limits if limit.above is not None), default=np.inf)
    return below, above
