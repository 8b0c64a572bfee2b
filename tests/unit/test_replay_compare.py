from __future__ import annotations

from typing import Any

import pytest

from replay.compare import compare_events
from telemetry.events import Event, Evidence

T_NS = 1_893_456_000 * 10**9


def event(kind: str = "flight.apogee", **changes: Any) -> Event:
    given: dict[str, Any] = {
        "run": "live",
        "flight": "F",
        "vehicle": "ship",
        "t_ns": T_NS,
        "t_sigma_s": 0.1,
        "detected_ns": T_NS + 5,
        "values": {"altitude_m": 100.0},
        "evidence": Evidence(detector="d", detector_version=1, topic_offsets={"downrange.telemetry-3": 17}),
    }
    return Event(type=f"downrange.{kind}", **(given | changes))


APOGEE = ("ship", "downrange.flight.apogee", 0, 0)


def test_another_run_detected_later_at_other_offsets_is_equal() -> None:
    evidence = Evidence(detector="d", detector_version=1, topic_offsets={"downrange.telemetry-9": 99_999})
    again = event(run="replay-1", detected_ns=T_NS + 10**9, evidence=evidence)
    comparison = compare_events([event()], [again])
    assert comparison.equal == [APOGEE]
    assert comparison.same


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"t_ns": T_NS - 20_000_000}, "t_ns", "-0.020000000 s"),
        ({"values": {"altitude_m": 101.0}}, "values.altitude_m", "100.0, replayed 101.0"),
        ({"values": {}}, "values.altitude_m", "100.0, replayed None"),
        ({"values": {"altitude_m": 100.0, "more_m": 1.0}}, "values.more_m", "None, replayed 1.0"),
        ({"t_sigma_s": 0.2}, "t_sigma_s", "0.1, replayed 0.2"),
        ({"status": "provisional"}, "status", "confirmed, replayed provisional"),
    ],
)
def test_a_difference_names_event_field_and_both_values(change: dict[str, Any], field: str, said: str) -> None:
    comparison = compare_events([event()], [event(**change)])
    assert [(d.identity, list(d.fields)) for d in comparison.differing] == [(APOGEE, [field])]
    assert not comparison.same
    assert "differing  ship apogee" in comparison.to_text()
    assert said in comparison.to_text()


def test_what_only_one_run_found_is_missing_or_extra() -> None:
    later = event("cargo.shock", ordinal=1, t_ns=T_NS + 9)
    comparison = compare_events([event("cargo.shock"), later], [event("cargo.shock"), event("cargo.tilt")])
    assert comparison.missing == [("ship", "downrange.cargo.shock", 1, 0)]
    assert comparison.extra == [("ship", "downrange.cargo.tilt", 0, 0)]
    text = comparison.to_text()
    assert "1 equal, 0 differing, 1 missing, 1 extra" in text
    assert "missing    ship shock #2" in text
    assert "extra      ship tilt" in text
    assert "revised" not in text
    assert not comparison.same


def test_the_last_word_counts_and_what_was_said_before_is_told_apart() -> None:
    guess = event(status="provisional", t_ns=T_NS - 10**9)
    told = [guess, event(revision=1)]
    comparison = compare_events(told, [event()])
    assert comparison.same
    assert comparison.equal == [("ship", "downrange.flight.apogee", 0, 1)]
    assert comparison.revisions_missing == [APOGEE]
    assert "0 equal, 1 told by the original only, 0 by the replay\n  original   ship apogee" in comparison.to_text()
    assert compare_events(told, told).revisions_equal == [APOGEE]
    other_guess = event(status="provisional", t_ns=T_NS - 2 * 10**9)
    both = compare_events(told, [other_guess, event(revision=1)])
    assert both.same
    assert (both.revisions_missing, both.revisions_extra) == ([APOGEE], [APOGEE])


def test_an_event_taken_back_is_none_and_does_not_number_those_behind_it() -> None:
    false = event("flight.touchdown", status="provisional", t_ns=T_NS - 10**9)
    taken_back = event("flight.touchdown", revision=1, status="retracted", t_ns=T_NS - 10**9)
    landed, landed_once = event("flight.touchdown", ordinal=1), event("flight.touchdown")
    comparison = compare_events([false, taken_back, landed], [landed_once])
    assert comparison.same
    assert len(comparison.revisions_missing) == 2
    gone = compare_events([landed_once], [false, taken_back])
    assert gone.missing == [("ship", "downrange.flight.touchdown", 0, 0)]
    assert not gone.same


def test_vehicles_are_kept_apart_and_order_does_not_matter() -> None:
    events = [event(vehicle=vehicle) for vehicle in ("ship", "booster")]
    assert len(compare_events(events, events[::-1]).equal) == 2


def test_two_runs_without_events_are_not_called_the_same() -> None:
    assert not compare_events([], []).same


def test_what_people_did_about_limits_is_not_compared_and_what_the_data_say_is() -> None:
    about = {"channel": "bus_voltage_v", "level": "warning", "side": "below"}
    raised = event("limit.raised", values=about | {"value": 24.0})
    acts = [event(f"limit.{word}", values=about | {"by": "lin"}) for word in ("acknowledged", "shelved", "unshelved")]
    comparison = compare_events([event(), raised, *acts], [event(), raised])
    assert comparison.same
    assert len(comparison.equal) == 2
    without = compare_events([event(), raised, *acts], [event()])
    assert without.missing == [("ship", "downrange.limit.raised", 0, 0)]
    assert "missing    ship limit.raised" in without.to_text()
