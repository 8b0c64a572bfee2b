"""Where a fleet starts and comes down, read from one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulator.physics.earth import Place
from telemetry.errors import FlightError

BUILT_IN: Final = Path(__file__).parent / "ports.yaml"


class Port(BaseModel):
    """A zone at sea with its names in English and Chinese."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    en: str
    zh: str
    latitude_deg: Annotated[float, Field(ge=-90, le=90)]
    longitude_deg: Annotated[float, Field(ge=-180, le=180)]

    @property
    def place(self) -> Place:
        """The same as a value of the physics."""
        return Place(self.latitude_deg, self.longitude_deg)


class Ports(BaseModel):
    """Launch and landing zones by name, and who hears the vehicles there.

    Parameters
    ----------
    launch, landing
        The zones.
    launch_station, landing_station, relay_station
        Stations of `simulator/presets/stations.yaml` whose likes stand there.
    relay_longitudes_deg
        Of the relays' satellites.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    launch: Annotated[dict[str, Port], Field(min_length=1)]
    landing: Annotated[dict[str, Port], Field(min_length=1)]
    launch_station: str
    landing_station: str
    relay_station: str
    relay_longitudes_deg: Annotated[tuple[float, ...], Field(min_length=1)]


def load_ports(path: Path = BUILT_IN) -> Ports:
    """Read the zones of a fleet.

    Raises
    ------
    FlightError
        If the file cannot be read or is wrong; it names the key.
    """
    try:
        return Ports.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as error:
        raise FlightError(f"{path}: no list of ports: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise FlightError(f"{path}: {where}: {first['msg']}") from error
