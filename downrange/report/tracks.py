"""Collects altitude, speed and acceleration of every vehicle from its frames, or from a log's samples. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from downrange.report.model import Floats, Span, Trace
from downrange.report.series import holes_of, in_order, rate_of
from processors.motion.pressure import height_of
from processors.phases.plan import Plan
from processors.phases.plans import plan_of
from telemetry.channels import Channel
from telemetry.dictionary import Dictionary
from telemetry.frames import Frame
from telemetry.samples import Samples

NS_PER_S: Final = 10**9
# what measures a quantity, the best first; of names that nobody foresaw, those that end so
MEASURES: Final[dict[str, tuple[str, ...]]] = {
    "altitude": ("altitude_m",),
    "speed": ("speed_m_s", "vertical_speed_m_s"),
    "acceleration": ("axial_acceleration_m_s2", "acceleration_m_s2"),
}
BEST: Final = frozenset(name for names in MEASURES.values() for name in names)
PRESSURE: Final = "pressure_pa"


class Tracks:
    """What was measured, by vehicle and channel, in order of arrival."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], list[NDArray[np.int64]]] = {}
        self._values: dict[tuple[str, str], list[Floats]] = {}
        self._heard: dict[str, tuple[int, int]] = {}
        self._dictionaries: dict[str, dict[str, None]] = {}
        self._plans: dict[str, Plan] = {}
        self._read: dict[tuple[str, str], tuple[Channel, ...]] = {}
        self.out_of_range: dict[tuple[str, str], int] = {}

    def take(self, frame: Frame, dictionary: Dictionary) -> None:
        """Take a frame; values out of a channel's range are no measurements, and are counted."""
        if not len(frame):
            return
        self._hear(frame.vehicle, frame.t_ns, dictionary.reference)
        if frame.vehicle not in self._plans:
            self._plans[frame.vehicle] = plan_of(dictionary, frame.vehicle)
        for channel in self._channels(frame.packet, dictionary):
            values = np.asarray(frame.columns[channel.name], dtype=np.float64)
            if channel.range is not None:
                low, high = channel.range
                wrong = (values < low) | (values > high)
                if wrong.any():
                    key = (frame.vehicle, channel.name)
                    self.out_of_range[key] = self.out_of_range.get(key, 0) + int(wrong.sum())
                    values = np.where(wrong, np.nan, values)
            self._add(frame.vehicle, channel.name, frame.t_ns, values)

    def take_samples(self, vehicle: str, samples: Samples) -> None:
        """Take rows of a log."""
        if not len(samples):
            return
        self._hear(vehicle, samples.t_ns, "")
        for name, values in samples.columns.items():
            self._add(vehicle, name, samples.t_ns, values)

    @property
    def vehicles(self) -> tuple[str, ...]:
        """Whatever sent anything, in order of name."""
        return tuple(sorted(self._heard))

    def dictionaries(self, vehicle: str) -> str:
        """Return by which dictionaries a vehicle was decoded; nothing for a log."""
        return ", ".join(name for name in self._dictionaries[vehicle] if name)

    def plan(self, vehicle: str) -> Plan | None:
        """Return the phases of a vehicle's class; none for a log, which does not say what it is of."""
        return self._plans.get(vehicle)

    def heard_ns(self, vehicle: str) -> tuple[int, int]:
        """Return from when to when a vehicle was heard."""
        return self._heard[vehicle]

    def traces(self, vehicle: str, zero_ns: int) -> dict[str, Trace]:
        """Return what can be drawn of a vehicle; a quantity that nothing tells is left out.

        Height without an altimeter is the standard atmosphere's at the measured pressure; speed and acceleration are
        rates over two seconds where they were not measured, and say so.
        """
        first, last = self._heard[vehicle]
        span_s = (last - first) / NS_PER_S
        found: dict[str, Trace] = {}
        for quantity in MEASURES:
            trace = self._measured(vehicle, quantity, zero_ns, span_s)
            if trace is not None:
                found[quantity] = trace
        if "altitude" not in found and (pressure := self._of_pressure(vehicle, zero_ns, span_s)) is not None:
            found["altitude"] = pressure
        if "speed" not in found and "altitude" in found:
            found["speed"] = _rate(found["altitude"], "vertical speed", "altitude")
        if "acceleration" not in found and "speed" in found and not found["speed"].derived:
            found["acceleration"] = _rate(found["speed"], "rate", "speed")
        return {quantity: found[quantity] for quantity in MEASURES if quantity in found and found[quantity].t_s.size}

    def _measured(self, vehicle: str, quantity: str, zero_ns: int, span_s: float) -> Trace | None:
        wanted = MEASURES[quantity]
        names = [name for owner, name in self._times if owner == vehicle]
        others = [name for name in names if name not in BEST and name.endswith(tuple(f"_{each}" for each in wanted))]
        for name in (*wanted, *others):
            if (vehicle, name) in self._times:
                t_s, values = self._series(vehicle, name, zero_ns)
                if t_s.size:
                    return Trace(t_s, values, name, holes=holes_of(t_s, span_s))
        return None

    def _of_pressure(self, vehicle: str, zero_ns: int, span_s: float) -> Trace | None:
        for owner, name in self._times:
            if owner == vehicle and name.endswith(PRESSURE):
                t_s, pressure_pa = self._series(vehicle, name, zero_ns)
                t_s, pressure_pa = t_s[pressure_pa > 0.0], pressure_pa[pressure_pa > 0.0]
                if t_s.size:
                    height_m = np.array([height_of(each) for each in pressure_pa.tolist()])
                    said = f"standard atmosphere at {name}"
                    return Trace(t_s, height_m, said, derived=True, holes=holes_of(t_s, span_s))
        return None

    def _series(self, vehicle: str, name: str, zero_ns: int) -> tuple[Floats, Floats]:
        t_ns = np.concatenate(self._times[vehicle, name])
        return in_order((t_ns - zero_ns) / NS_PER_S, np.concatenate(self._values[vehicle, name]))

    def _channels(self, packet: str, dictionary: Dictionary) -> tuple[Channel, ...]:
        key = (packet, dictionary.reference)
        if key not in self._read:
            endings = (*BEST, PRESSURE)
            self._read[key] = tuple(
                channel
                for channel in dictionary.packets[packet].channels
                if channel.kind == "float" and channel.name.endswith(endings)
            )
        return self._read[key]

    def _add(self, vehicle: str, name: str, t_ns: NDArray[np.int64], values: Floats) -> None:
        self._times.setdefault((vehicle, name), []).append(t_ns)
        self._values.setdefault((vehicle, name), []).append(values)

    def _hear(self, vehicle: str, t_ns: NDArray[np.int64], dictionary: str) -> None:
        first, last = int(t_ns.min()), int(t_ns.max())
        earlier = self._heard.get(vehicle, (first, last))
        self._heard[vehicle] = (min(first, earlier[0]), max(last, earlier[1]))
        self._dictionaries.setdefault(vehicle, {})[dictionary] = None


def _rate(trace: Trace, word: str, of: str) -> Trace:
    t_s, values = rate_of(trace.t_s, trace.values, trace.holes)
    return Trace(t_s, values, f"{word} of {of} over 2 s", derived=True, holes=trace.holes)


def heard_between(tracks: Tracks, vehicles: Iterable[str], zero_ns: int) -> Span:
    """Return from when to when anything came of some vehicles."""
    ends = [tracks.heard_ns(vehicle) for vehicle in vehicles]
    first, last = min(first for first, _ in ends), max(last for _, last in ends)
    return Span((first - zero_ns) / NS_PER_S, (last - zero_ns) / NS_PER_S)
