"""Simulates a flight, and writes its packets and its truth to a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from simulator.fault_names import check_names
from simulator.faults import AnyFault, draw
from simulator.faults.ground import held_s
from simulator.flight import simulate_flight
from simulator.packets import Transmitter
from simulator.preset import load_preset
from simulator.record import truth_json
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Registry
from telemetry.errors import FlightError

TRUTH_FILE = "truth.json"
PACKETS_FILE = "packets.ccsds"


def simulate(
    preset: str | Path,
    seed: int,
    t0_ns: int,
    registry: Registry | None = None,
    faults: tuple[AnyFault, ...] = (),
) -> Transmitter:
    """Fly a preset and return what its vehicles send.

    Parameters
    ----------
    preset
        Name of a built-in preset, or a file.
    seed
        Of everything that is left to chance.
    t0_ns
        Unix time of liftoff by the plan; telemetry begins before it, by the preset's countdown. A hold makes it later.
    registry
        Where the preset's dictionary is looked up.
    faults
        What may go wrong besides the preset's own.

    Raises
    ------
    FlightError
        If the preset is wrong, its vehicle cannot fly it, or a fault names what is not there.
    DictionaryError
        If there is no dictionary of the preset's name.
    """
    mission = load_preset(preset)
    registry = registry or Registry()
    dictionary = registry.get(mission.dictionary)
    if dictionary is None:
        known = ", ".join(registry.names())
        raise FlightError(f"preset {mission.name}: no dictionary {mission.dictionary!r}; there are {known}")
    wrong = draw((*mission.faults, *faults), seed)
    liftoff_ns = t0_ns + held_s(wrong) * NS_PER_S
    flight = simulate_flight(mission, wrong)
    check_names(wrong, mission, flight.tracks, dictionary)
    return Transmitter(flight, dictionary, seed, liftoff_ns)


def write_flight(transmitter: Transmitter, flight_name: str, out: Path, *, packets: bool = True) -> Path:
    """Write `truth.json` and, for every vehicle, `{vehicle}/packets.ccsds`: all packets in order of time, as on board.

    Returns
    -------
    Path
        The truth file; it is written last, in one piece.
    """
    out.mkdir(parents=True, exist_ok=True)
    for vehicle in transmitter.flight.tracks if packets else ():
        folder = out / vehicle
        folder.mkdir(exist_ok=True)
        _in_one_piece(folder / PACKETS_FILE, seconds_of(transmitter, vehicle))
    truth = out / TRUTH_FILE
    _in_one_piece(truth, [truth_json(transmitter, flight_name).encode()])
    return truth


def seconds_of(transmitter: Transmitter, vehicle: str) -> Iterator[bytes]:
    """Yield a vehicle's packets second by second, each second grouped by type."""
    types = [_by_second(transmitter, vehicle, packet) for packet in transmitter.packet_types(vehicle)]
    for second in zip(*types, strict=True):
        yield b"".join(second)


def _by_second(transmitter: Transmitter, vehicle: str, packet: str) -> Iterator[bytes]:
    """Yield packets of one type by the second in which they were made; no more of them are held than needed."""
    parts = transmitter.parts(vehicle, packet)
    part = next(parts, None)
    start_ns, seconds = transmitter.start_ns, transmitter.duration_ns // NS_PER_S + 1
    for end_ns in range(start_ns + NS_PER_S, start_ns + seconds * NS_PER_S + 1, NS_PER_S):
        made = bytearray()
        while part is not None:
            stop = int(np.searchsorted(part.made_ns, end_ns))
            begin = int(np.searchsorted(part.made_ns, end_ns - NS_PER_S))
            made += part.octets[begin:stop].tobytes()
            if stop < len(part.made_ns):
                break
            part = next(parts, None)
        yield bytes(made)


def _in_one_piece(path: Path, content: Iterable[bytes]) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.writelines(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
