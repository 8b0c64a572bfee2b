"""The truth of a flight as a record for a file (docs/design.md, section 7)."""

from __future__ import annotations

import json

from simulator.happenings import Happening, Value, flight_happenings, handling_happenings
from simulator.limits import has_cargo_limits, limit_happenings
from simulator.packets import Transmitter
from telemetry.cuc import NS_PER_S

DIGITS = 6


def happenings_of(transmitter: Transmitter) -> list[Happening]:
    """Return everything that truly happened in a flight, in order of time."""
    flight = transmitter.flight
    happened = [*flight_happenings(flight), *handling_happenings(flight)]
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
    record = {
        "flight": flight_name,
        "preset": transmitter.flight.preset.name,
        "seed": transmitter.seed,
        "t0_ns": t0_ns,
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
            for each in happenings_of(transmitter)
        ],
        "sent": {vehicle: transmitter.sent(vehicle) for vehicle in transmitter.flight.tracks},
    }
    return json.dumps(record, indent=1) + "\n"


def _rounded(value: Value) -> Value:
    return value if isinstance(value, str) else round(value, DIGITS)
