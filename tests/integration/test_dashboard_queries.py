"""Every query of mission control's dashboard is asked of a real InfluxDB, which holds a flight as stored."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import numpy as np
import pytest
from numpy.typing import NDArray
from panels import Asked, milliseconds, panels, values
from servers.provide import Influx

from dashboards.mission_control import build
from processors.influx.line_protocol import packet_lines
from processors.influx.points import event_line, link_line, quality_line, superseded_line
from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.events import Event, Evidence
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.quality import GapRecord, LedgerRow, LinkState, StageLatency
from telemetry.topics import Address, Kind
from telemetry.vocabulary import CargoEvent, FlightEvent, LimitEvent, LinkEvent

RUN, FLIGHT = "replay-20300101T000000Z-x", "YX1-7.b"
START_NS = 1_893_456_000_000_000_000
LENGTH_S = 60
HOLE_S = (20, 25)
NS = 10**9
DICTIONARY = built_in("yuanxing-1")


def column(channel: Channel, count: int) -> NDArray[Any]:
    """Values that stay inside the channel's range and are not all the same, but for the version of what they mean."""
    if channel.name == DICTIONARY.version_channel:
        return np.full(count, DICTIONARY.version)
    if channel.kind == "bool":
        return np.arange(count) % 20 > 0
    if channel.kind == "label":
        return np.resize(np.array(sorted(channel.labels or {})), count)
    low, high = channel.range or (0, 1000)
    return np.linspace(low + (high - low) * 0.4, low + (high - low) * 0.6, count)


def telemetry_lines(vehicle: str, address: Address) -> Iterator[str]:
    codec = PacketCodec(DICTIONARY)
    for name, packet in DICTIONARY.packets.items():
        if packet.vehicles is not None and vehicle not in packet.vehicles:
            continue
        count = int(LENGTH_S * packet.rate_hz)
        age_s = np.arange(count) / packet.rate_hz
        heard = (age_s < HOLE_S[0]) | (age_s >= HOLE_S[1])
        columns = {channel.name: column(channel, count)[heard] for channel in packet.channels}
        t_ns = START_NS + (age_s[heard] * NS).astype(np.int64)
        octets = codec.encode(name, np.flatnonzero(heard), t_ns, columns)
        decoded = codec.decode(octets, vehicle, address.station, START_NS + LENGTH_S * NS)
        tags = {"run": address.run, "flight": address.flight, "vehicle": vehicle}
        yield from packet_lines(name, packet, tags, decoded.frames).to_pylist()


def revised_lines(about: dict[str, str]) -> Iterator[str | None]:
    """Yield the lines of a landing that was moved, and of an entry that was taken back."""
    evidence = Evidence(detector="test", detector_version=1)
    for kind, ages_s in ((FlightEvent.TOUCHDOWN, (50, 52, 51)), (FlightEvent.ENTRY_START, (45, 45))):
        times_ns = [START_NS + age_s * NS for age_s in ages_s]
        retracted = kind is FlightEvent.ENTRY_START
        for revision, t_ns in enumerate(times_ns):
            status = "provisional" if not revision else "retracted" if retracted else "confirmed"
            was_ns = times_ns[revision - 1] if revision else None
            event = Event(
                type=kind.value,
                t_ns=t_ns,
                was_ns=was_ns,
                revision=revision,
                status=status,
                detected_ns=t_ns + NS // 2,
                evidence=evidence,
                **about,
            )
            # one after the other, as they come
            yield event_line(event)
            yield superseded_line(event)


