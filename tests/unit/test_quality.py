"""Quality records: the books balance or say that they do not, and each record replaces the one of its identity."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from telemetry.quality import QUALITY_TYPES, GapRecord, LedgerRow, LinkState, QualityRecord, StageLatency

FLIGHT: dict[str, Any] = {"run": "live", "flight": "YX1-7", "vehicle": "ship", "as_of_ns": 5}
COUNTS = {"sent": 10, "received": 11, "unique": 8, "duplicate": 2, "late": 1, "rejected": 1, "missing": 2}
OLD_FIELDS = {*FLIGHT, *COUNTS, "packet", "balanced"}
DETAILS: dict[str, Any] = {
    "detected": 6,
    "held": 1,
    "resent": 2,
    "overlapping": 0,
    "rejected_by": {"bad-crc": 1},
    "missing_ranges": ((3, 3), (9, 9)),
    "resets": 1,
    "stored": 8,
    "archived": 8,
}
RECORDS: list[QualityRecord] = [
    LedgerRow(**FLIGHT, packet="nav", **COUNTS, **DETAILS),
    LinkState(**FLIGHT, station="haiyang", state="aos", reason="mask", since_ns=3, signal_dbm=-90.5),
    StageLatency(
        **FLIGHT,
        service="store",
        stage="store",
        messages=3,
        p50_s=0.1,
        p95_s=0.2,
        p99_s=0.2,
        max_s=0.3,
        histogram="kAEB",
    ),
    GapRecord(**FLIGHT, packet="nav", first=3, last=4, state="suspected", after_ns=1, before_ns=2),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.type)
def test_a_record_comes_back_from_json(record: QualityRecord) -> None:
    assert QUALITY_TYPES[record.type].model_validate_json(record.model_dump_json()) == record


def test_every_record_has_a_type_of_its_own() -> None:
    assert (
        {cls.type for cls in QualityRecord.__subclasses__()}
        == set(QUALITY_TYPES)
        == {
            "ledger",
            "gap",
            "link",
            "latency",
        }
    )


@pytest.mark.parametrize(
    ("record", "other"),
    [
        (RECORDS[0], {"packet": "cargo"}),
        (RECORDS[1], {"station": "kiritimati"}),
        (RECORDS[2], {"stage": "detect"}),
        (RECORDS[2], {"service": "detect"}),
        (RECORDS[2], {"since_ns": 5}),
        (RECORDS[3], {"packet": "cargo"}),
        (RECORDS[3], {"first": 2}),
        *((record, {"run": "replay-1"}) for record in RECORDS),
        *((record, {"flight": "YX1-8"}) for record in RECORDS),
        *((record, {"vehicle": "booster"}) for record in RECORDS),
    ],
)
def test_the_identity_is_what_a_record_is_about(record: QualityRecord, other: dict[str, Any]) -> None:
    assert record.model_copy(update=other).identity != record.identity
    assert record.model_copy(update={"as_of_ns": 6}).identity == record.identity


@pytest.mark.parametrize(
    ("change", "balanced"),
    [
        ({}, True),
        ({"missing": 1}, False),
        ({"received": 12}, False),
        ({"rejected": 0}, False),
        ({"late": 9}, False),
        ({"held": 0}, False),
        ({"detected": 7}, False),
        ({"resent": 1}, False),
        ({"overlapping": 1}, False),
        ({"rejected_by": {}}, False),
        ({"rejected_by": {"bad-crc": 1, "bad-time": 1}}, False),
        ({"missing_ranges": ((3, 4), (9, 9))}, False),
        ({"missing_ranges": ((3, 3),), "ranges_left_out": 1}, True),
        ({"stored": 7}, False),
        ({"archived": 9}, False),
        ({"stored": None, "archived": None, "detected": None, "held": None, "late": 0}, True),
    ],
)
def test_the_books_balance_when_all_sums_do(change: dict[str, Any], *, balanced: bool) -> None:
    row = LedgerRow(**FLIGHT, packet="nav", **(COUNTS | DETAILS | change))
    assert row.balanced is balanced
    assert row.model_dump()["balanced"] is balanced


@pytest.mark.parametrize(("change", "balanced"), [({}, True), ({"missing": 1}, False), ({"late": 9}, True)])
def test_books_of_an_older_recording_say_less_and_balance_all_the_same(
    change: dict[str, int], *, balanced: bool
) -> None:
    old = LedgerRow(**FLIGHT, packet="nav", **(COUNTS | change)).model_dump_json(include=OLD_FIELDS)
    row = LedgerRow.model_validate_json(old)
    assert row.balanced is balanced
    told = (row.detected, row.held, row.resent, row.overlapping, row.rejected_by, row.missing_ranges, row.stored)
    assert told == (None,) * 7


def test_what_does_not_balance_is_named_with_its_figures() -> None:
    row = LedgerRow(**FLIGHT, packet="nav", **(COUNTS | DETAILS | {"stored": 7, "held": 3}))
    assert row.imbalances == ("unique = detected + late + held: 8 is not 6 + 1 + 3", "stored = unique: 7 is not 8")


def test_a_count_below_zero_cannot_be_written() -> None:
    with pytest.raises(ValidationError, match="missing"):
        LedgerRow(**FLIGHT, packet="nav", **(COUNTS | {"missing": -1}))
