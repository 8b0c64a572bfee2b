"""What a flight's packets and its truth are, as digests.

`python tests/golden.py > tests/data/golden.json` writes the golden ones anew. Do so only when physics, sensors, radio
or the dictionary changed on purpose; say in the commit which.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Final

from simulator.record import truth_json
from simulator.simulate import seconds_of, simulate

PRESETS: Final = ("hop", "express")
SEED: Final = 11
T0_NS: Final = 1_790_000_000 * 10**9


def digests() -> dict[str, dict[str, str]]:
    """Return SHA-256 of all packets of each vehicle, and of the truth file, by preset."""
    found: dict[str, dict[str, str]] = {}
    for preset in PRESETS:
        transmitter = simulate(preset, SEED, T0_NS)
        for vehicle in transmitter.flight.tracks:
            digest = hashlib.sha256()
            for second in seconds_of(transmitter, vehicle):
                digest.update(second)
            found.setdefault(preset, {})[vehicle] = digest.hexdigest()
        found[preset]["truth"] = hashlib.sha256(truth_json(transmitter, "golden").encode()).hexdigest()
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(digests(), indent=1) + "\n")
