"""What webcasts of launches show at their edges: a record that begins late, a flat maximum, a display after noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from quality.claims import Claim, heard
from quality.flights import Log
from quality.synthetic_webcast import made_webcast

from processors.launcher.edge_times import passing
from processors.motion.noise import Noise


def from_on(log: Log, first_s: float) -> Log:
    """Return what is left of a log from a time on."""
    left = log.t_s >= first_s
    return replace(log, t_s=log.t_s[left], columns={name: values[left] for name, values in log.columns.items()})


def told(log: Log, event: str) -> list[Claim]:
    """Return the claims of an event."""
    return [claim for claim in heard(log) if claim.type == event]


@pytest.mark.parametrize("after_s", [-20.0, 5.0, 30.0])
@pytest.mark.parametrize("number", [0, 16])
def test_a_record_that_begins_after_the_greatest_pressure_says_none(number: int, after_s: float) -> None:
    log = made_webcast(number).log
    cut_off_s = log.reference_s("meco")
    assert cut_off_s is not None
    assert not told(from_on(log, cut_off_s + after_s), "max_q")


@pytest.mark.parametrize("number", [30, 111, 1068])
def test_a_flat_maximum_is_told_in_time(number: int) -> None:
    log = made_webcast(number).log
    true_s = log.reference_s("max_q")
    (claim,) = told(log, "max_q")
    assert true_s is not None
    assert abs(claim.t_event_s - true_s) < 5.0
    assert claim.settled_s(5.0) < true_s + 15.0


@pytest.mark.parametrize("number", [3, 1032, 1062])
def test_the_end_of_a_burn_is_not_where_air_brakes_again(number: int) -> None:
    log = made_webcast(number).log
    true_s = log.reference_s("entry_end")
    (claim,) = told(log, "entry_end")
    assert true_s is not None
    assert all(abs(t_event_s - true_s) < 2.0 for t_event_s, _ in claim.told)


def test_an_edge_is_looked_for_where_the_lines_meet() -> None:
    t_s = np.arange(-4.0, 3.0, 0.1)
    speeds = np.where(t_s < 0.0, 30.0 * t_s, -8.0 * t_s)
    found = passing(t_s, speeds, (-1.0, 1.0), 0.1, -38.0, 0.0)
    assert found is not None
    assert abs(found[0]) < 0.4
    assert passing(t_s, speeds, (1.5, 2.5), 0.1, -38.0, 0.0) is None


def test_a_display_that_stuck_at_the_cut_off_does_not_move_it() -> None:
    log = made_webcast(87).log
    (claim,) = told(log, "meco")
    assert abs(claim.t_event_s - 210.0) < 0.8


def test_a_display_of_kilometres_after_a_noisy_pad_counts_in_kilometres() -> None:
    chance, noise = np.random.default_rng(5), Noise(0.3)
    for value in chance.normal(0.0, 30.0, 400):
        noise.take(float(value))
    for height in np.floor(np.arange(0.0, 3_500.0, 20.0) / 1000.0) * 1000.0:
        noise.take(float(height))
    assert 250.0 < noise.sigma < 600.0
