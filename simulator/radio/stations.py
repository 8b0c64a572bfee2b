"""The stations of a mission: by name from a list, or its own; and when they have a vehicle in view."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from simulator.radio.spans import looks_s, spans_of
from simulator.radio.station import Station
from simulator.track import Track
from telemetry.errors import FlightError

BUILT_IN: Final = Path(__file__).parents[1] / "presets" / "stations.yaml"


@dataclass(frozen=True, slots=True)
class Pass:
    """A stretch of mission time in view."""

    rise_s: float
    set_s: float


def passes(station: Station, track: Track) -> tuple[Pass, ...]:
    """Return when a vehicle is in view of a station, to a tenth of a second.

    What is in view from the first telemetry on rises before it, and what stays in view to the last sets after it: those
    passes are open, to minus or plus infinity.
    """
    looks = looks_s(track.start_s, track.end_s)
    seen = station.hears(track.position_m(looks))
    return tuple(Pass(span.start_s, span.end_s) for span in spans_of(looks, seen))


def chance_of(seed: int, station: str, vehicle: str, packet: str) -> np.random.Generator:
    """Return the chance by which a station misses a vehicle's packets of one type."""
    return np.random.default_rng([seed, zlib.crc32(f"{station}/{vehicle}/{packet}/loss".encode())])


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stations: tuple[Station, ...]


def load_stations(wanted: tuple[str | Station, ...], path: Path = BUILT_IN) -> tuple[Station, ...]:
    """Return a mission's stations: those that it names are read from the list, its own are as they are.

    Raises
    ------
    FlightError
        If the list is wrong or has none of a name.
    """
    try:
        known = {each.name: each for each in _File.model_validate(yaml.safe_load(path.read_text("utf-8"))).stations}
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise FlightError(f"{path}: no list of stations: {error}") from error
    missing = [each for each in wanted if isinstance(each, str) and each not in known]
    if missing:
        raise FlightError(f"no station {missing[0]!r} in {path}; there are {', '.join(known)}, or describe your own")
    return tuple(known[each] if isinstance(each, str) else each for each in wanted)
