"""Acquisition and loss of signal: reports, wills, silence and stations that say nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest
from detection import NS, T0_NS, new_engine, take
from flown import fly

from processors.detector import Detector, Finding
from processors.engine import Engine
from processors.stretch import Stretch
from telemetry.events import Event
from telemetry.link import WILL, LinkReport
from telemetry.message import JSON, Message
from telemetry.quality import LinkState
from telemetry.topics import Address, Kind


@dataclass
class Nothing:
    """No thresholds, and nothing to remember."""


def beat(station: str, t_s: float, state: str = "aos", reason: str = "heartbeat") -> Message:
    report = LinkReport.model_validate({"state": state, "reason": reason, "ert_ns": T0_NS + round(t_s * NS)})
    return message(station, report)


def message(station: str, report: LinkReport) -> Message:
    payload = report.model_dump_json(exclude_none=True).encode()
    return Message(Address("live", "F", "ship", station), Kind.LINK, payload, report.ert_ns or 0, content_type=JSON)


def told(messages: list[Message], engine: Engine | None = None) -> list[Event]:
    engine = engine or new_engine()
    return [event for each in messages for event in take(engine, each).events]


def short(events: list[Event]) -> list[tuple[str, str, object, float]]:
    return [(e.name, str(e.values["station"]), e.values["reason"], round((e.t_ns - T0_NS) / NS, 3)) for e in events]


def beats(station: str, first_s: int, last_s: int, state: str = "aos") -> list[Message]:
    return [beat(station, t_s, state) for t_s in range(first_s, last_s)]


def test_a_mask_crossing_is_exact_and_the_heartbeats_around_it_add_nothing() -> None:
    found = told(
        [*beats("a", 0, 3, "los"), beat("a", 2.4, "aos", "mask"), *beats("a", 3, 9), beat("a", 8.7, "los", "mask")]
    )
    assert short(found) == [("aos", "a", "mask", 2.4), ("los", "a", "mask", 8.7)]
    assert [event.t_sigma_s for event in found] == [0.0, 0.0]


def test_heartbeats_alone_tell_it_to_a_second() -> None:
    found = told([*beats("a", 0, 3, "los"), *beats("a", 3, 6), *beats("a", 6, 9, "los")])
    assert short(found) == [("aos", "a", "heartbeat", 3.0), ("los", "a", "heartbeat", 6.0)]
    assert found[0].t_sigma_s == pytest.approx(12**-0.5, abs=1e-3)


def test_a_will_speaks_of_the_last_that_was_heard() -> None:
    found = told([*beats("a", 0, 5), *beats("b", 5, 9, "los"), message("a", WILL), *beats("b", 9, 12, "los")])
    assert short(found) == [("aos", "a", "heartbeat", 0.0), ("los", "a", "will", 4.0)]


def test_silence_while_the_flight_goes_on_is_a_loss() -> None:
    found = told([*beats("a", 0, 5), *beats("b", 0, 12)])
    assert ("los", "a", "silence", 4.0) in short(found)
    assert [event.name for event in found if event.values["station"] == "b"] == ["aos"]
    lost = next(event for event in found if event.name == "los")
    assert (lost.detected_ns - T0_NS) / NS == pytest.approx(10.0)


def test_a_station_that_comes_back_is_heard_again_with_the_next_ordinal() -> None:
    found = told([*beats("a", 0, 5), *beats("b", 0, 12), *beats("a", 12, 14)])
    again = [event for event in found if event.name == "aos" and event.values["station"] == "a"]
    assert [event.t_ns for event in again] == [T0_NS, T0_NS + 12 * NS]
    assert len({event.id for event in found}) == len(found)


def test_packets_without_any_report_are_a_signal_too() -> None:
    packets = [each for each in fly("F", 4, stations=["a"], t0_ns=T0_NS) if each.kind is Kind.TELEMETRY]
    assert ("aos", "a", "packets", 1.0) in short([e for e in told(packets) if e.type.startswith("downrange.link")])


def test_an_old_report_changes_nothing() -> None:
    found = told([*beats("a", 0, 5), beat("a", 4.5, "los", "mask"), *beats("a", 1, 3)])
    assert [event.name for event in found] == ["aos", "los"]


def test_the_last_report_before_a_loss_sent_again_is_no_signal() -> None:
    for loss in (beats("b", 5, 12), [message("a", WILL)]):
        found = told([*beats("a", 0, 5), *beats("b", 0, 5), *loss, beat("a", 4), *beats("b", 12, 14)])
        assert [event.name for event in found if event.values["station"] == "a"] == ["aos", "los"]


class Probe(Detector):
    """Finds that nothing has come for five seconds."""

    emits: ClassVar[tuple[str, ...]] = ("downrange.flight.blackout_start",)
    requires: ClassVar[frozenset[str]] = frozenset({"altitude_m"})
    parameters_type: ClassVar[type] = Nothing
    state_type: ClassVar[type] = Nothing
    last_ns = 0

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        rows = stretch.rows("altitude_m")
        self.last_ns = 0 if rows is None else int(rows.t_ns[-1])
        return ()

    def on_watermark(self, t_ns: int) -> tuple[Finding, ...]:
        silent = self.last_ns and t_ns - self.last_ns > 5 * NS
        return (Finding(self.emits[0], self.last_ns, 0.0),) if silent else ()


def test_heartbeats_move_the_watermark_when_no_packet_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.lookout.detectors_for", lambda airframe: (Probe(airframe),))
    packets = [each for each in fly("F", 3, stations=["a"], t0_ns=T0_NS) if each.kind is Kind.TELEMETRY]
    found = [event for event in told([*packets, *beats("a", 4, 12, "los")]) if event.name == "blackout_start"]
    assert (found[0].t_ns - T0_NS) / NS == pytest.approx(2.98, abs=1e-6)
    assert (found[0].detected_ns - T0_NS) / NS == 10.0


def test_link_states_are_told_when_they_change() -> None:
    engine = new_engine()
    states = [
        record
        for each in [*beats("a", 0, 3), beat("a", 2.5, "los", "mask")]
        for record in take(engine, each).quality
        if isinstance(record, LinkState)
    ]
    assert (states[0].state, states[-1].state) == ("aos", "los")
    assert states[-1].since_ns == T0_NS + round(2.5 * NS)
