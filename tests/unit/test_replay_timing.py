from __future__ import annotations

import pytest

from replay.timing import Pace, Window, window_around
from telemetry.errors import SettingsError

S = 10**9
LIFTOFF_NS = 1_893_456_000 * S


def test_a_window_counts_from_liftoff_and_holds_both_ends() -> None:
    window = window_around(LIFTOFF_NS, -5, 10.5)
    inside = [t_s for t_s in (-6, -5, 0, 10, 10.5, 11) if LIFTOFF_NS + int(t_s * S) in window]
    assert inside == [-5, 0, 10, 10.5]


def test_an_end_that_is_not_given_is_open() -> None:
    assert 0 in Window()
    assert 0 in window_around(LIFTOFF_NS, None, 3)
    assert LIFTOFF_NS + 4 * S not in window_around(LIFTOFF_NS, None, 3)
    assert 2**62 in window_around(LIFTOFF_NS, 3, None)


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(SettingsError, match="--from must come before --to"):
        window_around(LIFTOFF_NS, 5, 4)


def test_messages_are_due_by_receive_time_and_speed() -> None:
    pace = Pace(20)
    assert [pace.due_s(LIFTOFF_NS + t_s * S) for t_s in (0, 1, 20, 10, 400)] == [0, 0.05, 1, 0.5, 20]


def test_what_came_late_and_what_has_no_time_is_due_at_once() -> None:
    pace = Pace(1)
    assert pace.due_s(0) == 0
    assert pace.due_s(LIFTOFF_NS) == 0
    assert pace.due_s(LIFTOFF_NS - 50 * S) == 0
    assert pace.due_s(0) == 0


def test_without_a_speed_everything_is_due_at_once() -> None:
    pace = Pace(None)
    assert [pace.due_s(LIFTOFF_NS + t_s * S) for t_s in (0, 1_000)] == [0, 0]


@pytest.mark.parametrize("speed", [0, -1, float("nan")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(SettingsError, match="above 0, or max"):
        Pace(speed)
