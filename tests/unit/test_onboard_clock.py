"""A clock on board that is set back in flight: nothing of it is lost, and events have its own times."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from detection import NS, T0_NS, detect, messages_of, new_engine, take
from late import differences, known_at_last, received
from quality.simulated import truth_of

from processors.onboard_clock import EVEN_ROWS, OnboardClock
from simulator.faults.clock import ClockJump
from simulator.packets import Transmitter
from simulator.simulate import simulate
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.message import Message

RATE_HZ = 50.0
BURNS = ("meco", "apogee", "landing_burn_start")
UNTIL_S = 100.0


class Vehicle:
    """Packets of some types, each at its rate, by a clock that is set while they come; times in s from T0_NS."""

    def __init__(self, rates_hz: dict[str, float] | None = None) -> None:
        self.clock = OnboardClock()
        self.rates_hz = rates_hz or {"nav": RATE_HZ}
        self.fast_s = 0.0

    def sends(self, first: int, stop: int, packet: str = "nav", lag_s: float = 0.1) -> list[float]:
        """Return the times that go on of packets by count; each is its own message."""
        rate_hz, found = self.rates_hz[packet], list[float]()
        for count in range(first, stop):
            t_ns = T0_NS + round((count / rate_hz + self.fast_s) * NS)
            ert_ns = T0_NS + round((count / rate_hz + lag_s) * NS)
            rows = Frame("ship", "relay", packet, 1, np.array([count]), np.array([t_ns]), ert_ns, {})
            onward = self.clock.onward(packet, rate_hz, count, rows, 0)
            found.append((int(onward.t_ns[0]) - T0_NS) / NS)
        return found

    def by_itself(self, t_s: float) -> float:
        return (self.clock.onboard_ns(T0_NS + round(t_s * NS)) - T0_NS) / NS


def made(first: int, stop: int, rate_hz: float = RATE_HZ) -> list[float]:
    return [count / rate_hz for count in range(first, stop)]


@pytest.mark.parametrize("by_s", [-0.1, -0.4, -2.5, -30.0, -4_000.0])
def test_times_go_on_when_the_clock_is_set_back(by_s: float) -> None:
    vehicle = Vehicle()
    vehicle.sends(0, 500)
    vehicle.fast_s = by_s
    assert vehicle.sends(500, 600) == pytest.approx(made(500, 600))
    assert vehicle.by_itself(9.0) == pytest.approx(9.0)
    assert vehicle.by_itself(11.0) == pytest.approx(11.0 + by_s)


def test_what_comes_late_of_before_a_step_has_its_own_time() -> None:
    vehicle = Vehicle()
    vehicle.sends(0, 490)
    vehicle.fast_s = -2.5
    vehicle.sends(500, 510)
    vehicle.fast_s = 0.0
    assert vehicle.sends(490, 495) == pytest.approx(made(490, 495))
    vehicle.fast_s = -2.5
    assert vehicle.sends(495, 500) == pytest.approx(made(495, 500))
    assert vehicle.by_itself(9.95) == pytest.approx(9.95 - 2.5)


def test_a_step_in_a_hole_is_seen_behind_it() -> None:
    vehicle = Vehicle()
    vehicle.sends(0, 500)
    vehicle.fast_s = -3.0
    assert vehicle.sends(1_000, 1_010) == pytest.approx(made(1_000, 1_010))
    assert vehicle.sends(700, 750) == pytest.approx(made(700, 750))


def test_a_hole_in_which_fewer_packets_were_made_than_is_said_is_no_step() -> None:
    vehicle = Vehicle({"nav": RATE_HZ})
    vehicle.sends(0, 500)
    vehicle.rates_hz["nav"] = 2 * RATE_HZ
    t_ns = T0_NS + round(20.0 * NS)
    rows = Frame("ship", "relay", "nav", 1, np.array([1_500]), np.array([t_ns]), t_ns + NS // 10, {})
    assert vehicle.clock.onward("nav", RATE_HZ, 1_500, rows, 0) is rows


def test_slow_packets_follow_the_fast_ones() -> None:
    vehicle = Vehicle({"nav": RATE_HZ, "health": 1.0})
    vehicle.sends(0, 500)
    vehicle.sends(0, 10, "health")
    vehicle.fast_s = -0.4
    vehicle.sends(500, 510)
    assert vehicle.sends(10, 15, "health") == pytest.approx(made(10, 15, 1.0))


def test_a_clock_that_is_put_right_is_believed() -> None:
    vehicle = Vehicle()
    vehicle.sends(0, 500)
    vehicle.fast_s = -5.0
    vehicle.sends(500, 1_000)
    vehicle.fast_s = 0.0
    assert vehicle.sends(1_000, 1_500) == pytest.approx(made(1_000, 1_500))
    assert [vehicle.by_itself(t_s) for t_s in (9.0, 15.0, 25.0)] == pytest.approx([9.0, 10.0, 25.0])


@pytest.mark.parametrize("by_s", [-0.5, -30.0])
def test_a_slip_of_one_packet_is_undone(by_s: float) -> None:
    vehicle = Vehicle()
    vehicle.sends(0, 500)
    vehicle.fast_s = by_s
    vehicle.sends(500, 501)
    vehicle.fast_s = 0.0
    assert vehicle.sends(501, 600) == pytest.approx(made(501, 600))
    assert vehicle.by_itself(12.0) == pytest.approx(12.0)


def test_before_packets_have_come_evenly_for_long_a_small_fall_is_disorder() -> None:
    vehicle = Vehicle()
    vehicle.sends(0, EVEN_ROWS - 10)
    vehicle.fast_s = -1.0
    assert vehicle.sends(EVEN_ROWS - 10, EVEN_ROWS) == pytest.approx([one - 1.0 for one in made(246, 256)])


@functools.cache
def hop(by_s: float) -> Transmitter:
    return simulate("hop", 7, T0_NS, faults=(ClockJump(at_s=60.0, by_s=by_s),))


def until(messages: list[Message]) -> list[Message]:
    return [one for one in messages if one.ert_ns < T0_NS + UNTIL_S * NS]


def times_of(events: list[Event]) -> dict[str, float]:
    return {one.name: (one.t_ns - T0_NS) / NS for one in events if one.name in BURNS}


def test_events_behind_a_step_are_found_at_the_time_of_the_clock_on_board() -> None:
    """Without it thirty seconds of packets are late, and engines stop and light in them."""
    flown = detect(until(messages_of(hop(-30.0))))
    true = {one.event: one.t_s for one in truth_of(hop(-30.0))["ship"] if one.event in BURNS}
    assert times_of(flown.events) == pytest.approx(true, abs=0.05)
    assert {row.late for row in flown.engine.ledger() if row.vehicle == "ship"} == {0}
    assert not [one for one in flown.events if one.name == "stale"]


def test_a_clock_that_runs_ahead_is_refused_and_an_operator_sees_it() -> None:
    flown = detect(until(messages_of(hop(2.0))))
    assert times_of(flown.events) == {}
    stale = [one for one in flown.events if one.name == "stale"]
    assert {60.0 < (one.detected_ns - T0_NS) / NS < 70.0 for one in stale} == {True}


def test_a_snapshot_between_the_packets_of_a_step_changes_nothing() -> None:
    messages = until(messages_of(hop(-2.5)))
    whole, engine, events = detect(messages).events, new_engine(), list[Event]()
    for offset, message in enumerate(messages):
        if 59.0 < (message.ert_ns - T0_NS) / NS < 61.0:
            again = new_engine()
            again.restore(engine.snapshot())
            engine = again
        events += take(engine, message, offset).events
    assert [(one.id, one.t_ns) for one in events] == [(one.id, one.t_ns) for one in whole]


@pytest.mark.parametrize("by_s", [-0.4, -3.0])
def test_a_step_in_a_blackout_and_its_dump_changes_nothing_in_the_end(by_s: float) -> None:
    in_time = received("hop", f"clock_jump@60,by_s={by_s}", UNTIL_S)
    dumped = received("hop", f"clock_jump@60,by_s={by_s} station_down@58,for_s=15", UNTIL_S)
    known, flown = known_at_last(dumped)
    assert any(row.rerun for row in flown.engine.ledger())
    assert not differences(known, known_at_last(in_time)[0])
