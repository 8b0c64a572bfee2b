"""Dataclasses to plain values and back, for snapshots."""

from __future__ import annotations

import functools
from dataclasses import fields, is_dataclass
from typing import Any, Final, get_type_hints

PLAIN: Final = (int, float, str)


def to_plain(value: Any) -> Any:
    """Return a dataclass as a list of its fields: plain values, lists of them, or dataclasses likewise."""
    if isinstance(value, PLAIN):
        return value
    if isinstance(value, list):
        return value.copy()
    if is_dataclass(value):
        return [to_plain(getattr(value, name)) for name, _ in _fields_of(value.__class__)]
    return value


def from_plain(kind: Any, plain: Any) -> Any:
    """Return a dataclass of a type from what `to_plain` made of one.

    Examples
    --------
    >>> from processors.evidence.signals import Switch
    >>> from_plain(Switch, to_plain(Switch(before_ns=7)))
    Switch(sustained=Sustained(since_ns=-1, rows=0), before_ns=7)
    """
    made: list[Any] = []
    for (_, hint), item in zip(_fields_of(kind), plain, strict=True):
        if is_dataclass(hint):
            made.append(from_plain(hint, item))
        else:
            made.append(item.copy() if isinstance(item, list) else item)
    return kind(*made)


@functools.cache
def _fields_of(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))
