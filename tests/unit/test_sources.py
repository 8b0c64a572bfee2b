"""The best source of a vehicle: who leads, by how much, for how long; and what simulated stations bring."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from detection import NS, T0_NS, Flown, detect, messages_of, new_engine

from processors.books.bringers import Brought
from processors.links.sources import Heard, Sources
from simulator.faults import parse_fault
from simulator.packets import Transmitter
from simulator.radio.downlink import make_links, ticks
from simulator.radio.stations import load_stations
from simulator.record import truth_json
from simulator.simulate import simulate
from telemetry.quality import LinkState

BOTH: Final = {"a": Heard(-90.0), "b": Heard(-90.0)}


class Flight:
    """A second at a time: who has lock, and how many packets came from each first."""

    def __init__(self) -> None:
        self.sources = Sources()
        self._clock_ns = 0
        self._brought = {"a": Brought(), "b": Brought()}

    def second(self, locked: dict[str, Heard], **first: int) -> str | None:
        for name, count in first.items():
            so_far = self._brought[name]
            self._brought[name] = Brought(so_far.packets + count, so_far.first + count)
        self._clock_ns += NS
        self.sources.on_second(self._clock_ns, self._brought, locked)
        return self.sources.best

    def seconds(self, count: int, locked: dict[str, Heard], **first: int) -> Iterator[str | None]:
        for _ in range(count):
            yield self.second(locked, **first)


def test_only_a_station_with_lock_is_a_source() -> None:
    flight = Flight()
    assert list(flight.seconds(2, {})) == [None, None]
    assert (flight.second({"b": Heard(-100.0)}), flight.sources.why) == ("b", "lock")
    assert (flight.second({}), flight.sources.why) == (None, None)


def test_a_source_that_loses_its_lock_is_followed_at_once() -> None:
    flight = Flight()
    assert list(flight.seconds(5, BOTH, a=50, b=10))[-1] == "a"
    assert (flight.second({"b": BOTH["b"]}, a=50, b=10), flight.sources.why) == ("b", "lock")


def test_the_one_from_which_most_came_first_is_best() -> None:
    flight = Flight()
    assert list(flight.seconds(2, {"a": BOTH["a"]}, a=10, b=40))[-1] == "a"
    found = list(flight.seconds(6, BOTH, a=10, b=40))
    assert found == [*("a", "a", "a"), *("b", "b", "b")]
    assert flight.sources.why == "first"


def test_a_short_lead_changes_nothing() -> None:
    flight = Flight()
    list(flight.seconds(6, BOTH, a=50, b=0))
    assert set(flight.seconds(1, BOTH, a=0, b=400)) | set(flight.seconds(10, BOTH, a=200, b=10)) == {"a"}


def test_neither_does_a_small_one_however_long() -> None:
    flight = Flight()
    list(flight.seconds(6, BOTH, a=50, b=0))
    assert set(flight.seconds(30, BOTH, a=28, b=32)) == {"a"}


def test_signal_decides_between_those_that_bring_about_the_same() -> None:
    flight = Flight()
    flight.second({"a": Heard(-100.0), "b": Heard(-90.0)})
    assert (flight.sources.best, flight.sources.why) == ("b", "signal")
    a_little = {"a": Heard(-88.0), "b": Heard(-90.0)}
    much = {"a": Heard(-80.0), "b": Heard(-90.0)}
    assert set(flight.seconds(10, a_little, a=25, b=30)) == {"b"}
    assert list(flight.seconds(5, much, a=25, b=30)) == ["b", "b", "b", "a", "a"]


def test_signal_is_nothing_against_packets() -> None:
    flight = Flight()
    list(flight.seconds(6, BOTH, a=50, b=0))
    assert set(flight.seconds(20, {"a": Heard(-110.0), "b": Heard(-60.0)}, a=50, b=0)) == {"a"}


def test_rates_are_of_the_datas_time_and_forget() -> None:
    flight = Flight()
    list(flight.seconds(10, BOTH, a=50, b=5))
    assert (flight.sources.frame_rate_hz("a"), flight.sources.frame_rate_hz("b")) == (50.0, 5.0)
    list(flight.seconds(5, BOTH, b=5))
    assert (flight.sources.frame_rate_hz("a"), flight.sources.frame_rate_hz("c")) == (0.0, 0.0)


@functools.cache
def hop(*faults: str) -> Transmitter:
    return simulate("hop", 3, T0_NS, faults=tuple(parse_fault(line) for line in faults))


@functools.cache
def flown(*faults: str) -> Flown:
    return ended(detect(messages_of(hop(*faults))))


def ended(found: Flown) -> Flown:
    """Add what is told when a flight has fallen silent."""
    found.quality += found.engine.quality()
    return found


def last_states(found: Flown) -> dict[str, LinkState]:
    return {record.station: record for record in found.quality if isinstance(record, LinkState)}


def books(*faults: str) -> list[dict[str, Any]]:
    record = json.loads(truth_json(hop(*faults), "F"))
    return list(record["ledger"]["ship"].values())


@pytest.mark.parametrize(
    "faults",
    [(), ("packets_lost,share=0.05,station=relay",), ("station_down@40,for_s=30,station=relay",)],
    ids=["nothing", "loss", "down"],
)
def test_two_stations_merged_are_what_the_truth_says(faults: tuple[str, ...]) -> None:
    states = last_states(flown(*faults))
    rows = books(*faults)
    assert sum(state.only for state in states.values()) == sum(row["heard_by"][1] for row in rows)
    assert sum(state.first for state in states.values()) == sum(sum(row["heard_by"][1:]) for row in rows)
    assert sum(state.share or 0.0 for state in states.values()) == pytest.approx(1.0, abs=1e-3)
    for name, state in states.items():
        assert state.frames == sum(row["stations"][name]["heard"] for row in rows)


def test_while_a_station_is_down_the_other_is_the_source() -> None:
    told = [
        record
        for record in flown("station_down@40,for_s=30,station=relay").quality
        if isinstance(record, LinkState) and 47 * NS < record.as_of_ns - T0_NS < 68 * NS
    ]
    assert {(record.station, record.best) for record in told} == {("haiyang", True), ("relay", False)}
    rates_hz = {round(record.frame_rate_hz) for record in told if record.best}
    assert max(rates_hz) - min(rates_hz) < 0.2 * max(rates_hz)


def test_there_is_never_more_than_one_source() -> None:
    best: dict[str, bool] = {}
    for record in flown("station_down@40,for_s=30,station=relay").quality:
        if isinstance(record, LinkState):
            best[record.station] = record.best
            assert record.best is (record.why_best is not None)
            assert not record.best or record.state == "aos"
    assert len(best) == 2


def test_longer_bundles_tell_the_same() -> None:
    sent = hop("packets_lost,share=0.05,station=relay")
    links = make_links(sent, load_stations(sent.flight.preset.stations), "live", "F")
    coarse = ended(detect(message for tick in ticks(sent, links, 1.0) for message in tick.messages))
    fine = last_states(flown("packets_lost,share=0.05,station=relay"))
    for name, state in last_states(coarse).items():
        assert (state.frames, state.only, state.state) == (fine[name].frames, fine[name].only, fine[name].state)


def test_a_snapshot_in_mid_flight_changes_no_state() -> None:
    messages = messages_of(hop())
    first = detect(messages[: len(messages) // 2])
    engine = new_engine()
    engine.restore(first.engine.snapshot())
    rest = ended(detect(messages[len(messages) // 2 :], engine))
    assert last_states(rest) == last_states(flown())
