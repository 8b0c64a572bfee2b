"""What a preset says, field by field, from the models that check it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from simulator.preset import plans_of_profiles
from telemetry.errors import FlightError

ELSEWHERE: Final = ("faults", "profile")
KINDS: Final[dict[type, str]] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
WORDS: Final = {"Ge": "at least", "Gt": "more than", "Le": "at most", "Lt": "less than"}


def fields_of(profile: str) -> Iterator[tuple[str, str, str]]:
    """Yield each field of a profile's presets: path, what it takes and whether it is needed, meaning.

    Raises
    ------
    FlightError
        If there is no such profile.
    """
    plans = plans_of_profiles()
    if profile not in plans:
        raise FlightError(f"no profile {profile!r}; there are {', '.join(sorted(plans))}")
    yield "profile", f"{profile}; needed", summary_of(plans[profile])
    yield from _walk(plans[profile], "", {})


def meanings_of(model: type[BaseModel]) -> dict[str, str]:
    """Return what the fields mean: the section "Parameters" of the model's docstring and of those that it extends.

    Examples
    --------
    >>> from simulator.physics.vehicle import Stage
    >>> meanings_of(Stage)["nose_radius_m"]
    'Of the blunt end, for stagnation heating.'
    """
    meanings: dict[str, str] = {}
    for each in reversed(model.__mro__):
        text = inspect.cleandoc(vars(each).get("__doc__") or "")
        _, _, section = text.partition("Parameters\n----------\n")
        for names, meaning in re.findall(r"^(\w[\w, ]*)\n((?:    .*\n?)+)", section, re.MULTILINE):
            meanings |= dict.fromkeys(names.split(", "), " ".join(meaning.split()))
    return meanings


def _walk(model: type[BaseModel], before: str, told: dict[type, str]) -> Iterator[tuple[str, str, str]]:
    meanings = meanings_of(model)
    for name, field in model.model_fields.items():
        if not before and name in ELSEWHERE:
            continue
        many = "[]" if any(get_origin(each) is tuple for each in _options(field.annotation)) else ""
        path = f"{before}{name}{many}"
        part = next((each for each in _types(field.annotation) if issubclass(each, BaseModel)), None)
        words = [meanings.get(name, "")]
        if part and (part not in told or not words[0]):
            words.append(summary_of(part))
        yield (
            path,
            f"{_takes(field, told.get(part, 'what follows') if part else '')}; {_default(field)}",
            " ".join(filter(None, words)),
        )
        if part and part not in told:
            told[part] = f"as {path}"
            yield from _walk(part, f"{path}.", told)


def summary_of(model: type[BaseModel]) -> str:
    """Return the first paragraph of a model's docstring."""
    return " ".join(inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0].split())


def _takes(field: FieldInfo, part: str) -> str:
    kinds = dict.fromkeys(KINDS[each] for each in _types(field.annotation) if each in KINDS)
    bounds = (_bound(each) for each in [*field.metadata, *_marks(field.annotation)])
    return ", ".join(filter(None, [*kinds, *dict.fromkeys(bounds), part]))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    plain = isinstance(field.default, str | int | float)
    return f"{field.default} when left out" if plain else "may be left out"


def _bound(annotation: Any) -> str:
    word = WORDS.get(type(annotation).__name__)
    return "" if word is None else f"{word} {getattr(annotation, type(annotation).__name__.lower()):g}"


def _marks(annotation: Any) -> Iterator[Any]:
    """Yield the bounds inside a union or tuple."""
    for each in get_args(annotation):
        for mark in getattr(each, "__metadata__", ()):
            yield from getattr(mark, "metadata", (mark,))
        yield from _marks(each)


def _options(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)


def _types(annotation: Any) -> Iterator[type]:
    """Yield the plain types in an annotation, in their order."""
    if isinstance(annotation, type) and not get_args(annotation):
        yield annotation
        return
    for each in get_args(annotation):
        if each is not Ellipsis and not (hasattr(annotation, "__metadata__") and each is not get_args(annotation)[0]):
            yield from _types(each)
