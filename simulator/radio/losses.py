"""What was sent, what was lost on purpose or by chance, and what the line's books must therefore say."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.packets import Transmitter
from simulator.radio.reception import Heard, Reception, reception
from simulator.radio.spans import Span, Spans, without
from simulator.radio.stations import load_stations
from telemetry.dictionary import Dictionary
from telemetry.quality import UNKNOWN_PACKET


def receptions(transmitter: Transmitter) -> tuple[Reception, ...]:
    """Return what the preset's stations hear of each vehicle."""
    stations = load_stations(transmitter.flight.preset.stations)
    return tuple(reception(transmitter, vehicle, stations) for vehicle in transmitter.flight.tracks)


def ledger_of(received: Reception) -> dict[str, dict[str, Any]]:
    """Return the ledger of one vehicle, by packet type.

    See docs/design.md, section 7 (Truth), for what the figures mean.
    """
    return {packet: _entry(received, packet) for packet in received.sendings}


def books_of(received: Reception, dictionary: Dictionary) -> dict[str, dict[str, int]]:
    """Return by packet type what the line's ledger must say when everything has arrived.

    What is made after the last that anybody hears, the line cannot know of. Packets that come cut are told by their
    length alone: they stand under `?`, as `LedgerRow` has it.
    """
    books: dict[str, dict[str, int]] = {}
    unnamed = 0
    for packet, sending in received.sendings.items():
        found = received.heard_by(packet) > 0
        heard = [listener.heard[packet].copies for listener in received.listeners]
        good = sum(int(np.count_nonzero(copies.intact)) for copies in heard)
        cut = sum(int(np.count_nonzero(copies.cut)) for copies in heard)
        harmed = sum(len(copies.rows) for copies in heard) - good - cut
        counted = int(np.count_nonzero(sending.made_s <= _last_count_s(received, dictionary, packet)))
        known = max(counted, int(np.flatnonzero(found)[-1]) + 1 if found.any() else 0)
        unique = int(np.count_nonzero(found))
        if known or harmed:
            books[packet] = _row(known, unique, good - unique, harmed)
        unnamed += cut
    if unnamed:
        books[UNKNOWN_PACKET] = _row(0, 0, 0, unnamed)
    return books


def _last_count_s(received: Reception, dictionary: Dictionary, packet: str) -> float:
    """Return when the last packet was made, of those that are heard, that counts the packets of a type."""
    counter = dictionary.packets[packet].sent_counter
    for name, sending in received.sendings.items():
        if counter is not None and any(channel.name == counter for channel in dictionary.packets[name].channels):
            found = np.flatnonzero(received.heard_by(name))
            return float(sending.made_s[found[-1]]) if found.size else -np.inf
    return -np.inf


def blackouts(received: Reception) -> Spans:
    """Return when nobody hears a vehicle in its plasma although somebody has it in view."""
    in_view = [
        span
        for one in received.listeners
        for span in without((Span(each.rise_s, each.set_s) for each in one.passes), one.down)
    ]
    audible = [span for one in received.listeners for span in one.audible]
    return without(received.plasma, [*without(received.plasma, in_view), *audible])


def _row(sent: int, unique: int, duplicate: int, rejected: int) -> dict[str, int]:
    received = unique + duplicate + rejected
    return {
        "sent": sent,
        "received": received,
        "unique": unique,
        "duplicate": duplicate,
        "rejected": rejected,
        "missing": sent - unique,
    }


def _entry(received: Reception, packet: str) -> dict[str, Any]:
    sending = received.sendings[packet]
    by_stations = np.bincount(received.heard_by(packet), minlength=len(received.listeners) + 1)
    recorded, dumped = int(np.count_nonzero(sending.recorded)), int(np.count_nonzero(sending.dumped))
    return {
        "sent": len(sending.sent_s),
        "heard_by": by_stations.tolist(),
        "recorded": recorded,
        "dumped": dumped,
        "overwritten": sending.overwritten,
        "left_on_board": recorded - dumped - sending.overwritten,
        "stations": {one.station.name: _station(one.heard[packet]) for one in received.listeners},
    }


def _station(heard: Heard) -> dict[str, int]:
    damage = heard.damage
    return {
        "sent": heard.sent,
        "lost_by_chance": heard.lost_by_chance,
        "lost_by_fault": damage.lost,
        "heard": heard.sent - heard.lost_by_chance - damage.lost,
        "duplicated": damage.duplicated,
        "reordered": damage.reordered,
        "corrupted": damage.corrupted,
        "cut": damage.cut,
    }
