"""What a report says of a flight. Times are seconds since its T0."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemetry.events import Event
from telemetry.quality import LedgerRow, LinkState

Floats = NDArray[np.float64]
QUANTITIES: Final = ("altitude", "speed", "acceleration")
# what begins so much later, or ends so much earlier, than the vehicle was heard has a hole there
END_SHARE: Final = 0.02


class Span(NamedTuple):
    """A stretch of time."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Trace:
    """One quantity of one vehicle over time.

    Parameters
    ----------
    t_s, values
        Shape (n,), in order of time, each time once; only what was measured.
    source
        The channel, or how it was made of one.
    derived
        Whether it is no measurement of its own.
    holes
        Where nothing was measured although rows before and after came faster.
    """

    t_s: Floats
    values: Floats
    source: str
    derived: bool = False
    holes: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of a vehicle's flight; `begun_by` is the event that began it, nothing for the first."""

    name: str
    span: Span
    begun_by: str


@dataclass(frozen=True, slots=True)
class Craft:
    """A vehicle: its dictionary, what it measured by quantity, its phases, and from when to when it was heard."""

    name: str
    dictionary: str
    traces: Mapping[str, Trace]
    phases: tuple[Phase, ...]
    heard: Span

    @property
    def holes(self) -> tuple[Span, ...]:
        """The holes of the quantity that leads: altitude, or else what there is."""
        return next((self.traces[name].holes for name in QUANTITIES if name in self.traces), ())

    def unmeasured(self, quantity: str) -> tuple[Span, ...]:
        """Return where a quantity was not measured while the vehicle was heard: first, in holes, and last."""
        trace = self.traces.get(quantity)
        if trace is None:
            return ()
        first, last = Span(self.heard.start_s, float(trace.t_s[0])), Span(float(trace.t_s[-1]), self.heard.end_s)
        least_s = END_SHARE * (self.heard.end_s - self.heard.start_s)
        ends = [span for span in (first, last) if span.end_s - span.start_s > least_s]
        return (*trace.holes, *ends)


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as it stands in the end.

    Parameters
    ----------
    event
        Its last revision.
    t_s
        When.
    known_after_s
        How long after it its first revision was told, or the first since it was taken back, by the flight's own time.
    revisions
        How many there were.
    """

    event: Event
    t_s: float
    known_after_s: float
    revisions: int = 1


@dataclass(frozen=True, slots=True)
class Raised:
    """A limit beyond its threshold, or a channel gone stale; without an end it still was when the data ended."""

    vehicle: str
    channel: str
    level: str
    side: str
    start_s: float
    end_s: float | None
    value: float | None
    threshold: float | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Packets that never came, and when their neighbours were made; no start before the first that came."""

    vehicle: str
    packet: str
    packets: int
    start_s: float | None
    end_s: float

    @property
    def length_s(self) -> float:
        """From neighbour to neighbour; of packets before the first it is not known."""
        return 0.0 if self.start_s is None else self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Books:
    """The ledger and what was found of it.

    Parameters
    ----------
    rows
        By vehicle and packet type; none of a log, which has no packets.
    complaints
        What does not hold, in words.
    missing
        Gaps, the longest first.
    remarks
        What the figures rest on.
    of_log
        Whether it is a log that was imported: of what was not logged it says nothing.
    """

    rows: tuple[LedgerRow, ...] = ()
    complaints: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    remarks: tuple[str, ...] = ()
    of_log: bool = False

    @property
    def verdict(self) -> str:
        """Whether they balance, in a sentence."""
        if self.complaints:
            return "The books do not balance."
        if not self.rows:
            return "There are no books: a log does not say what was sent."
        if self.of_log:
            return "The books balance: every row of the log is in the archive."
        lost = sum(row.missing for row in self.rows)
        refused = sum(row.rejected for row in self.rows)
        words = "every packet that was sent came" if not lost else f"all but {lost:,} of the packets sent came"
        return f"The books balance: {words}" + (f", {refused:,} were refused." if refused else ".")


@dataclass(frozen=True, slots=True)
class FlightReport:
    """Everything that the page says.

    Parameters
    ----------
    flight, run
        Which; the run is empty for a file.
    facts
        Head of the page: name and text, in order.
    zero
        What T0 is, in words.
    crafts
        The vehicles, by name.
    shown
        What the time axis holds.
    happenings
        Events in order of time, the last revision of each.
    limits
        In order of time.
    books, links
        Ledger, and the last state of each link.
    unknown
        What is not known or not shown, in sentences.
    """

    flight: str
    run: str
    facts: tuple[tuple[str, str], ...]
    zero: str
    crafts: tuple[Craft, ...]
    shown: Span
    happenings: tuple[Happening, ...]
    limits: tuple[Raised, ...]
    books: Books
    links: tuple[LinkState, ...]
    unknown: tuple[str, ...]

    @property
    def title(self) -> str:
        """Run and flight."""
        return f"{self.run}/{self.flight}" if self.run else self.flight
