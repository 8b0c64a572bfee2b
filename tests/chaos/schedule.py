"""Who is killed when, and which way is cut how: drawn once, from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final, NamedTuple, TypeVar

T = TypeVar("T")
KILLED_DOWN_S: Final = (0.0, 5.0)
CUT_S: Final = (1.0, 8.0)
# sometimes two at once: the second goes before the first can be back
TOGETHER_S: Final = 0.5
TOGETHER: Final = 0.15


class Deed(Enum):
    """What is done to a part, or to the way between two."""

    KILL = "kill -9"
    STALL = "stall"
    RESET = "reset"
    HALF_OPEN = "half-open"


CUTS: Final = (Deed.STALL, Deed.RESET, Deed.HALF_OPEN)


class Act(NamedTuple):
    """One deed: when, after the first packet; to whom; and for how long."""

    at_s: float
    deed: Deed
    target: str
    lasts_s: float


def schedule(
    seed: int, parts: Sequence[str], ways: Sequence[str], kills: int, cuts: int, lasts_s: float
) -> tuple[Act, ...]:
    """Spread kills and cuts over a time; every part and every way has its turn before any has two.

    Parameters
    ----------
    seed
        Of all chance.
    parts, ways
        Who can be killed, and what can be cut.
    kills, cuts
        How many.
    lasts_s
        How long.
    """
    chance = random.Random(seed)  # noqa: S311 -- the same seed, the same chaos
    kills_at = [
        Act(at_s, Deed.KILL, name, chance.uniform(*KILLED_DOWN_S))
        for at_s, name in zip(_times(chance, kills, lasts_s), _turns(chance, parts), strict=False)
    ]
    faults = _turns(chance, [(way, deed) for way in ways for deed in CUTS])
    cuts_at = [
        Act(at_s, deed, way, chance.uniform(*CUT_S))
        for at_s, (way, deed) in zip(_times(chance, cuts, lasts_s), faults, strict=False)
    ]
    return tuple(sorted((*kills_at, *cuts_at), key=lambda act: act.at_s))


def _times(chance: random.Random, number: int, lasts_s: float) -> Iterator[float]:
    """Yield one time in each of as many equal parts, some of them right behind the one before."""
    step_s, before_s = lasts_s / max(number, 1), 0.0
    for n in range(number):
        together = n > 0 and chance.random() < TOGETHER
        at_s = before_s + chance.uniform(0, TOGETHER_S) if together else (n + chance.random()) * step_s
        before_s = at_s
        yield at_s


def _turns(chance: random.Random, each: Sequence[T]) -> Iterator[T]:
    """Yield all of them in an order by chance, again and again."""
    while True:
        yield from chance.sample(each, len(each))
