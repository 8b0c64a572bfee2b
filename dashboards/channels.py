"""A channel of the dictionary as Grafana shows it: its unit, its limits as colours, its samples thinned out. Pure."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

from telemetry.channels import Channel, Level, Limit
from telemetry.dictionary import Packet

# by the units of telemetry.channels.UNITS; `suffix:` where Grafana's own unit would rescale 10 000 kg to 10 Mg
GRAFANA_UNITS: Final[dict[str, str]] = {
    "m": "lengthm",
    "km": "suffix: km",
    "s": "s",
    "ns": "ns",
    "pa": "pressurepa",
    "k": "kelvin",
    "kg": "suffix: kg",
    "n": "forceN",
    "rpm": "rotrpm",
    "v": "volt",
    "a": "amp",
    "w": "watt",
    "deg": "degree",
    "percent": "percent",
    "count": "none",
    "g": "suffix: g",
    "m_s": "velocityms",
    "m_s2": "accMS2",
    "deg_s": "rotdegs",
    "dbm": "dBm",
    "hz": "hertz",
    "j": "joule",
    "rad": "radian",
    "rad_s": "rotrads",
    "kg_s": "suffix: kg/s",
    "kg_m3": "suffix: kg/m³",
    "w_m2": "suffix: W/m²",
    "number": "none",
}
GOOD: Final = "green"
COLOURS: Final[dict[Level, str]] = {Level.WATCH: "yellow", Level.WARNING: "orange", Level.CRITICAL: "red"}
_SEVERITY: Final = (GOOD, *COLOURS.values())
FINEST_INTERVAL_MS: Final = 100


def grafana_unit(channel: Channel) -> str:
    """Return Grafana's name of the channel's unit; a channel without unit is a bare number."""
    return GRAFANA_UNITS[channel.unit] if channel.unit is not None else "none"


def thresholds(limits: tuple[Limit, ...]) -> dashboard.ThresholdsConfig:
    """Return the colours between the limits: in each stretch that of the worst limit that is passed there."""
    bounds = sorted({edge for limit in limits if (edge := _edge(limit)) is not None})
    stretches = zip([float("-inf"), *bounds], [*bounds, float("inf")], strict=True)
    steps = [Threshold(low if low != float("-inf") else None, _colour(limits, low, high)) for low, high in stretches]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _edge(limit: Limit) -> float | None:
    return limit.above if limit.above is not None else limit.below


def _colour(limits: tuple[Limit, ...], low: float, high: float) -> str:
    passed = [
        COLOURS[limit.level]
        for limit in limits
        if (limit.above is not None and low >= limit.above) or (limit.below is not None and high <= limit.below)
    ]
    return max([GOOD, *passed], key=_SEVERITY.index)


def aggregates(channel: Channel) -> tuple[str, ...]:
    """Return what stands for the samples of one interval: a mean, but never one that hides a limit that was passed.

    Examples
    --------
    >>> aggregates(Channel(name="tilt_deg", raw="i16", description=""))
    ('mean',)
    """
    sides = {
        "max": any(limit.above is not None for limit in channel.limits),
        "min": any(limit.below is not None for limit in channel.limits),
    }
    return tuple(name for name, limited in sides.items() if limited) or ("mean",)


def interval(packet: Packet) -> str:
    """Return the finest interval worth drawing: two samples, so that each has one although their times jitter."""
    return f"{max(FINEST_INTERVAL_MS, round(2000 / packet.rate_hz))}ms"