def other_lines(vehicle: str, address: Address) -> Iterator[str | None]:
    about = {"run": RUN, "flight": FLIGHT, "vehicle": vehicle}
    end_ns = START_NS + LENGTH_S * NS
    yield from revised_lines(about)
    about_limit = {"channel": "bus_voltage_v", "level": "warning", "side": "below", "value": 23.5, "limit": 24.0}
    for age_s, kind in (
        (1, LinkEvent.AOS),
        (5, FlightEvent.LIFTOFF),
        (30, FlightEvent.APOGEE),
        (40, CargoEvent.SHOCK),
        (42, LimitEvent.RAISED),
        (43, LimitEvent.CLEARED),
    ):
        t_ns = START_NS + age_s * NS
        yield event_line(
            Event(
                type=kind.value,
                t_ns=t_ns,
                t_sigma_s=0.02,
                detected_ns=t_ns + NS // 2,
                values=about_limit if kind in set(LimitEvent) else {"altitude_m": 7.0},
                evidence=Evidence(detector="test", detector_version=1, station=address.station),
                **about,
            )
        )
    for age_s in range(LENGTH_S):
        now_ns = START_NS + age_s * NS
        report = LinkReport(state="aos", reason="heartbeat", ert_ns=now_ns, signal_dbm=-90.0)
        yield link_line(Message(address, Kind.LINK, b"", now_ns, now_ns), report)
        yield quality_line(
            StageLatency(
                stage="ingest", as_of_ns=now_ns, messages=9, p50_s=0.01, p95_s=0.02, p99_s=0.05, max_s=0.1, **about
            )
        )
    yield quality_line(
        LinkState(station="sydney", state="los", reason="mask", as_of_ns=end_ns, since_ns=START_NS, **about)
    )
    yield quality_line(
        LinkState(
            station="haiyang",
            state="aos",
            reason="mask",
            as_of_ns=end_ns,
            since_ns=START_NS,
            frames=9,
            frame_rate_hz=50.0,
            first=6,
            share=0.75,
            only=2,
            best=True,
            why_best="first",
            **about,
        )
    )
    yield quality_line(
        GapRecord(
            packet="nav",
            first=7,
            last=9,
            state="healed",
            after_ns=end_ns - 3,
            before_ns=end_ns,
            as_of_ns=end_ns,
            **about,
        )
    )
    counts = {"sent": 10, "received": 12, "unique": 9, "duplicate": 2, "late": 1, "rejected": 1, "missing": 1}
    whole = {"detected": 8, "held": 0, "resent": 1, "overlapping": 1, "stored": 9, "archived": 9}
    yield quality_line(LedgerRow(packet="nav", as_of_ns=end_ns, **counts, **whole, **about))


