"""A ground station or a relay's gateway: when it has a vehicle in view, how late it hears it, and how well."""

from __future__ import annotations

from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from simulator.physics.earth import FloatArray, Place, elevation_deg, norm
from simulator.radio.budget import LIGHT_M_S, Antenna
from simulator.radio.sight import above_edge_deg

GEOSTATIONARY_M: Final = 35_786_000.0


class Station(BaseModel):
    """Who hears vehicles.

    Parameters
    ----------
    name
        As in the topic.
    latitude_deg, longitude_deg, altitude_m
        Where it stands.
    mask_deg
        Lowest elevation of the vehicle above the station; or of the relay above the edge of the Earth, as the vehicle
        sees it.
    near_m
        Within this distance it hears a vehicle below the mask too.
    relay_longitude_deg
        Of the geostationary satellite that it listens through; none for a station that hears directly.
    wake_mask_deg
        Lowest elevation of the relay above a vehicle in the plasma of its entry at which its signal comes out through
        the wake; none if it does not.
    antenna
        Its link.
    loss
        Share of packets that it misses in view whatever the signal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]
    altitude_m: float
    mask_deg: Annotated[float, Field(ge=0, lt=90)]
    near_m: Annotated[float, Field(ge=0)]
    relay_longitude_deg: Annotated[float, Field(ge=-180, le=180)] | None = None
    wake_mask_deg: Annotated[float, Field(ge=0, lt=90)] | None = None
    antenna: Antenna
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

    def above_mask_deg(self, vehicle_m: FloatArray) -> FloatArray:
        """How far vehicles at positions of shape (3, n) stand above the mask, or the relay above theirs."""
        relay = self.relay_m
        if relay is not None:
            return above_edge_deg(vehicle_m, relay[:, np.newaxis]) - self.mask_deg
        return elevation_deg(self.position_m[:, np.newaxis], vehicle_m) - self.mask_deg

    def hears(self, vehicle_m: FloatArray) -> NDArray[np.bool_]:
        """Whether vehicles at positions of shape (3, n) are in view."""
        in_view = self.above_mask_deg(vehicle_m) >= 0.0
        if self.relay_longitude_deg is not None:
            return np.asarray(in_view)
        return np.asarray(in_view | (norm(vehicle_m - self.position_m[:, np.newaxis]) <= self.near_m))

    def hears_through_wake(self, vehicle_m: FloatArray) -> bool:
        """Whether a vehicle in the plasma is heard all along positions of shape (3, n)."""
        relay = self.relay_m
        if relay is None or self.wake_mask_deg is None:
            return False
        return bool(np.all(elevation_deg(vehicle_m, relay[:, np.newaxis]) >= self.wake_mask_deg))

    def delay_s(self, vehicle_m: FloatArray) -> FloatArray:
        """Light time from positions of shape (3, n) to the station, over the satellite if it has one."""
        relay = self.relay_m
        if relay is None:
            return np.asarray(norm(vehicle_m - self.position_m[:, np.newaxis]) / LIGHT_M_S)
        return np.asarray((norm(vehicle_m - relay[:, np.newaxis]) + norm(relay - self.position_m)) / LIGHT_M_S)

    def signal_dbm(self, vehicle_m: FloatArray) -> FloatArray:
        """Power received from positions of shape (3, n), by the satellite if it has one."""
        receiver = self.position_m if self.relay_m is None else self.relay_m
        distance_m = norm(vehicle_m - receiver[:, np.newaxis])
        return self.antenna.signal_dbm(distance_m, self.above_mask_deg(vehicle_m))

    def loss_of(self, vehicle_m: FloatArray) -> FloatArray:
        """Share of packets from positions of shape (3, n) that it misses: it grows near the edge of what it hears."""
        return np.asarray(self.loss + (1.0 - self.loss) * self.antenna.loss(self.signal_dbm(vehicle_m)))
