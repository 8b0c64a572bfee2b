"""The judge of `make quality` is honest: what is right counts, what is wrong, invented or missing counts against."""

from __future__ import annotations

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from quality.claims import Claim, claims_of
from quality.flights import Log, Reference
from quality.perturb import KINDS, perturbed
from quality.run import report
from quality.score import Case, Judge
from quality.table import lines_of, rows_of, worst_of
from quality.truth import Record

from downrange.jobs.detect import Detected

MECO_S, SINKS_M_S2 = 150.0, 9.5
GREATEST_Q_S = 62.0


def launch() -> Log:
    """Return a made-up launch as a display shows it: ten seconds on the pad, a burn to 150 s, a coast over the top."""
    t_s = np.arange(-10.0, 500.0, 1 / 30)
    burning = (t_s >= 0.0) & (t_s < MECO_S)
    climb = np.cumsum(np.where(burning, 4.0 + 0.08 * t_s, np.where(t_s < 0.0, 0.0, -SINKS_M_S2))) / 30
    height = np.cumsum(climb) / 30
    along = np.cumsum(np.where(burning, 0.1 * t_s, 0.0)) / 30
    columns = {
        "speed_m_s": np.floor(np.hypot(climb, along) / 0.277) * 0.277,
        "altitude_m": np.floor(height / 100.0) * 100.0,
    }
    apogee_s = float(t_s[np.argmax(height)])
    times = {"liftoff": 0.0, "max_q": GREATEST_Q_S, "meco": MECO_S, "apogee": apogee_s}
    return Log("made up", "orbital", t_s, columns, tuple(Reference(*each, 0.1) for each in times.items()))


LOG = launch()
RECORD = Record(LOG)
APOGEE_S = LOG.references[-1].t_s


def said(event: str, t_s: float, latency_s: float = 0.5, sigma_s: float = 0.3, status: str = "confirmed") -> Claim:
    return Claim(event, t_s, sigma_s, status, ((t_s, t_s + latency_s),))


def perfect(log: Log) -> list[Claim]:
    return [said(one.event, one.t_s) for one in log.references]


def judged(claims: Sequence[Claim], log: Log = LOG, record: Record | None = RECORD) -> list[Case]:
    return Judge(log, record).cases(claims)


def kinds(cases: Sequence[Case]) -> Counter[str]:
    return Counter(case.kind for case in cases)


def test_a_perfect_detector_scores_all_hits_and_full_coverage() -> None:
    cases = judged(perfect(LOG))
    assert kinds(cases) == {"hit": 4}
    rows = rows_of(cases, ["clean"])
    assert [row.event for row in rows] == ["liftoff", "max_q", "meco", "apogee"]
    for row in rows:
        assert (row.happened, row.hits, row.late, row.good, row.needed, row.covered) == (1, 1, 0, 1, 1, (1, 1))
        assert not row.failures


@pytest.mark.parametrize("kind", KINDS)
def test_a_perfect_detector_is_perfect_whatever_was_done_to_the_log(kind: str) -> None:
    for seed in range(3):
        log = perturbed(LOG, kind, seed)
        cases = Judge(log, RECORD, kind, seed).cases(perfect(log))
        assert kinds(cases) == {"hit": 4}
        assert not [line for row in rows_of(cases, [kind]) for line in row.failures]


def test_one_that_is_three_seconds_off_scores_wrong_times() -> None:
    for shift_s in (-3.0, 3.0):
        cases = judged([replace(each, t_event_s=each.t_event_s + shift_s) for each in perfect(LOG)])
        # three seconds do not matter on the plateau of dynamic pressure
        assert {case.event: case.kind for case in cases} == {
            "liftoff": "wrong",
            "max_q": "hit",
            "meco": "wrong",
            "apogee": "wrong",
        }
        rows = rows_of(cases, ["clean"])
        assert [row.covered for row in rows if row.event != "max_q"] == [(0, 0)] * 3
        assert len([line for row in rows for line in row.failures]) == 3


