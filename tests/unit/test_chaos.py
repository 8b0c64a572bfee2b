"""What the chaos suite promises: a schedule that repeats, recordings that are what they say, a proof that sees."""

from __future__ import annotations

from collections import Counter

from chaos.proof import Found
from chaos.recording import record_fleet
from chaos.schedule import CUTS, Deed, schedule
from chaos.truth import truth_of

PARTS, WAYS = ("kafka", "ingest", "detect"), ("ingest-kafka", "detect-kafka")


def test_the_same_seed_gives_the_same_schedule_and_another_gives_another() -> None:
    first, again, other = (schedule(seed, PARTS, WAYS, 30, 12, 100.0) for seed in (7, 7, 8))
    assert first == again
    assert first != other


def test_every_part_and_every_cut_has_its_turn() -> None:
    acts = schedule(7, PARTS, WAYS, 30, 12, 100.0)
    assert Counter(act.target for act in acts if act.deed is Deed.KILL) == dict.fromkeys(PARTS, 10)
    assert Counter((act.target, act.deed) for act in acts if act.deed is not Deed.KILL) == {
        (way, deed): 2 for way in WAYS for deed in CUTS
    }
    assert all(0 <= act.at_s <= 101 for act in acts)


def test_what_is_too_little_and_what_is_too_much_is_seen() -> None:
    found = Found("F")
    found.expect("packets", {"a": 1, "b": 1}, {"a": 1, "b": 1})
    assert not found.wrong
    found.expect("packets", {"a": 1, "b": 1}, {"a": 2})
    assert (found.lost, found.doubled) == (1, 1)
    assert found.wrong == ["packets: 1 lost, 1 too many"]


def test_all_stations_hear_the_same_and_some_of_it_is_spoiled() -> None:
    for recordings in (*record_fleet(2, 1), *record_fleet(2, 11)):
        truths = [truth_of([recording]) for recording in recordings]
        assert len(truths) == 2
        assert truths[0].good == truths[1].good
        assert all(0.99 < len(truth.good) / sum(truth.made.values()) < 1.0 for truth in truths)
        assert all(truth.bad > 50 for truth in truths)
        assert truths[0].events == truths[1].events
