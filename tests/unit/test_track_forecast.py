from __future__ import annotations

import math

import pytest
from tracks import LIFTOFF_NS, NS, event, plan

from telemetry.vocabulary import CargoEvent, FlightEvent
from tracking.clock import clock_of
from tracking.forecast import Estimate, Forecast, forecast
from tracking.milestones import milestone_of
from tracking.motion import Now, RateMeter
from tracking.plan import FlightPlan

PLAN = plan(splashdown_sigma_s=40.0, recovered_sigma_s=60.0, pickup_sigma_s=120.0, liftoff_sigma_s=300.0)
Told = tuple[FlightEvent | CargoEvent, float]


def told(*events: Told, clock_s: float | None = None, of: FlightPlan = PLAN) -> Forecast:
    clock_ns = None if clock_s is None else LIFTOFF_NS + round(clock_s * NS)
    return forecast(of, [milestone_of(event(kind, t_s)) for kind, t_s in events], clock_ns)


def pickup(found: Forecast) -> tuple[float, float, bool, str]:
    assert isinstance(found.pickup, Estimate)
    seconds = (found.pickup.t_ns - LIFTOFF_NS) / NS
    return (seconds, round(found.pickup.sigma_s, 3), found.pickup.actual, found.basis)


def test_before_liftoff_the_plan_counts_and_all_uncertainties_add() -> None:
    assert pickup(told()) == (2400, round(math.hypot(300, 40, 60, 120), 3), False, "plan")


def test_the_actual_liftoff_shifts_everything_and_takes_its_uncertainty_away() -> None:
    late = (FlightEvent.LIFTOFF, 90.0)
    assert pickup(told(late)) == (2490, round(math.hypot(0.1, 40, 60, 120), 3), False, "liftoff")


def test_the_actual_splashdown_and_recovery_replace_the_plan() -> None:
    landed = ((FlightEvent.LIFTOFF, 0.0), (FlightEvent.SPLASHDOWN, 1750.0))
    assert pickup(told(*landed)) == (2350, round(math.hypot(0.1, 60, 120), 3), False, "splashdown")
    aboard = (*landed, (FlightEvent.RECOVERED, 2000.0))
    assert pickup(told(*aboard)) == (2300, round(math.hypot(0.1, 120), 3), False, "recovered")
    assert pickup(told(*aboard, (CargoEvent.UNLOADED, 2222.0))) == (2222, 0.1, True, "actual")


def test_what_was_missed_does_not_matter_once_a_later_step_is_known() -> None:
    assert pickup(told((FlightEvent.RECOVERED, 2000.0))) == (2300, round(math.hypot(0.1, 120), 3), False, "recovered")


def test_what_is_overdue_is_expected_now_and_less_sure() -> None:
    found = told((FlightEvent.LIFTOFF, 0.0), clock_s=1900)
    assert found.splashdown == Estimate(LIFTOFF_NS + 1900 * NS, math.hypot(0.1, 40, 100), actual=False)
    seconds, sigma_s, _, basis = pickup(found)
    assert (seconds, basis) == (2500, "liftoff")
    assert sigma_s == round(math.hypot(0.1, 40, 100, 60, 120), 3)


def test_nothing_is_overdue_before_its_time() -> None:
    assert told((FlightEvent.LIFTOFF, 0.0), clock_s=1700) == told((FlightEvent.LIFTOFF, 0.0))


def test_a_hold_makes_the_liftoff_unsure() -> None:
    found = told((FlightEvent.HOLD, -10.0), clock_s=600)
    seconds, sigma_s, _, basis = pickup(found)
    assert (seconds, basis) == (3000, "hold")
    assert sigma_s > 1800


@pytest.mark.parametrize("kind", [FlightEvent.SCRUB, FlightEvent.ABORT, FlightEvent.LOSS_OF_VEHICLE])
def test_after_a_scrub_an_abort_or_a_loss_nobody_can_say(kind: FlightEvent) -> None:
    found = told((kind, -5.0))
    assert (found.pickup, found.basis) == (None, "unknown")
    assert pickup(told((kind, -5.0), (FlightEvent.LIFTOFF, 7200.0)))[0] == 9600


def test_without_figures_of_its_own_a_plan_takes_shares() -> None:
    found = told(of=plan(liftoff_sigma_s=1e-9))
    assert found.splashdown is not None
    assert found.splashdown.sigma_s == pytest.approx(36)
    assert pickup(found)[1] == pytest.approx(math.hypot(36, 75, 75), abs=1e-3)


def now(**changes: object) -> Now:
    last = Now(run="live", flight="F-1", clock_ns=LIFTOFF_NS, heard_ns=LIFTOFF_NS - 2 * NS, received_ns=5000 * NS)
    return last.model_copy(update=changes)


def test_a_live_flight_goes_by_the_wall_until_it_is_heard() -> None:
    clock = clock_of(None, "live", LIFTOFF_NS)
    assert clock is not None
    assert (clock.t_ns, clock.rate, clock.signal_age_s) == (LIFTOFF_NS, 1.0, None)
    assert clock_of(None, "replay-1", LIFTOFF_NS) is None


def test_a_real_flights_clock_runs_on_without_signal() -> None:
    clock = clock_of(now(), "live", 5030 * NS)
    assert clock is not None
    assert (clock.t_ns, clock.rate, clock.signal_age_s) == (LIFTOFF_NS + 30 * NS, 1.0, 32.0)


def test_an_accelerated_flights_clock_soon_stands_still_without_signal() -> None:
    running = clock_of(now(rate=20.0), "live", 5002 * NS)
    standing = clock_of(now(rate=20.0), "live", 9000 * NS)
    assert running is not None
    assert standing is not None
    assert (running.t_ns, running.rate) == (LIFTOFF_NS + 40 * NS, 20.0)
    assert (standing.t_ns, standing.rate) == (LIFTOFF_NS + 200 * NS, 0.0)


def test_a_clock_that_is_behind_ours_does_not_run_backwards() -> None:
    clock = clock_of(now(), "live", 4000 * NS)
    assert clock is not None
    assert clock.t_ns == LIFTOFF_NS


def test_the_rate_is_measured_and_a_backlog_does_not_fool_it() -> None:
    meter = RateMeter()
    rates = [meter.update(25 * n * NS // 10, n * NS // 10) for n in range(1, 40)]
    assert rates[0] is None
    assert rates[-1] == pytest.approx(25)
    backlog = meter.update(10_000 * NS, 5 * NS)
    assert backlog == pytest.approx(25)
    assert meter.update(10_001 * NS, 0) is None
