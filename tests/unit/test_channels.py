"""A channel's rules, and raw values to values and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from telemetry.channels import Channel, Limit


def channel(**given: Any) -> Channel:
    return Channel.model_validate({"name": "bay_temperature_k", "raw": "u16", "description": ""} | given)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("vertical_speed_m_s", "m_s"),
        ("axial_acceleration_m_s2", "m_s2"),
        ("altitude_m", "m"),
        ("signal_dbm", "dbm"),
        ("nav_mode", None),
        ("m", None),
    ],
)
def test_the_unit_is_the_longest_that_the_name_ends_in(name: str, unit: str | None) -> None:
    assert channel(name=name, labels={0: "off"}).unit == unit


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "altitude_furlong"}, "must end in a unit"),
        ({"name": "Altitude_m"}, "should match pattern"),
        ({"name": "station", "labels": {0: "a"}}, "means something else"),
        ({"raw": "f32", "labels": {0: "a"}}, "whole raw type"),
        ({"raw": "u8", "labels": {256: "a"}}, "codes from 0 to 255"),
        ({"labels": {}}, "at least one"),
        ({"labels": {0: "on", 1: "on"}}, "same label"),
        ({"labels": {0: "on"}, "range": [0, 1]}, "no calibration, range or limits"),
        ({"raw": "bool", "calibration": [0, 1]}, "no calibration, range or limits"),
        ({"calibration": [0]}, "calibration is"),
        ({"calibration": [0, 0]}, "c1 not 0"),
        ({"raw": "f32", "calibration": [0, 1, 1]}, "turns round"),
        ({"calibration": [0, math.nan]}, "finite number"),
        ({"range": [1, 1]}, "range must be"),
        ({"stale_after_s": 0}, "greater than 0"),
        ({"limits": [{"level": "watch", "above": 5, "clear": 6}]}, "good side"),
        ({"limits": [{"level": "watch", "below": 5, "clear": 4}]}, "good side"),
        ({"limits": [{"level": "watch", "clear": 4}]}, "either 'above' or 'below'"),
        ({"limits": [{"level": "watch", "above": 5, "below": 1, "clear": 4}]}, "either 'above' or 'below'"),
        ({"limits": [{"level": "watch", "above": math.nan, "clear": 4}]}, "finite number"),
        ({"limits": [{"level": "watch", "above": 5, "clear": 4}, {"level": "watch", "above": 6, "clear": 5}]}, "two"),
        ({"limits": [{"level": "urgent", "above": 5, "clear": 4}]}, "'watch', 'warning' or 'critical'"),
        ({"limits": [{"level": "watch", "above": 5, "clear": 4, "raise_count": 0}]}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_channel_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        channel(**given)


def test_levels_may_repeat_on_the_other_side() -> None:
    limits = [{"level": "watch", "above": 5, "clear": 4}, {"level": "watch", "below": 1, "clear": 2}]
    assert channel(limits=limits).limits[1] == Limit.model_validate(limits[1])


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "int"),
        ({"raw": "f32"}, "float"),
        ({"calibration": [0, 0.01]}, "float"),
        ({"raw": "bool", "name": "door_closed"}, "bool"),
        ({"labels": {0: "off"}}, "label"),
    ],
)
def test_the_kind_follows_from_raw_type_calibration_and_labels(given: dict[str, Any], kind: str) -> None:
    assert channel(**given).kind == kind


def test_calibration_is_offset_plus_scale_times_raw_and_back() -> None:
    celsius = channel(calibration=[-40.0, 0.5])
    assert celsius.calibrate(np.array([0, 80, 81], dtype=">u2")).tolist() == [-40.0, 0.0, 0.5]
    assert celsius.uncalibrate(np.array([-40.0, 0.0, 0.5, 0.26, 0.24])).tolist() == [0, 80, 81, 81, 80]


@pytest.mark.parametrize(
    ("raw", "values", "expected"),
    [
        ("u8", [-1.0, 254.6, 256.0, math.inf, -math.inf, math.nan], [0, 255, 255, 255, 0, 0]),
        ("i16", [-40_000.0, 40_000.0], [-32_768, 32_767]),
        ("i64", [1e30, -1e30], [2**63 - 1024, -(2**63)]),
        ("u64", [1e30, -1.0], [2**64 - 2048, 0]),
    ],
)
def test_a_value_beyond_the_raw_type_is_held_at_its_bound(raw: str, values: list[float], expected: list[int]) -> None:
    assert channel(raw=raw).uncalibrate(np.array(values)).tolist() == expected


@pytest.mark.parametrize("raw", ["u64", "i64"])
def test_a_whole_number_of_64_bits_is_kept_exactly(raw: str) -> None:
    counter = channel(raw=raw, name="ticks_count")
    assert counter.uncalibrate(np.array([2**62 + 1])).tolist() == [2**62 + 1]
    assert counter.calibrate(np.array([2**62 + 1], dtype=f">{raw[0]}8")).tolist() == [2**62 + 1]


def test_a_number_too_large_for_f32_is_infinite() -> None:
    assert channel(raw="f32").uncalibrate(np.array([1e300, -1e300])).tolist() == [math.inf, -math.inf]
