"""Dataclasses to plain values and back, for snapshots."""

from __future__ import annotations

import functools
from dataclasses import fields, is_dataclass
from typing import Any, get_type_hints


def to_plain(value: Any) -> Any:
    """Return a dataclass as a list of its fields' plain values; lists and dicts likewise; other values as they are."""
    if is_dataclass(value):
        return [to_plain(getattr(value, name)) for name, _ in _fields_of(type(value))]
    if isinstance(value, list):
        return [to_plain(item) for item in value] if value and not isinstance(value[0], float | int) else value.copy()
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    return value


def from_plain(kind: type, plain: Any) -> Any:
    """Return a dataclass of a type from what `to_plain` made of one.

    Fields are plain values, lists of numbers, or dataclasses themselves.
    """
    made = [
        from_plain(hint, item) if is_dataclass(hint) else (item.copy() if isinstance(item, list | dict) else item)
        for (_, hint), item in zip(_fields_of(kind), plain, strict=True)
    ]
    return kind(*made)


@functools.cache
def _fields_of(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))
