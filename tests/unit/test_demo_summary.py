"""The closing summary says what was found, what was missed and what was false, and closes the books honestly."""

from __future__ import annotations

from downrange.demo.summary import Truth, balance, event_rows
from telemetry.events import Event, Evidence
from telemetry.quality import LedgerRow

T0_NS = 1_790_000_000 * 10**9
LIFTOFF = "downrange.flight.liftoff"
APOGEE = "downrange.flight.apogee"
ENTRY = "downrange.flight.entry_start"


def event(kind: str, t_s: float, *, vehicle: str = "ship", known_after_s: float = 0.5) -> Event:
    t_ns = T0_NS + round(t_s * 1e9)
    return Event(
        type=kind,
        run="live",
        flight="f",
        vehicle=vehicle,
        t_ns=t_ns,
        t_sigma_s=0.1,
        detected_ns=t_ns + round(known_after_s * 1e9),
        evidence=Evidence(detector="test", detector_version=1),
    )


def truth(*events: tuple[str, float]) -> Truth:
    return Truth.model_validate(
        {
            "flight": "f",
            "liftoff_ns": T0_NS,
            "events": [{"type": kind, "vehicle": "ship", "t_ns": T0_NS + round(t_s * 1e9)} for kind, t_s in events],
            "sent": {"ship": {"nav": 100}},
        }
    )


def row(sent: int = 100, unique: int = 98, missing: int = 2) -> LedgerRow:
    return LedgerRow(
        run="live",
        flight="f",
        vehicle="ship",
        as_of_ns=T0_NS,
        packet="nav",
        sent=sent,
        received=unique + 5,
        unique=unique,
        duplicate=5,
        late=0,
        rejected=0,
        missing=missing,
    )


def test_an_event_found_late_by_a_tenth_of_a_second_says_so() -> None:
    (found,) = event_rows([event(APOGEE, 300.1, known_after_s=2.0)], truth((APOGEE, 300.0)))
    assert (found.t_event_s, found.truth_s, found.error_s, found.latency_s) == (300.1, 300.0, 0.1, 2.0)


def test_a_missed_event_and_a_false_one_both_stand_in_the_table_in_order_of_time() -> None:
    rows = event_rows([event(ENTRY, 10.0)], truth((APOGEE, 300.0)))
    assert [(r.type, r.t_event_s, r.truth_s) for r in rows] == [(ENTRY, 10.0, None), (APOGEE, None, 300.0)]


def test_the_second_of_a_kind_is_held_against_the_second_truth() -> None:
    rows = event_rows([event(ENTRY, 52.0), event(ENTRY, 11.0)], truth((ENTRY, 10.0), (ENTRY, 50.0)))
    assert [r.error_s for r in rows] == [1.0, 2.0]


def test_the_same_type_on_another_vehicle_is_no_match() -> None:
    rows = event_rows([event(LIFTOFF, 0.0, vehicle="booster")], truth((LIFTOFF, 0.0)))
    assert [r.error_s for r in rows] == [None, None]


def test_books_that_agree_with_the_simulator_balance() -> None:
    assert balance([row()], {"ship": {"nav": 100}}).balanced


def test_books_with_a_packet_that_nobody_accounts_for_do_not_balance() -> None:
    assert not balance([row(missing=1)], {"ship": {"nav": 100}}).balanced


def test_books_that_never_heard_of_the_last_packets_do_not_balance() -> None:
    assert not balance([row()], {"ship": {"nav": 101}}).balanced


def test_packets_made_after_the_last_that_anybody_heard_are_not_asked_of_the_books() -> None:
    known = truth().model_copy(update={"books": {"ship": {"nav": {"sent": 98}, "?": {"rejected": 1}}}})
    assert known.told == {"ship": {"nav": 98}}
    assert truth().told == {"ship": {"nav": 100}}


def test_books_without_a_row_for_a_packet_type_that_flew_do_not_balance() -> None:
    assert not balance([row()], {"ship": {"nav": 100, "health": 3}}).balanced


def test_no_books_are_no_balance() -> None:
    assert not balance([], {}).balanced
