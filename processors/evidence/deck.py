"""Whether the recovery ship has the vehicle: from then on, work on the container is procedure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from processors.evidence.signals import UNSET, Switch
from processors.stretch import Stretch

ON_DECK: Final = 3
# the beacon is read once a second, and one wrong reading recovers nothing
ROWS: Final = 2


@dataclass(slots=True)
class Deck:
    """Remembers since when the recovery beacon has said `on_deck`, the channel `recovery_state` of the dictionary."""

    switch: Switch = field(default_factory=Switch)
    since_ns: int = UNSET

    def since(self, stretch: Stretch) -> int | None:
        """Take a stretch; return the time of the row that made the recovery sure, None while it is not."""
        if self.since_ns == UNSET:
            rows = stretch.rows("recovery_state")
            turn = None if rows is None else self.switch.turned(rows.t_ns, rows.values[0] == ON_DECK, ROWS)
            if rows is not None and turn is not None:
                self.since_ns = int(rows.t_ns[turn.row])
        return None if self.since_ns == UNSET else self.since_ns
