"""Recorded flights as they are: their events, from files alone, as `make quality` judges them.

A cut of it: no perturbations and no simulated flights. `FLOOR` is what holds today, so that nothing is lost unseen:
events found within the allowed error and in time. It is all of them where the requirement holds.
"""

from __future__ import annotations

import os
from typing import Final

import pytest
from quality.flights import ABSENT, names
from quality.rules import Group
from quality.run import CLEAN, recorded
from quality.score import Case
from quality.table import lines_of, rows_of

FLOOR: Final[dict[tuple[str, Group], int]] = {
    ("liftoff", "orbital"): 27,
    ("liftoff", "small"): 7,
    ("max_q", "orbital"): 28,
    ("meco", "orbital"): 28,
    ("meco", "small"): 7,
    ("apogee", "orbital"): 7,
    ("apogee", "small"): 10,
    ("entry_start", "orbital"): 7,
    ("entry_end", "orbital"): 7,
    ("landing_burn_start", "orbital"): 5,
    ("touchdown", "orbital"): 3,
    ("touchdown", "small"): 4,
}
# every reference there is; a file that is left out would be no failure otherwise
FLIGHTS: Final = 38


@pytest.fixture(scope="module")
def cases(request: pytest.FixtureRequest) -> list[Case] | None:
    """Return every case of the clean flights; a clone that has no recordings says so in one line and goes on."""
    known = names()
    if known:
        return [case for each in recorded(known, [CLEAN], 1, "auto", 2) for case in each]
    if os.environ.get("CI") == "true":
        pytest.fail(ABSENT, pytrace=False)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(ABSENT)  # noqa: T201 -- said on the terminal, whatever pytest captures
    return None


def test_events_of_clean_flights_are_found_in_time(cases: list[Case] | None) -> None:
    if cases is None:
        return
    assert len({case.flight for case in cases}) == FLIGHTS
    rows = rows_of(cases, [CLEAN])
    found = {(row.event, row.group): row.good for row in rows}
    short = {key: (found.get(key, 0), least) for key, least in FLOOR.items() if found.get(key, 0) < least}
    assert not short, "\n".join(lines_of(rows))


def test_nothing_is_told_of_a_clean_flight_that_did_not_happen(cases: list[Case] | None) -> None:
    assert not [case for case in cases or [] if case.kind == "false"]


def test_stated_sigmas_cover_the_errors_of_clean_flights(cases: list[Case] | None) -> None:
    """Of the events that are asked for; the published times of others are whole seconds, and a second off as a rule."""
    timed = {event for event, _ in FLOOR} - {"max_q"}
    right = [case for case in cases or [] if case.kind == "hit" and case.event in timed]
    assert sum(case.sigmas <= 2.0 for case in right) >= 0.95 * len(right)
