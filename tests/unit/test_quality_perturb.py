"""What is done to a log is what is said, the same every time; the witness never speaks against what truly happened."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from quality.faults import FAMILIES, SHARES, drawn, family_of
from quality.flights import ABSENT, Log, Reference, load, names
from quality.perturb import KINDS, SCALE_HEIGHT_M, perturbed
from quality.rules import RULES
from quality.run import options
from quality.truth import Record

from simulator.faults.kinds import KINDS as FAULTS

RATE_HZ = 50


def level(lasts_s: float = 600.0) -> Log:
    """Return a log whose values tell each row from every other."""
    t_s = np.arange(0.0, lasts_s, 1 / RATE_HZ)
    columns = {
        "speed_m_s": t_s.copy(),
        "altitude_m": 10.0 * t_s,
        "pressure_pa": 1e5 - t_s,
        "acceleration_m_s2": np.where(np.arange(t_s.size) % 5 == 0, 1.0 + t_s, np.nan),
    }
    return Log("level", "orbital", t_s, columns, (Reference("liftoff", 10.0), Reference("apogee", 400.0)))


LOG = level()


def errors(kind: str, channel: str, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(perturbed(LOG, kind, seed).columns[channel] - LOG.columns[channel])


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_rows_and_another_gives_others(kind: str) -> None:
    first, again, other = (perturbed(LOG, kind, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.t_s, again.t_s)
    for name, values in first.columns.items():
        np.testing.assert_array_equal(values, again.columns[name])
        assert values.shape == first.t_s.shape
    assert any(not np.array_equal(first.columns[name], other.columns[name], equal_nan=True) for name in first.columns)


@pytest.mark.parametrize(("kind", "times"), [("noise", 1.0), ("noise x3", 3.0)])
def test_noise_is_two_metres_a_second_and_thirty_metres(kind: str, times: float) -> None:
    assert np.std(errors(kind, "speed_m_s")) == pytest.approx(2.0 * times, rel=0.05)
    height = errors(kind, "altitude_m")
    assert np.std(height) == pytest.approx(30.0 * times, rel=0.05)
    pressure = perturbed(LOG, kind, 0).columns["pressure_pa"] / LOG.columns["pressure_pa"]
    np.testing.assert_allclose(-SCALE_HEIGHT_M * np.log(pressure), height, atol=1e-6)


def test_spikes_are_one_in_five_hundred_and_as_high_as_said() -> None:
    for channel, height in (("speed_m_s", 1_500.0), ("altitude_m", 20_000.0)):
        found = errors("spikes", channel)
        assert set(np.round(np.abs(found), 6)) == {0.0, height}
        assert np.count_nonzero(found) / found.size == pytest.approx(0.002, rel=0.5)
        assert (found > 0).any()
        assert (found < 0).any()


def test_what_is_not_measured_stays_so() -> None:
    for kind in set(KINDS) - {"dropped", "holes", "shuffled", "pad"}:
        known = np.isfinite(perturbed(LOG, kind, 0).columns["acceleration_m_s2"])
        np.testing.assert_array_equal(known, np.isfinite(LOG.columns["acceleration_m_s2"]))


def test_three_in_ten_are_dropped_and_the_rest_is_as_it_was() -> None:
    left = perturbed(LOG, "dropped", 0)
    assert left.t_s.size / LOG.t_s.size == pytest.approx(0.7, abs=0.01)
    np.testing.assert_array_equal(left.columns["speed_m_s"], left.t_s)


def test_a_hole_of_five_seconds_every_thirty() -> None:
    gaps = np.diff(perturbed(LOG, "holes", 0).t_s)
    holes = gaps[gaps > 1.0]
    assert holes.size in {19, 20, 21}
    np.testing.assert_allclose(holes[1:-1], 5.0, atol=2 / RATE_HZ)


def test_two_in_a_hundred_change_places_within_a_second_and_keep_their_times() -> None:
    mixed = perturbed(LOG, "shuffled", 0)
    np.testing.assert_array_equal(np.sort(mixed.t_s), LOG.t_s)
    np.testing.assert_array_equal(mixed.columns["speed_m_s"], mixed.t_s)
    moved_s = np.abs(mixed.t_s - LOG.t_s)
    assert 0.5 < moved_s.max() <= 1.0 + 3 / RATE_HZ
    assert np.count_nonzero(moved_s > 5 / RATE_HZ) / moved_s.size == pytest.approx(0.02, rel=0.3)


def test_ten_minutes_of_noise_stand_before_the_log() -> None:
    padded = perturbed(LOG, "pad", 0)
    pad = padded.t_s < 0.0
    assert padded.t_s[0] == pytest.approx(-600.0)
    np.testing.assert_array_equal(padded.columns["speed_m_s"][~pad], LOG.columns["speed_m_s"])
    assert np.std(padded.columns["altitude_m"][pad]) == pytest.approx(30.0, rel=0.05)
    assert abs(np.mean(padded.columns["altitude_m"][pad])) < 1.0


def test_values_are_frozen_for_ten_seconds_and_the_log_says_when() -> None:
    frozen = perturbed(LOG, "frozen", 3)
    ((first_s, last_s),) = frozen.blind_s
    still = (LOG.t_s >= first_s) & (LOG.t_s < last_s)
    assert last_s - first_s == 10.0
    assert np.unique(frozen.columns["speed_m_s"][still]).size == 1
    np.testing.assert_array_equal(frozen.columns["speed_m_s"][~still], LOG.columns["speed_m_s"][~still])


def test_every_kind_of_fault_is_drawn_and_again_the_same() -> None:
    def draw(number: int) -> list[str]:
        chance = np.random.default_rng(number)
        faults = drawn(family_of(chance), ["ship", "booster"], ["relay"], 500.0, chance)
        return [str(one) for one in faults]

    chance = np.random.default_rng(1)
    kinds = {one.kind for _ in range(400) for one in drawn("mixed", ["ship"], ["relay"], 500.0, chance)}
    assert kinds == set(FAULTS)
    assert sorted(SHARES) == sorted(FAMILIES)
    assert [draw(number) for number in range(20)] == [draw(number) for number in range(20)]


@pytest.mark.parametrize("given", [["--only", "thunder"], ["--flights", "No_such_flight"]])
def test_an_unknown_name_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(given)
    assert given[1] in capsys.readouterr().err or not names()


def test_the_witness_contradicts_nothing_that_happened(capsys: pytest.CaptureFixture[str]) -> None:
    """Every reference of every recording, as early and as late as a claim may be, as if nobody had published it."""
    if not names():
        if os.environ.get("CI") == "true":
            pytest.fail(ABSENT, pytrace=False)
        with capsys.disabled():
            print(ABSENT)  # noqa: T201 -- said on the terminal, whatever pytest captures
    for name in names():
        log = load(name)
        record = Record(replace(log, references=tuple(one for one in log.references if one.event != "meco")))
        for one in log.references:
            rule = RULES[log.group][one.event]
            for share in (-0.99, 0.0, 0.99):
                t_s = one.t_s + share * rule.error_s
                assert record.contradicts(one.event, t_s, rule.error_s) is None, (name, one, t_s)
