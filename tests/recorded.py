"""Flights as detectors see them: every packet of one vehicle, in order of time, to be cut at will."""

from __future__ import annotations

import functools
import gzip
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgpack
import numpy as np
import pytest
from booster import booster_rows
from detection import NS, T0_NS, transmitter
from hop_flight import fly, log_of
from logged import log_frame, small_rocket
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.detector import Detector, Finding
from processors.history import History
from processors.motion.motion import Motion
from processors.motion_detector import MotionDetector
from processors.registry import detector_classes, detectors_for
from processors.stretch import Stretch
from simulator.faults import parse_fault
from simulator.simulate import simulate
from telemetry.codec import PacketCodec
from telemetry.dictionary import built_in
from telemetry.frames import Frame

BEAT_S: Final = 7.0
Edit = Callable[[dict[str, NDArray[Any]], NDArray[np.float64]], None]


@dataclass(frozen=True)
class Recorded:
    """One vehicle's packets by type; times count from T0_NS."""

    airframe: Airframe
    frames: dict[str, Frame]

    @property
    def span_s(self) -> tuple[float, float]:
        first = min(int(frame.t_ns[0]) for frame in self.frames.values())
        last = max(int(frame.t_ns[-1]) for frame in self.frames.values())
        return (first - T0_NS) / NS, (last - T0_NS) / NS

    def edited(self, packet: str, edit: Edit) -> Recorded:
        """Return the same flight with the columns of a packet type changed by a function of mission time."""
        frame = self.frames[packet]
        columns: dict[str, NDArray[Any]] = {name: values.copy() for name, values in frame.columns.items()}
        edit(columns, (frame.t_ns - T0_NS) / NS)
        return Recorded(self.airframe, self.frames | {packet: with_columns(frame, columns)})

    def pieces(self, cuts_s: Iterable[float]) -> Iterable[list[Frame]]:
        """Yield the flight cut at some mission times."""
        bounds = [-(1 << 62), *(T0_NS + round(cut * NS) for cut in sorted(cuts_s)), 1 << 62]
        for first, last in pairwise(bounds):
            parts = [frame.select((frame.t_ns > first) & (frame.t_ns <= last)) for frame in self.frames.values()]
            yield [part for part in parts if len(part)]


def with_columns(frame: Frame, columns: dict[str, NDArray[Any]]) -> Frame:
    return Frame(
        frame.vehicle, frame.station, frame.packet, frame.apid, frame.counts, frame.t_ns, frame.ert_ns, columns
    )


def run(
    kind: type[Detector], flight: Recorded, cuts_s: Sequence[float] = (), restore_at: int | None = None
) -> list[Finding]:
    """Let one detector see a flight in pieces; before piece `restore_at` it goes through its snapshot.

    One that waits for silence is told the time every so often, whatever the cuts, and long after the end.
    """
    detector, history, motion = kind(flight.airframe), History(flight.airframe), motion_for(kind, flight)
    found: list[Finding] = []
    first_s, last_s = flight.span_s
    waits = kind.on_watermark is not Detector.on_watermark
    beats_s = np.arange(first_s, last_s, BEAT_S).tolist() if waits else []
    bounds = sorted({*cuts_s, *beats_s})
    for index, piece in enumerate(flight.pieces(bounds)):
        if index == restore_at:
            moved = None if motion is None else motion.snapshot()
            snapshot, past, moved = msgpack.unpackb(msgpack.packb([detector.snapshot(), history.snapshot(), moved]))
            detector, history, motion = kind(flight.airframe), History(flight.airframe), motion_for(kind, flight)
            detector.restore(snapshot)
            history.restore(past)
            if motion is not None:
                motion.restore(moved)
        found += detector.update(Stretch(flight.airframe, piece, history, motion))
        if index < len(bounds) and bounds[index] in beats_s:
            found += detector.on_watermark(T0_NS + round(bounds[index] * NS))
    if waits:
        found += detector.on_watermark(T0_NS + round((last_s + 60.0) * NS))
    return found


