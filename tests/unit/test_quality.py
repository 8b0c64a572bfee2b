"""Quality records: the books balance or say that they do not, and each record replaces the one of its identity."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from telemetry.quality import QUALITY_TYPES, LedgerRow, LinkState, QualityRecord, StageLatency

FLIGHT: dict[str, Any] = {"run": "live", "flight": "YX1-7", "vehicle": "ship", "as_of_ns": 5}
COUNTS = {"sent": 10, "received": 11, "unique": 8, "duplicate": 2, "late": 1, "rejected": 1, "missing": 2}
RECORDS: list[QualityRecord] = [
    LedgerRow(**FLIGHT, packet="nav", **COUNTS),
    LinkState(**FLIGHT, station="haiyang", state="aos", reason="mask", since_ns=3, signal_dbm=-90.5),
    StageLatency(**FLIGHT, stage="ingest", messages=3, p50_s=0.1, p99_s=0.2, max_s=0.3),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.type)
def test_a_record_comes_back_from_json(record: QualityRecord) -> None:
    assert QUALITY_TYPES[record.type].model_validate_json(record.model_dump_json()) == record


def test_every_record_has_a_type_of_its_own() -> None:
    assert {cls.type for cls in QualityRecord.__subclasses__()} == set(QUALITY_TYPES) == {"ledger", "link", "latency"}


@pytest.mark.parametrize(
    ("record", "other"),
    [
        (RECORDS[0], {"packet": "cargo"}),
        (RECORDS[1], {"station": "kiritimati"}),
        (RECORDS[2], {"stage": "detect"}),
        *((record, {"run": "replay-1"}) for record in RECORDS),
        *((record, {"flight": "YX1-8"}) for record in RECORDS),
        *((record, {"vehicle": "booster"}) for record in RECORDS),
    ],
)
def test_the_identity_is_what_a_record_is_about(record: QualityRecord, other: dict[str, str]) -> None:
    assert record.model_copy(update=other).identity != record.identity
    assert record.model_copy(update={"as_of_ns": 6}).identity == record.identity


@pytest.mark.parametrize(
    ("change", "balanced"),
    [
        ({}, True),
        ({"missing": 1}, False),
        ({"received": 12}, False),
        ({"rejected": 0}, False),
        ({"late": 9}, True),
        ({"sent": 0, "received": 0, "unique": 0, "duplicate": 0, "rejected": 0, "missing": 0}, True),
    ],
)
def test_the_books_balance_when_both_sums_do(change: dict[str, int], *, balanced: bool) -> None:
    row = LedgerRow(**FLIGHT, packet="nav", **(COUNTS | change))
    assert row.balanced is balanced
    assert row.model_dump()["balanced"] is balanced


def test_a_count_below_zero_cannot_be_written() -> None:
    with pytest.raises(ValidationError, match="missing"):
        LedgerRow(**FLIGHT, packet="nav", **(COUNTS | {"missing": -1}))
