"""The phases of a flight: plans as data, the machine that follows them, and what they gate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import yaml
from detection import NS, T0_NS
from numpy.typing import NDArray
from phase_charts import PAGE, page
from recorded import simulated

from processors.airframe import Airframe
from processors.detector import Detector, Finding
from processors.detectors.limits import Limits
from processors.history import History
from processors.lookout import Lookout
from processors.motion_detector import MotionDetector
from processors.phases.gate import Gate
from processors.phases.machine import Phases
from processors.phases.plan import EVENTS
from processors.phases.plans import load_plan, plan_for, plan_of, plans
from processors.registry import detector_classes
from processors.stretch import Stretch
from processors.turned import Turned
from telemetry.dictionary import BUILT_IN_DIR, Dictionary, built_in, load_dictionary
from telemetry.errors import DictionaryError
from telemetry.events import Status
from telemetry.frames import Frame
from telemetry.vocabulary import FlightEvent, VehicleClass, short_name
from telemetry.xtce.export import export_xtce
from telemetry.xtce.reading import read_xtce

SMALL = """
name: small
version: 1
vehicle_class: hop
vehicle_classes: {rocket: sounding}
description: A tank, and nothing that says the phase.
time: {epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}
packets:
  tank:
    apid: 10
    rate_hz: 1
    description: A tank.
    channels:
      - name: tank_pressure_pa
        raw: f32
        range: [0, 1.0e+6]
        description: Its pressure
        limits:
          - {level: warning, above: 400, clear: 300, phases: [ascent]}
"""
PLAN = """
name: hop
description: d
start: pad
shows_start: [liftoff]
states:
  pad: {description: d, phase: pad, to: {liftoff: up}}
  up: {description: d, phase: ascent, stays: [max_q]}
