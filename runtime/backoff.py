"""Delays between tries: exponential, half fixed and half by chance, so that many clients do not come back at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

FIRST_S: Final = 0.2
LONGEST_S: Final = 10.0


def backoff_delays_s(first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> Iterator[float]:
    """Yield delays for ever: each drawn between half and all of a bound that doubles up to `longest_s`."""
    bound_s = first_s
    while True:
        yield bound_s * random.uniform(0.5, 1.0)  # noqa: S311 -- jitter needs no secrecy
        bound_s = min(2 * bound_s, longest_s)
