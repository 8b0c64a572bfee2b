"""Recorded launches through the engine: their events, from nothing but the speed and altitude of a webcast."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from detection import DECODER, NS, T0_NS, detect, new_engine, seen

from downrange.jobs.detect import detect as detect_file
from downrange.jobs.detect import known_at
from processors.engine import Engine
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.events import Event
from telemetry.message import Message
from telemetry.samples import Samples
from telemetry.topics import Address, Kind

FOLDER = Path(os.environ.get("DOWNRANGE_RECORDINGS") or Path(__file__).parents[3] / "shared" / "flights")
ABSENT = f"no recorded launches in {FOLDER}: set DOWNRANGE_RECORDINGS to the folder that has them"
EVENTS = ("liftoff", "meco", "apogee")
TOLERANCE_S = 1.0
ROWS_A_MESSAGE = 30


@dataclass(frozen=True)
class Launch:
    """One recording: mission times, columns by name, and its reference events."""

    name: str
    t_s: np.ndarray[Any, np.dtype[np.float64]]
    columns: dict[str, np.ndarray[Any, np.dtype[np.float64]]]
    reference_s: dict[str, float]

    def expected(self, event: str) -> float | None:
        """Return the best reference: the two-sided fit where there is one."""
        return self.reference_s.get(f"{event}_fit", self.reference_s.get(event))


@pytest.fixture(scope="module")
def recorded(request: pytest.FixtureRequest) -> bool:
    """Whether the recordings are there; a clone that has none says so in one line and goes on."""
    if FOLDER.is_dir():
        return True
    if os.environ.get("CI") == "true":
        pytest.fail(ABSENT, pytrace=False)
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print(ABSENT)  # noqa: T201 -- said on the terminal, whatever pytest captures
    return False


def load(name: str) -> Launch:
    about = json.loads((FOLDER / f"{name}.json").read_text())
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt", newline="") as file:
        header, *rows = csv.reader(file)
    table = np.array(rows, dtype=np.float64)
    columns = {column: table[:, index] for index, column in enumerate(header) if index}
    return Launch(name, table[:, 0], columns, about["reference_events_s"])


def launches() -> list[str]:
    """Return the names of the webcast recordings."""
    about = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    return [name for name, each in about.items() if each["group"] == "orbital"]


def messages(launch: Launch, rows: int = ROWS_A_MESSAGE) -> Iterator[Message]:
    """Yield a recording as telemetry, as its import does: one packet a row."""
    codec = PacketCodec(built_in("webcast"))
    t_ns = T0_NS + np.rint(launch.t_s * NS).astype(np.int64)
    for first in range(0, len(t_ns), rows):
        part = slice(first, first + rows)
        columns = {name: values[part] for name, values in launch.columns.items()}
        payload = codec.encode("kinematics", np.arange(len(t_ns))[part], t_ns[part], columns)
        address = Address("live", launch.name, "stage", "webcast")
        yield Message(address, Kind.TELEMETRY, payload, int(t_ns[part][-1]), dictionary="webcast")


def found_in(launch: Launch, rows: int = ROWS_A_MESSAGE) -> list[Event]:
    return detect(messages(launch, rows), Engine("live", launch.name, DECODER.registry)).events


def last_words(events: list[Event]) -> list[Event]:
    """Return the last revision of each event that is not retracted."""
    last = {(event.type, event.ordinal): event for event in events}
    return [event for event in last.values() if event.status != "retracted"]


def errors_s(launch: Launch, events: list[Event]) -> dict[str, list[float]]:
    """Return by event how far the last word of each one that was found is from its reference."""
    return {
        name: [(event.t_ns - T0_NS) / NS - expected for event in last_words(events) if event.name == name]
        for name in EVENTS
        if (expected := launch.expected(name)) is not None
    }


def test_nrol_76_is_read_to_a_second(recorded: bool) -> None:
    if not recorded:
        return
    launch = load("NROL-76")
    events = found_in(launch)
    errors = errors_s(launch, events)
    assert set(errors) == set(EVENTS)
    for name, found in errors.items():
        assert len(found) == 1, name
        assert abs(found[0]) <= TOLERANCE_S, f"{name} {found[0]:+.2f} s"


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_nrol_76_is_the_same_however_it_is_cut(recorded: bool, rows: int) -> None:
    if not recorded:
        return
    launch = load("NROL-76")
    flight = [event for event in found_in(launch, rows) if event.type.startswith("downrange.flight")]
    whole = [event for event in found_in(launch) if event.type.startswith("downrange.flight")]
    assert seen(flight) == seen(whole)


def test_every_webcast_launch_is_read_without_a_false_event(recorded: bool) -> None:
    if not recorded:
        return
    lines, wrong = [f"{'launch':18}" + "".join(f"{name:>12}" for name in EVENTS)], list[str]()
    for name in launches():
        launch = load(name)
        events = found_in(launch)
        errors = errors_s(launch, events)
        cells = []
        for event in EVENTS:
            found = errors.get(event)
            count = sum(each.name == event for each in last_words(events))
            if found is None:
                cells.append("false" if count and event == "apogee" else "-")
            else:
                cells.append(f"{found[0]:+.2f} s" if len(found) == 1 else f"{count} found")
            if cells[-1] == "false" or "found" in cells[-1] or (found and abs(found[0]) > TOLERANCE_S):
                wrong.append(f"{name} {event}: {cells[-1]}")
        lines.append(f"{name:18}" + "".join(f"{cell:>12}" for cell in cells))
    print("\n".join(lines))  # noqa: T201 -- the table is for whoever runs it with -s
    assert not wrong, wrong


@pytest.mark.parametrize("name", ["NROL-76", "BulgariaSat-1"])
def test_a_launch_over_the_line_has_the_events_of_its_file(recorded: bool, name: str) -> None:
    if not recorded:
        return
    launch = load(name)
    events = [each for each in last_words(found_in(launch)) if each.type.startswith("downrange.flight")]
    from_line = sorted(events, key=lambda each: each.t_ns)
    from_file = known_at(detect_file(Samples.of(launch.t_s, **launch.columns)))
    assert [(each.name, each.status) for each in from_line] == [(each.type, each.status) for each in from_file]
    # packets have 32 bits for a value
    apart_s = [abs((one.t_ns - T0_NS) / NS - other.t_event_s) for one, other in zip(from_line, from_file, strict=True)]
    assert max(apart_s) < 0.02


def test_a_snapshot_in_mid_launch_changes_nothing(recorded: bool) -> None:
    if not recorded:
        return
    launch = load("NROL-76")
    engine = new_engine(launch.name)
    half = list(messages(launch))
    first = detect(half[:200], engine).events
    restored = new_engine(launch.name)
    restored.restore(engine.snapshot())
    rest = detect(half[200:], restored).events
    assert seen([*first, *rest]) == seen(found_in(launch))
