"""A vehicle whose navigation is as noisy as a cheap receiver's: 2 m/s and 30 m, or so many times that."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from telemetry.dictionary import BUILT_IN_DIR, Dictionary, load_dictionary

NAME: Final = "yuanxing-1"
NOISES: Final = {
    "altitude_m": 30.0,
    "vertical_speed_m_s": 2.0,
    "velocity_east_m_s": 2.0,
    "velocity_north_m_s": 2.0,
    "speed_m_s": 2.0,
}


@functools.cache
def noisy_dictionary(times: float = 1.0) -> Dictionary:
    """Return the built-in dictionary with sensors that are so noisy; it is read by whoever knows the built-in one."""
    text = (BUILT_IN_DIR / f"{NAME}.yaml").read_text()
    for name, noise in NOISES.items():
        text, found = re.subn(rf"(name: {name}, .*sensor: {{noise: )[0-9.]+", rf"\g<1>{noise * times}", text)
        assert found == 1, name
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.yaml"
        path.write_text(text)
        return load_dictionary(path)