"""


def full(event: str) -> str:
    return f"downrange.flight.{event}"


def followed(word: str, events: str) -> list[str]:
    """Return the states that events lead through, one a second."""
    machine = Phases(plan_for(word))
    for t_ns, event in enumerate(events.split()):
        machine.take(full(event), t_ns)
    return [change.after for change in machine.changes()]


@pytest.mark.parametrize(
    ("word", "events", "states"),
    [
        (
            "booster",
            "liftoff meco boostback_start boostback_end apogee entry_start entry_end landing_burn_start touchdown",
            "boost coast boostback coast descent entry_burn descent landing_burn landed",
        ),
        (
            "express",
            "liftoff stage_separation ses seco apogee entry_start entry_end landing_burn_start splashdown",
            "boost coast upper_burn coast descent entry_burn descent landing_burn afloat",
        ),
        ("upper_stage", "liftoff meco ses seco apogee ses", "boost coast upper_burn coast descent upper_burn"),
        ("sounding", "liftoff max_q meco apogee touchdown recovered", "boost coast descent landed recovered"),
        ("hop", "liftoff apogee landing_burn_start touchdown", "boost landing_burn landed"),
        ("launcher", "hold ignition abort scrub", "aborted"),
        ("sounding", "hold scrub", "scrubbed"),
        ("booster", "liftoff abort landing_burn_start loss_of_vehicle", "boost given_up landing_burn lost"),
    ],
)
def test_a_flight_goes_through_the_phases_of_its_class(word: str, events: str, states: str) -> None:
    assert followed(word, events) == states.split()


def test_events_that_were_missed_are_passed_over() -> None:
    assert followed("booster", "entry_end touchdown") == ["descent", "landed"]
    assert followed("sounding", "liftoff touchdown") == ["boost", "landed"]


def test_what_cannot_be_any_more_is_refused_and_what_can_still_be_is_not() -> None:
    machine = Phases(plan_for("booster"))
    machine.take(full("liftoff"), 10)
    machine.take(full("meco"), 20)
    machine.take(full("touchdown"), 30)
    assert [machine.allows(full("hold"), at) for at in (5, 15, 25)] == [True, False, False]
    assert [machine.allows(full("liftoff"), at) for at in (5, 15, 25)] == [True, True, False]
    assert [machine.allows(full("apogee"), at) for at in (5, 25, 35)] == [True, True, False]
    assert not machine.allows(full("ses"), 15)
    assert machine.allows(full("recovered"), 35)


def test_a_retraction_and_a_revision_are_as_if_the_event_had_been_told_so_at_once() -> None:
    machine = Phases(plan_for("sounding"))
    machine.take(full("liftoff"), 10)
    assert machine.take(full("touchdown"), 20, "provisional", 3) == ("touchdown", 20, "boost", "landed")
    assert machine.take(full("touchdown"), 20, "retracted", 3) == ("touchdown", 20, "landed", "boost")
    machine.take(full("apogee"), 30, "provisional", 4)
    machine.take(full("meco"), 40)
    assert machine.state == "coast", "over the top under power"
    machine.take(full("apogee"), 50, "confirmed", 4)
    assert machine.state == "descent"


def test_every_event_of_the_vocabulary_is_some_plans_and_each_class_allows_what_its_detectors_find() -> None:
    assert {plan.name for plan in plans().values()} == set(VehicleClass)
    assert {event for plan in plans().values() for event in plan.ways[plan.start]} == EVENTS
    flight = {event.value for event in FlightEvent}
    for kind in detector_classes():
        if issubclass(kind, MotionDetector):
            for name in kind.classes:
                plan = plan_for(name)
                assert {short_name(each) for each in kind.emits} <= plan.ways[plan.start].keys(), (kind, name)
    found = {each for kind in detector_classes() for each in kind.emits} & flight
    dictionary = built_in("yuanxing-1")
    either = [plan_of(dictionary, vehicle).ways["pad"] for vehicle in ("booster", "ship")]
    assert {short_name(each) for each in found} <= {event for ways in either for event in ways}


def test_the_page_shows_the_plans_as_they_are() -> None:
    text = PAGE.read_text()
    assert page(text) == text, "python tests/phase_charts.py writes the tables anew"


@pytest.mark.parametrize(
    ("was", "becomes", "line", "complaint"),
    [
        ("[max_q]", "[maxq]", 8, "'maxq' is no flight event"),
        ("{liftoff: up}", "{liftoff: away}", 1, "'away' is no state; there are pad, up"),
        ("{liftoff: up}", "{}", 1, "no event leads from 'pad' to 'up'"),
        ("phase: ascent", "phase: climb", 8, "Input should be"),
        ("stays: [max_q]", "stays: [max_q], to: {max_q: pad}", 8, "name it once"),
        ("name: hop", "name: kite", 2, "Input should be"),
    ],
)
def test_a_mistake_in_a_plan_is_named_with_its_line(
    tmp_path: Path, was: str, becomes: str, line: int, complaint: str
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    assert load_plan(path).ways["up"] == {"max_q": "up"}
    path.write_text(PLAN.replace(was, becomes))
    with pytest.raises(DictionaryError) as caught:
        load_plan(path)
    assert complaint in str(caught.value)
    assert caught.value.line == line


def test_a_dictionary_says_the_class_of_its_vehicles(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    dictionary = load_dictionary(path)
    assert [plan_of(dictionary, vehicle).name for vehicle in ("rocket", "other")] == ["sounding", "hop"]
    path.write_text(SMALL.replace("rocket: sounding", "rocket: kite"))
    with pytest.raises(DictionaryError, match=r"small.yaml:5: vehicle_classes.rocket"):
        load_dictionary(path)


class Spoken:
    """A detector that says what it is told to say."""

    name, version = "spoken", 1
    parameter_values: dict[str, Any] = {}  # noqa: RUF012 -- a protocol's property, never changed


def judged(gate: Gate, event: str, t_s: float, status: Status = "confirmed", number: int | None = None) -> list[str]:
    finding = Finding(full(event), round(t_s * NS), 0.1, status=status, occurrence=number)
    airframe = Airframe("ship", built_in("yuanxing-1"))
    stretch = Stretch(airframe, [], History(airframe))
    return [short_name(each.type) for _, (_, each) in gate.judge(stretch, [(Spoken(), finding)])]


def new_gate() -> Gate:
    return Gate(Airframe("ship", built_in("yuanxing-1")), lambda _: Spoken())


def test_what_was_held_back_is_told_when_what_forbade_it_is_taken_back() -> None:
    gate = new_gate()
    assert judged(gate, "liftoff", 0.0) == ["liftoff"]
    assert judged(gate, "meco", 30.0) == ["meco"]
    assert judged(gate, "touchdown", 50.0, "provisional", 1) == ["touchdown"]
    assert judged(gate, "apogee", 90.0) == []
    assert [short_name(each.type) for each in gate.held] == ["apogee"]
    other = new_gate()
    other.restore(gate.snapshot())
    for each in (gate, other):
        assert judged(each, "touchdown", 50.0, "retracted", 1) == ["touchdown", "apogee"]
        assert each.state == "descent"
        assert not each.held
    assert gate.snapshot() == other.snapshot()


def test_what_was_told_may_always_be_revised_and_what_was_held_back_is_judged_anew() -> None:
    gate = new_gate()
    judged(gate, "liftoff", 10.0)
    assert judged(gate, "hold", 20.0, "provisional", 1) == []
    assert judged(gate, "hold", 5.0, "confirmed", 1) == ["hold"]
    judged(gate, "apogee", 40.0, "provisional", 1)
    judged(gate, "touchdown", 60.0)
    assert judged(gate, "apogee", 61.0, "confirmed", 1) == ["apogee"]
    assert judged(gate, "apogee", 61.0, "retracted", 1) == ["apogee"]


def test_other_events_than_those_of_flight_pass() -> None:
    gate = new_gate()
    judged(gate, "scrub", 0.0)
    assert judged(gate, "liftoff", 5.0) == []
    finding = Finding("downrange.cargo.unloaded", NS, 0.1)
    assert list(gate.judge_silence(NS, [(Spoken(), finding)])) != []


def pressures(airframe: Airframe, turns: list[Turned], first: int, *values: float) -> Stretch:
    counts = np.arange(first, first + len(values))
    columns = {"tank_pressure_pa": np.array(values)}
    frame = Frame("rocket", "s", "tank", 10, counts, T0_NS + counts * NS, 0, columns)
    stretch = Stretch(airframe, [frame], History(airframe))
    stretch.turns = turns
    return stretch


@pytest.mark.parametrize("cut", [1, 2, 3, 6])
def test_limits_of_a_vehicle_that_sends_no_phase_count_in_those_of_its_events(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    airframe = Airframe("rocket", load_dictionary(path))
    values = [500.0, 500.0, 500.0, 500.0, 500.0, 500.0]
    known = [Turned(0, "pad"), Turned(T0_NS + 2 * NS, "ascent"), Turned(T0_NS + 4 * NS, "coast")]
    limits: Detector = Limits(airframe)
    said = []
    for first in range(0, 6, cut):
        last_ns = T0_NS + (first + cut - 1) * NS
        before = [turn for turn in known if turn.known_ns < T0_NS + first * NS][-1:]
        turns = before + [turn for turn in known if T0_NS + first * NS <= turn.known_ns <= last_ns]
        stretch = pressures(airframe, turns, first, *values[first : first + cut])
        said += [(short_name(each.type), each.t_ns - T0_NS, each.values["phase"]) for each in limits.update(stretch)]
        fresh = Limits(airframe)
        fresh.restore(limits.snapshot())
        limits = fresh
    assert said == [("raised", 2 * NS, "ascent"), ("cleared", 4 * NS, "coast")]


def test_a_dictionary_without_a_channel_for_the_phase_goes_to_xtce_and_back(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    dictionary = load_dictionary(path)
    exported = export_xtce(dictionary)
    assert "flight_phase" not in exported.xml
    assert any("limits by phase" in each for each in exported.missing)
    assert Dictionary.model_validate(read_xtce(exported.xml.encode(), "small.xml").content) == dictionary


def without_phase() -> Dictionary:
    """Return the dictionary of the ship whose flight computer says the phase by another name."""
    text = (BUILT_IN_DIR / "yuanxing-1.yaml").read_text().replace("name: flight_phase", "name: computer_phase")
    text = text.replace("phases: [ascent, boostback, entry, landing_burn]", "phases: [ascent, landing_burn]")
    return Dictionary.model_validate(yaml.safe_load(text))


@pytest.mark.parametrize("cuts_s", [(), tuple(np.arange(-20.0, 240.0, 1.7).tolist())])
def test_alarms_of_a_flight_follow_its_events(cuts_s: tuple[float, ...]) -> None:
    def sag(columns: dict[str, NDArray[Any]], _: NDArray[np.float64]) -> None:
        columns["oxidizer_tank_pressure_pa"][:] = 250_000.0

    flight = simulated("hop", "ship").edited("propulsion", sag)
    airframe = Airframe("ship", without_phase())
    lookout, limits, said = Lookout(airframe), Limits(airframe), []
    for index, piece in enumerate(flight.pieces(cuts_s)):
        if index % 7 == 3:
            snapshot, lookout = lookout.snapshot(), Lookout(airframe)
            lookout.restore(msgpack.unpackb(msgpack.packb(snapshot)))
        stretch = lookout.stretch(piece)
        list(lookout.look(stretch))
        said += [
            (short_name(each.type), each.values["phase"], round((each.t_ns - T0_NS) / NS, 1))
            for each in limits.update(stretch)
            if each.values["channel"] == "oxidizer_tank_pressure_pa"
        ]
    burns = [("raised", "ascent", 0.8), ("cleared", "coast", 62.9)]
    assert said == [*burns, ("raised", "landing_burn", 83.1), ("cleared", "afloat", 122.8)]
