"""Revisions of events: what is told again, and under which number."""

from __future__ import annotations

from dataclasses import replace

import msgpack

from processors.detector import Finding
from processors.limits.alarms import OPERATOR
from processors.teller import Teller
from telemetry.cuc import NS_PER_S
from telemetry.events import Event
from telemetry.vocabulary import FlightEvent

FIRST = Finding(FlightEvent.MECO.value, 100 * NS_PER_S, 0.5, {"speed_m_s": 2000.0}, status="provisional", occurrence=7)


def told(teller: Teller, finding: Finding, vehicle: str = "ship") -> Event | None:
    return teller.event(vehicle, OPERATOR, finding, 200 * NS_PER_S, {})


def numbers(event: Event | None) -> tuple[int, int, str] | None:
    return None if event is None else (event.ordinal, event.revision, event.status)


def test_what_says_something_new_is_the_next_revision_and_all_else_is_silent() -> None:
    teller = Teller("live", "F")
    later = replace(FIRST, t_ns=FIRST.t_ns + NS_PER_S // 10)
    assert numbers(told(teller, FIRST)) == (0, 0, "provisional")
    assert told(teller, FIRST) is None
    assert told(teller, replace(FIRST, t_ns=FIRST.t_ns + NS_PER_S // 25)) is None
    assert numbers(told(teller, later)) == (0, 1, "provisional")
    assert numbers(told(teller, replace(later, status="confirmed"))) == (0, 2, "confirmed")
    assert numbers(told(teller, replace(later, status="confirmed", values={}))) == (0, 3, "confirmed")
    assert numbers(told(teller, replace(later, status="retracted", values={}))) == (0, 4, "retracted")


def test_ordinals_are_given_in_order_of_first_telling_and_never_again() -> None:
    teller = Teller("live", "F")
    told(teller, FIRST)
    assert numbers(told(teller, replace(FIRST, occurrence=8))) == (1, 0, "provisional")
    assert numbers(told(teller, replace(FIRST, status="retracted"))) == (0, 1, "retracted")
    assert numbers(told(teller, replace(FIRST, occurrence=None))) == (2, 0, "provisional")
    assert numbers(told(teller, replace(FIRST, occurrence=None))) == (3, 0, "provisional")
    assert numbers(told(teller, FIRST, vehicle="stage1")) == (0, 0, "provisional")


def test_what_was_never_told_cannot_be_taken_back() -> None:
    teller = Teller("live", "F")
    assert told(teller, replace(FIRST, status="retracted")) is None
    assert numbers(told(teller, FIRST)) == (0, 0, "provisional")


def test_a_snapshot_keeps_what_was_told() -> None:
    teller, other = Teller("live", "F"), Teller("live", "F")
    told(teller, FIRST)
    told(teller, replace(FIRST, occurrence=None))
    other.restore(msgpack.unpackb(msgpack.packb(teller.snapshot())))
    assert told(other, FIRST) is None
    assert numbers(told(other, replace(FIRST, status="confirmed"))) == (0, 1, "confirmed")
    assert numbers(told(other, replace(FIRST, occurrence=8))) == (2, 0, "provisional")
