"""Ground stations and a relay: when they have a vehicle in view, how late they hear it, and how well."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.earth import FloatArray, Place, elevation_deg, norm
from simulator.preset import BUILT_IN_DIR
from simulator.track import Track
from telemetry.errors import FlightError

LIGHT_M_S: Final = 299_792_458.0
GEOSTATIONARY_M: Final = 35_786_000.0
REFERENCE_M: Final = 1.0e6
NEAREST_M: Final = 100.0
LOOK_EVERY_S: Final = 0.1


class Station(BaseModel):
    """Who hears vehicles.

    Parameters
    ----------
    name
        As in the topic.
    latitude_deg, longitude_deg, altitude_m
        Where it stands.
    mask_deg
        Lowest elevation: of the vehicle above the station, or of the relay above the vehicle.
    near_m
        Within this distance it hears a vehicle below the mask too.
    relay_longitude_deg
        Of the geostationary satellite that it listens through; none for a station that hears directly.
    signal_dbm
        Received power at 1000 km; it falls with the square of the distance.
    loss
        Share of packets that it misses in view.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]
    altitude_m: float
    mask_deg: Annotated[float, Field(ge=0, lt=90)]
    near_m: Annotated[float, Field(ge=0)]
    relay_longitude_deg: Annotated[float, Field(ge=-180, le=180)] | None = None
    signal_dbm: float
    loss: Annotated[float, Field(ge=0, lt=1)]

    @property
    def position_m(self) -> FloatArray:
        """Where it stands, shape (3,)."""
        return Place(self.latitude_deg, self.longitude_deg).position_m(self.altitude_m)

    @property
    def relay_m(self) -> FloatArray | None:
        """Where its satellite stands."""
        return (
            None
            if self.relay_longitude_deg is None
            else Place(0.0, self.relay_longitude_deg).position_m(GEOSTATIONARY_M)
        )

    def hears(self, vehicle_m: FloatArray) -> NDArray[np.bool_]:
        """Whether vehicles at positions of shape (3, n) are in view."""
        relay = self.relay_m
        if relay is not None:
            return np.asarray(elevation_deg(vehicle_m, relay[:, np.newaxis]) >= self.mask_deg)
        own = self.position_m[:, np.newaxis]
        above = elevation_deg(own, vehicle_m) >= self.mask_deg
        return np.asarray(above | (norm(vehicle_m - own) <= self.near_m))

    def delay_s(self, vehicle_m: FloatArray) -> FloatArray:
        """Light time from positions of shape (3, n) to the station, over the satellite if it has one."""
        relay = self.relay_m
        if relay is None:
            return np.asarray(norm(vehicle_m - self.position_m[:, np.newaxis]) / LIGHT_M_S)
        return np.asarray((norm(vehicle_m - relay[:, np.newaxis]) + norm(relay - self.position_m)) / LIGHT_M_S)

    def signal_strength_dbm(self, vehicle_m: FloatArray) -> FloatArray:
        """Received power for positions of shape (3, n)."""
        source = self.position_m if self.relay_m is None else self.relay_m
        distance = np.maximum(norm(vehicle_m - source[:, np.newaxis]), NEAREST_M)
        return np.asarray(self.signal_dbm - 20.0 * np.log10(distance / REFERENCE_M))


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
    looks = np.arange(track.start_s, track.end_s + LOOK_EVERY_S, LOOK_EVERY_S)
    seen = station.hears(track.position_m(np.minimum(looks, track.end_s)))
    turns = np.flatnonzero(np.diff(seen.astype(np.int8))) + 1
    edges = [-np.inf, *looks[turns].tolist(), np.inf]
    first = 0 if seen[0] else 1
    return tuple(Pass(rise, set_) for rise, set_ in zip(edges[first::2], edges[first + 1 :: 2], strict=False))


def received(station: Station, vehicle: str, packet: str, seed: int, count: int) -> NDArray[np.bool_]:
    """Which of a vehicle's packets of one type a station does not miss by chance, shape (count,)."""
    chance = np.random.default_rng([seed, zlib.crc32(f"{station.name}/{vehicle}/{packet}/loss".encode())])
    return np.asarray(chance.random(count) >= station.loss)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    stations: tuple[Station, ...]


def load_stations(names: tuple[str, ...], path: Path = BUILT_IN_DIR / "stations.yaml") -> tuple[Station, ...]:
    """Read stations by name.

    Raises
    ------
    FlightError
        If the file is wrong or has none of a name.
    """
    try:
        known = {each.name: each for each in _File.model_validate(yaml.safe_load(path.read_text("utf-8"))).stations}
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise FlightError(f"{path}: no list of stations: {error}") from error
    missing = [name for name in names if name not in known]
    if missing:
        raise FlightError(f"no station {missing[0]!r} in {path}; there are {', '.join(known)}")
    return tuple(known[name] for name in names)