@pytest.fixture
async def ask(influx: Influx) -> AsyncIterator[Asked]:
    async with aiohttp.ClientSession(influx.url, headers={"Authorization": f"Token {influx.token}"}) as session:
        lines: list[str] = []
        for vehicle in ("ship", "booster"):
            address = Address(RUN, FLIGHT, vehicle, "haiyang")
            lines += telemetry_lines(vehicle, address)
            lines += [line for line in other_lines(vehicle, address) if line is not None]
        place = {"org": influx.org, "bucket": influx.bucket}
        async with session.post("/api/v2/write", params=place, data=io.BytesIO("".join(lines).encode())) as response:
            assert response.status == 204, await response.text()
        yield Asked(session, influx, RUN, FLIGHT, START_NS // 10**6, START_NS // 10**6 + LENGTH_S * 1000)


async def test_every_panel_is_answered(ask: Asked) -> None:
    asked = 0
    for panel in panels():
        for target in panel["targets"]:
            series = await ask(target["query"], milliseconds(panel.get("interval")))
            assert values(series), (panel["title"], target["query"])
            if target.get("alias"):
                tags = re.findall(r"\$tag_(\w+)", target["alias"])
                assert tags, panel["title"]
                assert all(set(tags) <= set(each.get("tags", {})) for each in series), panel["title"]
            asked += 1
    assert asked > 40


async def test_what_was_not_heard_is_a_hole(ask: Asked) -> None:
    (altitude,) = (panel for panel in panels() if panel["title"] == "Altitude" and panel["type"] == "timeseries")
    series = await ask(altitude["targets"][0]["query"], milliseconds(altitude["interval"]))
    assert {each["tags"]["vehicle"] for each in series} == {"ship", "booster"}
    for each in series:
        silent = [(t_ms - START_NS // 10**6) / 1000 for t_ms, value in each["values"][:-1] if value is None]
        assert silent
        assert min(silent) == HOLE_S[0]
        assert HOLE_S[1] - 0.2 < max(silent) < HOLE_S[1]


async def test_arrival_is_measured_against_the_dictionary(ask: Asked) -> None:
    (arriving,) = (panel for panel in panels() if panel["title"].startswith("Stored"))
    for target in arriving["targets"]:
        for each in await ask(target["query"], 2000):
            by_age_s = {(t_ms - START_NS // 10**6) / 1000: value for t_ms, value in each["values"]}
            assert by_age_s[10.0] == pytest.approx(100)
            assert by_age_s[22.0] == 0


async def test_the_tables_say_what_was_written(ask: Asked) -> None:
    tables = {panel["title"]: panel for panel in panels() if panel["type"] == "table"}
    for each in await ask(tables["Ledger"]["targets"][0]["query"]):
        row = dict(zip(each["columns"], each["values"][0], strict=True))
        assert (row["sent"], row["missing"], row["stored"], row["balanced"]) == (10, 1, 9, True)
    for each in await ask(tables["Gaps"]["targets"][0]["query"]):
        row = dict(zip(each["columns"], each["values"][0], strict=True))
        assert (row["packet"], row["first"], row["last"], row["state"]) == ("nav", 7, 9, "healed")
    sources = {}
    for each in await ask(tables["Sources"]["targets"][0]["query"]):
        row = dict(zip(each["columns"], each["values"][0], strict=True)) | each["tags"]
        sources[row["vehicle"], row["station"]] = (row["state"], row["best"], row["why_best"], row["only"])
    assert sources["ship", "haiyang"] == ("aos", True, "first", 2)
    assert sources["booster", "sydney"] == ("los", False, None, 0)
    for each in await ask(tables["Latency so far"]["targets"][0]["query"]):
        row = dict(zip(each["columns"], each["values"][0], strict=True)) | each["tags"]
        assert (row["stage"], row["messages"], row["p95_s"], row["max_s"]) == ("ingest", 9, 0.02, 0.1)
    (events,) = await ask(tables["Events"]["targets"][0]["query"])
    rows = [dict(zip(events["columns"], row, strict=True)) for row in events["values"]]
    assert [row["name"] for row in rows if row["vehicle"] == "ship"] == [
        *("aos", "liftoff", "apogee", "shock", "raised", "cleared", "touchdown")
    ]
    assert {row["revision"] for row in rows if row["name"] == "touchdown"} == {2}
    (history,) = await ask(tables["Revised and retracted events"]["targets"][0]["query"])
    said = [dict(zip(history["columns"], row, strict=True)) for row in history["values"]]
    assert [
        (row["name"], row["status"], row["revision"], row["superseded_by"]) for row in said if row["vehicle"] == "ship"
    ] == [
        ("entry_start", "provisional", 0, 1),
        ("entry_start", "retracted", 1, None),
        ("touchdown", "provisional", 0, 1),
        ("touchdown", "confirmed", 2, None),
        ("touchdown", "confirmed", 1, 2),
    ]
    assert {row["latency_s"] for row in rows} == {0.5}
    (limit, _) = await ask(tables["Limits"]["targets"][0]["query"])
    row = dict(zip(limit["columns"], limit["values"][0], strict=True)) | limit["tags"]
    assert (row["name"], row["channel"], row["level"], row["value"]) == ("cleared", "bus_voltage_v", "warning", 23.5)
    for name, panel in tables.items():
        shown = set(panel["transformations"][0]["options"]["renameByName"]) - {"Time"}
        series = await ask(panel["targets"][0]["query"])
        answered = set(series[0]["columns"]) | set(series[0].get("tags", {}))
        assert shown <= answered, name


async def test_variables_and_annotations(ask: Asked) -> None:
    board = build()
    for variable, expected in zip(board["templating"]["list"], (RUN, FLIGHT), strict=True):
        found = {value for each in await ask(variable["query"]) for _, value in each["values"]}
        assert expected in found
    texts = []
    for annotation in board["annotations"]["list"]:
        (series,) = await ask(annotation["target"]["query"])
        text = series["columns"].index(annotation["target"]["textColumn"])
        texts.append({row[text] for row in series["values"]})
        assert set(annotation["target"]["tagsColumn"].split(",")) <= set(series["columns"])
    assert texts == [{"liftoff", "apogee", "shock", "touchdown"}, {"touchdown", "entry_start"}, {"aos"}]
