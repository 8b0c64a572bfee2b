"""Calibrations: what they give, what they refuse, and the way back to within half a raw unit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from telemetry.calibration import Expression, Polynomial, Table
from telemetry.channels import Channel
from telemetry.expression import evaluate, postfix_of
from telemetry.spline import evaluate_spline, natural_cubic

# resistance of a thermistor: falls, steeply at one end
THERMISTOR = [[200, 420.0], [800, 360.0], [1600, 330.0], [2800, 300.0], [3600, 270.0], [3900, 240.0]]


def channel(calibration: Any, raw: str = "u12", **given: Any) -> Channel:
    about = {"name": "bay_temperature_k", "description": "", "raw": raw, "calibration": calibration}
    return Channel.model_validate(about | given)


def test_a_polynomial_is_the_sum_of_its_powers() -> None:
    x = np.array([0, 1, 2, 10], dtype=">u2")
    assert Polynomial((1.0, 2.0, 3.0)).apply(x).tolist() == [1.0, 6.0, 17.0, 321.0]
    assert Polynomial((1.0, 0.0, 0.0, 1.0)).apply(x).tolist() == [1.0, 2.0, 9.0, 1001.0]


def test_a_linear_table_joins_its_points_and_holds_its_ends() -> None:
    table = Table(table=((10, 0.0), (20, 100.0), (40, 0.0)))
    assert table.apply(np.array([0, 10, 15, 20, 30, 40, 99])).tolist() == [0, 0, 50, 100, 50, 0, 0]


def test_a_spline_passes_its_points_and_holds_its_ends() -> None:
    table = Table.model_validate({"table": THERMISTOR, "interpolation": "spline"})
    x, y = np.array(THERMISTOR).T
    np.testing.assert_allclose(table.apply(x), y, rtol=1e-15)
    assert table.apply(np.array([0.0, 4095.0])).tolist() == pytest.approx([420.0, 240.0])


def test_a_spline_is_the_natural_one() -> None:
    x, y = np.array(THERMISTOR).T
    segments = natural_cubic(x, y)
    ends = np.diff(x)
    # value, slope and bend of each segment at its end are those of the next at its start; no bend at both ends
    value = segments @ np.array([1, 0, 0, 0]) + ends * (
        segments[:, 1] + ends * (segments[:, 2] + ends * segments[:, 3])
    )
    slope = segments[:, 1] + ends * (2 * segments[:, 2] + 3 * ends * segments[:, 3])
    bend = 2 * segments[:, 2] + 6 * ends * segments[:, 3]
    np.testing.assert_allclose(value, y[1:], rtol=1e-13)
    np.testing.assert_allclose(slope[:-1], segments[1:, 1], rtol=1e-9)
    np.testing.assert_allclose(bend[:-1], 2 * segments[1:, 2], rtol=1e-9, atol=1e-15)
    assert abs(segments[0, 2]) < 1e-15
    assert abs(bend[-1]) < 1e-12
    assert evaluate_spline(x, segments, x[-1:]).tolist() == pytest.approx([y[-1]])


@pytest.mark.parametrize(
    ("expression", "at_2"),
    [
        ("x", 2.0),
        ("3.3 * x / 4096", 3.3 * 2 / 4096),
        ("-x ** 2", -4.0),
        ("2 ** -x", 0.25),
        ("(x + 1) * (x - 1)", 3.0),
        ("1 / (0.001 + 0.0002 * log(x * 1000))", 1 / (0.001 + 0.0002 * math.log(2000))),
        ("sqrt(abs(-x)) + exp(0) - cos(x - 2)", math.sqrt(2)),
        ("max(min(x, 1.5), 1) + atan2(x, x)", 1.5 + math.pi / 4),
        (" +x ", 2.0),
    ],
)
def test_an_expression_is_what_it_says(expression: str, at_2: float) -> None:
    assert evaluate(postfix_of(expression), np.array([2.0])).tolist() == pytest.approx([at_2])


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("__import__('os').system('true')", "no part of an expression"),
        ("x.real", "'x.real' is no part"),
        ("x if x else 1", "is no part"),
        ("[x]", "is no part"),
        ("x // 2", "'x // 2' is no part"),
        ("y + 1", "'y' is no part"),
        ("sqrt(x, x)", "is no part"),
        ("min(x)", "is no part"),
        ("neg(x)", "is no part"),
        ("sqrt(x=1)", "is no part"),
        ("True * x", "'True' is no part"),
        ("1j * x", "is no part"),
        ("'a' * x", "is no part"),
        ("(lambda: x)()", "is no part"),
        ("x +", "cannot be read"),
        ("", "cannot be read"),
        ("x\n+ 1; 2", "cannot be read"),
        ("1 + 2", "does not depend on x"),
        ("1e999 * x", "too large"),
        ("1" + "0" * 400 + " * x", "too large"),
        ("x" + " + x" * 200, "at most 500 characters"),
        ("(" * 240 + "x" + ")" * 240, "cannot be read"),
        ("1or x", "is no part"),
        ("x\0", "cannot be read"),
    ],
)
def test_what_is_no_expression_is_refused(expression: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Expression(expression=expression)


@given(st.text(max_size=40))
def test_no_text_is_ever_run(text: str) -> None:
    try:
        tokens = postfix_of(text)
    except ValueError:
        return
    assert evaluate(tokens, np.array([1.0])).shape in {(), (1,)}


@pytest.mark.parametrize(
    ("raw", "calibration"),
    [
        ("u12", [-40.0, 0.05]),
        ("i12", [20.0, -0.05]),
        ("u12", [250.0, 0.02, 3e-6]),
        ("u16", [0.0, 1.0, 0.0, 1e-9]),
        ("i16", [5.0, 0.1, 0.0, 1e-10]),
        ("u24", [0.0, 1.0, 1e-7]),
        ("u12", {"expression": "300 - 40 * log(x + 20)"}),
        ("u16", {"expression": "sqrt(x) * 2"}),
        ("u8", {"expression": "exp(x / 20)"}),
        ("u32", {"expression": "sqrt(x + 1)"}),
        ("i8", {"expression": "max(x, -100)"}),
    ],
)
def test_the_way_back_ends_at_the_same_raw_value(raw: str, calibration: Any) -> None:
    made = channel(calibration, raw)
    low, high = made.raw.bounds
    codes = np.unique(np.linspace(low, high, min(high - low + 1, 65_536)).astype(made.raw.dtype))
    values = made.calibrate(codes)
    back = made.uncalibrate(values)
    np.testing.assert_array_equal(made.calibrate(back), values)
    if calibration != {"expression": "max(x, -100)"}:
        np.testing.assert_array_equal(back, codes)


@pytest.mark.parametrize("interpolation", ["linear", "spline"])
def test_the_way_back_through_a_table(interpolation: str) -> None:
    made = channel({"table": THERMISTOR, "interpolation": interpolation})
    codes = np.arange(200, 3901).astype(">u2")
    np.testing.assert_array_equal(made.uncalibrate(made.calibrate(codes)), codes)
    beyond = made.uncalibrate(np.array([500.0, 100.0, math.nan]))
    assert beyond.tolist() == [200, 3900, 0]


@pytest.mark.parametrize("raw", ["f32", "f64"])
def test_the_way_back_of_a_measured_float(raw: str) -> None:
    made = channel({"expression": "x / (1 + abs(x))"}, raw)
    values = np.linspace(-0.9, 0.9, 101)
    np.testing.assert_allclose(made.calibrate(made.uncalibrate(values)), values, atol=1e-6)
    table = channel({"table": [[-1.0, 0.0], [1.0, 10.0], [1.5, 40.0]]}, raw)
    np.testing.assert_allclose(table.calibrate(table.uncalibrate(np.linspace(0, 40, 33))), np.linspace(0, 40, 33), 1e-6)


def test_a_value_between_two_raw_values_gets_the_nearer() -> None:
    made = channel([0.0, 0.0, 1.0], "u8")
    assert made.uncalibrate(np.array([4.4, 6.6, 1e9, -5.0])).tolist() == [2, 3, 255, 0]


def test_a_range_chooses_where_the_calibration_does_not_turn_round() -> None:
    parabola = [0.0, 0.0, 1.0]
    with pytest.raises(ValidationError, match="turns round: two raw values give one value; give the channel a range"):
        channel(parabola, "i8")
    with pytest.raises(ValidationError, match="two stretches"):
        channel(parabola, "i8", range=[1, 100])
    shifted = [100.0, -20.0, 1.0]  # (x - 10)**2, its lowest at 10
    above = channel(shifted, "i8", range=[1, 15_000])
    assert above.uncalibrate(np.array([121.0, 14_400.0])).tolist() == [-1, -110]
    with pytest.raises(ValidationError, match="no stretch of raw values"):
        channel(shifted, "i8", range=[-5, 100])


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        ([1.0], "c1 not 0"),
        ([1.0, 0.0, 0.0], "c1 not 0"),
        ([1.0, math.inf], "finite number"),
        ({"table": [[0, 1]]}, "at least 2 items"),
        ({"table": [[0, 1], [0, 2]]}, "must rise"),
        ({"table": [[5, 1], [0, 2]]}, "must rise"),
        ({"table": [[0, 1], [9, 2]], "interpolation": "spline"}, "3 points or more"),
        ({"table": [[0, 1], [9, 2]], "interpolation": "cubic"}, "'linear' or 'spline'"),
        ({"table": [[0, 1], [9, 2]], "extrapolate": True}, "Extra inputs"),
        ({"table": [[0, 1], [9, 1]]}, "no stretch"),
        ({"table": [[5000, 1], [9000, 2]]}, "no stretch"),
        ({"expression": "sin(x)"}, "turns round"),
        ({"expression": "x * 0"}, "no stretch"),
        ({"expression": "log(-1 - x)"}, "no stretch"),
        ({}, "Field required"),
        ("x", "valid dictionary"),
    ],
)
def test_a_calibration_that_cannot_be_undone_or_read_is_refused(calibration: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        channel(calibration)
