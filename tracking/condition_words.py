"""The container's condition in words that a customer understands; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from telemetry.vocabulary import DeliveryStatus
from tracking.condition import Span
from tracking.language import Words
from tracking.standing import RANK
from tracking.view import PublicDelivery

ZERO_CELSIUS_K: Final = 273.15
STANDARD_GRAVITY_M_S2: Final = 9.80665
# a parcel van's floor on a bad road; assumed
SOFT_M_S2: Final = 50.0
NO_FIGURE: Final = "\N{EN DASH}"

LevelName = Literal["ok", "watch", "warning", "critical", "none"]
_ORDER: Final[tuple[LevelName, ...]] = ("ok", "watch", "warning", "critical")


@dataclass(frozen=True, slots=True)
class Gauge:
    """One quantity: its name, its value, what that means, and how good it is."""

    icon: str
    label: str
    value: str
    tells: str
    level: LevelName
    level_text: str


def gauges(delivery: PublicDelivery, words: Words) -> tuple[Gauge, ...]:
    """Return temperature, shock, tilt and seal."""
    return (
        _temperature(delivery, words),
        _shock(delivery, words),
        _tilt(delivery, words),
        _seal(delivery, words),
    )


def _temperature(delivery: PublicDelivery, words: Words) -> Gauge:
    span = delivery.condition.temperature_k
    low, last, high = ("", "", "") if span is None else (_celsius(words, k) for k in (span.low, span.last, span.high))
    tells = words("condition.temperature.range", low=low, high=high)
    return _gauge(delivery, words, "temperature", span, last, tells)


def _shock(delivery: PublicDelivery, words: Words) -> Gauge:
    span = delivery.condition.shock_m_s2
    high_m_s2 = 0.0 if span is None else span.high
    hard = _level(delivery, "shock", span) != "ok"
    kind = "hard" if hard else "soft" if high_m_s2 < SOFT_M_S2 else "firm"
    value = words.with_unit("g", high_m_s2 / STANDARD_GRAVITY_M_S2, 1)
    return _gauge(delivery, words, "shock", span, value, words(f"condition.shock.{kind}"))


def _tilt(delivery: PublicDelivery, words: Words) -> Gauge:
    span = delivery.condition.tilt_deg
    last, high = ("", "") if span is None else (words.with_unit("deg", deg) for deg in (span.last, span.high))
    return _gauge(delivery, words, "tilt", span, last, words("condition.tilt.range", high=high))


def _seal(delivery: PublicDelivery, words: Words) -> Gauge:
    label = words("condition.seal")
    if delivery.seal_broken:
        broken = words("condition.seal.broken"), words("condition.seal.broken.tells")
        return Gauge("seal", label, *broken, "critical", words("level.broken"))
    seal = delivery.condition.seal_intact
    if seal is None:
        return Gauge("seal", label, NO_FIGURE, "", "none", words("level.none"))
    if seal.last:
        intact = words("condition.seal.intact"), words("condition.seal.intact.tells")
        return Gauge("seal", label, *intact, "ok", words("level.ok"))
    landed = RANK[delivery.progress] >= RANK[DeliveryStatus.LANDED]
    tells = words("condition.seal.arrived" if landed else "condition.seal.loading")
    return Gauge("seal", label, words("condition.seal.open"), tells, "ok", words("level.ok"))


def _gauge(delivery: PublicDelivery, words: Words, quantity: str, span: Span | None, value: str, tells: str) -> Gauge:
    level = _level(delivery, quantity, span)
    label = words(f"condition.{quantity}")
    if span is None:
        return Gauge(quantity, label, NO_FIGURE, "", level, words("level.none"))
    return Gauge(quantity, label, value, tells, level, words(f"level.{level}"))


def _level(delivery: PublicDelivery, quantity: str, span: Span | None) -> LevelName:
    if span is None:
        return "none"
    raised = [limit.level for limit in delivery.limits if limit.quantity == quantity]
    return max(raised, key=_ORDER.index, default="ok")


def _celsius(words: Words, kelvin: float) -> str:
    return words.with_unit("celsius", kelvin - ZERO_CELSIUS_K)
