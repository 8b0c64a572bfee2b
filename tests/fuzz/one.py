"""Fuzz one target with atheris: `python -m fuzz.one TARGET CORPUS INPUTS [libFuzzer's flags]`. `run.py` starts it."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import atheris  # type: ignore[import-untyped]  # it publishes no types

MIB: Final = 1 << 20
PAGE_OCTETS: Final = resource.getpagesize()
# what one input may take on top of the process as it starts, and what all of them may leave behind
MOST_A_INPUT: Final = 512 * MIB
MOST_LEFT: Final = 64 * MIB
LOOK_EVERY: Final = 500


def memory_octets(column: int) -> int:
    """Return what the process has: column 0 of the kernel's statistics is address space, column 1 what is resident."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[column]) * PAGE_OCTETS


class Watched:
    """A target that fails when memory keeps growing.

    Parameters
    ----------
    target
        What is fuzzed.
    inputs
        How many will come; after a fifth of them, memory should have settled.
    """

    def __init__(self, target: Callable[[bytes], None], inputs: int) -> None:
        self._target = target
        self._settles = inputs // 5
        self._seen = 0
        self._settled = 0

    def __call__(self, octets: bytes) -> None:
        """Give one input to the target."""
        self._target(octets)
        self._seen += 1
        if self._seen < self._settles or self._seen % LOOK_EVERY:
            return
        resident = memory_octets(1)
        self._settled = self._settled or resident
        if resident > self._settled + MOST_LEFT:
            msg = f"{(resident - self._settled) // MIB} MiB more than {self._seen - self._settles} inputs before"
            raise MemoryError(msg)


def main() -> None:
    """Fuzz until the inputs are used up (exit 0) or one fails."""
    name, corpus, inputs, *flags = sys.argv[1:]
    with atheris.instrument_imports(include=["telemetry", "ingest"]):
        from fuzz import targets  # noqa: PLC0415 -- what is imported here is watched line by line
    target = targets.broken if name == "broken" else targets.TARGETS[name]
    address_space = memory_octets(0) + MOST_A_INPUT
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    libfuzzer = ["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=1024", f"-runs={inputs}", *flags, corpus]
    atheris.Setup([sys.argv[0], *libfuzzer], Watched(target, int(inputs)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