def test_one_that_says_nothing_scores_misses() -> None:
    cases = judged([])
    assert kinds(cases) == {"miss": 4}
    assert [row.failures for row in rows_of(cases, ["clean"])] == [
        [f"{event}, orbital, clean: 0 of 1 right and in time, 1 are needed"]
        for event in ("liftoff", "max_q", "meco", "apogee")
    ]


@pytest.mark.parametrize(
    ("event", "t_s", "why"),
    [
        ("liftoff", 200.0, "a second one"),
        ("meco", 100.0, "a second one"),
        ("apogee", 100.0, "m higher"),
        ("apogee", 480.0, "m higher"),
        ("touchdown", 480.0, "above the pad"),
        ("touchdown", 900.0, "the record is from"),
        ("entry_start", 100.0, "climbing"),
        ("entry_end", 300.0, "km"),
        ("landing_burn_start", 450.0, "km"),
        ("boostback_start", 100.0, "it lost 0 m/s"),
        ("ses", 250.0, "speed changed"),
        ("seco", 100.0, "speed changed"),
        ("stage_separation", 250.0, "cut off"),
        ("splashdown", 400.0, "above the pad"),
    ],
)
def test_an_invented_event_is_false(event: str, t_s: float, why: str) -> None:
    cases = judged([*perfect(LOG), said(event, t_s)])
    assert kinds(cases) == {"hit": 4, "false": 1}
    (false,) = (case for case in cases if case.kind == "false")
    assert why in false.why
    assert [line for row in rows_of(cases, ["clean"]) for line in row.failures]
    assert why in worst_of(cases, 1)[0]


@pytest.mark.parametrize(("event", "t_s"), [("liftoff", 0.3), ("meco", MECO_S), ("apogee", 0.0), ("max_q", 60.0)])
def test_what_nobody_published_and_nothing_contradicts_is_unknown(event: str, t_s: float) -> None:
    unpublished = replace(LOG, references=tuple(one for one in LOG.references if one.event != event))
    t_s = t_s or APOGEE_S
    assert kinds(judged([said(event, t_s)], unpublished, Record(unpublished)))["unknown"] == 1


@pytest.mark.parametrize(("event", "t_s"), [("liftoff", -40.0), ("liftoff", 30.0), ("meco", 100.0), ("meco", 200.0)])
def test_what_nobody_published_is_false_where_the_record_contradicts_it(event: str, t_s: float) -> None:
    unpublished = replace(LOG, references=())
    assert kinds(judged([said(event, t_s)], unpublished, Record(unpublished))) == {"false": 1}


def test_where_all_is_known_any_other_claim_is_false() -> None:
    assert kinds(judged([*perfect(LOG), said("ses", 150.0)], record=None)) == {"hit": 4, "false": 1}


def test_a_claim_counts_once_and_the_nearest_one_counts() -> None:
    cases = judged([said("meco", MECO_S + 0.9), said("meco", MECO_S - 0.1)])
    (hit,) = (case for case in cases if case.kind == "hit")
    assert hit.t_event_s == MECO_S - 0.1
    assert kinds(cases) == {"hit": 1, "false": 1, "miss": 3}


def test_an_event_told_too_late_is_a_hit_that_does_not_suffice() -> None:
    (case,) = (case for case in judged([said("meco", MECO_S, latency_s=2.1)]) if case.event == "meco")
    assert (case.kind, case.late) == ("hit", True)
    (row,) = rows_of([case], ["clean"])
    assert row.failures == ["meco, orbital, clean: 0 of 1 right and in time, 1 are needed"]


def test_an_event_in_a_hole_is_counted_and_not_asked_for() -> None:
    holed = _without(LOG, MECO_S - 2.0, MECO_S + 3.0)
    cases = [case for case in judged([], holed) if case.event == "meco"]
    (row,) = rows_of(cases, ["clean"])
    assert (row.happened, row.misses, row.blind, row.needed, row.failures) == (1, 1, 1, 0, [])
    (late,) = (case for case in judged([said("meco", MECO_S, latency_s=4.0)], holed) if case.event == "meco")
    (row,) = rows_of([late], ["clean"])
    assert (row.hits, row.late, row.good, row.failures) == (1, 1, 0, [])


