from __future__ import annotations

from typing import Any

from processors.audit.desk import Desk, Due, Rules
from processors.audit.look import Seen
from processors.audit.recount import Recount
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.quality import LedgerRow

RULES = Rules(quiet_s=10, every_s=60, patience_s=1000)
SEEN = Seen(Recount("live", "F", Decoder(Registry())))
F, G = ("live", "F"), ("live", "G")


def row(flight: str = "F", packet: str = "nav", unique: int = 5, **changes: Any) -> LedgerRow:
    figures = {"sent": unique, "received": unique, "unique": unique, "duplicate": 0, "late": 0, "rejected": 0}
    content = {"run": "live", "flight": flight, "vehicle": "ship", "packet": packet, "as_of_ns": 0, "missing": 0}
    return LedgerRow(**(content | figures | changes))


def test_a_flight_is_looked_at_when_it_has_been_quiet() -> None:
    desk = Desk(RULES)
    desk.take(0, row(), 0)
    desk.take(1, row(unique=6), 8)
    assert desk.due(17.9) == []
    assert desk.due(18) == [Due(18, F, flying=False)]
    assert [each.unique for each in desk.flights[F].rows.values()] == [6]


def test_one_that_never_rests_is_looked_at_now_and_then_and_stays() -> None:
    desk = Desk(RULES)
    for second in range(61):
        desk.take(second, row(unique=second), second)
    assert desk.due(60) == [Due(60, F, flying=True)]
    desk.answered(F, SEEN, 60, flying=True, balanced=True)
    assert desk.due(61) == []
    assert desk.safe_offset == 0


def test_offsets_are_safe_up_to_the_first_flight_without_an_answer() -> None:
    assert Desk(RULES).safe_offset is None
    desk = Desk(RULES)
    desk.take(3, None, 0)
    assert desk.safe_offset == 4
    desk.take(4, row("F"), 0)
    desk.take(5, row("G"), 5)
    desk.take(6, None, 5)
    assert desk.safe_offset == 4
    desk.answered(F, SEEN, 10, flying=False, balanced=True)
    assert desk.safe_offset == 5
    desk.answered(G, SEEN, 15, flying=False, balanced=True)
    assert desk.safe_offset == 7


def test_its_own_rows_are_none_that_it_answers() -> None:
    desk = Desk(RULES)
    desk.take(0, row(stored=5), 0)
    desk.take(1, row(archived=5), 0)
    assert (desk.flights, desk.safe_offset) == ({}, 2)


def test_what_does_not_balance_is_looked_at_again_less_and_less_often_until_patience_ends() -> None:
    desk = Desk(RULES)
    desk.take(0, row(), 0)
    looks = []
    now_s = 0.0
    while desk.flights:
        now_s += 1
        if desk.due(now_s):
            looks.append(now_s)
            desk.answered(F, SEEN, now_s, flying=False, balanced=False)
    assert looks[:5] == [10, 20, 40, 80, 140]
    assert 1000 <= looks[-1] <= 1060
    assert desk.safe_offset == 1


def test_who_is_heard_again_is_waited_for_again() -> None:
    desk = Desk(RULES)
    desk.take(0, row(), 0)
    desk.answered(F, SEEN, 10, flying=False, balanced=False)
    desk.take(1, row(unique=6), 12)
    assert desk.due(21) == []
    assert desk.due(22) == [Due(22, F, flying=False)]


def test_only_what_was_not_said_before_is_news() -> None:
    desk = Desk(RULES)
    desk.take(0, row(), 0)
    key = ("ship", "nav")
    assert desk.news(F, {key: row(archived=4)}) == [row(archived=4)]
    assert desk.news(F, {key: row(archived=4)}) == []
    assert desk.news(F, {key: row(archived=5)}) == [row(archived=5)]


def test_one_of_which_detection_is_behind_waits_beyond_all_patience_until_it_is_heard_again() -> None:
    desk = Desk(RULES)
    desk.take(0, row(), 0)
    desk.flights[F].awaited, desk.flights[F].behind = {}, True
    desk.answered(F, SEEN, 5000, flying=False, balanced=False, behind=True)
    assert desk.safe_offset == 0
    desk.take(1, row(unique=9), 5001)
    assert (desk.flights[F].awaited, desk.flights[F].behind) == (None, False)
    desk.answered(F, SEEN, 5011, flying=False, balanced=True)
    assert desk.safe_offset == 2
