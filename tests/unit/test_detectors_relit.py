"""Engines that stop and light again at once, and an ascent that falls short: what happened is found all the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from detection import NS, T0_NS
from numpy.typing import NDArray
from recorded import Recorded, run, simulated

from processors.detectors.max_q import MaxQ
from processors.detectors.meco import Meco
from simulator.faults.notation import parse_fault
from simulator.happenings import flight_happenings
from simulator.simulate import simulate

MECO_S = 62.4
OFF_S = 0.4


def relit(*, commanded: bool) -> Recorded:
    """Return a hop whose engines run down from 30.0 s on and are lit again as soon as that is done."""

    def edit(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        since = t_s - 30.0
        level = np.clip(np.where(since < OFF_S, 1.0 - since / OFF_S, (since - OFF_S) / 1.2), 0.0, 1.0)
        inside = (since >= 0.0) & (since < OFF_S + 1.2)
        columns["chamber_pressure_pa"] = np.where(
            inside, columns["chamber_pressure_pa"] * level, columns["chamber_pressure_pa"]
        )
        columns["engines_running_count"][inside & (level < 0.5)] = 0
        if commanded:
            columns["throttle_percent"][inside & (since < OFF_S)] = 0.0

    return simulated("hop", "ship").edited("propulsion", edit)


@pytest.mark.parametrize("cuts_s", [(), (30.15, 30.3, 30.42, 30.6), tuple(np.arange(29.0, 33.0, 0.05).tolist())])
def test_a_burn_that_is_stopped_has_ended_although_the_next_one_begins_at_once(cuts_s: tuple[float, ...]) -> None:
    found = run(Meco, relit(commanded=True), cuts_s)
    assert (found[0].t_ns - T0_NS) / NS == pytest.approx(30.2, abs=0.03)


def test_sensors_that_drop_out_for_a_moment_while_the_command_stands_end_no_burn() -> None:
    found = run(Meco, relit(commanded=False))
    assert [(one.t_ns - T0_NS) / NS for one in found] == pytest.approx([MECO_S], abs=0.03)


def short_ascent(t_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the dynamic pressure of an ascent that is short of an engine: it takes 17 s to fall by 5 %."""
    return 32_000.0 * np.exp(-(((t_s - 40.0) / 75.0) ** 2)) * (t_s < 60.0) + 26_000.0 * (t_s >= 60.0)


def test_the_top_of_a_flat_ascent_is_told_within_fifteen_seconds() -> None:
    def edit(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        columns["dynamic_pressure_pa"] = np.where(t_s > 0.0, short_ascent(t_s), columns["dynamic_pressure_pa"])

    flight = simulated("hop", "ship").edited("nav", edit)
    found = run(MaxQ, flight)
    assert (found[0].t_ns - T0_NS) / NS == pytest.approx(40.0, abs=1.0)
    assert found[0].count_last is not None
    told_s = (int(flight.frames["nav"].t_ns[found[0].count_last]) - T0_NS) / NS
    assert 52.0 < told_s < 55.0


def test_the_truth_of_a_flight_that_sinks_on_its_engines_is_the_top_of_its_ascent() -> None:
    """Short of an engine the booster sinks at 35 km before it stops, where pressure rises beyond what it was."""
    flight = simulate("express", 5, T0_NS, faults=(parse_fault("engine_out@40"),)).flight
    true = {one.vehicle: one for one in flight_happenings(flight) if one.type == "downrange.flight.max_q"}
    assert [true[name].t_s for name in ("booster", "ship")] == pytest.approx([79.7, 79.7], abs=1.0)
    assert true["booster"].values["dynamic_pressure_pa"] == pytest.approx(32_400.0, rel=0.01)
