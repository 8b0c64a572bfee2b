"""What a failing sensor says instead of what it measures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from simulator.faults.kinds import AnyFault
from simulator.faults.sensor import SensorDead, SensorDrift, SensorFault, SensorSpike, SensorStuck
from simulator.physics.earth import FloatArray
from simulator.quantities import nearest
from telemetry.channels import Channel
from telemetry.errors import FlightError

ONLY_NUMBERS = (SensorSpike, SensorDrift)


def faults_of(faults: Iterable[AnyFault], vehicle: str, channels: Iterable[Channel]) -> dict[str, list[SensorFault]]:
    """Return the sensor faults of a vehicle by channel.

    Raises
    ------
    FlightError
        If one is of a channel that the vehicle does not send, or that cannot fail so.
    """
    known = {channel.name: channel for channel in channels}
    found: dict[str, list[SensorFault]] = {}
    for fault in faults:
        if isinstance(fault, get_args(SensorFault)) and fault.concerns(vehicle):
            channel = known.get(fault.channel)
            if channel is None:
                alike = nearest(fault.channel, known)
                raise FlightError(f"{fault.kind}: {vehicle} sends no channel {fault.channel!r}; nearest: {alike}")
            if isinstance(fault, ONLY_NUMBERS) and channel.kind not in {"float", "int"}:
                raise FlightError(f"{fault.kind}: channel {fault.channel!r} is no number; it can be stuck or dead")
            found.setdefault(fault.channel, []).append(fault)
    return found


def failed(
    fault: SensorFault, channel: Channel, values: NDArray[Any], t_s: FloatArray, held: Callable[[], Any]
) -> NDArray[Any]:
    """Return what a channel says with a fault.

    Parameters
    ----------
    fault, channel
        What is wrong, with which.
    values
        Shape (n,), without it.
    t_s
        Shape (n,), true mission times of the packets.
    held
        Gives the value of the first packet after the fault's start.
    """
    now = fault.lasts(t_s)
    if not now.any():
        return values
    match fault:
        case SensorStuck():
            return np.where(now, held(), values)
        case SensorSpike():
            first = np.flatnonzero(now)[:1]
            return values + np.where(np.arange(t_s.size) == first, fault.by, 0.0)
        case SensorDrift():
            return np.where(now, values + fault.rate_per_s * (t_s - fault.start_s), values)
        case SensorDead():
            return np.where(now, _nothing(channel), values)


def _nothing(channel: Channel) -> Any:
    """Return what a channel without a sensor says: no number, or the lowest that it can."""
    match channel.kind:
        case "float" | "int" if channel.raw.is_float:
            return np.nan
        case "float" | "int":
            return (
                channel.range[0] if channel.range is not None else channel.calibrate(np.zeros(1, channel.raw.dtype))[0]
            )
        case "label":
            return min(channel.labels or {0: ""})
        case "text" | "octets" as kind:
            return "" if kind == "text" else b""
    return False
