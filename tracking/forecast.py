"""When a flight's steps will be, from the plan and from what has happened; on the flight's own clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.milestones import Milestone
from tracking.plan import FlightPlan
from tracking.standing import counting

NS_PER_S: Final = 10**9
HOLD_SIGMA_S: Final = 1_800.0
# share of a step's planned duration taken as its standard uncertainty when the plan gives none; assumed
SPLASHDOWN_SHARE: Final = 0.02
RECOVERED_SHARE: Final = 0.25
PICKUP_SHARE: Final = 0.25

Basis = Literal["plan", "hold", "liftoff", "splashdown", "recovered", "actual", "unknown"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A time with its standard uncertainty; `actual` when it is known and no longer a forecast."""

    t_ns: int
    sigma_s: float
    actual: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """The steps of a flight in time.

    Parameters
    ----------
    liftoff, splashdown, recovered, pickup
        None where nobody can say: after a scrub, an abort or a loss, until a later step shows otherwise.
    basis
        The last thing that the forecast of `pickup` rests on.
    """

    liftoff: Estimate | None
    splashdown: Estimate | None
    recovered: Estimate | None
    pickup: Estimate | None
    basis: Basis


_NOTHING: Final = Forecast(None, None, None, None, "unknown")
_STEPS: Final[dict[Basis, tuple[str, ...]]] = {
    "liftoff": (FlightEvent.LIFTOFF.value,),
    "splashdown": (FlightEvent.SPLASHDOWN.value, FlightEvent.TOUCHDOWN.value),
    "recovered": (FlightEvent.RECOVERED.value,),
    "actual": (
        CargoEvent.UNLOADED.value,
        DeliveryStatus.OUT_FOR_DELIVERY.event_type,
        DeliveryStatus.AVAILABLE_FOR_PICKUP.event_type,
    ),
}
_STOPS: Final = (FlightEvent.SCRUB.value, FlightEvent.ABORT.value, FlightEvent.LOSS_OF_VEHICLE.value)


def forecast(plan: FlightPlan, milestones: Sequence[Milestone], clock_ns: int | None) -> Forecast:
    """Forecast a flight.

    Each step follows the one before by its planned duration; their variances add. What has happened replaces its
    forecast, with the event's own uncertainty. What should have happened by now and has not is expected now at the
    earliest, and the time by which it is overdue counts as uncertainty.

    Parameters
    ----------
    plan
        The plan.
    milestones
        What counts now of the flight and, for a parcel's own times, of the parcel.
    clock_ns
        The flight's time now; None before its first signal.
    """
    happened = [(m.type, m.t_ns, m.t_sigma_s) for m in counting(milestones)]
    stopped_ns = max((t_ns for kind, t_ns, _ in happened if kind in _STOPS), default=None)
    actual = {basis: _first(happened, kinds) for basis, kinds in _STEPS.items()}
    latest_step_ns = max((found[0] for found in actual.values() if found is not None), default=None)
    if stopped_ns is not None and (latest_step_ns is None or latest_step_ns <= stopped_ns):
        return _NOTHING
    held = any(kind == FlightEvent.HOLD.value for kind, _, _ in happened)
    start_sigma_s = max(plan.liftoff_sigma_s, HOLD_SIGMA_S) if held else plan.liftoff_sigma_s
    liftoff = _estimate(actual["liftoff"], plan.liftoff_ns, start_sigma_s, clock_ns)
    splashdown = _after(liftoff, *_leg(0, plan.to_splashdown_s, plan.splashdown_sigma_s, SPLASHDOWN_SHARE))
    splashdown = _estimate(actual["splashdown"], splashdown.t_ns, splashdown.sigma_s, clock_ns)
    recovered = _after(
        splashdown, *_leg(plan.to_splashdown_s, plan.to_recovered_s, plan.recovered_sigma_s, RECOVERED_SHARE)
    )
    recovered = _estimate(actual["recovered"], recovered.t_ns, recovered.sigma_s, clock_ns)
    pickup = _after(recovered, *_leg(plan.to_recovered_s, plan.to_pickup_s, plan.pickup_sigma_s, PICKUP_SHARE))
    pickup = _estimate(actual["actual"], pickup.t_ns, pickup.sigma_s, clock_ns)
    reached: list[Basis] = [basis for basis, found in actual.items() if found is not None]
    nothing_yet: Basis = "hold" if held else "plan"
    return Forecast(liftoff, splashdown, recovered, pickup, reached[-1] if reached else nothing_yet)


_Found = tuple[int, float]


def _first(happened: list[tuple[str, int, float]], kinds: tuple[str, ...]) -> _Found | None:
    return min(((t_ns, sigma_s) for kind, t_ns, sigma_s in happened if kind in kinds), default=None)


def _leg(start_s: float, stop_s: float, sigma_s: float | None, share: float) -> tuple[float, float]:
    duration_s = stop_s - start_s
    return duration_s, share * duration_s if sigma_s is None else sigma_s


def _after(step: Estimate, duration_s: float, sigma_s: float) -> Estimate:
    return Estimate(step.t_ns + round(duration_s * NS_PER_S), math.hypot(step.sigma_s, sigma_s), actual=False)


def _estimate(found: _Found | None, t_ns: int, sigma_s: float, clock_ns: int | None) -> Estimate:
    if found is not None:
        return Estimate(found[0], found[1], actual=True)
    if clock_ns is None or clock_ns <= t_ns:
        return Estimate(t_ns, sigma_s, actual=False)
    return Estimate(clock_ns, math.hypot(sigma_s, (clock_ns - t_ns) / NS_PER_S), actual=False)
