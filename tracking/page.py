"""What the tracking page shows, as texts in the visitor's language; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from telemetry.vocabulary import DeliveryStatus
from tracking.chart import Backdrop, Progress, backdrop, progress
from tracking.codes import grouped
from tracking.condition_words import Gauge, gauges
from tracking.journey import NS_PER_MS, Figure, Step, Update, When, figures_of, reached, steps_of, updates_of, when
from tracking.language import Words, clock_text
from tracking.motion import NS_PER_S
from tracking.standing import RANK
from tracking.view import PublicDelivery, PublicHistory

TWO_SIGMA: Final = 2
FRESH_S: Final = 5.0
LOST_S: Final = 60.0
_NO_PLAN: Final = "a delivery's flight has a plan"
LITRES_PER_M3: Final = 1000


@dataclass(frozen=True, slots=True)
class Countdown:
    """Time left on the flight's clock until `t_ms`."""

    label: str
    t_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Signal:
    """How fresh the page is: `never`, `fresh`, `age`, `none` or `ended`."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page."""

    words: Words
    code: str
    printed_code: str
    status: str
    title: str
    tells: str
    trouble: bool
    main: Countdown | None
    sigma: str
    expected: When | None
    basis: str
    next: Countdown | None
    handed_over: When | None
    handed_over_label: str
    after_liftoff: str
    steps: tuple[Step, ...]
    figures: tuple[Figure, ...]
    gauges: tuple[Gauge, ...]
    limits: tuple[str, ...]
    updates: tuple[Update, ...]
    signal: Signal
    details: tuple[tuple[str, str], ...]
    progress: Progress
    map_label: str
    clock: dict[str, Any]
    replay: bool


def page_of(delivery: PublicDelivery, words: Words) -> Page:
    """Put a delivery into words."""
    flight = delivery.flight
    if flight.origin is None or flight.landing is None or flight.destination is None:
        raise ValueError(_NO_PLAN)
    origin, landing, destination = (words.name(p.name) for p in (flight.origin, flight.landing, flight.destination))
    clock_ns = None if flight.clock is None else flight.clock.t_ns
    done = RANK[delivery.progress] >= RANK[DeliveryStatus.OUT_FOR_DELIVERY]
    trouble = delivery.status not in RANK
    handed_over = reached(delivery, delivery.progress) if done and not trouble else None
    return Page(
        words=words,
        code=delivery.code,
        printed_code=grouped(delivery.code),
        status=delivery.status.value,
        title=words(f"status.{delivery.status.value}"),
        tells=words(f"tells.{delivery.status.value}", origin=origin, landing=landing, destination=destination),
        trouble=trouble,
        main=None if done else _main_countdown(delivery, words, clock_ns),
        sigma="" if done or delivery.eta_sigma_s is None else _sigma(words, delivery.eta_sigma_s),
        expected=None if done or delivery.eta is None else when(words, delivery.eta),
        basis="" if done else words(f"eta.basis.{delivery.eta_basis}"),
        next=None if done else _next_countdown(delivery, words, clock_ns),
        handed_over=None if handed_over is None else when(words, handed_over.time),
        handed_over_label="" if handed_over is None else words(f"done.{delivery.progress.value}"),
        after_liftoff=_after_liftoff(delivery, words, handed_over),
        steps=steps_of(delivery, words),
        figures=figures_of(delivery, words, clock_ns),
        gauges=gauges(delivery, words),
        limits=tuple(
            words(
                "condition.limit",
                quantity=words(f"condition.quantity.{limit.quantity}"),
                level=words(f"level.{limit.level}"),
            )
            for limit in delivery.limits
        ),
        updates=updates_of(delivery, words),
        signal=_signal(delivery, words),
        details=_details(delivery, words, origin, destination),
        progress=progress(flight.origin, flight.landing, flight.track, flight.position),
        map_label=words("map.label", origin=origin, destination=destination),
        clock=_clock(delivery),
        replay=flight.replay,
    )


