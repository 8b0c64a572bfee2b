"""What detectors read of a vehicle that sends its own navigation: as it came if it is well, made quiet if not."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from detection import DECODER, NS, T0_NS, detect, messages_of, transmitter
from noisy import NOISES, noisy_dictionary

from processors.airframe import Airframe
from processors.motion.navigation import MEASURED, SPEED, Navigation
from simulator.packets import Transmitter
from telemetry.dictionary import built_in
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.topics import Kind

TOLERANCE_S = {"liftoff": 1.0, "ignition": 1.0, "max_q": 5.0, "meco": 1.0, "apogee": 0.5, "splashdown": 1.5}
SEED = 7


@functools.cache
def heard(times: float) -> list[Message]:
    sent = transmitter("hop", SEED)
    return messages_of(sent if times == 0.0 else Transmitter(sent.flight, noisy_dictionary(times), SEED, sent.t0_ns))


@functools.cache
def nav(times: float) -> Frame:
    """Return all rows of a hop's navigation, each once, in order of time."""
    frames = [
        frame
        for message in heard(times)
        if message.kind is Kind.TELEMETRY
        for frame in DECODER.decode(message).frames
        if frame.packet == "nav"
    ]
    t_ns, first = np.unique(np.concatenate([frame.t_ns for frame in frames]), return_index=True)
    columns = {name: np.concatenate([frame.columns[name] for frame in frames])[first] for name in frames[0].columns}
    return Frame("ship", "s", "nav", 100, np.arange(len(t_ns)), t_ns, 0, columns)


def rows_of(frame: Frame, first: int, last: int) -> Frame:
    rows = slice(first, last)
    columns = {name: values[rows] for name, values in frame.columns.items()}
    return replace(frame, counts=frame.counts[rows], t_ns=frame.t_ns[rows], columns=columns)


def estimated(frame: Frame, *cuts: int) -> tuple[dict[str, Any], Any]:
    """Return the columns that come out of stretches cut so, and how unsure climb is."""
    navigation = Navigation(Airframe("ship", built_in("yuanxing-1")))
    ends = [*cuts, len(frame)]
    parts, doubts = [], []
    for first, last in zip([0, *cuts], ends, strict=True):
        part = rows_of(frame, first, last)
        parts.append(navigation.estimated(part))
        doubts.append(np.zeros(last - first) if navigation.doubt is None else navigation.doubt.climb_m_s)
    names = (*MEASURED, SPEED)
    return {name: np.concatenate([part.columns[name] for part in parts]) for name in names}, np.concatenate(doubts)


def test_a_navigation_that_is_well_is_taken_as_it_came() -> None:
    frame = nav(0.0)
    columns, doubt = estimated(frame)
    begins = np.flatnonzero(np.isnan(columns["altitude_m"]))
    assert begins.size < 20
    for name, values in columns.items():
        assert np.array_equal(values[20:], frame.columns[name][20:])
    assert not doubt[20:].any()


@pytest.mark.parametrize("times", [1.0, 3.0])
def test_noise_shrinks_to_a_fifth_and_it_says_how_much_is_left(times: float) -> None:
    true, (columns, doubt) = nav(0.0), estimated(nav(times))
    for name in NOISES:
        error = (columns[name] - true.columns[name])[100:]
        assert np.sqrt(np.mean(error**2)) < NOISES[name] * times / 5.0, name
    climb = (columns["vertical_speed_m_s"] - true.columns["vertical_speed_m_s"])[100:]
    within = [np.mean(np.abs(climb) < sigmas * doubt[100:]) for sigmas in (1.0, 2.0)]
    assert within[0] > 0.5
    assert within[1] > 0.85


def test_how_rows_are_cut_changes_nothing() -> None:
    frame = nav(1.0)
    whole, doubt = estimated(frame)
    cuts = sorted(np.random.default_rng(5).choice(np.arange(1, len(frame)), 400, replace=False).tolist())
    for other, other_doubt in (estimated(frame, *cuts), estimated(frame, *range(1, 200))):
        assert np.array_equal(doubt, other_doubt)
        for name, values in whole.items():
            assert np.array_equal(values, other[name], equal_nan=True)


def test_a_snapshot_goes_on_as_if_nothing_had_been() -> None:
    frame = nav(1.0)
    whole, _ = estimated(frame)
    for at in (5, 137, 2_000):
        first, second = (Navigation(Airframe("ship", built_in("yuanxing-1"))) for _ in range(2))
        first.estimated(rows_of(frame, 0, at))
        second.restore(first.snapshot())
        after = second.estimated(rows_of(frame, at, len(frame)))
        for name, values in whole.items():
            assert np.array_equal(after.columns[name], values[at:], equal_nan=True)


def test_an_accelerometer_that_dies_makes_it_noisier_and_no_more() -> None:
    frame = nav(1.0)
    columns = dict(frame.columns)
    columns["axial_acceleration_m_s2"] = np.where(
        frame.t_ns < T0_NS + 20 * NS, columns["axial_acceleration_m_s2"], np.nan
    )
    found, _ = estimated(replace(frame, columns=columns))
    late = frame.t_ns > T0_NS + 25 * NS
    error = (found["vertical_speed_m_s"] - nav(0.0).columns["vertical_speed_m_s"])[late]
    assert np.sqrt(np.mean(error**2)) < 2.5


@pytest.mark.parametrize("times", [1.0, 3.0])
def test_every_event_of_a_hop_is_found_in_noise_and_nothing_else(times: float) -> None:
    quiet = {event.name: event.t_ns for event in detect(heard(0.0)).events}
    found = {event.name: event for event in detect(heard(times)).events}
    assert found.keys() == quiet.keys()
    for name, allowed_s in TOLERANCE_S.items():
        # a soft landing is as slow as what strong noise leaves unsure: then it says so
        unsure_s = 3.0 * found[name].t_sigma_s if name == "splashdown" else 0.0
        assert abs(found[name].t_ns - quiet[name]) < max(allowed_s, unsure_s) * NS, name
