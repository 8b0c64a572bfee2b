"""Flights brought straight into an engine, without brokers."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.engine import Engine
from processors.output import Output
from simulator.packets import Transmitter
from simulator.radio.downlink import FINEST_BUNDLE_S, in_line, make_links, ticks
from simulator.radio.stations import load_stations
from simulator.simulate import simulate
from telemetry.codec import PacketCodec
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry, built_in
from telemetry.events import Event
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.quality import QualityRecord
from telemetry.topics import Kind
from telemetry.vocabulary import WATCH_EVENTS, FlightEvent, LinkEvent

NS: Final = 10**9
T0_NS: Final = 1_800_000_000 * NS
WARM_K: Final = 312.0
REGISTRY: Final = Registry()
DECODER: Final = Decoder(REGISTRY)
# alarms are not raised in the past, and what a station heard is no matter of the vehicle's rows
BLACKOUT: Final = {FlightEvent.BLACKOUT_START.value, FlightEvent.BLACKOUT_END.value}
OF_THEIR_TIME: Final = WATCH_EVENTS | BLACKOUT | {event.value for event in LinkEvent}
Known = tuple[str, str, int, float, str, tuple[tuple[str, object], ...]]
Seen = tuple[str, str, int, int, float, tuple[tuple[str, object], ...]]


@functools.cache
def transmitter(preset: str, seed: int = 7) -> Transmitter:
    return simulate(preset, seed, T0_NS)


def messages_of(sent: Transmitter, flight: str = "F", run: str = "live") -> list[Message]:
    """Return everything that the stations send of a simulated flight, in the order in which it comes."""
    links = make_links(sent, load_stations(sent.flight.preset.stations), run, flight)
    return list(in_line(ticks(sent, links, FINEST_BUNDLE_S)))


def new_engine(flight: str = "F", run: str = "live") -> Engine:
    return Engine(run, flight, REGISTRY)


def take(engine: Engine, message: Message, offset: int = 0) -> Output:
    """Let an engine take one message, as the service does."""
    offsets = {"downrange.telemetry-0": offset}
    if message.kind is Kind.LINK:
        return engine.take_report(message, LinkReport.model_validate_json(message.payload), offsets)
    dictionary = DECODER.dictionary_of(message)
    assert dictionary is not None
    return engine.take_frames(message, DECODER.decode(message).frames, dictionary, offsets)


@dataclass(slots=True)
class Flown:
    """What an engine said of some messages."""

    engine: Engine
    events: list[Event] = field(default_factory=list)
    quality: list[QualityRecord] = field(default_factory=list)

    def named(self, name: str, vehicle: str = "ship") -> list[Event]:
        return [event for event in self.events if event.name == name and event.vehicle == vehicle]


def detect(messages: Iterable[Message], engine: Engine | None = None) -> Flown:
    flown = Flown(engine or new_engine())
    for offset, message in enumerate(messages):
        output = take(flown.engine, message, offset)
        flown.events += output.events
        flown.quality += output.quality
    return flown


def seen(events: Iterable[Event]) -> list[Seen]:
    """Return what must not depend on how a flight was cut: all but when it became known, and by which message."""
    return sorted((e.id, e.vehicle, e.ordinal, e.t_ns, e.t_sigma_s, tuple(sorted(e.values.items()))) for e in events)


def final(events: Iterable[Event]) -> list[Known]:
    """Return what is known of a flight in the end, whatever was told on the way; what is of its time is left out."""
    last = {(event.vehicle, event.type, event.ordinal): event for event in events if event.type not in OF_THEIR_TIME}
    return sorted(
        (e.vehicle, e.type, e.t_ns, e.t_sigma_s, e.status, tuple(sorted(e.values.items())))
        for e in last.values()
        if e.status != "retracted"
    )


def warm(message: Message, first_s: float, last_s: float) -> Message:
    """Return the message with a bay that is too warm between two mission times."""
    codec = PacketCodec(built_in("yuanxing-1"))
    if message.kind is not Kind.TELEMETRY or message.address.vehicle != "ship":
        return message
    octets = b""
    for frame in codec.decode(message.payload, "ship", "s", message.ert_ns).frames:
        columns: dict[str, NDArray[Any]] = dict(frame.columns)
        if frame.packet == "cargo":
            t_s = (frame.t_ns - T0_NS) / NS
            inside = (t_s >= first_s) & (t_s < last_s)
            columns["bay_temperature_k"] = np.where(inside, WARM_K, columns["bay_temperature_k"])
        octets += codec.encode(frame.packet, frame.counts, frame.t_ns, columns)
    return replace(message, payload=octets)