def backdrop_of(delivery: PublicDelivery) -> Backdrop:
    """Draw what stands still while a visitor looks on."""
    flight = delivery.flight
    if flight.origin is None or flight.landing is None:
        raise ValueError(_NO_PLAN)
    drawn_ns = flight.clock.t_ns if flight.clock else flight.liftoff.t_ns if flight.liftoff else 0
    return backdrop(flight.origin, flight.landing, drawn_ns)


def _sigma(words: Words, sigma_s: float) -> str:
    return words("eta.sigma", time=words.about(TWO_SIGMA * sigma_s))


def _countdown(label: str, t_ns: int, clock_ns: int | None) -> Countdown:
    left_s = 0.0 if clock_ns is None else (t_ns - clock_ns) / NS_PER_S
    return Countdown(label, t_ns // NS_PER_MS, clock_text(left_s))


def _main_countdown(delivery: PublicDelivery, words: Words, clock_ns: int | None) -> Countdown | None:
    if delivery.eta_ns is None:
        return None
    return _countdown(words(f"eta.{delivery.handover}"), delivery.eta_ns, clock_ns)


def _next_countdown(delivery: PublicDelivery, words: Words, clock_ns: int | None) -> Countdown | None:
    flight = delivery.flight
    for key, step in (("liftoff", flight.liftoff), ("landing", flight.splashdown), ("vessel", flight.recovered)):
        if step is not None and not step.actual:
            return _countdown(words(f"eta.{key}"), step.t_ns, clock_ns)
    return None


def _after_liftoff(delivery: PublicDelivery, words: Words, handed_over: PublicHistory | None) -> str:
    liftoff = delivery.flight.liftoff
    if handed_over is None or liftoff is None or not liftoff.actual:
        return ""
    return words("door_to_door", time=words.about((handed_over.t_ns - liftoff.t_ns) / NS_PER_S))


def _signal(delivery: PublicDelivery, words: Words) -> Signal:
    clock = delivery.flight.clock
    if RANK[delivery.progress] >= RANK[DeliveryStatus.RECOVERED]:
        return Signal("ended", words("signal.ended"))
    if clock is None or clock.signal_age_s is None:
        return Signal("never", words("signal.never"))
    seconds_of_visitor = clock.signal_age_s / max(clock.rate, 1.0)
    if clock.rate > 0 and seconds_of_visitor < FRESH_S:
        return Signal("fresh", words("signal.fresh"))
    state = "age" if clock.rate > 0 and seconds_of_visitor < LOST_S else "none"
    return Signal(state, words(f"signal.{state}", time=words.about(clock.signal_age_s)))


def _details(delivery: PublicDelivery, words: Words, origin: str, destination: str) -> tuple[tuple[str, str], ...]:
    parcel = delivery.parcel
    volume = (
        words.with_unit("m3", parcel.volume_m3, 1)
        if parcel.volume_m3 >= 1
        else words.with_unit("litre", parcel.volume_m3 * LITRES_PER_M3)
    )
    rows = [
        (words("parcel.contents"), parcel.description),
        (words("parcel.mass"), words.with_unit("kg", parcel.mass_kg, 1)),
        (words("parcel.volume"), volume),
        (words("parcel.from"), origin),
        (words("parcel.to"), destination),
        (words("parcel.flight"), delivery.flight.flight),
    ]
    return tuple(row for row in rows if row[1])


def _clock(delivery: PublicDelivery) -> dict[str, Any]:
    clock = delivery.flight.clock
    if clock is None:
        return {"t_ms": None, "rate": 0, "heard_ms": None}
    heard_ms = None if clock.signal_age_s is None else clock.t_ns // NS_PER_MS - round(clock.signal_age_s * 1000)
    return {"t_ms": clock.t_ns // NS_PER_MS, "rate": clock.rate, "heard_ms": heard_ms}
