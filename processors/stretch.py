"""What a vehicle sent in a stretch of time, as detectors read it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.extents import MAX, Extents
from processors.history import History
from processors.motion.motion import Motion
from processors.motion.navigation import Doubt
from processors.turned import Turned
from telemetry.frames import Frame

T = TypeVar("T")
BEFORE_NS: Final = -1


class Rows(NamedTuple):
    """Usable rows of some channels of one packet type.

    Parameters
    ----------
    packet, station
        Where they come from.
    t_ns, counts
        Shape (n,), n > 0: generation times, not falling, and unwrapped sequence counts.
    values
        One array of shape (n,) a channel, in the order asked for: floats, or bools and codes as the frame has them.
    """

    packet: str
    station: str
    t_ns: NDArray[np.int64]
    counts: NDArray[np.int64]
    values: tuple[NDArray[np.generic], ...]


class Stretch:
    """All rows of one vehicle between two times; the next stretch begins where this one ends.

    A value that is no number, or outside its channel's range, was not measured: its row is left out for whoever
    asks for that channel. What is left is computed once for all detectors.

    Parameters
    ----------
    airframe
        The vehicle.
    frames
        At most one a packet type, rows in order of time, counts unwrapped.
    history
        Where the vehicle has been; these frames are added to it.
    motion
        How it has moved, likewise; none where no detector asks.
    doubt
        How sure its navigation is in these rows; none if it was taken as it came.
    """

    __slots__ = (
        "_airframe",
        "_asked",
        "_doubt",
        "_extents",
        "_history",
        "_once",
        "_quiet",
        "_usable",
        "frames",
        "motion",
        "turns",
    )

    def __init__(
        self,
        airframe: Airframe,
        frames: Iterable[Frame],
        history: History,
        motion: Motion | None = None,
        doubt: Doubt | None = None,
    ) -> None:
        self._airframe = airframe
        self._history = history
        self._doubt = doubt
        self.frames = {frame.packet: frame for frame in frames}
        history.extend(self.frames.values())
        self.motion = motion
        if motion is not None:
            motion.extend(self.frames.values())
        # the phase at its beginning and every later one, once the detectors have seen it
        self.turns: list[Turned] = []
        self._once: dict[Hashable, Any] = {}
        self._asked: dict[tuple[str, ...], Rows | None] = {}
        self._extents: dict[str, Extents | None] = {}
        self._usable: dict[str, NDArray[np.bool_] | None] = {}
        self._quiet = {
            packet: packet in airframe.blocks and len(frame) > 0 and airframe.blocks[packet].is_quiet(frame)
            for packet, frame in self.frames.items()
        }

    def rows(self, *channels: str) -> Rows | None:
        """Return the rows where every one of some channels of one packet was measured; None if there are none."""
        try:
            return self._asked[channels]
        except KeyError:
            found = self._asked[channels] = self._select(channels)
            return found

    def doubts(self, rows: Rows) -> tuple[NDArray[np.float64] | float, NDArray[np.float64] | float]:
        """Return how unsure climb (m/s) and height (m) are in rows of navigation, beyond what every navigation is."""
        return (0.0, 0.0) if self._doubt is None else self._doubt.of(rows.t_ns)

    def is_quiet(self, packet: str) -> bool:
        """Return whether every row of a packet is known to be measured, above the bottom of its range, in all limits.

        False says nothing, but that there are rows.
        """
        return self._quiet.get(packet, True)

    def extents(self, packet: str) -> Extents | None:
        """Return what the rows of a packet lie between, measured or not; None if there are none."""
        if packet not in self._extents:
            frame = self.frames.get(packet)
            # a frame without rows is false
            self._extents[packet] = self._airframe.blocks[packet].extents(frame) if frame else None
        return self._extents[packet]

    def extent(self, channel: str) -> tuple[float, float] | None:
        """Return what the rows of a channel with limits lie between, measured or not; None if there are none."""
        packet = self._airframe.packet_of[channel]
        extents = self.extents(packet)
        if extents is None:
            return None
        place = self._airframe.blocks[packet].places[channel]
        return float(extents.lowest[place]), float(extents.highest[place])

    def row_ns(self, packet: str | None, count: int | None) -> int:
        """Return the time of a row that completed something; of what rests on no row here, that of a time before it."""
        frame = None if packet is None else self.frames.get(packet)
        if frame is None or count is None or not len(frame):
            return BEFORE_NS
        return int(frame.t_ns[min(int(frame.counts.searchsorted(count)), len(frame) - 1)])

    def at(self, t_ns: int, known_ns: int) -> dict[str, float]:
        """Return altitude, speeds and place at a time, by what was measured until `known_ns`; empty if unknown."""
        return self._history.at(t_ns, known_ns)

    def once(self, key: Hashable, compute: Callable[[], T]) -> T:
        """Return what `compute` returns, computed by whichever detector asks first."""
        if key not in self._once:
            self._once[key] = compute()
        return cast("T", self._once[key])

    def _select(self, channels: tuple[str, ...]) -> Rows | None:
        frame = self.frames.get(self._airframe.packet_of[channels[0]])
        if frame is None or not len(frame):
            return None
        usable: NDArray[np.bool_] | None = None
        is_quiet, places = self._quiet[frame.packet], self._airframe.blocks[frame.packet].places
        for channel in channels:
            if is_quiet and channel in places:
                continue
            mask = self._mask(frame, channel)
            usable = mask if usable is None else usable if mask is None else usable & mask
        columns = frame.columns
        values = tuple([columns[channel] for channel in channels])
        if usable is None:
            return Rows(frame.packet, frame.station, frame.t_ns, frame.counts, values)
        if not np.count_nonzero(usable):
            return None
        kept = tuple(value[usable] for value in values)
        return Rows(frame.packet, frame.station, frame.t_ns[usable], frame.counts[usable], kept)

    def _mask(self, frame: Frame, channel: str) -> NDArray[np.bool_] | None:
        """Return which rows were measured; None for all."""
        if channel not in self._usable:
            self._usable[channel] = self._measured(frame, channel)
        return self._usable[channel]

    def _measured(self, frame: Frame, channel: str) -> NDArray[np.bool_] | None:
        place = self._airframe.blocks[frame.packet].places.get(channel)
        if place is not None:
            extents = self.extents(frame.packet)
            if extents is not None and extents.whole[place]:
                return None
        definition = self._airframe.channels[channel]
        if definition.kind != "float":
            return None
        values = frame.columns[channel]
        # no comparison holds for what is no number
        low, high = definition.range or (-MAX, MAX)
        mask = (values >= low) & (values <= high)
        return None if np.count_nonzero(mask) == len(mask) else mask
