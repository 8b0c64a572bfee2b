"""What a detector is, and what it says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any, ClassVar, Final, Protocol

from processors.airframe import Airframe
from processors.plain import from_plain, to_plain
from processors.stretch import Rows, Stretch
from telemetry.events import Status

Value = float | int | str | bool
# uncertainties are told to a tenth of a millisecond
SIGMAS_A_SECOND: Final = 10_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a detector is sure of; the engine adds whose flight, which ordinal and when it became known.

    Parameters
    ----------
    type
        One of the vocabulary.
    t_ns, t_sigma_s
        When it happened, and the standard uncertainty of that.
    values
        Values at that time, units in their names.
    packet, count_first, count_last, station
        The evidence: the rows that it rests on.
    status, occurrence
        What is known of it, and by which number its detector means this one when it says more of it later. A finding
        without a number is one of its own, said once.
    """

    type: str
    t_ns: int
    t_sigma_s: float
    values: Mapping[str, Value] = field(default_factory=dict)
    packet: str | None = None
    count_first: int | None = None
    count_last: int | None = None
    station: str | None = None
    status: Status = "confirmed"
    occurrence: int | None = None


def found(
    event_type: str, t_ns: int, t_sigma_s: float, rows: Rows, last: int, count_first: int, values: Mapping[str, Value]
) -> Finding:
    """Make a finding that row `last` of `rows` completed. An uncertainty is rounded up: what is said covers it."""
    rounded = {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}
    count_last = int(rows.counts[last])
    sigma_s = ceil(t_sigma_s * SIGMAS_A_SECOND) / SIGMAS_A_SECOND
    return Finding(event_type, t_ns, sigma_s, rounded, rows.packet, count_first, count_last, rows.station)


class Source(Protocol):
    """Who says so: what an event's evidence names."""

    @property
    def name(self) -> str:
        """Of the rule."""

    @property
    def version(self) -> int:
        """Of the rule."""

    @property
    def parameter_values(self) -> dict[str, Value]:
        """Its thresholds."""


Found = tuple[Source, Finding]


class Detector(ABC):
    """One rule that finds one kind of event on one vehicle.

    Stretches come in order of time without overlap, each with all rows of its time. How the flight is cut into
    stretches makes no difference to what is found. A subclass keeps what it remembers in `self.state`, a dataclass
    of plain values. When rows come late the stretch is run again, by all but those that do not look again
    (`looks_again`): alarms and blackouts are of their time.

    Parameters
    ----------
    airframe
        The vehicle.
    parameters
        Thresholds; the class's own by default.
    """

    version: ClassVar[int] = 1
    looks_again: ClassVar[bool] = True
    emits: ClassVar[tuple[str, ...]]
    requires: ClassVar[frozenset[str]]
    parameters_type: ClassVar[type]
    state_type: ClassVar[type]

    def __init__(self, airframe: Airframe, parameters: Any = None) -> None:
        self.airframe = airframe
        self.parameters: Any = self.parameters_type() if parameters is None else parameters
        self.state: Any = self.state_type()

    @classmethod
    def fits(cls, airframe: Airframe) -> bool:
        """Return whether a vehicle sends what it requires; a log sends only what its motion tells."""
        return not airframe.is_log and cls.requires <= airframe.channels.keys()

    @property
    def packets(self) -> frozenset[str]:
        """The packet types that it has to see."""
        return frozenset(self.airframe.packet_of[channel] for channel in self.requires)

    @property
    def name(self) -> str:
        """The detector's name in an event's evidence: its module's."""
        return type(self).__module__.rsplit(".", 1)[-1]

    @property
    def parameter_values(self) -> dict[str, Value]:
        """The thresholds, for an event's evidence."""
        return asdict(self.parameters)

    @abstractmethod
    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Take the next stretch of the flight and return what it completed."""

    def on_watermark(self, t_ns: int) -> tuple[Finding, ...]:  # noqa: ARG002 -- most rules rest on rows, not on silence
        """Take note that time has come to `t_ns`, though perhaps no rows; return what the silence completed."""
        return ()

    def snapshot(self) -> Any:
        """Return what it remembers, as plain values."""
        return to_plain(self.state)

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        self.state = from_plain(self.state_type, snapshot)
