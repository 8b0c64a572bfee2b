"""YAML files whose content a pydantic model checks; every mistake says where it stands and how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from telemetry.errors import DictionaryError
from telemetry.yaml_source import YamlSource

Model = TypeVar("Model", bound=BaseModel)


def checked(model: type[Model], path: Path) -> Model:
    """Read a file and check its content.

    Raises
    ------
    DictionaryError
        If the file cannot be read or is wrong; it names file and line.
    """
    source = YamlSource(path)
    try:
        return model.model_validate(source.content)
    except ValidationError as error:
        raise mistakes_of(source, error.errors())[0] from error


def mistakes_of(source: YamlSource, details: list[ErrorDetails]) -> list[DictionaryError]:
    """Return what a check found, each with its place in the file."""
    mistakes = []
    for each in details:
        if each["type"] == "too_short" and each["input"]:
            continue  # a list all of whose parts are wrong, and named, counts as empty
        place = source.path_of(each.get("ctx", {}).get("at", each["loc"]))
        where = ".".join(str(step) for step in place) or "the file"
        mistakes.append(source.error(place, f"{where}: {_complaint(each)}"))
    return mistakes


def _complaint(details: ErrorDetails) -> str:
    match details["type"]:
        case "extra_forbidden":
            return "there is no such key; remove it or mend its spelling"
        case "missing":
            return "is missing; add it"
    message = details["msg"].removeprefix("Value error, ")
    given = details["input"]
    return f"{message}, not {given!r}" if isinstance(given, str | int | float) else message
