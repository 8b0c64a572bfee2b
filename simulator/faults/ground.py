"""What goes wrong before and after the flight: a countdown that stands, a fleet that is late, a fall in the water."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from simulator.faults.flight import PadHold, RecoveryDelayed, TipOver
from simulator.faults.kinds import AnyFault
from simulator.mission import Mission
from simulator.physics.earth import FloatArray
from simulator.plans import Recovery
from telemetry.errors import FlightError

BEFORE_LIFTOFF: Final = ("load_start_s", "load_end_s", "lock_s", "door_close_s", "seal_s")
M = TypeVar("M", bound=Mission)


@dataclass(frozen=True, slots=True)
class Hold:
    """A time for which the countdown stands, in mission time: liftoff is at 0 however late it is."""

    count_s: float
    start_s: float
    end_s: float


def holds_of(faults: Iterable[AnyFault]) -> tuple[Hold, ...]:
    """Return the holds of a countdown, in order of time; each lasts whole seconds.

    Examples
    --------
    >>> from simulator.faults.notation import parse_fault
    >>> holds_of([parse_fault("pad_hold@-10,for_s=60"), parse_fault("pad_hold@-20,for_s=30")])
    (Hold(count_s=-20.0, start_s=-110.0, end_s=-80.0), Hold(count_s=-10.0, start_s=-70.0, end_s=-10.0))
    """
    later_s = 0
    found: list[Hold] = []
    for fault in sorted((f for f in faults if isinstance(f, PadHold)), key=lambda each: -each.start_s):
        lasts_s = max(1, round(fault.end_s - fault.start_s))
        end_s = fault.start_s - later_s
        found.append(Hold(fault.start_s, end_s - lasts_s, end_s))
        later_s += lasts_s
    return tuple(reversed(found))


def held_s(faults: Iterable[AnyFault]) -> int:
    """Return how much later than planned the vehicle lifts off."""
    return round(sum(hold.end_s - hold.start_s for hold in holds_of(faults)))


def count_s(holds: Iterable[Hold], t_s: FloatArray) -> FloatArray:
    """Return what the countdown's clock says at mission times of shape (n,): it stands in a hold."""
    count = t_s
    for hold in holds:
        count = count + np.minimum(np.maximum(hold.end_s - t_s, 0.0), hold.end_s - hold.start_s)
    return np.asarray(count)


def held_mission(preset: M, faults: Iterable[AnyFault]) -> M:
    """Return a mission with its countdown and the work before it as much earlier before the liftoff as it is held.

    Raises
    ------
    FlightError
        If a hold is not between its begin and the ignition.
    """
    holds, countdown = holds_of(faults), preset.countdown
    for hold in holds:
        if not countdown.start_s < hold.count_s < countdown.ignition_s:
            between = f"between {countdown.start_s:g} and ignition at {countdown.ignition_s:g} s"
            raise FlightError(f"pad_hold at {hold.count_s:g} s: the countdown can be held {between}")
    start_s = round(_before_liftoff_s(countdown.start_s, holds))
    changed: dict[str, object] = {"countdown": countdown.model_copy(update={"start_s": start_s})}
    if preset.handling is not None:
        work = preset.handling
        earlier = {name: _before_liftoff_s(getattr(work, name), holds) for name in BEFORE_LIFTOFF}
        changed["handling"] = work.model_copy(update=earlier)
    return preset.model_copy(update=changed)


def _before_liftoff_s(planned_s: float, holds: tuple[Hold, ...]) -> float:
    return planned_s - sum(hold.end_s - hold.start_s for hold in holds if planned_s < hold.count_s)


def late_recovery(recovery: Recovery, faults: Iterable[AnyFault], vehicle: str) -> Recovery:
    """Return the fleet's timetable for a vehicle with what delays it."""
    by_s = sum(fault.by_s for fault in faults if isinstance(fault, RecoveryDelayed) and fault.concerns(vehicle))
    late = {"secured_s": recovery.secured_s + by_s, "on_deck_s": recovery.on_deck_s + by_s}
    return recovery.model_copy(update=late)


def tip_over(recovery: Recovery, faults: Iterable[AnyFault], vehicle: str) -> TipOver | None:
    """Return the first fall of a vehicle in the water, if there is one.

    Raises
    ------
    FlightError
        If it stands on deck by then.
    """
    falls = [fault for fault in faults if isinstance(fault, TipOver) and fault.concerns(vehicle)]
    if not falls:
        return None
    first = min(falls, key=lambda each: each.after_s)
    if first.after_s >= recovery.on_deck_s:
        raise FlightError(
            f"tip_over {first.after_s:g} s after splashdown: {vehicle} is on deck after {recovery.on_deck_s:g} s"
        )
    return first
