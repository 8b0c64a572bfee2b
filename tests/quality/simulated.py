"""Simulated flights with random faults: what the engine says of what stations heard, beside what truly happened.

All that happened is known, so any other claim is false. Times are those of the clock on board, which a fault may make
wrong; latency counts to the earth receive time of the message that completed the evidence, so the way through a station
(0.2 s of packets at once) is in it. Only the packets that flight events are told from are sent, until a minute after
the last event: that halves the cost and changes nothing else. A greatest dynamic pressure that a gale exceeds is no
event.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from detection import DECODER, NS, REGISTRY, T0_NS, detect, messages_of, new_engine
from noisy import noisy_dictionary
from quality.claims import claims_of
from quality.faults import drawn, family_of
from quality.flights import Floats, Log, Reference
from quality.rules import EVENTS
from quality.score import Case, Judge

from downrange.jobs.detect import Detected
from simulator.faults.clock import ClockFault
from simulator.happenings import Happening, flight_happenings
from simulator.onboard_clock import clock_error_s
from simulator.packets import Transmitter
from simulator.preset import load_preset
from simulator.simulate import simulate
from telemetry.errors import FlightError
from telemetry.events import Event
from telemetry.message import Message
from telemetry.topics import Kind
from telemetry.vocabulary import short_name

# shares of the flights; an express flight costs as much as ten hops
PRESETS: Final = {"hop": 0.66, "sounding": 0.18, "falcon_like": 0.09, "falcon_like_gto": 0.05, "express": 0.02}
SENT: Final = frozenset({"nav", "propulsion"})
CLOCKWORK: Final = "nav"
AFTER_S: Final = 60.0
IN_TIME_S: Final = 2.0
TRIES: Final = 20
NOISES: Final = (1.0, 3.0)
NOISY: Final = ("noisy nav", "noisy nav x3")
# what a wind of 28 m/s makes at sea level
GALE_PA: Final = 500.0


class Lean(Transmitter):
    """Sends only the packets that flight events are told from."""

    def packet_types(self, vehicle: str) -> tuple[str, ...]:
        """Return the names of the packet types that a vehicle sends."""
        return tuple(name for name in super().packet_types(vehicle) if name in SENT)


def judged_flight(number: int) -> list[Case]:
    """Return every case of one simulated flight."""
    return _judged(number, 0.0)


def judged_noisy(number: int) -> list[Case]:
    """Return every case of one with the same faults, and a navigation that errs by 2 m/s and 30 m, or thrice that."""
    return _judged(number, NOISES[number % len(NOISES)])


def _judged(number: int, noise: float) -> list[Case]:
    chance = np.random.default_rng([2_026, number])
    preset = str(chance.choice(list(PRESETS), p=list(PRESETS.values())))
    family = family_of(chance)
    sent = _flown(preset, family, number, chance)
    kind = f"sim {family}"
    if noise > 0.0:
        sent = Lean(sent.flight, noisy_dictionary(noise), number, sent.t0_ns)
        kind = NOISY[NOISES.index(noise)]
    truth = truth_of(sent)
    last_s = max((one.t_s for each in truth.values() for one in each), default=0.0) + AFTER_S
    messages = [one for one in messages_of(sent) if one.ert_ns <= sent.t0_ns + last_s * NS]
    said = detect(messages, new_engine()).events
    times = heard_s(messages, sent)
    cases: list[Case] = []
    for vehicle, references in truth.items():
        heard = times.get(vehicle, np.empty(0))
        silent = (float(heard.max()) if heard.size else -np.inf, np.inf)
        log = Log(f"{number} {preset} {vehicle}", "orbital", heard, {}, references, (silent,))
        cases += Judge(log, None, kind, number).cases(claims_of(_told(sent, said, vehicle)))
    return cases


def _flown(preset: str, family: str, number: int, chance: np.random.Generator) -> Transmitter:
    """Fly it; faults that a vehicle cannot fly with are drawn anew."""
    mission = load_preset(preset)
    stations = [each if isinstance(each, str) else each.name for each in mission.stations]
    vehicles, last_s = _planned(preset)
    for _ in range(TRIES):
        faults = drawn(family, vehicles, stations, last_s, chance)
        try:
            flown = simulate(preset, number, T0_NS, REGISTRY, tuple(faults))
        except FlightError:
            continue
        return Lean(flown.flight, flown.dictionary, number, flown.t0_ns)
    msg = f"simulated flight {number}: no {family} faults that a {preset} flies with"
    raise RuntimeError(msg)


@functools.cache
def _planned(preset: str) -> tuple[list[str], float]:
    """Return the vehicles of a flight in which nothing goes wrong, and when its last event is."""
    truth = truth_of(simulate(preset, 0, T0_NS, REGISTRY))
    return list(truth), max(one.t_s for each in truth.values() for one in each)


def truth_of(sent: Transmitter) -> dict[str, tuple[Reference, ...]]:
    """Return by vehicle what truly happened, by the clock on board."""
    found: dict[str, list[Reference]] = {vehicle: [] for vehicle in sent.flight.tracks}
    for one in flight_happenings(sent.flight):
        if short_name(one.type) in EVENTS and not is_no_ascent(sent, one):
            found[one.vehicle].append(Reference(short_name(one.type), one.t_s + _fast_s(sent, one.vehicle, one.t_s)))
    return {vehicle: tuple(each) for vehicle, each in found.items()}


def is_no_ascent(sent: Transmitter, one: Happening) -> bool:
    """Whether it is the greatest dynamic pressure of a flight, and a gale on the pad makes more: nobody can tell it."""
    if short_name(one.type) != "max_q":
        return False
    return float(sent.flight.tracks[one.vehicle].at(np.array([one.t_s])).dynamic_pressure_pa[0]) < GALE_PA


def _told(sent: Transmitter, events: list[Event], vehicle: str) -> Iterator[Detected]:
    for event in events:
        if event.vehicle == vehicle and event.name in EVENTS:
            known_s = (event.detected_ns - sent.t0_ns) / NS
            yield Detected(
                event.name,
                event.ordinal,
                (event.t_ns - sent.t0_ns) / NS,
                known_s + _fast_s(sent, vehicle, known_s),
                event.t_sigma_s,
                event.status,
                event.revision,
                event.values,
            )


def heard_s(messages: list[Message], sent: Transmitter) -> dict[str, Floats]:
    """Return by vehicle the times of the navigation packets that came in time, whoever heard them, by its own clock.

    What a wrong clock makes the line refuse did not come. What it only makes look old did: in time is by true time.
    """
    found: dict[str, list[Any]] = defaultdict(list)
    for message in messages:
        if message.kind is Kind.TELEMETRY:
            for frame in DECODER.decode(message).frames:
                if frame.packet == CLOCKWORK:
                    vehicle, ert_s = message.address.vehicle, (message.ert_ns - sent.t0_ns) / NS
                    t_s = (frame.t_ns - sent.t0_ns) / NS
                    found[vehicle].append(t_s[ert_s + _fast_s(sent, vehicle, ert_s) - t_s < IN_TIME_S])
    return {vehicle: np.concatenate(each) for vehicle, each in found.items()}


def _fast_s(sent: Transmitter, vehicle: str, t_s: float) -> float:
    """Return how much the vehicle's clock is fast at a true mission time."""
    wrong = [fault for fault in sent.flight.faults if isinstance(fault, ClockFault) and fault.concerns(vehicle)]
    return float(clock_error_s(wrong, np.array([t_s]))[0])
