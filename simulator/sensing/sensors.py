"""What sensors make of true quantities: errors, own rates, latency, faults and saturation."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.faults.sensor import SensorFault, SensorSpike
from simulator.physics.earth import FloatArray
from simulator.quantities import Scene, Setting
from simulator.sensing.sampling import TINY, Sampling, sampling
from simulator.sensing.sensor_faults import failed
from simulator.sensing.wiring import Wire, wire
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary

Columns = dict[str, NDArray[Any]]
Scenes = dict[tuple[float, int, int, float], Scene]


class Sensors:
    """The sensors behind one packet type of one vehicle.

    Parameters
    ----------
    setting
        The vehicle and its flight.
    dictionary, packet
        What the packets look like.
    faults
        Of the sensors, by channel.

    Raises
    ------
    FlightError
        If a channel measures what the simulator does not know.
    """

    def __init__(
        self, setting: Setting, dictionary: Dictionary, packet: str, faults: Mapping[str, list[SensorFault]]
    ) -> None:
        self._setting = setting
        self._rate_hz = dictionary.packets[packet].rate_hz
        self._wires = {
            channel.name: wire(dictionary, packet, channel) for channel in dictionary.packets[packet].channels
        }
        self._faults = faults
        self._stuck: dict[tuple[str, int], Any] = {}

    def columns(self, first: int, stop: int) -> Columns:
        """Return what packets `first` to `stop - 1` say: every channel, shape (n,)."""
        scenes: Scenes = {}
        return {
            name: self._measured(each, first, stop, scenes, self._faults.get(name, []))
            for name, each in self._wires.items()
        }

    def _measured(
        self, each: Wire, first: int, stop: int, scenes: Scenes, faults: Sequence[SensorFault]
    ) -> NDArray[Any]:
        when = sampling(self._rate_hz, first, stop, each.sensor.rate_hz, each.sensor.latency_s)
        scene = scenes.get(when.key) or scenes.setdefault(when.key, self._scene(when))
        values = each.values(np.asarray(each.quantity.of(scene)))
        if each.is_number:
            values = self._with_errors(each, values, scene, when)
        if when.rows is not None:
            values = values[when.rows]
        for number, fault in enumerate(faults):
            values = self._failed(each, values, first, stop, number, fault)
        if each.channel.range is not None and values.dtype == np.float64:
            values = np.minimum(np.maximum(values, each.channel.range[0]), each.channel.range[1])
        return values

    def _with_errors(self, each: Wire, true: NDArray[Any], scene: Scene, when: Sampling) -> NDArray[Any]:
        sensor, name = each.sensor, each.channel.name
        values = true
        if sensor.bias or sensor.scale_error:
            offset, stretch = self._setting.chance(f"{name}/bias").normal(0, 2).tolist()
            values = values * (1.0 + sensor.scale_error * stretch) + sensor.bias * offset
        sigma = _sigma(sensor.noise, sensor.relative_noise, true)
        if sensor.noise_driven and each.quantity.unrest is not None:
            sigma = sigma + sensor.noise_driven * each.conversion.of(each.quantity.unrest(scene))
        if np.ndim(sigma) or sigma:
            values = values + self._setting.chance(f"{name}/noise").normal(when.first, when.stop) * sigma
        slow = _sigma(sensor.drift, sensor.relative_drift, true)
        if sensor.drift_memory_s is not None and (np.ndim(slow) or slow):
            values = values + self._setting.drift(f"{name}/drift", sensor.drift_memory_s, scene.t_s) * slow
        if each.quantity.wraps_at is not None:
            values = values % each.conversion.of(np.asarray(each.quantity.wraps_at))
        return np.asarray(values)

    def _failed(
        self, each: Wire, values: NDArray[Any], first: int, stop: int, number: int, fault: SensorFault
    ) -> NDArray[Any]:
        began = max(0, int(np.ceil((fault.start_s - self._setting.start_s) * self._rate_hz - TINY)))
        if isinstance(fault, SensorSpike) and not first <= began < stop:
            return values
        held = functools.partial(self._said, each, began, number) if began < first else lambda: values[began - first]
        return failed(fault, each.channel, values, self.times_s(first, stop), held)

    def _said(self, each: Wire, at: int, faults: int) -> Any:
        """Return what a channel said in one packet, with the first few of its faults."""
        name = each.channel.name
        if (name, faults) not in self._stuck:
            self._stuck[name, faults] = self._measured(each, at, at + 1, {}, self._faults[name][:faults])[0]
        return self._stuck[name, faults]

    def times_s(self, first: int, stop: int) -> FloatArray:
        """Return the mission times of packets `first` to `stop - 1`."""
        return _times_s(self._setting.start_s, self._rate_hz, first, stop)

    def _scene(self, when: Sampling) -> Scene:
        wide_s = _times_s(self._setting.start_s, when.rate_hz, when.first - 1, when.stop + 1) - when.latency_s
        return Scene(self._setting, wide_s, 1.0 / when.rate_hz)


def _times_s(start_s: float, rate_hz: float, first: int, stop: int) -> FloatArray:
    since_ns = np.rint(np.arange(first, stop) * (NS_PER_S / rate_hz))
    return np.asarray((start_s * NS_PER_S + since_ns) / NS_PER_S)


def _sigma(steady: float, relative: float, values: NDArray[Any]) -> FloatArray | float:
    return steady + relative * np.abs(values) if relative else steady
