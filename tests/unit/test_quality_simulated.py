"""Simulated flights are judged by what truly happened, on the clock that stamps their packets."""

from __future__ import annotations

import pytest
from detection import T0_NS
from quality.simulated import judged_flight, truth_of

from simulator.faults.clock import ClockJump
from simulator.simulate import simulate

BURNS = {"liftoff", "meco", "apogee", "landing_burn_start", "splashdown"}


def test_a_hop_without_faults_is_found_whole() -> None:
    cases = judged_flight(8)
    assert {(case.flight, case.perturbation) for case in cases} == {("8 hop ship", "sim none")}
    assert {case.event for case in cases if case.kind == "hit"} >= BURNS
    assert not any(case.blind for case in cases if case.event in BURNS)


def test_a_wrong_clock_moves_what_happened_with_it() -> None:
    plain = simulate("hop", 7, T0_NS)
    wrong = simulate("hop", 7, T0_NS, faults=(ClockJump(at_s=30.0, by_s=0.5),))
    before, after = ({one.event: one.t_s for one in truth_of(sent)["ship"]} for sent in (plain, wrong))
    assert after["liftoff"] == before["liftoff"]
    assert after["apogee"] == pytest.approx(before["apogee"] + 0.5)
