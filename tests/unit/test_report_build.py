"""A report's value: what is measured, told and counted, and what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest

from downrange.report.build import About, build_report
from downrange.report.lanes import Wide, lanes_of
from downrange.report.model import Books, FlightReport, Happening, Missing, Span
from downrange.report.phases import phases_of
from downrange.report.series import WIDTH_PX, drawn, holes_of, in_order, rate_of, reach_of, value_at
from downrange.report.tracks import Tracks
from telemetry.events import Event, Evidence
from telemetry.samples import Samples

NS: Final = 10**9
T0_S: Final = 1000.0


def event(name: str, t_s: float, **changes: Any) -> Event:
    kind = changes.pop("kind", "flight")
    plain = {"run": "live", "flight": "F", "vehicle": "v", "evidence": Evidence(detector="d", detector_version=1)}
    known_ns = round((T0_S + changes.pop("known_s", t_s + 1.0)) * NS)
    when = {"t_ns": round((T0_S + t_s) * NS), "t_sigma_s": 0.1, "detected_ns": known_ns}
    return Event.model_validate({"type": f"downrange.{kind}.{name}", **plain, **when, **changes})


def report(events: Sequence[Event], t_s: Any = None, books: Books | None = None, **columns: Any) -> FlightReport:
    tracks = Tracks()
    t_s = np.arange(-100.0, 400.0, 0.1) if t_s is None else np.asarray(t_s)
    columns = columns or {"altitude_m": np.maximum(t_s, 0.0), "speed_m_s": np.full(t_s.size, 3.0)}
    tracks.take_samples("v", Samples.of(t_s + T0_S, **columns))
    return build_report(About("F", "live", "a test", 0), tracks, events, books or Books())


def test_times_count_from_liftoff_or_else_from_the_first_data() -> None:
    found = report([event("liftoff", 7.0), event("apogee", 57.0)])
    assert [(each.event.name, each.t_s) for each in found.happenings] == [("liftoff", 0.0), ("apogee", 50.0)]
    assert "liftoff" in found.zero
    without = report([event("apogee", 50.0)])
    assert without.happenings[0].t_s == pytest.approx(150.0)
    assert "no liftoff was found" in without.zero
    retracted = report([event("liftoff", 7.0), event("liftoff", 7.0, revision=1, status="retracted")])
    assert "no liftoff was found" in retracted.zero


def test_the_last_revision_is_shown_with_when_the_first_was_told() -> None:
    first = event("apogee", 50.0, status="provisional", known_s=50.5)
    second = event("apogee", 50.2, revision=1, known_s=60.0)
    (shown,) = [each for each in report([event("liftoff", 0.0), first, second]).happenings if each.t_s]
    assert (shown.event.revision, shown.revisions, shown.event.status) == (1, 2, "confirmed")
    assert [shown.t_s, shown.known_after_s] == pytest.approx([50.2, 0.3])


def test_what_was_taken_back_and_told_again_was_known_then() -> None:
    false = event("apogee", 20.0, status="provisional", known_s=20.5)
    back = event("apogee", 20.0, revision=1, status="retracted", known_s=30.0)
    again = event("apogee", 50.0, revision=2, status="provisional", known_s=50.5)
    last = event("apogee", 50.2, revision=3, known_s=60.0)
    (shown,) = [each for each in report([event("liftoff", 0.0), last, false, back, again]).happenings if each.t_s]
    assert [shown.t_s, shown.known_after_s] == pytest.approx([50.2, 0.3])


def test_what_is_provisional_or_retracted_is_said() -> None:
    found = report(
        [event("liftoff", 0.0), event("meco", 9.0, status="retracted"), event("apogee", 50.0, status="provisional")]
    )
    assert {"1 provisional event marked so.", "1 retracted event marked so."} <= set(found.unknown)
    assert "No flight event was found." in report([]).unknown


def test_limits_last_until_they_clear_or_until_the_data_end() -> None:
    about = {"channel": "bay_temperature_k", "level": "watch", "side": "above", "limit": 308.0, "value": 309.0}
    hot = about | {"level": "critical"}
    events = [
        event("liftoff", 0.0),
        event("raised", 10.0, kind="limit", values=about),
        event("raised", 12.0, kind="limit", values=hot, ordinal=1),
        event("cleared", 20.0, kind="limit", values=about),
        event("stale", 30.0, kind="channel", values={"channel": "altitude_m"}),
        event("fresh", 33.0, kind="channel", values={"channel": "altitude_m"}),
    ]
    found = report(events)
    assert [(each.level, each.start_s, each.end_s) for each in found.limits] == [
        ("watch", 10.0, 20.0),
        ("critical", 12.0, None),
        ("stale", 30.0, 33.0),
    ]
    assert [each.event.name for each in found.happenings] == ["liftoff"]


def test_an_hour_on_the_pad_does_not_press_the_flight_into_a_corner() -> None:
    t_s = np.arange(-3600.0, 4000.0, 1.0)
    found = report([event("liftoff", 0.0), event("apogee", 50.0), event("touchdown", 100.0)], t_s)
    assert (found.shown.start_s, found.shown.end_s) == (-30.0, 130.0)
    assert "59 min 30 s of data before what is drawn." in found.unknown
    flying = report([event("liftoff", 0.0), event("meco", 100.0)], t_s)
    assert flying.shown.end_s == 3999.0, "what still flies is drawn to its end"


def test_what_was_not_measured_is_said_and_what_was_derived_too() -> None:
    t_s = np.arange(0.0, 60.0, 0.1)
    found = report([], t_s, altitude_m=5.0 * t_s)
    craft = found.crafts[0]
    assert set(craft.traces) == {"altitude", "speed"}
    assert craft.traces["speed"].derived
    np.testing.assert_allclose(craft.traces["speed"].values, 5.0)
    assert "v: acceleration was not measured." in found.unknown
    assert any("speed was not measured; drawn is the vertical speed" in each for each in found.unknown)
    pressure_pa = 101_325.0 * (1.0 - 1000.0 / 44_330.77) ** (1 / 0.190263)
    height_m = report([], t_s, pressure_pa=np.full(t_s.size, pressure_pa)).crafts[0].traces["altitude"]
    np.testing.assert_allclose(height_m.values, 1000.0, rtol=1e-6)


def test_a_hole_is_told_with_its_time_and_a_channel_that_ends_early_has_one() -> None:
    t_s = np.concatenate([np.arange(0.0, 30.0, 0.1), np.arange(50.0, 100.0, 0.1)])
    acceleration = np.where(t_s < 25.0, 10.0, np.nan)
    found = report([event("liftoff", 0.0)], t_s, altitude_m=t_s, speed_m_s=t_s, acceleration_m_s2=acceleration)
    craft = found.crafts[0]
    (hole,) = craft.holes
    assert list(hole) == pytest.approx([29.9, 50.0])
    assert list(craft.unmeasured("acceleration")[-1]) == pytest.approx([24.9, 99.9])
    assert any(each.startswith("v: no altitude for 20.1 s from T+29.90") for each in found.unknown)
    assert any(each.startswith("v: no acceleration for 1 min 15 s from T+24.90") for each in found.unknown)


def test_missing_packets_are_counted_from_t0() -> None:
    books = Books(missing=(Missing("v", "nav", 5, T0_S + 3.0, T0_S + 4.5), Missing("v", "nav", 2, None, T0_S + 1.0)))
    first, second = report([event("liftoff", 2.0)], books=books).books.missing
    assert (first.start_s, first.end_s, first.length_s) == (1.0, 2.5, 1.5)
    assert (second.start_s, second.end_s) == (None, -1.0)


def happening(name: str, t_s: float, status: str = "confirmed") -> Happening:
    return Happening(event(name, t_s, status=status), t_s, 0.5)


def every_ten_s(names: str) -> list[Happening]:
    return [happening(name, 10.0 * index) for index, name in enumerate(names.split())]


def test_phases_follow_the_events_of_a_booster_and_of_a_ship() -> None:
    names = [
        "liftoff",
        "meco",
        "stage_separation",
        "apogee",
        "entry_start",
        "entry_end",
        "landing_burn_start",
        "touchdown",
    ]
    found = phases_of([happening(name, 10.0 * i) for i, name in enumerate(names)], Span(-30.0, 100.0))
    assert [phase.name for phase in found] == [
        *("pad", "boost", "coast", "descent", "entry burn", "descent", "landing burn", "landed")
    ]
    assert found[0].span == (-30.0, 0.0)
    assert found[-1].span == (70.0, 100.0)
    assert all(one.span.end_s == next_.span.start_s for one, next_ in pairwise(found))
    ship = phases_of(
        [happening(n, 10.0 * i) for i, n in enumerate(["liftoff", "stage_separation", "ses", "seco"])], Span(0, 50)
    )
    assert [phase.name for phase in ship] == ["boost", "coast", "upper burn", "coast"]


def test_phases_say_what_they_do_not_know() -> None:
    assert [phase.name for phase in phases_of([], Span(0.0, 9.0))] == ["not known"]
    retracted = phases_of([happening("liftoff", 1.0), happening("meco", 5.0, "retracted")], Span(0.0, 9.0))
    assert [phase.name for phase in retracted] == ["pad", "boost"]
    powered = phases_of([happening("liftoff", 0.0), happening("apogee", 5.0)], Span(0.0, 9.0))
    assert [phase.name for phase in powered] == ["boost"], "over the top under power"
    in_flight = phases_of([happening("meco", 5.0)], Span(0.0, 9.0))
    assert [phase.name for phase in in_flight] == ["not known", "coast"]


def test_a_line_never_leads_across_a_hole_and_a_spike_of_one_sample_stays() -> None:
    t_s = np.concatenate([np.arange(0.0, 500.0, 0.001), np.arange(700.0, 1000.0, 0.001)])
    values = np.sin(t_s / 50.0)
    values[123_456] = 40.0
    values[654_321] = -40.0
    holes = holes_of(t_s, 1000.0)
    assert [(round(hole.start_s, 2), round(hole.end_s, 2)) for hole in holes] == [(500.0, 700.0)]
    thin_s, thin = drawn(t_s, values, holes, Span(0.0, 1000.0))
    assert thin.size <= 4 * WIDTH_PX + 8
    assert {float(np.nanmin(thin)), float(np.nanmax(thin))} == {-40.0, 40.0}
    assert np.isnan(thin).sum() == 1
    assert (np.diff(thin_s) >= 0.0).all()
    inside = (thin_s > 500.0) & (thin_s < 700.0)
    assert np.isnan(thin[inside]).all()


def test_a_slower_log_under_the_parachute_has_no_holes() -> None:
    t_s = np.concatenate([np.arange(0.0, 30.0, 0.05), np.arange(30.0, 200.0, 1.0)])
    assert not holes_of(t_s, 200.0)
    lossy = np.sort(np.random.default_rng(1).choice(np.arange(0.0, 200.0, 1 / 30), 4200, replace=False))
    assert all(hole.end_s - hole.start_s > 3 / 30 for hole in holes_of(lossy, 200.0))


def test_values_in_order_once_and_only_where_they_were_measured() -> None:
    t_s, values = in_order(np.array([3.0, 1.0, 1.0, 2.0]), np.array([3.0, 1.0, 9.0, np.inf]))
    assert (t_s.tolist(), values.tolist()) == ([1.0, 3.0], [1.0, 3.0])
    hole = (Span(1.0, 3.0),)
    assert value_at(t_s, values, hole, 2.0) is None
    assert value_at(t_s, values, (), 2.0) == 2.0
    assert value_at(t_s, values, (), 3.5) is None


def test_no_rate_is_known_across_a_hole() -> None:
    t_s = np.concatenate([np.arange(0.0, 10.0, 0.1), np.arange(10.5, 20.0, 0.1)])
    rates_s, rates = rate_of(t_s, 4.0 * t_s, (Span(9.9, 10.5),))
    np.testing.assert_allclose(rates, 4.0)
    assert not ((rates_s > 9.5) & (rates_s < 10.9)).any()


def test_one_spike_does_not_press_a_flight_flat() -> None:
    values = np.concatenate([np.linspace(0.0, 300.0, 5000), [20_000.0]])
    bottom, top, beyond = reach_of([values])
    assert (bottom, beyond) == (0.0, 1 + int((values[:-1] > top).sum()))
    assert 250.0 < top <= 300.0
    assert reach_of([values[:-1]]) == (0.0, 300.0, 0)


def test_labels_lie_over_no_other_and_over_no_line() -> None:
    generator = np.random.default_rng(7)
    for _ in range(50):
        labels = [Wide(float(at), float(wide)) for at, wide in generator.uniform([0, 1], [100, 20], (25, 2))]
        lanes = lanes_of(labels)
        for one, lane in zip(labels, lanes, strict=True):
            for other, its_lane in zip(labels, lanes, strict=True):
                # the other's line falls from its lane down through all below
                if one is not other and one.at < other.at < one.at + one.width:
                    assert lane > its_lane
