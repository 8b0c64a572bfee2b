"""Which limits rest: nothing is raised or counting, and no row lies beyond a threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from processors.airframe import Airframe
from processors.extents import Extents
from processors.limit_watch import LimitWatch


class Quiet:
    """The limited channels of one packet type: one comparison tells which of them a frame may change.

    Parameters
    ----------
    airframe, packet
        Which.
    watches
        The limits of each channel of the vehicle.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> airframe = Airframe("ship", built_in("yuanxing-1"))
    >>> channel = airframe.channels["bay_temperature_k"]
    >>> watches = {channel.name: [LimitWatch(channel, limit) for limit in channel.limits]}
    >>> quiet, block = Quiet(airframe, "cargo", watches), airframe.blocks["cargo"]
    >>> kelvin = np.where(np.array(block.names) == "bay_temperature_k", 310.0, np.nan)
    >>> quiet.stirred(Extents(kelvin, kelvin, []))
    ['bay_temperature_k']
    """

    __slots__ = ("_highs", "_lows", "_names", "_places")

    def __init__(self, airframe: Airframe, packet: str, watches: Mapping[str, Sequence[LimitWatch]]) -> None:
        self._names = [name for name in watches if airframe.packet_of[name] == packet]
        self._places = airframe.blocks[packet].places_of(self._names)
        some = [watches[name] for name in self._names]
        self._lows = np.array([max((w.threshold for w in each if not w.is_upper), default=-np.inf) for each in some])
        self._highs = np.array([min((w.threshold for w in each if w.is_upper), default=np.inf) for each in some])

    def stirred(self, extents: Extents) -> list[str]:
        """Return the channels of which a row may lie beyond a threshold."""
        lowest, highest = extents.lowest[self._places], extents.highest[self._places]
        rests = (lowest >= self._lows) & (highest <= self._highs)
        return [] if rests.all() else [self._names[place] for place in np.flatnonzero(~rests).tolist()]
