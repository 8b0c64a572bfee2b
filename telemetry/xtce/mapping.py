"""What a user says about a document that the document does not say itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from telemetry.time_code import TimeCode
from telemetry.yaml_source import YamlSource

Positive = Annotated[float, Field(gt=0)]


class ImportMap(BaseModel):
    """A map for an import.

    Parameters
    ----------
    name, version, vehicle_class
        Of the dictionary; from the document when left out.
    time
        The time code behind the primary header.
    names
        Channel or packet by the name of the parameter or container, also as full path (`/System/Parameter`).
    units
        Our unit by the document's; the numbers stay as they are.
    rates_hz
        Rate by the container's name.
    default_rate_hz
        Of the packets of which nobody says it.
    skip
        Containers to leave out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    version: int | None = None
    vehicle_class: str | None = None
    time: TimeCode | None = None
    names: dict[str, str] = {}
    units: dict[str, str] = {}
    rates_hz: dict[str, Positive] = {}
    default_rate_hz: Positive = 1.0
    skip: tuple[str, ...] = ()


def load_map(path: Path) -> ImportMap:
    """Read a map from a YAML file.

    Raises
    ------
    DictionaryError
        If it cannot be read or is wrong; it names file and line.
    """
    source = YamlSource(path)
    try:
        return ImportMap.model_validate(source.content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise source.error(first["loc"], f"{where}: {first['msg']}") from error
