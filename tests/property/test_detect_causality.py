"""What is told at a row is told by the rows up to it: a file that ends there says the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from detection import T0_NS
from hop_flight import fly, log_of
from logged import small_rocket
from quality.flights import Log, load, names
from quality.perturb import KINDS, perturbed
from recorded import webcast

from downrange.jobs.detect import Detected, LogFlight, detect, known_at
from telemetry.cuc import NS_PER_S
from telemetry.samples import CHANNELS, Samples


def samples_of(log: Log) -> Samples:
    return Samples.of(log.t_s, **{name: values for name, values in log.columns.items() if name in CHANNELS})


def each_as_it_is_told(samples: Samples, told: list[Detected]) -> Iterator[tuple[Samples, Detected]]:
    """Yield what is told of a log with the piece that told it; each row that is said to have told something is one."""
    times_ns = {round(one.t_detected_s * NS_PER_S) for one in told}
    rows = np.flatnonzero(np.isin(samples.t_ns, list(times_ns)))
    bounds = sorted({0, *rows.tolist(), *(rows + 1).tolist(), len(samples)})
    pieces: list[Samples] = []

    def fed() -> Iterator[Samples]:
        for first, last in pairwise(bounds):
            pieces.append(samples.select(slice(first, last)))
            yield pieces[-1]

    for one in LogFlight().take_all(fed()):
        yield pieces[-1], one


def check(samples: Samples) -> list[Detected]:
    told = detect(samples)
    again: list[Detected] = []
    for piece, one in each_as_it_is_told(samples, told):
        assert piece.t_ns.tolist() == [round(one.t_detected_s * NS_PER_S)], one
        assert one.t_event_s <= one.t_detected_s, one
        again.append(one)
    assert again == told
    return told


def made_up() -> dict[str, Log]:
    hop, shown = log_of(fly(), "hsa", hz=10), webcast().frames["kinematics"]
    display = {name: shown.columns[name] for name in ("speed_m_s", "altitude_m")}
    return {
        "small rocket": Log("small rocket", "small", *small_rocket()),
        "webcast": Log("webcast", "orbital", (shown.t_ns - T0_NS) / NS_PER_S, display),
        "hop": Log("hop", "small", hop.t_ns / NS_PER_S, dict(hop.columns)),
    }


@pytest.mark.parametrize("kind", ["clean", "noise", "spikes", "holes", "shuffled"])
@pytest.mark.parametrize("name", ["small rocket", "webcast", "hop"])
def test_an_event_is_told_at_the_row_that_allows_it(name: str, kind: str) -> None:
    assert check(samples_of(perturbed(made_up()[name], kind, 0)))


def test_a_file_that_ends_where_an_event_was_told_says_what_was_known_then() -> None:
    samples = samples_of(made_up()["webcast"])
    told = detect(samples)
    assert len(told) > len(known_at(told)) > 1
    for one in told:
        ends = int(np.searchsorted(samples.t_ns, round(one.t_detected_s * NS_PER_S), "right"))
        assert known_at(detect(samples.select(slice(0, ends)))) == known_at(told, one.t_detected_s)
        before = known_at(detect(samples.select(slice(0, ends - 1))))
        assert before != known_at(told, one.t_detected_s)


def test_recorded_flights_tell_nothing_before_the_row_that_allows_it() -> None:
    kinds = ["clean", *KINDS]
    for at, name in enumerate(names()[::5]):
        check(samples_of(perturbed(load(name), kinds[at % len(kinds)], 0)))
