"""What may go wrong: kinds, their notation, the draw, and what should be detected."""

from __future__ import annotations

import re

import pytest
from pydantic import TypeAdapter

from simulator.faults import KINDS, AnyFault, Fault, descriptions, draw, expected, generator, parse_fault
from telemetry.errors import FlightError, Reason
from telemetry.vocabulary import EVENT_TYPES

EXAMPLES = {
    "sensor_stuck": "sensor_stuck@10,channel=altitude_m",
    "sensor_spike": "sensor_spike@10,channel=altitude_m,by=500",
    "sensor_drift": "sensor_drift@10,channel=altitude_m,rate_per_s=2",
    "sensor_dead": "sensor_dead@10,channel=altitude_m",
    "clock_jump": "clock_jump@10,by_s=5",
    "clock_drift": "clock_drift@10,ppm=20",
    "pad_hold": "pad_hold@-10",
    "scrub": "scrub@-10",
}
LEDGER = {"ledger: missing", "ledger: duplicate", "ledger: late"}


def example(kind: str) -> AnyFault:
    """Return a fault of a kind with as little said as it allows."""
    return parse_fault(EXAMPLES.get(kind) or (kind if KINDS[kind].time != "needed" else f"{kind}@10"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_should_be_detected(kind: str) -> None:
    findings = expected(example(kind))
    reasons = {f"rejected: {reason.value}" for reason in Reason}
    assert findings
    assert all(one in EVENT_TYPES | LEDGER | reasons or one.startswith("nothing: ") for one in findings)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_goes_through_yaml_and_json_unchanged(kind: str) -> None:
    adapter: TypeAdapter[AnyFault] = TypeAdapter(Fault)
    fault = example(kind)
    assert adapter.validate_json(adapter.dump_json(fault)) == fault
    assert adapter.validate_python(fault.model_dump(mode="json")) == fault


def test_the_list_says_of_each_kind_what_it_takes_and_what_it_is_in_one_line() -> None:
    listed = list(descriptions())
    assert [kind for kind, _, _ in listed] == list(KINDS)
    assert all(what.endswith(".") and "\n" not in what for _, _, what in listed)
    assert {kind: keys for kind, keys, _ in listed}["sensor_spike"] == (
        "at_s (needed), vehicle=ship, probability=1.0, channel (needed), by (needed)"
    )


def test_a_line_says_a_fault() -> None:
    lost = parse_fault("packets_lost@[100, 200], share=0.01,station=relay,probability=0.5")
    assert lost.model_dump(exclude_defaults=True) == {
        "at_s": (100.0, 200.0),
        "station": "relay",
        "probability": 0.5,
    }
    assert parse_fault("tip_over").start_s == -float("inf")
    short = parse_fault("overheat@5.5,for_s=10")
    assert (short.start_s, short.end_s) == (5.5, 15.5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("engin_out@60", "'engin_out'; there are engine_out, early_cutoff, .*, backhaul_down"),
        ("engine_out@60,engin=3", "engin: Extra inputs are not permitted; engine_out takes at_s .*, engine=1"),
        ("engine_out@60,engine=0", "engine: Input should be greater than or equal to 1"),
        ("engine_out", "say when"),
        ("tip_over@60", "an occasion of its own"),
        ("pad_hold@60", "before liftoff"),
        ("shock@[60,50]", "an earlier and a later one"),
        ("shock@NaN", "at_s"),
        ("shock@60,hard", "'hard' is no key=value"),
        ("packets_lost,share=1.5", "share: Input should be less than or equal to 1"),
        ("sensor_dead@3", "channel: Field required"),
    ],
)
def test_a_wrong_line_names_the_kinds_or_the_keys(text: str, message: str) -> None:
    with pytest.raises(FlightError, match=f"{re.escape(text)}.*{message}"):
        parse_fault(text)


def test_a_window_must_be_drawn_before_it_is_a_time() -> None:
    window = parse_fault("shock@[50,60]")
    with pytest.raises(FlightError, match="draw the faults"):
        _ = window.start_s
    (drawn,) = draw([window], 1)
    assert 50.0 <= drawn.start_s <= 60.0


def test_chance_follows_the_probability_and_the_window() -> None:
    fault = parse_fault("shock@[50,60],probability=0.3")
    happened = [one for seed in range(2_000) for one in draw([fault], seed)]
    assert 0.27 < len(happened) / 2_000 < 0.33
    times = [one.start_s for one in happened]
    assert min(times) < 50.5
    assert max(times) > 59.5
    assert sum(times) / len(times) == pytest.approx(55.0, abs=0.4)


def test_one_fault_more_changes_nothing_about_the_others() -> None:
    faults = [parse_fault(f"shock@[50,60],peak_m_s2={peak},probability=0.5") for peak in (100, 150, 200, 250)]
    other = parse_fault("packets_lost@[0,100]")
    for seed in range(20):
        alone = draw(faults, seed)
        assert [one for one in draw([other, *faults[:2], other, *faults[2:]], seed) if one.kind == "shock"] == [*alone]


def test_equal_faults_are_drawn_apart() -> None:
    drawn = draw([parse_fault("shock@[50,60]")] * 3, 1)
    assert len({one.start_s for one in drawn}) == 3
    assert draw([parse_fault("shock@[50,60]")] * 2, 1) == drawn[:2]


def test_a_faults_own_chance_depends_on_all_that_it_is_asked_for() -> None:
    lost, cut = parse_fault("packets_lost@3"), parse_fault("packets_cut@3")
    base = generator(lost, 1, "relay", "nav").random(4).tolist()
    assert base == generator(lost, 1, "relay", "nav").random(4).tolist()
    for other in (generator(lost, 2, "relay", "nav"), generator(lost, 1, "relay"), generator(cut, 1, "relay", "nav")):
        assert other.random(4).tolist() != base