def _without(log: Log, first_s: float, last_s: float) -> Log:
    rows = (log.t_s < first_s) | (log.t_s > last_s)
    return replace(log, t_s=log.t_s[rows], columns={name: values[rows] for name, values in log.columns.items()})


def detected(t_event_s: float, t_detected_s: float, revision: int, status: str = "provisional") -> Detected:
    return Detected("meco", 0, t_event_s, t_detected_s, 0.2, status, revision, {})


def test_revisions_are_one_claim_known_since_the_first_that_stood() -> None:
    (near,) = claims_of([detected(149.5, 150.5, 0), detected(150.0, 152.0, 1), detected(150.1, 160.0, 2, "confirmed")])
    assert (near.t_event_s, near.status, near.settled_s(1.0)) == (150.1, "confirmed", 150.5)
    (far,) = claims_of([detected(30.0, 31.0, 0), detected(150.0, 152.0, 1), detected(150.1, 160.0, 2, "confirmed")])
    assert far.settled_s(1.0) == 152.0
    (case,) = (case for case in judged([far]) if case.event == "meco")
    assert (case.kind, case.moved, case.latency_s) == ("hit", True, 2.0)


def test_a_retracted_claim_is_shown_and_is_no_hit() -> None:
    gone = claims_of([detected(150.0, 150.5, 0), detected(150.0, 160.0, 1, "retracted")])
    cases = [case for case in judged(gone) if case.event == "meco"]
    assert sorted(case.kind for case in cases) == ["miss", "withdrawn"]


SMALL = replace(LOG, group="small", references=(Reference("apogee", APOGEE_S, 0.5),))


@pytest.mark.parametrize(("error_s", "kind"), [(0.9, "hit"), (-0.9, "hit"), (1.1, "wrong"), (-1.1, "wrong")])
def test_a_small_rockets_apogee_may_be_off_by_twice_the_references_sigma(error_s: float, kind: str) -> None:
    (case,) = Judge(SMALL, Record(SMALL)).cases([said("apogee", APOGEE_S + error_s)])
    assert case.kind == kind


def test_a_small_rockets_apogee_is_never_over_a_second_early() -> None:
    unsure = replace(SMALL, references=(Reference("apogee", APOGEE_S, 0.8),))
    judge = Judge(unsure, Record(unsure))
    late, early = (judge.cases([said("apogee", APOGEE_S + error_s)])[0].kind for error_s in (1.5, -1.05))
    assert (late, early) == ("hit", "wrong")


def test_the_table_has_a_line_for_each_row_and_counts_that_add_up() -> None:
    cases = judged([*perfect(LOG)[:2], said("meco", 140.0)])
    rows = rows_of(cases, ["clean"])
    for row in rows:
        assert row.happened == row.hits + row.wrong + row.misses
    lines = list(lines_of(rows))
    assert sum(line.endswith("FAILS") for line in lines) == 2
    assert all(len(line) <= 160 for line in lines)


def test_the_report_ends_in_an_exit_code_and_says_what_does_not_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = Namespace(events=None, worst=3, json=tmp_path / "figures.json")
    assert report(judged(perfect(LOG)), given, "one flight") == 0
    assert "0 requirements do not hold" in capsys.readouterr().out
    assert report(judged([*perfect(LOG)[1:], said("seco", 100.0)]), given, "one flight") == 1
    told = capsys.readouterr().out
    assert "liftoff, orbital, clean: 0 of 1 right and in time, 1 are needed" in told
    assert "seco, orbital, clean: 1 that did not happen" in told
    figures = json.loads(given.json.read_text())
    assert [row["failures"] for row in figures["rows"] if row["event"] == "meco"] == [[]]
    assert Counter(case["kind"] for case in figures["cases"]) == {"hit": 3, "miss": 1, "false": 1}
    assert report(judged([]), Namespace(events="apogee", worst=0, json=None), "one flight") == 1
    assert "meco" not in capsys.readouterr().out
