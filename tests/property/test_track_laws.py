"""Laws of a delivery: order and repetition of what arrives do not matter, and a status never goes backwards."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tracks import LIFTOFF_NS, NS, booking, event, manifest

from telemetry.events import Event
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.delivery import Delivery
from tracking.flight import Flight
from tracking.motion import Position, Sample
from tracking.standing import FINAL, RANK

SUBJECTS = {FlightEvent: "ship", CargoEvent: "ship", DeliveryStatus: "P-1"}
kinds = st.sampled_from([*FlightEvent, *CargoEvent, *DeliveryStatus])


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(kinds)
    return event(
        kind,
        draw(st.integers(-100, 3000)),
        vehicle=draw(st.sampled_from([SUBJECTS[type(kind)], SUBJECTS[type(kind)], "booster"])),
        ordinal=draw(st.integers(0, 1)),
        revision=0,
    )


def distinct(found: list[Event]) -> list[Event]:
    """Keep one event an id: a detector never says two things under one id."""
    return list({one.id: one for one in found}.values())


def revised(found: list[Event]) -> list[Event]:
    later = [
        one.model_copy(update={"revision": 1, "t_ns": one.t_ns + 5 * NS, "status": state})
        for one, state in zip(found, ("retracted", "confirmed") * len(found), strict=False)
    ]
    return [*found, *later]


def flown(found: list[Event]) -> Flight:
    flight = Flight("live", "F-1")
    flight.book(booking(manifest()), 0)
    for one in found:
        flight.take_event(one)
    return flight


def delivery(flight: Flight, parcel: str = "P-1") -> Delivery:
    return next(one for one in flight.deliveries() if one.parcel.parcel == parcel)


histories = st.lists(events(), max_size=12).map(distinct)


@given(histories.flatmap(lambda found: st.tuples(st.just(revised(found)), st.permutations(revised(found)))))
def test_the_order_of_arrival_does_not_matter(orders: tuple[list[Event], list[Event]]) -> None:
    first, second = orders
    assert delivery(flown(first)) == delivery(flown(second))


@given(histories, st.data())
def test_duplicates_change_nothing(found: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(found), max_size=10)) if found else []
    flight = flown(found)
    before = flight.deliveries(), flight.record()
    assert not any(flight.take_event(one) for one in again)
    assert (flight.deliveries(), flight.record()) == before


@given(histories)
def test_progress_never_goes_backwards_while_nothing_is_taken_back(found: list[Event]) -> None:
    flight = flown([])
    reached = delivery(flight)
    for one in found:
        flight.take_event(one)
        now = delivery(flight)
        assert RANK[now.progress] >= RANK[reached.progress]
        if now.status in RANK:
            assert now.status is now.progress
        if reached.status in FINAL:
            assert now.status in FINAL
        reached = now


@given(histories)
def test_the_history_keeps_all_of_it_in_order_of_time(found: list[Event]) -> None:
    mine = [one for one in found if one.vehicle in {"ship", "P-1"}]
    kept = delivery(flown(found)).history
    booked = next(entry for entry in kept if entry.event == "booked")
    assert {entry.event_id for entry in kept} - {booked.event_id} == {one.id for one in mine} - {booked.event_id}
    later = [entry.t_ns for entry in kept if entry.status is not DeliveryStatus.BOOKED]
    assert later == sorted(later)


@given(histories)
def test_what_happens_to_one_parcel_is_not_told_of_another(found: list[Event]) -> None:
    own = [one for one in found if one.type.startswith("downrange.delivery.")]
    others = [one for one in found if one not in own]
    assert delivery(flown([*others, *own]), "P-2") == delivery(flown(others), "P-2")


@given(histories, st.integers(0, 12))
def test_a_flight_goes_on_from_its_records_as_if_nothing_had_been(found: list[Event], cut: int) -> None:
    whole = flown(found)
    before = flown(found[:cut])
    after = Flight("live", "F-1")
    after.restore(before.record(), before.present.now(), before.deliveries())
    for one in found[cut:]:
        after.take_event(one)
    assert sorted(after.deliveries(), key=lambda d: d.code) == sorted(whole.deliveries(), key=lambda d: d.code)
    assert after.record() == whole.record()


@given(histories)
def test_another_run_leaves_the_live_delivery_alone(found: list[Event]) -> None:
    replay = Flight("replay-1", "F-1")
    for one in found:
        replay.take_event(one.model_copy(update={"run": "replay-1"}))
    assert replay.deliveries() == []


positions = st.builds(
    lambda t, lat, lon: Position(t_ns=LIFTOFF_NS + t * NS, latitude_deg=lat, longitude_deg=lon, altitude_m=1000.0),
    st.integers(0, 3000),
    st.floats(-90, 90),
    st.floats(-180, 180),
)


@given(st.lists(positions, max_size=40).flatmap(lambda p: st.tuples(st.just(p), st.permutations(p))))
def test_the_newest_position_counts_and_the_track_is_in_order(orders: tuple[list[Position], list[Position]]) -> None:
    for order in orders:
        flight = Flight("live", "F-1")
        for position in order:
            flight.take_sample(Sample(position.t_ns, 0, is_telemetry=True, position=position))
        times = [point.t_ns for point in flight.record().track]
        assert times == sorted(times)
        assert all(b - a >= 10 * NS for a, b in pairwise(times))
        if order:
            assert flight.present.position is not None
            assert flight.present.position.t_ns == max(position.t_ns for position in order)
