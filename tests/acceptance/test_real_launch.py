"""A launch that was really flown goes through the whole line on real servers, and its events are found where they were.

The recordings are no part of the project: `DOWNRANGE_RECORDINGS` names their folder.
"""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import os
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest
from flown import running, with_part_rules
from pydantic import SecretStr
from servers.provide import Influx

from processors.audit.recording import audit
from runtime.archive.catalog import find_recording
from runtime.groups import ends_of, group_passes
from runtime.kafka_topics import ensure_topics
from runtime.logs import logger
from runtime.settings import (
    InfluxSettings,
    KafkaSettings,
    MqttSettings,
    Settings,
    TrackSettings,
    environment_of,
)
from telemetry.dictionary import Registry
from telemetry.topics import KafkaTopic, flight_key

ROOT: Final = Path(__file__).parents[2]
FLIGHT: Final = "NROL-76"
SERVICES: Final = ("ingest", "detect", "store", "record", "track")
PATIENCE_S: Final = 60
TOLERANCE_S: Final = 1.0
REFERENCES: Final = {"liftoff": "liftoff", "meco": "meco_fit", "apogee": "apogee_fit"}
ABSENT: Final = "no recorded launch at {}: set DOWNRANGE_RECORDINGS to the folder that has it"


@dataclass(frozen=True, slots=True)
class Recording:
    """A log, the times of its events by those who made it, and when each of its rows was."""

    path: Path
    references_s: dict[str, float]
    rows: list[str]


def recording(capsys: pytest.CaptureFixture[str]) -> Recording | None:
    folder = Path(os.environ.get("DOWNRANGE_RECORDINGS") or ROOT.parent / "shared" / "flights")
    path = folder / f"{FLIGHT}.csv.gz"
    if not path.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(ABSENT.format(folder), pytrace=False)
        with capsys.disabled():
            print(ABSENT.format(folder))  # noqa: T201 -- said on the terminal, whatever pytest captures
        return None
    with gzip.open(path, "rt") as lines:
        rows = [row["t_s"] for row in csv.DictReader(lines)]
    return Recording(path, json.loads(path.with_name(f"{FLIGHT}.json").read_text())["reference_events_s"], rows)


async def settings_of(mqtt_url: str, kafka_bootstrap: str, influx: Influx, folder: Path) -> Settings:
    kafka = KafkaSettings(bootstrap=kafka_bootstrap)
    await ensure_topics(kafka, logger("test"), PATIENCE_S)
    settings = Settings(
        mqtt=MqttSettings(url=mqtt_url),
        kafka=kafka,
        influx=InfluxSettings(url=influx.url, token=SecretStr(influx.token), org=influx.org, bucket=influx.bucket),
        track=TrackSettings(port=0),
    )
    return with_part_rules(settings, folder / "archive", 1024 * 1024, 1)


async def downrange(settings: Settings, *arguments: str) -> str:
    """Run a command as a user does; returns what it prints."""
    program = Path(sys.executable).with_name("downrange")
    process = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env={**os.environ, **environment_of(settings)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_S):
        said, complaints = await process.communicate()
    assert process.returncode == 0, said.decode() + complaints.decode()
    return said.decode()


async def points(influx: Influx, run: str) -> int:
    query = f'SELECT count("altitude_m") FROM "kinematics" WHERE "run" = \'{run}\' AND "flight" = \'{FLIGHT}\''  # noqa: S608 -- our own names
    form, headers = {"q": query, "db": influx.bucket}, {"Authorization": f"Token {influx.token}"}
    async with aiohttp.ClientSession() as session, session.post(f"{influx.url}/query", data=form, headers=headers) as r:
        answer = await r.json()
    return int(answer["results"][0]["series"][0]["values"][0][1])


def check_events(events: list[dict[str, Any]], references_s: dict[str, float]) -> None:
    # the last word on each: a liftoff is told at once, and revised with some seconds of climb
    last = {(event["type"], event["ordinal"]): event for event in sorted(events, key=lambda each: each["revision"])}
    standing = [event for event in last.values() if event["status"] != "retracted"]
    for name, reference in REFERENCES.items():
        (found,) = [event for event in standing if event["type"] == f"downrange.flight.{name}"]
        # the log does not say when it was recorded: its zero is 2025-01-01T00:00:00Z
        t_s = (found["t_ns"] - 1_735_689_600 * 10**9) / 1e9
        assert t_s == pytest.approx(references_s[reference], abs=TOLERANCE_S), name


async def test_a_recorded_launch_flies_through_the_whole_line(
    mqtt_url: str, kafka_bootstrap: str, influx: Influx, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = recording(capsys)
    if recorded is None:
        return
    settings = await settings_of(mqtt_url, kafka_bootstrap, influx, tmp_path)
    assert f"{len(recorded.rows):,} rows" in await downrange(settings, "import", str(recorded.path))
    async with AsyncExitStack() as line:
        for name in SERVICES:
            await line.enter_async_context(running(name, settings, tmp_path, well=True))
        report = json.loads(await downrange(settings, "replay", FLIGHT, "--speed", "max", "--json"))
        assert report["packets"] == len(recorded.rows)
        check_events(report["events"], recorded.references_s)
        topics = (KafkaTopic.TELEMETRY, KafkaTopic.EVENTS, KafkaTopic.QUALITY)
        ends = await ends_of(settings.kafka, flight_key(report["run"], FLIGHT), topics)
        for group in ("downrange.store", "downrange.record"):
            await group_passes(settings.kafka, group, ends, PATIENCE_S)
        assert await points(influx, report["run"]) == len(set(recorded.rows))
        again = await downrange(
            settings, "replay", FLIGHT, "--run", report["run"], "--speed", "max", "--compare", "--json"
        )
        assert json.loads(again)["compare"]["same"], again
    listed = await downrange(settings, "events", FLIGHT, "--run", report["run"], "--json")
    check_events([json.loads(row) for row in listed.splitlines()], recorded.references_s)
    books = audit(find_recording(settings.archive.dir, FLIGHT, report["run"]), Registry())
    assert books.has_ledger
    assert books.balanced, books.disagreements
