"""The tracking site on a real Kafka and over real HTTP, as operators, programs and visitors use it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from flown import fly, new_flight, publish
from sites import RunningSite, happen, site, site_settings
from tracks import JOURNEY, event, manifest

from runtime.kafka import open_producer
from telemetry.errors import ManifestError, Reason
from telemetry.events import Event
from telemetry.topics import KafkaTopic, flight_key
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent
from tracking.booking import book, delivery_of
from tracking.codes import grouped
from tracking.records import TYPE_HEADER

pytestmark = pytest.mark.asyncio(loop_scope="module")
JSON_TYPE = {"content-type": "application/json"}


def journey(flight: str, until_s: float = 1e9, **changes: Any) -> list[Event]:
    return [event(kind, t_s, flight=flight, **changes) for kind, t_s in JOURNEY if t_s <= until_s]


def is_status(status: DeliveryStatus) -> Any:
    return lambda state: state["status"] == status.value


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSite]:
    async with site(site_settings(kafka_bootstrap), tmp_path_factory.mktemp("track")) as found:
        yield found


async def test_a_parcel_is_booked_flown_and_handed_over(here: RunningSite) -> None:
    flight = new_flight()
    booked = await book(here.settings, manifest(flight))
    assert [parcel for parcel, _ in booked] == ["P-0", "P-1", "P-2"]
    code = booked[1][1]
    assert (await here.state(code))["status"] == "booked"

    await publish(here.settings.kafka, fly(flight, 40))
    await happen(here.settings, journey(flight))
    state = await here.until(code, is_status(DeliveryStatus.OUT_FOR_DELIVERY))
    assert [entry["event"] for entry in state["history"]] == [
        "booked",
        *(kind.value.rsplit(".", 1)[-1] for kind, _ in JOURNEY),
    ]
    assert (state["eta_basis"], state["eta_sigma_s"]) == ("actual", 0.1)

    state = await here.until(code, lambda state: len(state["flight"]["track"]) > 1)
    assert state["flight"]["position"]["altitude_m"] > 0
    assert state["condition"]["temperature_k"]["high"] > 200
    assert state["flight"]["clock"]["signal_age_s"] is not None

    door = f"/v1/flights/{flight}/parcels/P-1/status"
    answer = await here.visitor.post(door, json={"status": "delivered"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "delivered"
    assert (await delivery_of(here.settings, code)).status is DeliveryStatus.DELIVERED
    others = {code: (await here.state(code))["status"] for parcel, code in booked if parcel != "P-1"}
    assert set(others.values()) == {"out_for_delivery"}
    wrong = await here.visitor.post(door, json={"status": "delivered", "take_back": True})
    assert wrong.json()["status"] == "out_for_delivery"
    assert (await here.visitor.post(door, json={"status": "delivered", "take_back": True})).status_code == 409
    again = await here.visitor.post(door, json={"status": "delivered", "at": "2030-03-18T09:00:00Z"})
    assert (again.json()["status"], again.json()["since"]) == ("delivered", "2030-03-18T09:00:00Z")


async def test_the_same_manifest_again_gives_the_same_codes(here: RunningSite) -> None:
    flight = new_flight()
    first = await book(here.settings, manifest(flight))
    assert await book(here.settings, manifest(flight)) == first
    assert len({code for _, code in first}) == 3
    other = await book(here.settings, manifest(new_flight()))
    assert not {code for _, code in other} & {code for _, code in first}


async def test_two_requests_at_once_agree(here: RunningSite) -> None:
    flight = new_flight()
    answers = await asyncio.gather(*(book(here.settings, manifest(flight)) for _ in range(4)))
    assert all(answer == answers[0] for answer in answers)


async def test_a_replay_is_another_world(here: RunningSite) -> None:
    flight = new_flight()
    ((_, live), *_) = await book(here.settings, manifest(flight, count=1))
    await happen(here.settings, journey(flight, run="replay-x"))
    ((_, other), *_) = await book(here.settings, manifest(flight, count=1, run="replay-x"))
    assert other != live
    await happen(here.settings, journey(flight, -30))
    assert (await here.until(live, is_status(DeliveryStatus.LOADED)))["flight"]["replay"] is False
    state = await here.state(other)
    # whether it counts what happened before it was booked depends on which topic the service reads first
    assert state["flight"]["replay"] is True
    assert "Replay" in (await here.visitor.get(f"/t/{other}")).text
    assert "Replay" not in (await here.visitor.get(f"/t/{live}")).text


async def test_records_that_cannot_be_read_stop_nothing(here: RunningSite) -> None:
    flight = new_flight()
    key = flight_key("live", flight)
    async with open_producer(here.settings.kafka, "test") as producer:
        sent = [
            await producer.send(KafkaTopic.EVENTS, key, b"noise", []),
            await producer.send(KafkaTopic.EVENTS, key, None, []),
            await producer.send(KafkaTopic.TELEMETRY, key, b"noise", [("run", b"../")]),
            await producer.send(KafkaTopic.DELIVERIES, f"{key}/x", b"{}", [(TYPE_HEADER, b"delivery")], flight=key),
            await producer.send(KafkaTopic.DELIVERIES, f"{key}/y", b"{}", [(TYPE_HEADER, b"manifest")], flight=key),
            await producer.send(KafkaTopic.DELIVERIES, f"{key}/z", None, [], flight=key),
        ]
        await producer.acknowledged(sent)
    ((_, code), *_) = await book(here.settings, manifest(flight, count=1))
    await happen(here.settings, journey(flight, -30))
    await here.until(code, is_status(DeliveryStatus.LOADED))
    metrics = (await here.visitor.get(f"http://127.0.0.1:{here.settings.service.health_port}/metrics")).text
    counted = re.search(r'downrange_track_unreadable_total\{topic="downrange.events"\} (\d+)', metrics)
    # other tests leave noise of their own on the topic
    assert counted is not None
    assert int(counted[1]) >= 2


async def test_what_cannot_be_booked_is_refused_with_its_reason(here: RunningSite) -> None:
    flight = new_flight()
    address = f"/v1/flights/{flight}/manifest"
    given = json.loads(manifest(flight).to_json())
    heavy = {**given, "parcels": [{**given["parcels"][0], "mass_kg": 10_001}]}
    answer = await here.visitor.post(address, json=heavy)
    assert (answer.status_code, answer.json()["reason"]) == (422, Reason.OVERFULL.value)
    assert "P-0" in answer.json()["detail"]
    assert (await here.visitor.post(address, content="parcels")).status_code == 415
    assert (await here.visitor.post(address, content="[", headers=JSON_TYPE)).status_code == 422
    huge = b" " * (5 * 1024 * 1024)
    assert (await here.visitor.post(address, content=huge, headers=JSON_TYPE)).status_code == 413
    assert (await here.visitor.post(f"/v1/flights/{new_flight()}/manifest", json=given)).status_code == 422

    await book(here.settings, manifest(flight))
    await happen(here.settings, [event(CargoEvent.LOADED, -30, flight=flight)])
    ((_, code), *_) = await book(here.settings, manifest(flight))
    await here.until(code, is_status(DeliveryStatus.LOADED))
    with pytest.raises(ManifestError, match="no longer be changed"):
        await book(here.settings, manifest(flight, count=2))


async def test_reports_from_the_door_are_checked(here: RunningSite) -> None:
    flight = new_flight()
    await book(here.settings, manifest(flight))
    door = f"/v1/flights/{flight}/parcels/P-1/status"
    assert (await here.visitor.post(door, json={"status": "landed"})).status_code == 422
    assert (await here.visitor.post(door, json={"status": "lost"})).json()["reason"] == "bad-json"
    assert (await here.visitor.post(door.replace("P-1", "P-9"), json={"status": "delivered"})).status_code == 404
    assert (await here.visitor.post(door, json={"status": "delivered", "at": "2030-01-01T00:00:00"})).status_code == 422


@pytest.mark.parametrize("code", ["NOPE", "0000000000000000", "%00", "..%2F..%2Fetc%2Fpasswd", "<script>", "x" * 500])
async def test_an_unknown_code_is_answered_with_what_to_do(here: RunningSite, code: str) -> None:
    api = await here.visitor.get(f"/v1/track/{code}")
    assert api.status_code == 404
    assert (await here.visitor.get(f"/v1/track/{code}/events")).status_code == 404
    page = await here.visitor.get(f"/t/{code}", headers={"accept-language": "zh-CN"})
    assert page.status_code == 404
    assert "没有找到这个单号" in page.text
    assert "<script>" not in page.text


async def test_people_find_their_parcel_however_they_write_the_code(here: RunningSite) -> None:
    ((_, code), *_) = await book(here.settings, manifest(new_flight(), count=1))
    for written in (grouped(code).lower(), code):
        answer = await here.visitor.get("/t", params={"code": f" {written} ", "lang": "zh"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/t/{code}?lang=zh")
    assert (await here.visitor.get(f"/t/{grouped(code)}?lang=en")).headers["location"] == f"/t/{code}?lang=en"
    assert (await here.visitor.get("/t", params={"code": "nope"})).status_code == 404
    assert (await here.visitor.get("/")).status_code == 200
    assert (await here.visitor.get("/nowhere")).status_code == 404


async def test_a_flights_summary_is_public_and_holds_no_parcel(here: RunningSite) -> None:
    flight = new_flight()
    ((_, code), *_) = await book(here.settings, manifest(flight, count=1))
    await happen(here.settings, journey(flight, 0))
    await here.until(code, is_status(DeliveryStatus.DEPARTED))
    answer = await here.visitor.get(f"/v1/flights/{flight}")
    assert answer.json()["status"] == "departed"
    assert answer.json()["liftoff"]["actual"] is True
    for secret in (code, "SECRET", "P-0"):
        assert secret not in answer.text
    assert (await here.visitor.get(f"/v1/flights/{new_flight()}")).status_code == 404


async def test_every_answer_is_guarded_and_none_needs_a_cdn(here: RunningSite) -> None:
    ((_, code), *_) = await book(here.settings, manifest(new_flight(), count=1))
    for path in ("/", f"/t/{code}", f"/v1/track/{code}", "/static/track.js", "/t/nope", "/openapi.json", "/nowhere"):
        answer = await here.visitor.get(path)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert ("no-store" in answer.headers["cache-control"]) != path.startswith("/static/")
    paths = (await here.visitor.get("/openapi.json")).json()["paths"]
    assert {"/v1/flights/{flight}/manifest", "/v1/track/{code}", "/v1/track/{code}/events"} <= set(paths)
    for path in ("/docs", "/redoc"):
        assert (await here.visitor.get(path)).status_code == 404


async def test_without_a_token_only_programs_on_this_machine_may_book(here: RunningSite) -> None:
    flight = new_flight()
    address, body = f"/v1/flights/{flight}/manifest", manifest(flight).to_json()
    for header in ("origin", "x-forwarded-for", "forwarded"):
        answer = await here.visitor.post(address, content=body, headers={**JSON_TYPE, header: "http://127.0.0.1"})
        assert answer.status_code == 403
        assert "DOWNRANGE_TRACK_OPERATOR_TOKEN" in answer.json()["detail"]
    assert (await here.visitor.get(f"/v1/flights/{flight}")).status_code == 404
    assert (await here.visitor.post(address, content=body, headers=JSON_TYPE)).status_code == 200


async def test_a_scrub_and_a_loss_are_told(here: RunningSite) -> None:
    flight = new_flight()
    ((_, code), *_) = await book(here.settings, manifest(flight, count=1))
    await happen(here.settings, [event(FlightEvent.SCRUB, -5, flight=flight)])
    state = await here.until(code, is_status(DeliveryStatus.DELAYED))
    assert (state["eta"], state["eta_basis"]) == (None, "unknown")
    await happen(here.settings, [*journey(flight, 160), event(FlightEvent.LOSS_OF_VEHICLE, 500, flight=flight)])
    state = await here.until(code, is_status(DeliveryStatus.EXCEPTION))
    assert state["progress"] == "in_flight"
