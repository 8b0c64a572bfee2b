from __future__ import annotations

from collections.abc import Mapping

import pytest
from audited import ledger_of, telemetry_of

from downrange.jobs.ledger_text import headline, report
from processors.audit.examine import Examined
from processors.audit.verdict import Counts, Key, judge
from telemetry.quality import LedgerRow

T0_NS = 1_893_456_000 * 10**9
TOLD = {(row.vehicle, row.packet): row for row in ledger_of(telemetry_of("F", 4, T0_NS))}
UNIQUE = {key: row.unique for key, row in TOLD.items()}
NAV = ("ship", "nav")


def counts(
    *, stored: Mapping[Key, int] | None = UNIQUE, archived: Mapping[Key, int] | None = UNIQUE, flying: bool = False
) -> Counts:
    return Counts(TOLD, stored, archived, TOLD, flying=flying)


def changed(by: int) -> dict[Key, int]:
    return UNIQUE | {NAV: UNIQUE[NAV] + by}


def test_books_that_agree_everywhere_balance() -> None:
    verdict = judge(counts())
    assert (verdict.balanced, verdict.complaints) == (True, ())
    assert {row.stored == row.archived == row.unique for row in verdict.rows} == {True}


def test_whom_nobody_could_ask_is_not_held_against_the_books() -> None:
    verdict = judge(counts(stored=None, archived=None))
    assert verdict.balanced
    assert {(row.stored, row.archived) for row in verdict.rows} == {(None, None)}


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (-1, "199 is not 200: 1 packet that came is not in InfluxDB"),
        (-7, "193 is not 200: 7 packets that came are not in InfluxDB"),
        (2, "202 is not 200: 2 packets more than came are in InfluxDB"),
    ],
)
def test_what_a_store_lacks_or_has_too_many_is_said_with_the_row_and_the_equation(by: int, said: str) -> None:
    assert judge(counts(stored=changed(by))).complaints == (f"ship nav: stored = unique does not hold, {said}",)


def test_while_it_flies_a_store_may_be_behind_or_before_the_row() -> None:
    verdict = judge(counts(stored=changed(-50), archived=changed(50), flying=True))
    assert verdict.balanced
    nav = next(row for row in verdict.rows if row.packet == "nav")
    assert (nav.stored, nav.archived) == (150, 200)


def test_while_detection_is_behind_a_store_may_be_before_the_row_but_lacks_what_it_lacks() -> None:
    verdict = judge(counts(stored=changed(50), archived=changed(2)))
    assert verdict.is_ahead
    behind = verdict.while_behind()
    assert (behind.balanced, behind.complaints) == (False, ())
    nav = next(row for row in behind.rows if row.packet == "nav")
    assert (nav.stored, nav.archived, nav.balanced) == (200, 200, True)
    told = Examined("live", "F", behind, {"influx": "counted"})
    assert headline(told).plain.startswith("live/F: NOT SETTLED: detect is behind")
    assert (report(told)["balanced"], report(told)["behind"]) == (False, True)
    assert len(judge(counts(stored=changed(50), archived=changed(-1))).while_behind().complaints) == 1


def test_raw_records_that_the_ledger_does_not_count_yet_are_ahead_of_it() -> None:
    assert not judge(counts()).is_ahead
    assert not judge(counts(stored=changed(-1))).is_ahead
    fewer: dict[Key, LedgerRow] = TOLD | {NAV: TOLD[NAV].model_copy(update={"received": TOLD[NAV].received - 1})}
    unheard = {key: row for key, row in TOLD.items() if key != NAV}
    for told in (fewer, unheard):
        verdict = judge(Counts(TOLD, None, None, told))
        assert verdict.is_ahead
        assert verdict.while_behind().complaints == judge(Counts({}, None, None, told)).complaints


def test_a_packet_type_of_which_a_store_knows_nothing_is_missing_there() -> None:
    archived = {key: count for key, count in UNIQUE.items() if key != NAV}
    (complaint,) = judge(counts(archived=archived)).complaints
    assert complaint.endswith("0 is not 200: 200 packets that came are not in the archive")


def test_a_told_figure_that_a_recount_does_not_find_is_a_complaint() -> None:
    told: dict[Key, LedgerRow] = TOLD | {NAV: TOLD[NAV].model_copy(update={"resent": 7})}
    verdict = judge(Counts(TOLD, UNIQUE, UNIQUE, told))
    assert any("resent is 0 by the raw packets, 7 in the ledger" in each for each in verdict.complaints)
    assert any("duplicate = resent + overlapping does not hold" in each for each in verdict.complaints)


def test_the_report_names_everything() -> None:
    told = report(Examined("live", "F", judge(counts(stored=changed(-1))), {"influx": "counted"}))
    assert (told["run"], told["flight"], told["balanced"], told["flying"]) == ("live", "F", False, False)
    assert len(told["rows"]) == len(TOLD)
    assert told["complaints"]
