"""Takes some flights out of a record of many, and enters them again."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Anything = TypeVar("Anything")


def among(record: Anything, which: NDArray[np.int64] | int) -> Anything:
    """Return a dataclass whose arrays, of shape (..., n), keep some of the flights or one; records within it too.

    What is no array counts for every flight, and stays as it is.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Load:
    ...     name: str
    ...     mass_kg: NDArray[np.float64]
    >>> among(Load("parcels", np.array([1.0, 2.0, 3.0])), np.array([2, 0]))
    Load(name='parcels', mass_kg=array([3., 1.]))
    """
    if not is_dataclass(record) or isinstance(record, type):
        return record
    changes: dict[str, Any] = {}
    for each in fields(record):
        value = getattr(record, each.name)
        taken = value[..., which] if isinstance(value, np.ndarray) and value.ndim else among(value, which)
        if taken is not value:
            changes[each.name] = taken
    return replace(record, **changes) if changes else record


def entered(record: Anything, part: Anything, which: NDArray[np.int64]) -> Anything:
    """Return a dataclass of arrays of many flights in which some are those of another, records within it too."""
    if isinstance(record, np.ndarray):
        whole = record.copy()
        whole[..., which] = part
        return whole
    if not is_dataclass(record) or isinstance(record, type):
        return record
    return replace(
        record,
        **{each.name: entered(getattr(record, each.name), getattr(part, each.name), which) for each in fields(record)},
    )
