"""Which limits of the dictionary a vehicle's channels really passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator.happenings import Happening
from simulator.physics.earth import FloatArray
from telemetry.channels import Channel, Limit
from telemetry.dictionary import Packet
from telemetry.vocabulary import CargoEvent

EVENT_OF_QUANTITY: Final[Mapping[str, CargoEvent]] = {
    "shock_m_s2": CargoEvent.SHOCK,
    "tilt_deg": CargoEvent.TILT,
    "bay_temperature_k": CargoEvent.TEMPERATURE,
    "bay_pressure_pa": CargoEvent.PRESSURE,
    "bay_humidity_percent": CargoEvent.HUMIDITY,
    "supply_voltage_v": CargoEvent.POWER,
}


def has_cargo_limits(packet: Packet) -> bool:
    """Whether any channel of a packet type watches the cargo."""
    return any(_measured(channel) in EVENT_OF_QUANTITY and channel.limits for channel in packet.channels)


def limit_happenings(
    vehicle: str, packet: Packet, t_s: FloatArray, columns: Mapping[str, NDArray[np.generic]]
) -> list[Happening]:
    """Return every passing of a limit, in order of time.

    Parameters
    ----------
    vehicle
        Whose packets.
    packet
        Their type, with its limits.
    t_s
        Shape (n,), mission times.
    columns
        The channels, shape (n,).
    """
    happened = [
        Happening(
            EVENT_OF_QUANTITY[_measured(channel)].value,
            vehicle,
            float(t_s[at]),
            {channel.name: float(columns[channel.name][at]), "level": limit.level.value},
        )
        for channel in packet.channels
        if _measured(channel) in EVENT_OF_QUANTITY
        for limit in channel.limits
        for at in raised_at(np.asarray(columns[channel.name], dtype=np.float64), limit)
    ]
    return sorted(happened, key=lambda each: each.t_s)


def _measured(channel: Channel) -> str:
    return (channel.sensor.measures if channel.sensor else None) or channel.name


def raised_at(values: FloatArray, limit: Limit) -> list[int]:
    """Return the indices at which a limit begins to be passed: hysteresis and counts as the dictionary says.

    Examples
    --------
    >>> raised_at(np.array([0.0, 9.0, 0.0, 9.0, 9.0, 9.0]), Limit(level="warning", above=5.0, clear=4.0, raise_count=2))
    [3]
    """
    if limit.above is not None:
        beyond, back = values > limit.above, values <= limit.clear
    else:
        beyond, back = values < float(limit.below or 0.0), values >= limit.clear
    found: list[int] = []
    raised, run = False, 0
    for at, (is_beyond, is_back) in enumerate(zip(beyond.tolist(), back.tolist(), strict=True)):
        run = run + 1 if (is_back if raised else is_beyond) else 0
        if run >= (limit.clear_count if raised else limit.raise_count):
            if not raised:
                found.append(at - run + 1)
            raised, run = not raised, 0
    return found
