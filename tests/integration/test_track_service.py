"""The track service as a process on a real Kafka: killed, doubled, stopped, and started wrongly."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flown import fly, new_flight, publish, running
from pydantic import SecretStr
from sites import PATIENCE_S, elsewhere, happen, site, site_settings, states_of
from tracks import JOURNEY, event, manifest

from runtime.settings import Settings, TrackSettings
from telemetry.errors import FatalError, TransientError
from telemetry.events import Event
from telemetry.vocabulary import DeliveryStatus
from tracking.booking import book, site_address

JSON_TYPE = {"content-type": "application/json"}


def journey(flight: str, until_s: float = 1e9, **changes: Any) -> list[Event]:
    return [event(kind, t_s, flight=flight, **changes) for kind, t_s in JOURNEY if t_s <= until_s]


def is_status(status: DeliveryStatus) -> Any:
    return lambda state: state["status"] == status.value


@pytest.fixture
def settings(kafka_bootstrap: str) -> Settings:
    return site_settings(kafka_bootstrap)


async def test_a_killed_service_goes_on_where_it_was(settings: Settings, tmp_path: Path) -> None:
    flight = new_flight()
    async with site(settings, tmp_path) as before:
        booked = await book(settings, manifest(flight))
        code = booked[0][1]
        await publish(settings.kafka, fly(flight, 30))
        await happen(settings, journey(flight, 160))
        known = await before.until(
            code, lambda state: state["status"] == "in_flight" and state["flight"]["position"] is not None
        )
        await before.process.kill()
    await happen(settings, journey(flight, 1800))
    async with site(settings, tmp_path) as after:
        state = await after.until(code, is_status(DeliveryStatus.LANDED))
        assert state["history"][: len(known["history"])] == known["history"]
        assert state["condition"]["temperature_k"]["low"] <= known["condition"]["temperature_k"]["low"]
        assert state["flight"]["position"]["t_ns"] >= known["flight"]["position"]["t_ns"]
        assert await book(settings, manifest(flight)) == booked
        await happen(settings, journey(flight))
        await after.until(code, is_status(DeliveryStatus.OUT_FOR_DELIVERY))


async def test_every_instance_answers_for_every_flight(settings: Settings, tmp_path: Path) -> None:
    async with site(settings, tmp_path / "one") as one, site(elsewhere(settings), tmp_path / "two") as two:
        flights = [new_flight() for _ in range(6)]
        for flight in flights:
            booked = await book(one.settings, manifest(flight))
            assert await book(two.settings, manifest(flight)) == booked
            await happen(settings, journey(flight, 0))
            for instance in (one, two):
                await instance.until(booked[0][1], is_status(DeliveryStatus.DEPARTED))


async def test_with_a_token_only_who_bears_it_may_book(kafka_bootstrap: str, tmp_path: Path) -> None:
    settings = site_settings(kafka_bootstrap, operator_token=SecretStr("s3cret"), public_url="https://track.example")
    flight = new_flight()
    local = settings.track.model_copy(update={"public_url": None})
    async with running("track", settings, tmp_path):
        wrong = replace(settings, track=local.model_copy(update={"operator_token": SecretStr("guess")}))
        none = replace(settings, track=local.model_copy(update={"operator_token": None}))
        right = replace(settings, track=local)
        booked = await until_reached(right, flight)
        for others in (wrong, none):
            with pytest.raises(FatalError, match="operator token"):
                await book(others, manifest(flight))
        assert await book(right, manifest(flight)) == booked
    assert "s3cret" not in (tmp_path / "track.log").read_text()


async def until_reached(settings: Settings, flight: str) -> list[tuple[str, str]]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await book(settings, manifest(flight))
            except TransientError:
                continue


async def test_links_are_the_public_ones(kafka_bootstrap: str, tmp_path: Path) -> None:
    settings = site_settings(kafka_bootstrap)
    public = replace(settings, track=settings.track.model_copy(update={"public_url": "https://track.example/"}))
    flight = new_flight()
    async with site(replace(public, service=settings.service), tmp_path) as there:
        local = TrackSettings(port=settings.track.port)
        answer = await there.visitor.post(
            f"{site_address(local)}/v1/flights/{flight}/manifest", content=manifest(flight).to_json(), headers=JSON_TYPE
        )
        assert all(p["url"] == f"https://track.example/t/{p['code']}" for p in answer.json()["parcels"])


async def test_it_stops_at_once_though_visitors_look_on(settings: Settings, tmp_path: Path) -> None:
    async with site(settings, tmp_path) as there:
        ((_, code), *_) = await book(settings, manifest(new_flight(), count=1))
        async with (
            there.visitor.stream("GET", f"/v1/track/{code}/events") as api,
            there.visitor.stream("GET", f"/t/{code}/live?lang=zh") as page,
        ):
            followed = [states_of(api), states_of(page)]
            for stream in followed:
                await anext(stream)
            async with asyncio.timeout(8):
                assert await there.process.stop(8) == 0
            for stream in followed:
                assert [state async for state in stream] == []


async def test_a_port_in_use_is_named_with_the_setting_that_mends_it(settings: Settings, tmp_path: Path) -> None:
    async with site(settings, tmp_path / "one"):
        other = replace(settings, service=settings.service.model_copy(update={"health_port": 0}))
        async with running("track", other, tmp_path / "two") as process:
            assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 2
            assert "DOWNRANGE_TRACK_PORT" in process.tail()
            assert "Traceback" not in process.tail()


async def test_an_unreachable_service_is_told_with_its_address(kafka_bootstrap: str) -> None:
    nowhere = site_settings(kafka_bootstrap)
    with pytest.raises(TransientError, match=f"{nowhere.track.port}.*DOWNRANGE_TRACK_PORT"):
        await book(nowhere, manifest())
