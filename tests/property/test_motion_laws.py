"""Motion from any rows: how they are cut makes no difference, nothing raises, memory stays bounded."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite
from typing import Any

import msgpack
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from logged import log_frame
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.motion.cell import Cell
from processors.motion.motion import Motion
from telemetry.dictionary import built_in
from telemetry.samples import CHANNELS

T0_NS = 1_735_689_600 * 10**9
MOST_CELLS_KEPT = 1_502
AIRFRAME = Airframe("rocket", built_in("log"))
Floats = NDArray[np.float64]
WILD = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0, 1e8])


def motion() -> Motion:
    made = Motion.of(AIRFRAME)
    assert made is not None
    return made


@st.composite
def logs(draw: st.DrawFn) -> tuple[Floats, dict[str, Floats]]:
    """Rows at any rate, with holes, steps back, repeats, clocks that begin again, and wild numbers."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n = draw(st.integers(1, 900))
    step_s = draw(st.sampled_from([0.002, 0.02, 0.1, 0.7]))
    steps = step_s * chance.choice([1.0, 1.0, 1.0, 1.0, 0.0, 0.5], n)
    steps += (chance.random(n) < 0.01) * chance.choice([-1.0, 1.0, 5.0, 70.0, 4000.0, -30.0], n)
    t_s = np.cumsum(steps)
    if draw(st.booleans()):
        t_s = np.concatenate([t_s, t_s - draw(st.sampled_from([0.0, 15.0, t_s[-1]]))])
    columns = {}
    for name in draw(st.sets(st.sampled_from(CHANNELS), min_size=1)):
        values = np.cumsum(chance.normal(0.0, 3.0, t_s.size)) + (90_000.0 if name == "pressure_pa" else 0.0)
        values[chance.random(t_s.size) < draw(st.sampled_from([0.0, 0.5, 0.95]))] = np.nan
        wild = chance.random(t_s.size) < draw(st.sampled_from([0.0, 0.01, 0.3]))
        columns[name] = np.where(wild, chance.choice(WILD, t_s.size), values)
    strange = chance.random(t_s.size) < draw(st.sampled_from([0.0, 0.01]))
    return np.where(strange, chance.choice(WILD, t_s.size), t_s), columns


def told(flight: tuple[Floats, dict[str, Floats]], cuts: list[float], restore: int = -1) -> tuple[list[str], Motion]:
    t_s, columns = flight
    finite_s = np.where(np.isfinite(t_s), np.clip(t_s, -1e9, 1e9), 0.0)
    frame: Any = log_frame(finite_s, columns, "rocket", T0_NS)
    frame.columns["log_time_s"] = t_s
    bounds = sorted({0, len(frame), *(round(cut * len(frame)) for cut in cuts)})
    one, cells = motion(), list[Cell]()
    for index, (first, last) in enumerate(pairwise(bounds)):
        if index == restore:
            snapshot = msgpack.unpackb(msgpack.packb(one.snapshot()))
            one = motion()
            one.restore(snapshot)
        one.extend([frame.select(slice(first, last))])
        cells += one.cells
    return [repr(cell) for cell in cells], one


@settings(max_examples=60)
@given(flight=logs(), cuts=st.lists(st.floats(0.0, 1.0), max_size=9), restore=st.integers(0, 9))
def test_how_rows_are_cut_makes_no_difference(
    flight: tuple[Floats, dict[str, Floats]], cuts: list[float], restore: int
) -> None:
    whole, one = told(flight, [])
    pieces, two = told(flight, cuts, restore)
    assert pieces == whole
    assert one.late == two.late


@settings(max_examples=40)
@given(flight=logs())
def test_row_by_row_is_the_same_too(flight: tuple[Floats, dict[str, Floats]]) -> None:
    short = (flight[0][:150], {name: values[:150] for name, values in flight[1].items()})
    n = short[0].size
    assert told(short, [i / n for i in range(n)])[0] == told(short, [])[0]


@settings(max_examples=40)
@given(flight=logs())
def test_every_estimate_is_a_number_or_none_and_no_row_counts_twice(flight: tuple[Floats, dict[str, Floats]]) -> None:
    t_s, columns = flight
    one = motion()
    frame = log_frame(np.where(np.isfinite(t_s), np.clip(t_s, -1e9, 1e9), 0.0), columns, "rocket", T0_NS)
    one.extend([frame])
    assert sum(cell.rows for cell in one.cells) + one.late <= t_s.size
    for cell in one.cells:
        known = [cell.h_m, cell.v_m_s, cell.a_m_s2, cell.h_sigma_m, cell.v_sigma_m_s, cell.a_sigma_m_s2]
        assert all(map(isfinite, known)) or not any(map(isfinite, known))
        assert cell.known_ns >= cell.t_ns
    assert len(one.track.snapshot()[2]) <= MOST_CELLS_KEPT + len(one.cells)
