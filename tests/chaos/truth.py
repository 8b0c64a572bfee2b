"""What must be found at the end, told from the recordings alone."""

from __future__ import annotations

import binascii
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from chaos.parcels import Parcels, expected_parcels
from chaos.recording import Recording, in_order, packets_in
from detection import detect, new_engine

from telemetry.decoder import Decoder
from telemetry.dictionary import Registry, built_in
from telemetry.events import Event
from telemetry.message import Message
from telemetry.topics import Kind

DICTIONARY: Final = "yuanxing-1"
Seen = dict[str, tuple[Any, ...]]


@dataclass(slots=True)
class Truth:
    """One flight.

    Parameters
    ----------
    flight
        Its name.
    made
        Packets made on board, by type.
    messages
        What its stations recorded, by station, receive time and octets; heartbeats too.
    good
        Whole packets, by their octets: type and how many stations heard each.
    bad
        Damaged packets, how many in all.
    events
        Of an undisturbed run, as `seen_of` has them.
    parcels
        What becomes of them in an undisturbed run.
    """

    flight: str
    made: dict[str, int]
    messages: Counter[tuple[str, str, int, bytes]] = field(default_factory=Counter)
    good: dict[bytes, str] = field(default_factory=dict)
    bad: int = 0
    events: Seen = field(default_factory=dict)
    parcels: Parcels = field(default_factory=dict)

    @property
    def unique(self) -> Counter[str]:
        """How many different whole packets of each type there are."""
        return Counter(self.good.values())


def truth_of(recordings: Sequence[Recording]) -> Truth:
    """Return the truth of one flight; its events are those of an engine that nobody disturbs."""
    address, made = recordings[0].address, recordings[0].made
    truth = Truth(address.flight, made)
    apids = {packet.apid: name for name, packet in built_in(DICTIONARY).packets.items()}
    for recording in recordings:
        for _, message in recording.messages:
            truth.messages[identity_of(message)] += 1
            if message.kind is Kind.TELEMETRY:
                for packet in packets_in(message.payload):
                    if is_whole(packet):
                        truth.good[packet] = apids[int.from_bytes(packet[:2]) & 0x7FF]
                    else:
                        truth.bad += 1
    events = detect(in_order(recordings), new_engine(address.flight, address.run)).events
    truth.events, truth.parcels = seen_of(events), expected_parcels(address.flight, events)
    return truth


def identity_of(message: Message) -> tuple[str, str, int, bytes]:
    """Return what tells a message of a flight from any other, sent again or not."""
    return (message.address.station, message.kind.value, message.ert_ns, message.payload)


def is_whole(packet: bytes) -> bool:
    """Whether a packet's checksum is right (CRC-16/CCITT-FALSE over all of it, its own two octets included, is 0)."""
    return binascii.crc_hqx(packet, 0xFFFF) == 0


def seen_of(events: Iterable[Event]) -> Seen:
    """Return by id what must not depend on who was killed; events of links do, a killed station is a lost link."""
    return {
        event.id: (
            event.type,
            event.vehicle,
            event.ordinal,
            event.revision,
            event.status,
            event.t_ns,
            event.t_sigma_s,
            tuple(sorted(event.values.items())),
        )
        for event in events
        if not event.type.startswith("downrange.link.")
    }


def samples_of(messages: Iterable[Message]) -> tuple[dict[str, set[int]], dict[str, Counter[str]]]:
    """Return what InfluxDB must hold: times of the points, and how many values each channel has, by packet type."""
    decoder = Decoder(Registry())
    times: dict[str, set[int]] = {}
    values: dict[str, Counter[str]] = {}
    for message in messages:
        for frame in decoder.decode(message).frames if message.kind is Kind.TELEMETRY else ():
            known = times.setdefault(frame.packet, set())
            fresh = np.array([t_ns not in known for t_ns in frame.t_ns.tolist()])
            known.update(frame.t_ns.tolist())
            counts = values.setdefault(frame.packet, Counter())
            for name, column in frame.select(fresh).columns.items():
                is_float = np.issubdtype(np.asarray(column).dtype, np.floating)
                counts[name] += int(np.count_nonzero(np.isfinite(column))) if is_float else len(column)
    return times, values
