"""A landing that is moved and then taken back corrects what customers see: API, page and their streams."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from flown import new_flight
from sites import happen, site, site_settings
from tracks import JOURNEY, LIFTOFF_NS, NS, event, manifest

from telemetry.events import Event
from telemetry.vocabulary import FlightEvent
from tracking.booking import book

LANDED = "Splashdown"
TIMELINE = ("status", "progress", "since", "history", "eta", "eta_basis")


def landings(state: dict[str, Any]) -> list[tuple[float, str]]:
    """Return the times of the landing and how valid each is, in order of time."""
    return [
        ((entry["t_ns"] - LIFTOFF_NS) / NS, entry["validity"])
        for entry in state["history"]
        if entry["event"] == "splashdown"
    ]


def since_s(state: dict[str, Any]) -> float:
    return datetime.fromisoformat(state["since"]).timestamp() - LIFTOFF_NS / NS


def landing(flight: str, t_s: float, revision: int, status: Any) -> Event:
    return event(FlightEvent.SPLASHDOWN, t_s, flight=flight, revision=revision, status=status, t_sigma_s=3.0)


async def test_a_revised_and_retracted_landing_corrects_the_timeline_of_the_delivery(
    kafka_bootstrap: str, tmp_path: Path
) -> None:
    settings, flight = site_settings(kafka_bootstrap), new_flight()
    said = [landing(flight, 1700, 0, "provisional"), landing(flight, 1790, 1, "confirmed")]
    taken_back = landing(flight, 1790, 2, "retracted")
    async with site(settings, tmp_path / "one") as here:
        ((_, code), *_) = await book(settings, manifest(flight, count=1))
        await happen(settings, [event(kind, t_s, flight=flight) for kind, t_s in JOURNEY if t_s < 1000])
        expected = (await here.until(code, lambda state: state["status"] == "in_flight"))["flight"]["splashdown"]
        assert expected["actual"] is False

        await happen(settings, said[:1])
        state = await here.until(code, lambda state: state["status"] == "landed")
        assert since_s(state) == 1700
        first_eta_ns = state["eta_ns"]

        await happen(settings, said[1:])
        state = await here.until(code, lambda state: len(landings(state)) == 2)
        assert landings(state) == [(1700, "superseded"), (1790, "current")]
        assert (state["status"], since_s(state)) == ("landed", 1790)
        assert (state["flight"]["splashdown"]["t_ns"] - LIFTOFF_NS) / NS == 1790
        assert (state["eta_ns"] - first_eta_ns) / NS == 90
        assert "corrected since" in (await here.visitor.get(f"/t/{code}?lang=en")).text

        await happen(settings, [taken_back])
        state = await here.until(code, lambda state: state["status"] != "landed")
        assert state["status"] == "in_flight"
        assert landings(state) == [(1700, "superseded"), (1790, "superseded"), (1790, "retracted")]
        assert state["flight"]["splashdown"] == expected
        page = (await here.visitor.get(f"/t/{code}?lang=en")).text
        assert "taken back" in page
        assert len(re.findall(LANDED, page)) >= 3
        # the same records once more, as after a crash of whoever wrote them
        await happen(settings, said)
        await here.process.kill()
    async with site(settings, tmp_path / "two") as after:
        again = await after.state(code)
        assert {name: again[name] for name in TIMELINE} == {name: state[name] for name in TIMELINE}
        await happen(settings, [landing(flight, 1801, 3, "confirmed")])
        state = await after.until(code, lambda state: state["status"] == "landed")
        assert landings(state)[-1] == (1801, "current")
