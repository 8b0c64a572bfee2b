from __future__ import annotations

from typing import Any

import pytest
from tracks import JOURNEY, LIFTOFF_NS, NS, booking, event, manifest

from telemetry.events import Event
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent, LinkEvent
from tracking.delivery import Delivery
from tracking.flight import Flight

S = DeliveryStatus


def after(*events: Event, **plan: Any) -> Delivery:
    flight = Flight("live", "F-1")
    flight.book(booking(manifest(**plan)), 0)
    for one in events:
        flight.take_event(one)
    return flight.deliveries()[1]


def journey(until_s: float) -> list[Event]:
    return [event(kind, t_s) for kind, t_s in JOURNEY if t_s <= until_s]


@pytest.mark.parametrize(
    ("until_s", "status"),
    [
        (-60, S.BOOKED),
        (-30, S.LOADED),
        (-20, S.LOADED),
        (0, S.DEPARTED),
        (160, S.IN_FLIGHT),
        (1000, S.IN_FLIGHT),
        (1800, S.LANDED),
        (2100, S.RECOVERED),
        (2300, S.OUT_FOR_DELIVERY),
    ],
)
def test_the_flight_moves_the_delivery(until_s: float, status: DeliveryStatus) -> None:
    delivery = after(*journey(until_s))
    assert delivery.status is delivery.progress is status


def test_a_second_engine_start_tells_flight_even_if_the_separation_was_missed() -> None:
    assert after(event(FlightEvent.SES, 165)).status is S.IN_FLIGHT


def test_the_booster_moves_nothing() -> None:
    booster = [event(kind, t_s, vehicle="booster") for kind, t_s in JOURNEY]
    assert after(*booster).status is S.BOOKED
    assert len(after(*booster).history) == 1


@pytest.mark.parametrize("kind", LinkEvent)
def test_what_a_station_hears_is_not_told(kind: LinkEvent) -> None:
    assert after(*journey(0), event(kind, 1)) == after(*journey(0))


def test_parcels_that_are_picked_up_wait_after_unloading() -> None:
    assert after(*journey(2300), handover="pickup").status is S.AVAILABLE_FOR_PICKUP


def test_unloading_on_the_pad_is_no_arrival() -> None:
    assert after(*journey(-20), event(CargoEvent.UNLOADED, -10)).status is S.LOADED
    assert after(*journey(2100), event(CargoEvent.UNLOADED, -10)).status is S.RECOVERED


@pytest.mark.parametrize("kind", [FlightEvent.HOLD, FlightEvent.SCRUB])
def test_a_launch_that_is_held_delays_until_liftoff(kind: FlightEvent) -> None:
    held = after(*journey(-20), event(kind, -5))
    assert (held.status, held.progress) == (S.DELAYED, S.LOADED)
    assert after(*journey(160), event(kind, -5)).status is S.IN_FLIGHT


def test_an_abort_is_an_exception_until_the_flight_goes_on() -> None:
    abort = event(FlightEvent.ABORT, 100)
    assert after(*journey(0), abort).status is S.EXCEPTION
    assert after(*journey(0), abort).eta_ns is None
    assert after(*journey(160), abort).status is S.IN_FLIGHT


def test_a_lost_vehicle_stays_lost_until_that_is_taken_back() -> None:
    lost = event(FlightEvent.LOSS_OF_VEHICLE, 900)
    assert after(*journey(2300), lost).status is S.EXCEPTION
    taken_back = event(FlightEvent.LOSS_OF_VEHICLE, 900, revision=1, status="retracted")
    corrected = after(*journey(2300), lost, taken_back)
    assert corrected.status is S.OUT_FOR_DELIVERY
    told = [(e.event_id, e.validity) for e in corrected.history if e.event == "loss_of_vehicle"]
    assert told == [(lost.id, "superseded"), (taken_back.id, "retracted")]


def test_only_a_correction_takes_a_status_back() -> None:
    wrong = event(FlightEvent.LIFTOFF, 0)
    right = event(FlightEvent.LIFTOFF, 0, revision=1, status="retracted")
    assert after(*journey(-20), wrong).status is S.DEPARTED
    assert after(*journey(-20), wrong, right).status is S.LOADED


def test_a_failed_attempt_holds_until_the_next_one() -> None:
    failed = event(S.ATTEMPT_FAILED, 5000, vehicle="P-1")
    assert after(*journey(2300), failed).status is S.ATTEMPT_FAILED
    again = event(S.OUT_FOR_DELIVERY, 9000, vehicle="P-1")
    assert after(*journey(2300), failed, again).status is S.OUT_FOR_DELIVERY
    delivered = event(S.DELIVERED, 9500, vehicle="P-1")
    assert after(*journey(2300), failed, again, delivered).status is S.DELIVERED


