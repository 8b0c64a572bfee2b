"""See that a target leaves no memory behind: `python -m fuzz.memory TARGET CORPUS INPUTS`. `run.py` starts it.

It takes what atheris has found, again and again, in a process without atheris: atheris 3.0.0 itself keeps the result of
every comparison of numpy arrays that it watches.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from fuzz.statm import MIB, memory_octets
from fuzz.targets import TARGETS

MOST_LEFT: Final = 4 * MIB


def left_behind(target: Callable[[bytes], None], corpus: Sequence[bytes], inputs: int) -> int:
    """Return by how many octets the process has grown from a fifth of the inputs to the last.

    By a fifth, all of the corpus has been seen at least once, and caches are full.
    """
    settles = max(inputs // 5, len(corpus))
    settled = 0
    for seen, octets in enumerate(itertools.islice(itertools.cycle(corpus), settles + inputs)):
        if seen == settles:
            settled = memory_octets(1)
        target(octets)
    return memory_octets(1) - settled


def main() -> int:
    """Print the growth; fails where it is more than noise."""
    name, corpus, inputs = sys.argv[1:]
    found = [path.read_bytes() for path in sorted(Path(corpus).iterdir())]
    octets = left_behind(TARGETS[name], found, int(inputs))
    sys.stderr.write(f"stat::left_behind_kib: {max(octets, 0) // 1024}\n")
    if octets > MOST_LEFT:
        sys.stderr.write(
            f"=== Uncaught Python exception: ===\nMemoryError: {octets // 1024} KiB left behind by {inputs} inputs\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
