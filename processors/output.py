"""What the engine says of a message."""

from __future__ import annotations

from dataclasses import dataclass, field

from processors.teller import Completed
from telemetry.events import Event
from telemetry.limit_state import LimitState
from telemetry.quality import QualityRecord


@dataclass(slots=True)
class Output:
    """What a message brought to light."""

    events: list[Event] = field(default_factory=list)
    quality: list[QualityRecord] = field(default_factory=list)
    limits: list[LimitState] = field(default_factory=list)

    def add(self, other: Output) -> None:
        """Add what was brought to light by something else."""
        self.events += other.events
        self.quality += other.quality
        self.limits += other.limits


@dataclass(frozen=True, slots=True)
class Moment:
    """The message in hand: when it was received, where it stands, and what it brings."""

    ert_ns: int
    offsets: dict[str, int]
    output: Output

    @property
    def by(self) -> Completed:
        """The message, as what completed a finding."""
        return Completed(self.ert_ns, self.offsets)
