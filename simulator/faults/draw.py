"""What is left to chance, drawn once from the flight's seed."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from simulator.faults.kinds import AnyFault

DIGITS: Final = 3


def draw(faults: Iterable[AnyFault], seed: int) -> tuple[AnyFault, ...]:
    """Decide which faults happen, and when.

    Each draws from a generator of its own, made from the seed and from what it says: one more or one less changes
    nothing about the others.

    Returns
    -------
    tuple
        Those that happen, in the order given, each with one time.
    """
    equal: Counter[str] = Counter()
    drawn: list[AnyFault] = []
    for one in faults:
        text = _text(one)
        fault = one.model_copy(update={"number": one.number + equal[text]})
        equal[text] += 1
        chance = generator(fault, seed)
        happens, part = chance.random(2).tolist()
        if happens < fault.probability:
            if isinstance(fault.at_s, tuple):
                first_s, last_s = fault.at_s
                fault = fault.model_copy(update={"at_s": round(first_s + part * (last_s - first_s), DIGITS)})
            drawn.append(fault)
    return tuple(drawn)


def generator(fault: AnyFault, seed: int, *names: str) -> np.random.Generator:
    """Return the chance of one fault, or of one of its parts by names."""
    return np.random.default_rng([seed, zlib.crc32("/".join([_text(fault), *names]).encode())])


def _text(fault: AnyFault) -> str:
    return json.dumps(fault.model_dump(mode="json"), sort_keys=True)