def found_of(flight: Recorded) -> dict[type[Detector], list[Finding]]:
    """Return what each chosen detector finds in a flight, all in one pass as the engine lets them see it."""
    detectors = detectors_for(flight.airframe)
    reads_motion = any(isinstance(one, MotionDetector) for one in detectors)
    history, motion = History(flight.airframe), Motion.of(flight.airframe) if reads_motion else None
    found: dict[type[Detector], list[Finding]] = {type(one): [] for one in detectors}
    first_s, last_s = flight.span_s
    beats_s = np.arange(first_s, last_s, BEAT_S).tolist()
    for piece, beat_s in zip(flight.pieces(beats_s), [*beats_s, last_s + 60.0], strict=True):
        stretch = Stretch(flight.airframe, piece, history, motion)
        for detector in detectors:
            found[type(detector)] += detector.update(stretch)
            found[type(detector)] += detector.on_watermark(T0_NS + round(beat_s * NS))
    return found


def motion_for(kind: type[Detector], flight: Recorded) -> Motion | None:
    """Return what a detector that reads motion needs; none for others."""
    return Motion.of(flight.airframe) if issubclass(kind, MotionDetector) else None


@functools.cache
def simulated(preset: str, vehicle: str, faults: str = "") -> Recorded:
    wrong = tuple(parse_fault(each) for each in faults.split())
    sent = simulate(preset, 7, T0_NS, faults=wrong) if wrong else transmitter(preset)
    airframe = Airframe(vehicle, sent.dictionary)
    codec = PacketCodec(sent.dictionary)
    ert_ns = sent.start_ns + sent.duration_ns
    frames: dict[str, Frame] = {}
    for packet in sent.packet_types(vehicle):
        decoded = codec.decode(sent.stream(vehicle, packet).octets.tobytes(), vehicle, "station", ert_ns)
        (frame,) = decoded.frames
        frames[packet] = Frame(
            vehicle, "station", packet, frame.apid, np.arange(len(frame)), frame.t_ns, ert_ns, frame.columns
        )
    return Recorded(airframe, frames)


@functools.cache
def webcast() -> Recorded:
    """Return a made-up webcast: three seconds on the pad, a burn of 150 s and a coast, as a display shows it."""
    airframe = Airframe("stage", built_in("webcast"))
    t_s = np.arange(0.0, 420.0, 1 / 30)
    burning = (t_s >= 3.0) & (t_s < 153.0)
    pull = np.where(burning, 3.0 + (t_s - 3.0) * 0.12, 0.0)
    climb = np.cumsum(np.where(t_s < 3.0, 0.0, 0.55 * pull - np.where(burning, 0.0, 9.5))) / 30
    along = np.cumsum(0.8 * pull) / 30
    altitude = np.maximum(np.cumsum(climb) / 30, 0.0)
    columns = {
        "speed_m_s": np.floor(np.hypot(climb, along) / 0.277) * 0.277,
        "altitude_m": np.floor(altitude / 100.0) * 100.0,
    }
    t_ns = T0_NS + np.rint(t_s * NS).astype(np.int64)
    frame = Frame("stage", "webcast", "kinematics", 200, np.arange(t_s.size), t_ns, int(t_ns[-1]), columns)
    return Recorded(airframe, {"kinematics": frame})


def logged(
    vehicle: str, t_s: NDArray[np.float64], columns: Mapping[str, NDArray[Any]], vehicle_class: str = "auto"
) -> Recorded:
    """Return rows of a log as a flight; its time has the log's zero at T0_NS."""
    airframe = Airframe(vehicle, built_in("log").model_copy(update={"vehicle_class": vehicle_class}))
    return Recorded(airframe, {"samples": log_frame(t_s, dict(columns), vehicle, T0_NS)})


@dataclass(frozen=True)
class Launch:
    """A webcast's display up to a time: seconds after liftoff, speed and altitude."""

    t_s: NDArray[np.float64]
    speed_m_s: NDArray[np.float64]
    altitude_m: NDArray[np.float64]
    meco_s: float


