"""Channels that say nothing any more while their vehicle is heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.detector import Finding, Found, Value
from processors.stretch import Stretch
from telemetry.cuc import NS_PER_S
from telemetry.limit_state import STALE_LEVEL
from telemetry.vocabulary import ChannelEvent

NEVER: Final = -(1 << 62)
UNSET: Final = -1
NOTHING: Final = np.zeros(0, dtype=np.int64)
# stations report once a second, and the engine looks once a second: so late may the proof be that somebody listened
PROOF_S: Final = 2.0


@dataclass(slots=True)
class Pulse:
    """One channel's last sign of life.

    Parameters
    ----------
    packet, stale_ns
        Its packet type, and after how long without a value it is stale.
    last_ns
        When its last value was made; before the first, when its first packet was.
    counted_ns
        From when on its silence counts: `last_ns`, and later by the time in which nobody heard the vehicle.
    empty_ns
        When its first packet without a usable value was made since then.
    stale
        Whether it is stale.
    """

    packet: str
    stale_ns: int
    last_ns: int = NEVER
    counted_ns: int = NEVER
    empty_ns: int = UNSET
    stale: bool = False

    @property
    def due_ns(self) -> int:
        """When it is stale if nothing comes."""
        return self.counted_ns + self.stale_ns

    def empty(self, t_ns: int) -> None:
        """Take note of a packet without a usable value."""
        if self.last_ns == NEVER:
            self.last_ns = self.counted_ns = t_ns
        if self.empty_ns == UNSET:
            self.empty_ns = t_ns

    def full(self, t_ns: int) -> None:
        """Take note of a value."""
        self.last_ns, self.counted_ns, self.empty_ns, self.stale = t_ns, t_ns, UNSET, False


class Staleness:
    """Finds channels with `stale_after_s` in the dictionary that have had no usable value for so long.

    A value is usable when it is a number inside the channel's range, and above its very bottom if the channel has a
    lower limit: there a sensor without power rests (`processors.limit_watch`). Silence is reckoned in the vehicle's own
    time, and only while somebody is proven to hear the vehicle: by its other packets, or by a station that reports
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
        self._pulses = {
            channel.name: Pulse(airframe.packet_of[channel.name], round(channel.stale_after_s * NS_PER_S))
            for channel in airframe.channels.values()
            if channel.stale_after_s is not None
        }
        self._bottoms = {
            channel.name: channel.range[0]
            for channel in airframe.channels.values()
            if channel.range is not None and any(limit.below is not None for limit in channel.limits)
        }
        self._rates_hz = airframe.rates_hz
        fastest_hz = max(airframe.rates_hz.values(), default=1.0)
        self._least_hole_ns = round((PROOF_S + 1.5 / fastest_hz) * NS_PER_S)
        self._newest_ns = NEVER
        self._received_ns = 0
        self._heard_ns = 0

    def update(self, stretch: Stretch) -> tuple[Found, ...]:
        """Take the next stretch of the flight and return what it completed."""
        if not self._pulses or not stretch.frames:
            return ()
        first_ns = min(int(frame.t_ns[0]) for frame in stretch.frames.values())
        newest_ns = max(int(frame.t_ns[-1]) for frame in stretch.frames.values())
        self._skip_hole(first_ns)
        dated: list[tuple[int, Found]] = []
        for name, pulse in self._pulses.items():
            frame = stretch.frames.get(pulse.packet)
            if frame is not None:
                usable_ns = self._usable_ns(stretch, name)
                if len(usable_ns) and not pulse.stale and int(usable_ns[-1]) <= pulse.due_ns:
                    # within the time that it has, whatever lies between
                    pulse.full(int(usable_ns[-1]))
                    for t_ns in frame.t_ns[frame.t_ns > pulse.last_ns][:1].tolist():
                        pulse.empty(t_ns)
                else:
                    usable = frozenset(usable_ns.tolist())
                    dated += self._step(name, pulse, frame.t_ns.tolist(), usable)
            dated += self._due(name, pulse, newest_ns)
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
        return _in_order([found for name, pulse in self._pulses.items() for found in self._due(name, pulse, now_ns)])

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
            for pulse in self._pulses.values():
                if pulse.last_ns != NEVER:
                    pulse.counted_ns += hole_ns

    def _step(self, name: str, pulse: Pulse, t_ns: list[int], usable: frozenset[int]) -> list[tuple[int, Found]]:
        """Go through the rows of a packet one by one."""
        dated: list[tuple[int, Found]] = []
        for each_ns in t_ns:
            dated += self._due(name, pulse, each_ns - 1)
            if each_ns not in usable:
                pulse.empty(each_ns)
                continue
            if pulse.stale:
                silent_s = round((each_ns - pulse.last_ns) / NS_PER_S, 3)
                dated.append((each_ns, self._found(ChannelEvent.FRESH, pulse, each_ns, name, {"silent_s": silent_s})))
            pulse.full(each_ns)
        return dated

    def _due(self, name: str, pulse: Pulse, now_ns: int) -> list[tuple[int, Found]]:
        """Return what is stale by a time."""
        due_ns = pulse.due_ns
        if pulse.stale or pulse.last_ns == NEVER or due_ns > now_ns:
            return []
        pulse.stale = True
        reason = "sensor" if UNSET < pulse.empty_ns <= due_ns else "silence"
        values: dict[str, Value] = {"limit": pulse.stale_ns / NS_PER_S, "reason": reason}
        return [(due_ns, self._found(ChannelEvent.STALE, pulse, due_ns, name, values))]

    def _found(self, kind: ChannelEvent, pulse: Pulse, t_ns: int, name: str, values: dict[str, Value]) -> Found:
        sigma_s = round(1.0 / self._rates_hz[pulse.packet] / 12**0.5, 4)
        about: dict[str, Value] = {"channel": name, "level": STALE_LEVEL.value, "side": "stale"}
        return self, Finding(kind.value, t_ns, sigma_s, about | values, pulse.packet)

    def snapshot(self) -> Any:
        """Return the state as plain values."""
        pulses = {
            name: [pulse.last_ns, pulse.counted_ns, pulse.empty_ns, pulse.stale] for name, pulse in self._pulses.items()
        }
        return [self._newest_ns, self._received_ns, self._heard_ns, pulses]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered; a channel that is not watched any more is forgotten."""
        self._newest_ns, self._received_ns, self._heard_ns, pulses = snapshot
        for name, pulse in self._pulses.items():
            if name in pulses:
                pulse.last_ns, pulse.counted_ns, pulse.empty_ns, pulse.stale = pulses[name]


def _in_order(dated: list[tuple[int, Found]]) -> tuple[Found, ...]:
    return tuple(found for _, found in sorted(dated, key=lambda one: one[0]))
