"""The table of the U.S. Standard Atmosphere 1976 that the simulator reads.

Made with the library ussa1976: `python tests/make_atmosphere.py > simulator/physics/atmosphere.csv`. Below 86 km the
library is the standard to its last printed digit. Above, it drifts off table I of the standard (0.3 % in pressure at
100 km, 4 % at 200 km), so pressure and density are drawn back to the published rows by their ratio there. Below sea
level, where the library has no answer, stands equation 33a.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import ussa1976
from numpy.typing import NDArray

Reals = NDArray[np.float64]

GEOPOTENTIAL_RADIUS_M: Final = 6_356_766.0
# where the lapse rate changes, in geopotential metres: table 4 of the standard
LAYERS_M: Final = (11_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0)
# table I of the standard: geometric height (m), pressure (Pa), density (kg/m3)
PUBLISHED: Final = np.array([
    (86_000.0, 3.7338e-1, 6.958e-6),
    (90_000.0, 1.8359e-1, 3.416e-6),
    (95_000.0, 7.5966e-2, 1.393e-6),
    (100_000.0, 3.2011e-2, 5.604e-7),
    (110_000.0, 7.1042e-3, 9.708e-8),
    (120_000.0, 2.5382e-3, 2.222e-8),
    (130_000.0, 1.2505e-3, 8.152e-9),
    (140_000.0, 7.2028e-4, 3.831e-9),
    (150_000.0, 4.5422e-4, 2.076e-9),
    (200_000.0, 8.4736e-5, 2.541e-10),
    (300_000.0, 8.7704e-6, 1.916e-11),
    (400_000.0, 1.4518e-6, 2.803e-12),
    (500_000.0, 3.0236e-7, 5.215e-13),
    (1_000_000.0, 7.5138e-9, 3.561e-15),
])  # fmt: skip


def heights_m() -> Reals:
    """Return the heights of the table, to the metre; every change of the lapse rate is one of them."""
    changes = [round(GEOPOTENTIAL_RADIUS_M * h / (GEOPOTENTIAL_RADIUS_M - h)) for h in LAYERS_M]
    even = [
        *range(-5_000, 150_000, 1_000),
        *range(150_000, 200_000, 5_000),
        *range(200_000, 1_000_001, 10_000),
        *range(107_000, 110_000, 250),  # where the temperature turns most sharply
    ]
    return np.array(sorted({*even, *changes}), dtype=np.float64)


def standard(height_m: Reals) -> Reals:
    """Return temperature, pressure and density at geometric heights, shape (3, n)."""
    found = np.empty((3, height_m.size))
    below = height_m < 0.0
    found[:, below] = _below_sea(height_m[below])
    found[:, ~below] = _library(height_m[~below])
    shown = _library(PUBLISHED[:, 0])
    for row in (1, 2):
        found[row] *= np.interp(height_m, PUBLISHED[:, 0], PUBLISHED[:, row] / shown[row], left=1.0)
    return found


def _library(height_m: Reals) -> Reals:
    data = ussa1976.compute(z=height_m, variables=["t", "p", "rho"])
    return np.array([data[name].to_numpy() for name in ("t", "p", "rho")])


def _below_sea(height_m: Reals) -> Reals:
    temperature = 288.15 - 6.5e-3 * GEOPOTENTIAL_RADIUS_M * height_m / (GEOPOTENTIAL_RADIUS_M + height_m)
    pressure = 101_325.0 * (288.15 / temperature) ** (-9.80665 / (287.05287 * 6.5e-3))
    return np.array([temperature, pressure, pressure / (287.05287 * temperature)])


def text() -> str:
    """Return the table."""
    heights = heights_m()
    rows = [f"{h:.0f},{t:.3f},{p:.7g},{rho:.7g}" for h, t, p, rho in zip(heights, *standard(heights), strict=True)]
    return "\n".join(
        [
            "# U.S. Standard Atmosphere 1976, made by tests/make_atmosphere.py: do not edit",
            "# height_m,temperature_k,pressure_pa,density_kg_m3",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 -- the table is what the script is for