@pytest.mark.parametrize("final", [S.CANCELLED, S.RETURNED])
def test_a_cancelled_or_returned_parcel_goes_nowhere_and_has_no_eta(final: DeliveryStatus) -> None:
    delivery = after(*journey(2300), event(final, 10, vehicle="P-1"))
    assert (delivery.status, delivery.eta_ns, delivery.eta_basis) == (final, None, "unknown")


def test_history_names_places_and_figures() -> None:
    where = {"altitude_m": 350_000.0, "latitude_deg": 1.0, "longitude_deg": 130.0, "downrange_m": 4e6}
    delivery = after(*journey(2300), event(FlightEvent.MAX_Q, 70, values=where))
    places = {entry.event: entry.place and entry.place.en for entry in delivery.history}
    assert places["booked"] == places["loaded"] == places["liftoff"] == "Haiyang, Shandong"
    assert places["max_q"] is None
    assert places["splashdown"] == places["recovered"] == "Tasman Sea"
    assert places["unloaded"] == "Sydney"
    max_q = next(entry for entry in delivery.history if entry.event == "max_q")
    assert (max_q.altitude_m, max_q.latitude_deg, max_q.longitude_deg) == (350_000.0, 1.0, 130.0)
    assert max_q.t_ns == LIFTOFF_NS + 70 * NS


def test_limits_and_the_seal_are_kept() -> None:
    shocks = [event(CargoEvent.SHOCK, 10 + n, ordinal=n, values={"level": "warning"}) for n in range(3)]
    worse = event(CargoEvent.SHOCK, 50, ordinal=3, values={"level": "critical"})
    delivery = after(*journey(2300), *shocks, worse)
    assert [(limit.quantity, limit.level, limit.count) for limit in delivery.limits] == [
        ("shock", "warning", 3),
        ("shock", "critical", 1),
    ]
    assert not delivery.seal_broken
    assert after(*journey(2300), event(CargoEvent.SEAL_BROKEN, 900)).seal_broken
    assert not after(*journey(2300), event(CargoEvent.SEAL_BROKEN, 2200)).seal_broken


def test_a_detector_gone_mad_does_not_fill_the_memory() -> None:
    flight = Flight("live", "F-1")
    taken = [flight.take_event(event(CargoEvent.SHOCK, n, ordinal=n)) for n in range(1_500)]
    assert sum(taken) == 1_000


def test_a_changed_manifest_replaces_the_load_before_loading() -> None:
    flight = Flight("live", "F-1")
    flight.book(booking(manifest(count=3)), 0)
    codes = {d.parcel.parcel: d.code for d in flight.deliveries()}
    flight.book(booking(manifest(count=2), 1), 1)
    status = {d.parcel.parcel: d.status for d in flight.deliveries()}
    assert status == {"P-0": S.BOOKED, "P-1": S.BOOKED, "P-2": S.CANCELLED}
    flight.book(booking(manifest(count=4), 2), 2)
    assert {d.status for d in flight.deliveries()} == {S.BOOKED}
    kept = {d.parcel.parcel: d.code for d in flight.deliveries()}
    assert {name: kept[name] for name in codes} == codes
    restored = next(d for d in flight.deliveries() if d.parcel.parcel == "P-2")
    assert [(e.event, e.validity) for e in restored.history if e.event == "cancelled"] == [
        ("cancelled", "superseded"),
        ("cancelled", "retracted"),
    ]


def test_a_closed_container_takes_its_own_manifest_again_and_no_other() -> None:
    flight = Flight("live", "F-1")
    flight.book(booking(manifest(count=3)), 0)
    before = flight.deliveries()
    flight.take_event(event(CargoEvent.LOADED, -30))
    flight.book(booking(manifest(count=3), 1), 1)
    flight.book(booking(manifest(count=2), 2), 2)
    same, other = flight.record().outcomes[-2:]
    assert same.refused is None
    assert other.refused is not None
    assert "F-1 is loaded already" in other.refused
    assert {d.code for d in flight.deliveries()} == {d.code for d in before}
    assert {d.status for d in flight.deliveries()} == {S.LOADED}


def test_a_first_manifest_may_come_late_and_learns_what_has_happened() -> None:
    flight = Flight("live", "F-1")
    for one in journey(1000):
        flight.take_event(one)
    flight.book(booking(manifest()), 0)
    assert {d.status for d in flight.deliveries()} == {S.IN_FLIGHT}


def test_a_booking_read_twice_is_one() -> None:
    flight = Flight("live", "F-1")
    flight.book(booking(manifest(count=3)), 5)
    flight.book(booking(manifest(count=2), 1), 6)
    before = flight.deliveries(), flight.record()
    flight.book(booking(manifest(count=3)), 5)
    flight.book(booking(manifest(count=2), 1), 6)
    assert (flight.deliveries(), flight.record()) == before


def test_outcomes_do_not_grow_without_end() -> None:
    flight = Flight("live", "F-1")
    for number in range(30):
        flight.book(booking(manifest(), number), number)
    assert [outcome.booking for outcome in flight.record().outcomes] == [f"b{n}" for n in range(22, 30)]
