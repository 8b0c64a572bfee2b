"""The condition of the container: what its sensors showed, in figures that join in any order."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from telemetry.dictionary import Packet
from telemetry.frames import Frame
from telemetry.vocabulary import CargoEvent, FlightEvent
from tracking.milestones import Milestone

CHANNELS: Final = {
    "bay_temperature_k": "temperature_k",
    "bay_humidity_percent": "humidity_percent",
    "bay_pressure_pa": "pressure_pa",
    "shock_m_s2": "shock_m_s2",
    "tilt_deg": "tilt_deg",
}
SWITCHES: Final = {"seal_intact": "seal_intact", "door_closed": "door_closed"}
_LIMIT_EVENTS: Final = frozenset(
    member.value
    for member in (
        CargoEvent.SHOCK,
        CargoEvent.TILT,
        CargoEvent.TEMPERATURE,
        CargoEvent.PRESSURE,
        CargoEvent.HUMIDITY,
        CargoEvent.POWER,
    )
)


class Span(BaseModel):
    """A quantity over time: its last value with its time, and its extremes."""

    model_config = ConfigDict(frozen=True)

    last: float
    t_ns: int
    low: float
    high: float

    def join(self, other: Span | None) -> Span:
        """Return the span of both; equal however often and in whatever order spans are joined."""
        if other is None:
            return self
        later = max(self, other, key=lambda span: (span.t_ns, span.last))
        return Span(last=later.last, t_ns=later.t_ns, low=min(self.low, other.low), high=max(self.high, other.high))


class Switch(BaseModel):
    """A yes or no over time: its last state and its time."""

    model_config = ConfigDict(frozen=True)

    last: bool
    t_ns: int

    def join(self, other: Switch | None) -> Switch:
        """Return the later one."""
        return self if other is None else max(self, other, key=lambda switch: (switch.t_ns, switch.last))


class Condition(BaseModel):
    """What the container's sensors have shown so far; None where none has spoken."""

    model_config = ConfigDict(frozen=True)

    temperature_k: Span | None = None
    humidity_percent: Span | None = None
    pressure_pa: Span | None = None
    shock_m_s2: Span | None = None
    tilt_deg: Span | None = None
    seal_intact: Switch | None = None
    door_closed: Switch | None = None

    def join(self, other: Condition) -> Condition:
        """Return what both have seen."""
        joined: dict[str, Any] = {}
        for name in type(self).model_fields:
            mine, theirs = getattr(self, name), getattr(other, name)
            joined[name] = theirs if mine is None else mine.join(theirs)
        return Condition(**joined)


class LimitRaised(BaseModel):
    """A limit of the container that was crossed."""

    model_config = ConfigDict(frozen=True)

    quantity: str
    level: Literal["watch", "warning", "critical"]
    t_ns: int
    count: int = 1


def condition_of(frame: Frame, packet: Packet) -> Condition:
    """Return what a frame's rows show; values that are no number or outside a channel's range show nothing."""
    seen: dict[str, Span | Switch] = {}
    for channel in packet.channels:
        if channel.name in CHANNELS:
            values = frame.columns[channel.name].astype(np.float64)
            low, high = channel.range or (-np.inf, np.inf)
            good = np.isfinite(values) & (values >= low) & (values <= high)
            if good.any():
                seen[CHANNELS[channel.name]] = _span(values[good], frame.t_ns[good])
        elif channel.name in SWITCHES:
            newest = int(np.argmax(frame.t_ns))
            state = bool(frame.columns[channel.name][newest])
            seen[SWITCHES[channel.name]] = Switch(last=state, t_ns=int(frame.t_ns[newest]))
    return Condition.model_validate(seen)


def limits_raised(milestones: tuple[Milestone, ...]) -> tuple[LimitRaised, ...]:
    """Return one entry a quantity and level that the container's limit events name, in order of their first time."""
    raised: dict[tuple[str, str], LimitRaised] = {}
    for milestone in milestones:
        if milestone.type not in _LIMIT_EVENTS:
            continue
        level = str(milestone.values.get("level", "warning"))
        key = (milestone.name, level if level in {"watch", "critical"} else "warning")
        known = raised.get(key)
        count = 1 if known is None else known.count + 1
        first_ns = milestone.t_ns if known is None else known.t_ns
        raised[key] = LimitRaised.model_validate(
            {"quantity": key[0], "level": key[1], "t_ns": first_ns, "count": count}
        )
    return tuple(sorted(raised.values(), key=lambda limit: (limit.t_ns, limit.quantity, limit.level)))


def seal_broken_in_transit(milestones: tuple[Milestone, ...]) -> bool:
    """Return whether the seal broke before the vehicle was recovered; afterwards it is opened on purpose."""
    recovered_ns = min((m.t_ns for m in milestones if m.type == FlightEvent.RECOVERED.value), default=None)
    return any(
        m.type == CargoEvent.SEAL_BROKEN.value and (recovered_ns is None or m.t_ns < recovered_ns) for m in milestones
    )


def _span(values: NDArray[np.float64], t_ns: NDArray[np.int64]) -> Span:
    newest = int(np.argmax(t_ns))
    return Span(
        last=round(float(values[newest]), 3),
        t_ns=int(t_ns[newest]),
        low=round(float(values.min()), 3),
        high=round(float(values.max()), 3),
    )
