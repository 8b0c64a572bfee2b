"""The lowest and the highest value of many channels at once: most of what is watched needs to know no more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from telemetry.channels import Channel
from telemetry.derived import Derived
from telemetry.frames import Frame

MAX: Final = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class Extents:
    """What the rows of a frame lie between, for each channel of a block.

    Parameters
    ----------
    lowest, highest
        Shape (k,); NaN for a channel of which a value is no number, so that no comparison with it holds.
    whole
        Whether every row was measured: a number inside the channel's range.
    """

    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    whole: list[bool]


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

    __slots__ = ("_high", "_low", "names", "places")

    def __init__(self, channels: Iterable[Channel | Derived]) -> None:
        chosen = [channel for channel in channels if _is_looked_at(channel)]
        self.names = tuple(channel.name for channel in chosen)
        self.places = {name: place for place, name in enumerate(self.names)}
        bounds = [_bounds(channel) for channel in chosen]
        self._low, self._high = np.array(bounds, dtype=np.float64).reshape(-1, 2).T

    def extents(self, frame: Frame) -> Extents:
        """Return the extents of a frame that has rows."""
        columns = frame.columns
        numbers = np.array([columns[name] for name in self.names], dtype=np.float64).reshape(-1, len(frame))
        lowest, highest = np.minimum.reduce(numbers, axis=1), np.maximum.reduce(numbers, axis=1)
        whole = (lowest >= self._low) & (highest <= self._high)
        return Extents(lowest, highest, whole.tolist())

    def places_of(self, names: Iterable[str]) -> NDArray[np.intp]:
        """Return where channels stand in the extents."""
        return np.array([self.places[name] for name in names], dtype=np.intp)


def _is_looked_at(channel: Channel | Derived) -> bool:
    # a derived channel costs its computation: only where somebody waits for it
    is_wanted = isinstance(channel, Channel) or channel.stale_after_s is not None
    return bool(channel.limits) or (channel.kind == "float" and is_wanted)


def _bounds(channel: Channel | Derived) -> tuple[float, float]:
    """Return between which values a number was measured; a whole number always was."""
    if channel.kind != "float":
        return -np.inf, np.inf
    return channel.range or (-MAX, MAX)
