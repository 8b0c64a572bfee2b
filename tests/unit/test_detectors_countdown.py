"""Holds, scrubs, aborts, losses and blackouts: found when they happen, and never otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from detection import NS, T0_NS
from numpy.typing import NDArray
from recorded import Recorded, run, simulated, through_plasma

from processors.detectors.abort import Abort
from processors.detectors.blackout import Blackout
from processors.detectors.hold import Hold
from processors.detectors.loss_of_vehicle import LossOfVehicle
from processors.detectors.scrub import Scrub
from processors.detectors.splashdown import Splashdown
from processors.history import History
from processors.stretch import Stretch


def hop(faults: str = "") -> Recorded:
    return simulated("hop", "ship", faults)


def times(found: Any) -> list[float]:
    return [round((each.t_ns - T0_NS) / NS, 2) for each in found]


def until(flight: Recorded, last_s: float) -> Recorded:
    """Return a flight of which nothing is heard any more from a time on."""
    frames = {name: one.select(one.t_ns <= T0_NS + round(last_s * NS)) for name, one in flight.frames.items()}
    return Recorded(flight.airframe, frames)


def test_every_hold_is_found_when_the_count_stops() -> None:
    found = run(Hold, hop("pad_hold@-10,for_s=30 pad_hold@-4,for_s=20"))
    assert times(found) == [-10.0, 26.0]
    assert [each.values["mission_time_s"] for each in found] == pytest.approx([-10.0, -4.0], abs=0.01)
    assert run(Hold, hop()) == []


def test_a_hold_that_nobody_heard_is_between_the_rows_around_it() -> None:
    held = hop("pad_hold@-10,for_s=30")
    health = held.frames["health"]
    t_s = (health.t_ns - T0_NS) / NS
    holed = Recorded(held.airframe, held.frames | {"health": health.select((t_s < -13.0) | (t_s > 24.5))})
    (found,) = run(Hold, holed)
    assert abs(times([found])[0] - -10.0) < 2.0 * found.t_sigma_s < 8.0


def test_a_count_that_is_set_back_and_runs_is_no_hold() -> None:
    def recycle(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns["mission_time_s"][t_s > -20.0] -= 300.0

    assert run(Hold, hop().edited("health", recycle)) == []


def test_a_countdown_that_ends_is_a_scrub_and_no_hold() -> None:
    cold = hop("scrub@-8.3")
    assert times(run(Scrub, cold)) == [-8.3]
    assert run(Hold, cold) == run(Abort, cold) == []


def test_engines_that_were_lit_make_it_an_abort_too() -> None:
    hot = hop("scrub@-0.5")
    assert times(run(Scrub, hot)) == [-0.5]
    (abort,) = run(Abort, hot)
    assert times([abort]) == [pytest.approx(-0.3, abs=0.05)]
    assert abort.packet == "propulsion"
    assert run(Abort, simulated("static_fire", "ship")) == run(Scrub, simulated("static_fire", "ship")) == []


def test_an_abort_in_flight_is_the_flight_computers_word() -> None:
    def give_up(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns["flight_phase"][t_s > 30.5] = 9

    flight = hop().edited("health", give_up)
    assert times(run(Abort, flight)) == [pytest.approx(30.5, abs=0.6)]
    assert run(Scrub, flight) == []


@pytest.mark.parametrize("last_s", [5.0, 30.0, 62.0, 90.0, 120.9])
def test_silence_alone_is_no_loss(last_s: float) -> None:
    assert run(LossOfVehicle, until(hop(), last_s)) == []


@pytest.mark.parametrize(
    ("faults", "lost_s"),
    [
        ("loss_of_vehicle@30", 30.0),
        ("engine_out@20", 36.7),
        ("hard_landing,speed_m_s=30", 98.97),
        ("no_ignition,burn=landing", 90.85),
    ],
)
def test_a_break_up_and_an_impact_are_losses(faults: str, lost_s: float) -> None:
    (found,) = run(LossOfVehicle, hop(faults))
    assert times([found]) == [pytest.approx(lost_s, abs=0.1)]


def test_what_is_heard_on_is_not_lost_however_hard_it_came_down() -> None:
    assert run(LossOfVehicle, hop("hard_landing,speed_m_s=18")) == run(LossOfVehicle, hop("tip_over")) == []


@pytest.mark.parametrize(("first_s", "last_s"), [(70.0, 95.0), (30.0, 45.0)], ids=["sinking", "rising"])
def test_a_blackout_begins_with_the_last_packet_and_ends_with_the_first(first_s: float, last_s: float) -> None:
    start, end = run(Blackout, through_plasma(hop(), first_s, last_s))
    assert times([start, end]) == [pytest.approx(first_s, abs=0.03), pytest.approx(last_s, abs=0.03)]
    assert (start.type.rpartition("_")[2], end.type.rpartition("_")[2]) == ("start", "end")


def test_silence_out_of_the_plasma_is_no_blackout() -> None:
    assert run(Blackout, until(hop(), 70.0)) == []


def test_water_makes_a_splashdown_and_solid_ground_a_touchdown() -> None:
    def land(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        down = t_s > 121.63
        columns["altitude_m"][down] = 0.2
        columns["vertical_speed_m_s"][down] = np.random.default_rng(1).normal(0.0, 0.04, int(down.sum()))

    (water,), (ground,) = run(Splashdown, hop()), run(Splashdown, hop().edited("nav", land))
    assert (water.type, ground.type) == ("downrange.flight.splashdown", "downrange.flight.touchdown")
    assert times([ground]) == [pytest.approx(121.63, abs=0.03)]


def test_what_was_kept_on_board_does_not_end_a_blackout() -> None:
    flight = through_plasma(hop(), 80.0, 95.0)
    detector, history = Blackout(flight.airframe), History(flight.airframe)
    before, kept, after = flight.pieces([75.0, 94.0])
    detector.update(Stretch(flight.airframe, before, history))
    assert len(detector.on_watermark(T0_NS + 92 * NS)) == 1
    assert detector.update(Stretch(flight.airframe, kept, history)) == ()
    (found,) = detector.update(Stretch(flight.airframe, after, history))
    assert times([found]) == [pytest.approx(95.0, abs=0.03)]
