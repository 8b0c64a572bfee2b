"""The truth of a flight as a record for a file (docs/design.md, section 7)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import isfinite

from simulator.expected import expected_in
from simulator.faults.ground import held_s
from simulator.happenings import Happening, Value, blackout_happenings, flight_happenings, handling_happenings
from simulator.limits import has_cargo_limits, limit_happenings
from simulator.packets import Transmitter
from simulator.radio.losses import blackouts, books_of, ledger_of, receptions
from simulator.radio.reception import Reception
from simulator.radio.spans import Span, Spans
from telemetry.cuc import NS_PER_S

DIGITS = 6


def happenings_of(transmitter: Transmitter, received: Iterable[Reception] = ()) -> list[Happening]:
    """Return everything that truly happened in a flight, in order of time.

    Parameters
    ----------
    transmitter
        What flew.
    received
        What stations heard of it, for the blackouts.
    """
    flight = transmitter.flight
    happened = [*flight_happenings(flight), *handling_happenings(flight)]
    for heard in received:
        happened += blackout_happenings(flight.tracks[heard.vehicle], blackouts(heard))
    for vehicle in flight.tracks:
        for name in transmitter.packet_types(vehicle):
            packet = transmitter.dictionary.packets[name]
            if has_cargo_limits(packet):
                columns, t_s = transmitter.columns(vehicle, name), transmitter.times_s(name, vehicle)
                happened += limit_happenings(vehicle, packet, t_s, columns)
    return sorted(happened, key=lambda each: (each.t_s, each.vehicle, each.type))


def truth_json(transmitter: Transmitter, flight_name: str) -> str:
    """Return the truth file: the same flight, seed and start give the same text."""
    t0_ns = transmitter.t0_ns
    received = receptions(transmitter)
    record = {
        "flight": flight_name,
        "preset": transmitter.flight.preset.name,
        "seed": transmitter.seed,
        "t0_ns": t0_ns - held_s(transmitter.flight.faults) * NS_PER_S,
        "liftoff_ns": t0_ns,
        "start_ns": transmitter.start_ns,
        "end_ns": transmitter.start_ns + transmitter.duration_ns,
        "events": [
            {
                "type": each.type,
                "vehicle": each.vehicle,
                "t_ns": t0_ns + round(each.t_s * NS_PER_S),
                "t_s": round(each.t_s, DIGITS),
                "values": {name: _rounded(value) for name, value in each.values.items()},
            }
            for each in happenings_of(transmitter, received)
        ],
        "faults": [
            {**fault.model_dump(mode="json", exclude_none=True), "expected": expected_in(fault, transmitter.flight)}
            for fault in transmitter.flight.faults
        ],
        "sent": {vehicle: transmitter.sent(vehicle) for vehicle in transmitter.flight.tracks},
        "ledger": {heard.vehicle: ledger_of(heard) for heard in received},
        "books": {heard.vehicle: books_of(heard, transmitter.dictionary) for heard in received},
        "radio": {heard.vehicle: _radio(heard) for heard in received},
    }
    return json.dumps(record, indent=1) + "\n"


def _rounded(value: Value) -> Value:
    return value if isinstance(value, str) else round(value, DIGITS)


def _radio(received: Reception) -> dict[str, object]:
    return {
        "plasma": _seconds(received.plasma),
        "blackouts": _seconds(blackouts(received)),
        "stations": {
            one.station.name: {
                "in_view": _seconds(tuple(Span(each.rise_s, each.set_s) for each in one.passes)),
                "heard": _seconds(one.audible),
            }
            for one in received.listeners
        },
    }


def _seconds(spans: Spans) -> list[list[float | None]]:
    """Return spans as pairs of mission times; None where the telemetry begins or ends first."""
    return [[round(edge, DIGITS) if isfinite(edge) else None for edge in (span.start_s, span.end_s)] for span in spans]
