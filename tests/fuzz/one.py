"""Fuzz one target with atheris: `python -m fuzz.one TARGET CORPUS INPUTS [libFuzzer's flags]`. `run.py` starts it."""

from __future__ import annotations

import resource
import sys
from typing import Final

import atheris  # type: ignore[import-untyped]  # it publishes no types
from fuzz.statm import MIB, memory_octets

# what one input may take on top of the process as it starts
MOST_A_INPUT: Final = 512 * MIB


def main() -> None:
    """Fuzz until the inputs are used up (exit 0) or one fails."""
    name, corpus, inputs, *flags = sys.argv[1:]
    with atheris.instrument_imports(include=["telemetry", "ingest"]):
        from fuzz import targets  # noqa: PLC0415 -- what is imported here is watched line by line
    target = targets.broken if name == "broken" else targets.TARGETS[name]
    address_space = memory_octets(0) + MOST_A_INPUT
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    libfuzzer = ["-print_final_stats=1", "-timeout=20", "-rss_limit_mb=1024", f"-runs={inputs}", *flags, corpus]
    atheris.Setup([sys.argv[0], *libfuzzer], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