def launch(name: str, capsys: pytest.CaptureFixture[str]) -> Launch | None:
    """Read a recorded launch up to its first cut-off; where there are none it says so, and fails where it must run."""
    folder = Path(os.environ.get("DOWNRANGE_RECORDINGS") or Path(__file__).parents[2] / "shared" / "flights")
    path = folder / f"{name}.csv.gz"
    if not path.is_file():
        absent = f"no recorded launches in {folder}: set DOWNRANGE_RECORDINGS to a folder that has them"
        if os.environ.get("CI") == "true":
            pytest.fail(absent, pytrace=False)
        with capsys.disabled():
            print(absent)  # noqa: T201 -- said on the terminal, whatever pytest captures
        return None
    meco_s = float(json.loads(path.with_name(f"{name}.json").read_text())["reference_events_s"]["meco_fit"])
    with gzip.open(path, "rt") as lines:
        columns = np.genfromtxt(lines, delimiter=",", names=True)
    columns = columns[(columns["t_s"] > 0.0) & (columns["t_s"] <= meco_s)]
    return Launch(columns["t_s"], columns["speed_m_s"], columns["altitude_m"], meco_s)


def _boostback(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
    back = (t_s > 175.0) & (t_s < 205.0)
    columns["chamber_pressure_pa"][back] = 8.0e6
    columns["engines_running_count"][back] = 3


def _mishaps(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
    """Every limit is passed for ten seconds, and the seal breaks."""
    bad = (t_s > 40.0) & (t_s < 50.0)
    beyond = {"bay_temperature_k": 320.0, "bay_pressure_pa": 60e3, "shock_m_s2": 500.0, "tilt_deg": 50.0}
    for name, value in (beyond | {"supply_voltage_v": 20.0}).items():
        columns[name][bad] = value
    columns["seal_intact"][bad] = False


def through_plasma(flight: Recorded, first_s: float, last_s: float) -> Recorded:
    """Return a flight that falls as fast as from an orbit around a time in which nobody hears it."""

    def fall(columns: dict[str, NDArray[Any]], t_s: NDArray[np.float64]) -> None:
        near = (t_s > first_s - 10.0) & (t_s < last_s + 10.0)
        for name, value in {"altitude_m": 70e3, "speed_m_s": 5_000.0, "vertical_speed_m_s": -200.0}.items():
            columns[name][near] = value

    fast = flight.edited("nav", fall)
    silent = (T0_NS + round(first_s * NS), T0_NS + round(last_s * NS))
    frames = {name: one.select((one.t_ns <= silent[0]) | (one.t_ns > silent[1])) for name, one in fast.frames.items()}
    return Recorded(flight.airframe, frames)


@functools.cache
def flights() -> dict[str, Recorded]:
    """Return every flight, by a name."""
    booster, hop = simulated("express", "booster"), log_of(fly(), "hsa", hz=10)
    slow = log_of(fly(), "ha", hz=10)
    return {
        "hop with mishaps": simulated("hop", "ship").edited("cargo", _mishaps),
        "ship": simulated("express", "ship"),
        "booster": booster,
        "booster that turns back": booster.edited("propulsion", _boostback),
        "hop given up on the pad": simulated("hop", "ship", "pad_hold@-12,for_s=8 scrub@-0.5"),
        "hop that breaks up": simulated("hop", "ship", "loss_of_vehicle@30"),
        "hop through plasma": through_plasma(simulated("hop", "ship"), 85.0, 105.0),
        "webcast": webcast(),
        "small rocket": logged("small rocket", *small_rocket()),
        "booster log": logged("booster", *booster_rows()),
        "hop log": logged("hop", hop.t_ns / NS - 100.0, hop.columns, "hop"),
        # it leaves its pad as a launcher does, and nobody measures its speed
        "altimeter log": logged("rocket", slow.t_ns / NS - 100.0, slow.columns, "launcher"),
    }


def fitting(kind: type[Detector]) -> dict[str, Recorded]:
    """Return the flights on which a detector is the chosen one."""
    return {
        name: flight
        for name, flight in flights().items()
        if kind in {type(detector) for detector in detectors_for(flight.airframe)}
    }


CLASSES: Final = detector_classes()
