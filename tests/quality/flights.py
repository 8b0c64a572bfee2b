"""Recorded flights with the times at which things truly happened."""

from __future__ import annotations

import functools
import gzip
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from quality.rules import Group

Floats = NDArray[np.float64]

FOLDER: Final = Path(os.environ.get("DOWNRANGE_RECORDINGS") or Path(__file__).parents[3] / "shared" / "flights")
ABSENT: Final = f"no recorded flights in {FOLDER}: set DOWNRANGE_RECORDINGS to a folder that has them"
ROUNDED_SIGMA_S: Final = 0.3
FIT_SIGMA_S: Final = 0.1

# our word, and the keys of the references in order of preference; onboard states are themselves detections
KEYS: Final[dict[str, tuple[str, ...]]] = {
    "liftoff": ("liftoff_fit", "liftoff"),
    "max_q": ("maxq",),
    "meco": ("meco_fit", "meco"),
    "apogee": ("apogee_fit", "apogee"),
    "boostback_start": ("boostback_start",),
    "boostback_end": ("boostback_end",),
    "entry_start": ("entry_start",),
    "entry_end": ("entry_end",),
    "landing_burn_start": ("landing_start",),
    "touchdown": ("touchdown", "landing_end"),
    "ses": ("ses1",),
    "seco": ("seco1_fit", "seco1"),
}
# the published end of this landing is where the picture ends, 200 m above the ground
NO_TOUCHDOWN: Final = "ZUMA"


@dataclass(frozen=True, slots=True)
class Reference:
    """When something truly happened, in the log's own time, and how sure that is."""

    event: str
    t_s: float
    sigma_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Log:
    """Rows of a log in its own order.

    Parameters
    ----------
    name, group
        Of what flight.
    t_s
        Shape (n,).
    columns
        Channels by name, shape (n,); NaN is not measured.
    references
        What truly happened.
    blind_s
        Stretches in which the rows say nothing of the flight though there are some: the values are frozen.
    """

    name: str
    group: Group
    t_s: Floats
    columns: dict[str, Floats]
    references: tuple[Reference, ...] = ()
    blind_s: tuple[tuple[float, float], ...] = field(default=())

    def reference_s(self, event: str) -> float | None:
        """Return when an event truly happened, if it is known."""
        return next((one.t_s for one in self.references if one.event == event), None)


def names() -> list[str]:
    """Return the names of all recordings; empty where there are none."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@functools.lru_cache(maxsize=2)
def load(name: str) -> Log:
    """Read a recording."""
    about = json.loads((FOLDER / f"{name}.json").read_text())
    with gzip.open(FOLDER / f"{name}.csv.gz", "rt") as lines:
        header = lines.readline().strip().split(",")
        table = np.genfromtxt(lines, delimiter=",", ndmin=2)
    columns = {column: table[:, i].copy() for i, column in enumerate(header) if i}
    return Log(name, about["group"], table[:, 0].copy(), columns, tuple(_references(name, about)))


def _references(name: str, about: dict[str, Any]) -> list[Reference]:
    """Return the best reference of each event.

    Their sigma: as said, a tenth of a second for a fit that says none, and that of rounding to a second for the rest.
    """
    times: dict[str, float] = about["reference_events_s"]
    found: list[Reference] = []
    for event, keys in KEYS.items():
        key = next((key for key in keys if key in times), None)
        if key is None or (event == "touchdown" and name == NO_TOUCHDOWN):
            continue
        fit = about["reference_kind"].get(key, "").startswith("fit")
        sigma_s = about.get(f"{key}_sigma_s", FIT_SIGMA_S if fit else ROUNDED_SIGMA_S)
        found.append(Reference(event, float(times[key]), float(sigma_s)))
    return found
