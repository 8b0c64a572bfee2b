"""When an event counts as found: error and latency allowed, and how many of all must be found.

`small` are rockets to a few kilometres, logged many times a second; `orbital` is all else. An event that has no share
is shown, and nothing is asked of it but that it happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Group = Literal["orbital", "small"]

# above this share of the greatest dynamic pressure one time is as good as another: the plateau lasts nine seconds
PLATEAU: Final = 0.98
# a claim this far from the reference of an event that may happen again speaks of another one
ANOTHER_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Rule:
    """What is asked of one event in one group.

    Parameters
    ----------
    error_s, latency_s
        Allowed.
    share
        Of the events of a perturbed flight that must be found in time; of clean flights it is all. None asks nothing.
    early_s
        How much earlier than the reference it may be, if less than `error_s`.
    sigmas
        The error may also be this many sigmas of the reference.
    again
        Whether it may happen more than once in a flight.
    """

    error_s: float
    latency_s: float
    share: float | None = None
    early_s: float = float("inf")
    sigmas: float = 0.0
    again: bool = False

    def accepts(self, error_s: float, reference_sigma_s: float) -> bool:
        """Whether an error (reported minus true) is allowed."""
        return -self.early_s <= error_s and abs(error_s) <= max(self.error_s, self.sigmas * reference_sigma_s)


_ORBITAL: Final = {
    "liftoff": Rule(1.0, 2.0, 0.95),
    "max_q": Rule(5.0, 15.0, 0.90),
    "meco": Rule(1.0, 2.0, 0.95),
    "apogee": Rule(0.5, 8.0, 0.95, again=True),
    "entry_start": Rule(1.5, 3.0, 0.90),
    "entry_end": Rule(2.0, 2.0, 0.90),
    "landing_burn_start": Rule(2.5, 3.0, 0.90),
    "touchdown": Rule(1.5, 2.0, 0.90),
    "ses": Rule(2.0, 5.0, again=True),
    "seco": Rule(2.0, 5.0, again=True),
    "boostback_start": Rule(3.0, 5.0),
    "boostback_end": Rule(3.0, 5.0),
    "stage_separation": Rule(3.0, 8.0),
    "ignition": Rule(1.0, 2.0),
    "splashdown": Rule(1.5, 2.0, 0.90),
}
_SMALL: Final = {
    "liftoff": Rule(0.3, 0.5, 0.95),
    "meco": Rule(0.3, 0.5, 0.95),
    "apogee": Rule(0.75, 2.0, 0.95, early_s=1.0, sigmas=2.0),
    "touchdown": Rule(2.0, 8.0, 0.90),
}
RULES: Final[dict[Group, dict[str, Rule]]] = {"orbital": _ORBITAL, "small": _ORBITAL | _SMALL}
EVENTS: Final = tuple(_ORBITAL)
