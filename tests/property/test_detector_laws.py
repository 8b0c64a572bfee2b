"""The laws of docs/design.md, section 4, on every detector that is found."""

from __future__ import annotations

import functools
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded import CLASSES, Recorded, fitting, flights, motion_for, run, with_columns

from processors.detector import Detector, Finding
from processors.history import History
from processors.stretch import Stretch

SHARES = st.lists(st.floats(0.0, 1.0), max_size=12)
MOST_STATE_OCTETS = 20_000
MOST_MOTION_OCTETS = 350_000
WITHOUT_LIMITS = {"humidity"}

every_detector = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
few = settings(max_examples=5)


def name_of(kind: type[Detector]) -> str:
    return kind.__module__.rsplit(".", 1)[-1]


@functools.cache
def whole(kind: type[Detector], name: str) -> list[Finding]:
    return run(kind, fitting(kind)[name])


def cuts_of(flight: Recorded, shares: list[float]) -> list[float]:
    first, last = flight.span_s
    return [first + share * (last - first) for share in shares]


@st.composite
def scars(draw: st.DrawFn) -> dict[str, Any]:
    """Gaps, dead stretches, numbers that are none and numbers out of range."""
    return {
        "seed": draw(st.integers(0, 2**32 - 1)),
        "lost": draw(st.floats(0.0, 0.9)),
        "wild": draw(st.floats(0.0, 0.5)),
        "hole": draw(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 0.4))),
    }


def scarred(flight: Recorded, how: dict[str, Any]) -> Recorded:
    chance = np.random.default_rng(how["seed"])
    first, last = flight.span_s
    begin_s = first + how["hole"][0] * (last - first)
    frames = {}
    for packet, frame in flight.frames.items():
        t_s = (frame.t_ns - frame.t_ns[0]) / 1e9 + first
        inside = (t_s >= begin_s) & (t_s <= begin_s + how["hole"][1] * (last - first))
        kept = frame.select((chance.random(len(frame)) >= how["lost"]) & ~inside)
        if not len(kept):
            continue
        columns = {}
        for name, values in kept.columns.items():
            if flight.airframe.channels[name].kind == "float":
                wild = chance.choice([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0], len(kept))
                columns[name] = np.where(chance.random(len(kept)) < how["wild"], wild, values)
            else:
                columns[name] = values
        frames[packet] = with_columns(kept, columns)
    return Recorded(flight.airframe, frames)


@every_detector
def test_each_finds_something_in_some_flight(kind: type[Detector]) -> None:
    found = {name: whole(kind, name) for name in fitting(kind)}
    assert any(found.values()) or name_of(kind) in WITHOUT_LIMITS, f"{kind.__name__} found nothing in {list(found)}"
    for findings in found.values():
        assert {finding.type for finding in findings} <= set(kind.emits)


@every_detector
@few
@given(shares=SHARES)
def test_cutting_the_flight_anywhere_changes_nothing(kind: type[Detector], shares: list[float]) -> None:
    for name, flight in fitting(kind).items():
        assert run(kind, flight, cuts_of(flight, shares)) == whole(kind, name), name


@every_detector
def test_cutting_the_flight_everywhere_near_its_events_changes_nothing(kind: type[Detector]) -> None:
    for name, flight in fitting(kind).items():
        first, last = flight.span_s
        near = [finding.t_ns / 1e9 - flight_origin(flight) + first for finding in whole(kind, name)]
        cuts = [t_s + step for t_s in near for step in np.arange(-2.0, 3.0, 0.013).tolist()]
        assert run(kind, flight, [cut for cut in cuts if first < cut < last]) == whole(kind, name), name


def flight_origin(flight: Recorded) -> float:
    return min(int(frame.t_ns[0]) for frame in flight.frames.values()) / 1e9


@every_detector
@few
@given(shares=SHARES.filter(len), at=st.integers(0, 12))
def test_a_snapshot_in_mid_flight_changes_nothing(kind: type[Detector], shares: list[float], at: int) -> None:
    for name, flight in fitting(kind).items():
        found = run(kind, flight, cuts_of(flight, shares), restore_at=at % (len(shares) + 1))
        assert found == whole(kind, name), name


@every_detector
@few
@given(shares=SHARES, how=scars())
def test_gaps_and_wild_numbers_never_raise_and_cutting_them_changes_nothing(
    kind: type[Detector], shares: list[float], how: dict[str, Any]
) -> None:
    for name, flight in fitting(kind).items():
        hurt = scarred(flight, how)
        if hurt.frames:
            assert run(kind, hurt, cuts_of(flight, shares)) == run(kind, hurt), name


@every_detector
def test_memory_stays_bounded(kind: type[Detector]) -> None:
    for name, flight in fitting(kind).items():
        first, last = flight.span_s
        detector, history, motion = kind(flight.airframe), History(flight.airframe), motion_for(kind, flight)
        for piece in flight.pieces(np.linspace(first, last, 50).tolist()):
            detector.update(Stretch(flight.airframe, piece, history, motion))
            assert len(msgpack.packb(detector.snapshot())) < MOST_STATE_OCTETS, name
        assert len(msgpack.packb(history.snapshot())) < MOST_STATE_OCTETS
        assert motion is None or len(msgpack.packb(motion.snapshot())) < MOST_MOTION_OCTETS


def test_every_flight_is_flown_by_some_detector() -> None:
    assert {name for kind in CLASSES for name in fitting(kind)} == set(flights())
