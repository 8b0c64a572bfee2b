"""Channels that say nothing any more while their vehicle is heard."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.detector import Finding, Found, Value
from processors.evidence.pulse import NEVER, UNSET, Pulse, Pulses
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S
from telemetry.limit_state import STALE_LEVEL
from telemetry.vocabulary import ChannelEvent

NOTHING: Final = np.zeros(0, dtype=np.int64)
# stations report once a second, and the engine looks once a second: so late may the proof be that somebody listened
PROOF_S: Final = 2.0


class Watched(NamedTuple):
    """One packet type's channels with `stale_after_s`.

    Parameters
    ----------
    pulses
        Theirs.
    places
        In the packet's extents, of those that may have values which are not usable.
    bottoms
        Place and value, of those that a value must lie above.
    """

    pulses: Pulses
    places: tuple[int, ...]
    bottoms: tuple[tuple[int, float], ...]


class Staleness:
    """Finds channels with `stale_after_s` in the dictionary that have had no usable value for so long.

    A value is usable when it is a number inside the channel's range, and above its very bottom if the channel has a
    lower limit: there a sensor without power rests (`processors.limits.watch`). Silence is reckoned in the vehicle's
    own time, and only while somebody is proven to hear the vehicle: by its other packets, or by a station that reports
    lock. So a loss of signal makes nothing stale, since nothing can be said of what nobody hears; the link events tell
    of it. What is stale says why: `sensor` when its packets come without a usable value, `silence` when they do not
    come though the vehicle is heard. A packet type that never came is not waited for.

    Time of a stale channel: its last value and `stale_after_s`, and the time in which nobody heard the vehicle; of a
    fresh one: its first value again. Uncertainty: that of a row.

    Failure modes: a sensor that is stuck sends values and is not stale; a loss of signal of under two seconds counts
    as silence.

    Parameters
    ----------
    airframe
        The vehicle.
    """

    name: Final = "staleness"
    version: Final = 1

    def __init__(self, airframe: Airframe) -> None:
        self.parameter_values: dict[str, Value] = {"proof_s": PROOF_S}
        self._bottoms = {
            channel.name: channel.range[0]
            for channel in airframe.channels.values()
            if channel.range is not None and any(limit.below is not None for limit in channel.limits)
        }
        self._watched: dict[str, Watched] = {}
        for packet, block in airframe.blocks.items():
            stale_ns = {
                channel.name: round(channel.stale_after_s * NS_PER_S)
                for channel in airframe.dictionary.packets[packet].quantities
                if channel.stale_after_s is not None
            }
            if stale_ns:
                places = {name: block.places[name] for name in stale_ns if name in block.places}
                bottoms = ((at, self._bottoms[name]) for name, at in places.items() if name in self._bottoms)
                self._watched[packet] = Watched(Pulses(stale_ns), tuple(places.values()), tuple(bottoms))
        self._rates_hz = airframe.rates_hz
        fastest_hz = max(airframe.rates_hz.values(), default=1.0)
        self._least_hole_ns = round((PROOF_S + 1.5 / fastest_hz) * NS_PER_S)
        self._newest_ns = NEVER
        self._received_ns = 0
        self._heard_ns = 0

    def update(self, stretch: Stretch) -> tuple[Found, ...]:
        """Take the next stretch of the flight and return what it completed."""
        if not self._watched or not stretch.frames:
            return ()
        first_ns = min([int(frame.t_ns[0]) for frame in stretch.frames.values()])
        newest_ns = max([int(frame.t_ns[-1]) for frame in stretch.frames.values()])
        self._skip_hole(first_ns)
        dated: list[tuple[int, Found]] = []
        for packet, watched in self._watched.items():
            frame = stretch.frames.get(packet)
            all_full = frame is not None and self._is_full(stretch, packet, watched)
            if frame is not None and not (all_full and watched.pulses.fill(int(frame.t_ns[-1]))):
                for name, pulse in watched.pulses.each().items():
                    dated += self._follow(stretch, name, packet, pulse)
            dated += self._due(packet, watched, newest_ns)
        if newest_ns > self._newest_ns:
            self._newest_ns, self._received_ns = newest_ns, max(frame.ert_ns for frame in stretch.frames.values())
        return _in_order(dated)

    def on_watermark(self, t_ns: int, heard_ns: int | None) -> tuple[Found, ...]:
        """Take note of the time.

        Parameters
        ----------
        t_ns
            Receive time up to which everything that comes in time has come.
        heard_ns
            When a station that has lock last said so; None while no station has.
        """
        if heard_ns is None or self._newest_ns == NEVER:
            return ()
        self._heard_ns = heard_ns
        now_ns = self._newest_ns + min(t_ns, heard_ns) - self._received_ns
        return _in_order([found for packet, one in self._watched.items() for found in self._due(packet, one, now_ns)])

    def _is_full(self, stretch: Stretch, packet: str, watched: Watched) -> bool:
        """Return whether every row of a packet has a usable value of each of its channels."""
        if stretch.is_quiet(packet):
            return True
        extents = stretch.extents(packet)
        if extents is None:
            return False
        is_measured = extents.all_whole or all(extents.whole[place] for place in watched.places)
        return is_measured and all(extents.lowest[place] > bottom for place, bottom in watched.bottoms)

    def _follow(self, stretch: Stretch, name: str, packet: str, pulse: Pulse) -> list[tuple[int, Found]]:
        """Go through the rows of a packet for one channel."""
        t_ns, usable_ns = stretch.frames[packet].t_ns, self._usable_ns(stretch, name)
        if len(usable_ns) and not pulse.stale and int(usable_ns[-1]) <= pulse.due_ns:
            # within the time that it has, whatever lies between
            pulse.full(int(usable_ns[-1]))
            for each_ns in t_ns[t_ns > pulse.last_ns][:1].tolist():
                pulse.empty(each_ns)
            return []
        if pulse.stale and not len(usable_ns):
            pulse.empty(int(t_ns[0]))
            return []
        return self._step(name, packet, pulse, t_ns.tolist(), frozenset(usable_ns.tolist()))

    def _usable_ns(self, stretch: Stretch, name: str) -> NDArray[np.int64]:
        """Return the times of the rows with a usable value."""
        rows = stretch.rows(name)
        if rows is None:
            return NOTHING
        return rows.t_ns[np.greater(rows.values[0], self._bottoms[name])] if name in self._bottoms else rows.t_ns

    def _skip_hole(self, first_ns: int) -> None:
        """Do not count the time before a stretch in which nothing proves that anybody heard the vehicle."""
        if self._newest_ns == NEVER:
            return
        hole_ns = first_ns - self._newest_ns - max(0, self._heard_ns - self._received_ns)
        if hole_ns > self._least_hole_ns:
            for watched in self._watched.values():
                watched.pulses.skip(hole_ns)

    def _step(
        self, name: str, packet: str, pulse: Pulse, t_ns: list[int], usable: frozenset[int]
    ) -> list[tuple[int, Found]]:
        """Go through the rows of a packet one by one."""
        dated: list[tuple[int, Found]] = []
        for each_ns in t_ns:
            dated += self._due_one(name, packet, pulse, each_ns - 1)
            if each_ns not in usable:
                pulse.empty(each_ns)
                continue
            if pulse.stale:
                silent_s = round((each_ns - pulse.last_ns) / NS_PER_S, 3)
                dated.append((each_ns, self._found(ChannelEvent.FRESH, packet, each_ns, name, {"silent_s": silent_s})))
            pulse.full(each_ns)
        return dated

    def _due(self, packet: str, watched: Watched, now_ns: int) -> list[tuple[int, Found]]:
        """Return what of a packet is stale by a time."""
        if watched.pulses.due_ns > now_ns:
            return []
        pulses = watched.pulses.each().items()
        return [found for name, pulse in pulses for found in self._due_one(name, packet, pulse, now_ns)]

    def _due_one(self, name: str, packet: str, pulse: Pulse, now_ns: int) -> list[tuple[int, Found]]:
        due_ns = pulse.due_ns
        if pulse.stale or pulse.last_ns == NEVER or due_ns > now_ns:
            return []
        pulse.stale = True
        reason = "sensor" if UNSET < pulse.empty_ns <= due_ns else "silence"
        values: dict[str, Value] = {"limit": pulse.stale_ns / NS_PER_S, "reason": reason}
        return [(due_ns, self._found(ChannelEvent.STALE, packet, due_ns, name, values))]

    def _found(self, kind: ChannelEvent, packet: str, t_ns: int, name: str, values: dict[str, Value]) -> Found:
        sigma_s = round(1.0 / self._rates_hz[packet] / 12**0.5, 4)
        about: dict[str, Value] = {"channel": name, "level": STALE_LEVEL.value, "side": "stale"}
        return self, Finding(kind.value, t_ns, sigma_s, about | values, packet)

    def snapshot(self) -> Any:
        """Return the state as plain values."""
        pulses = {
            name: [pulse.last_ns, pulse.counted_ns, pulse.empty_ns, pulse.stale]
            for watched in self._watched.values()
            for name, pulse in watched.pulses.each().items()
        }
        return [self._newest_ns, self._received_ns, self._heard_ns, pulses]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered; a channel that is not watched any more is forgotten."""
        self._newest_ns, self._received_ns, self._heard_ns, pulses = snapshot
        for watched in self._watched.values():
            for name, pulse in watched.pulses.each().items():
                if name in pulses:
                    pulse.last_ns, pulse.counted_ns, pulse.empty_ns, pulse.stale = pulses[name]


def _in_order(dated: list[tuple[int, Found]]) -> tuple[Found, ...]:
    return tuple(found for _, found in sorted(dated, key=lambda one: one[0]))
