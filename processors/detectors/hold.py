"""The countdown stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from processors.detector import Detector, Finding, found
from processors.evidence.countdown import Count, aborted_code
from processors.stretch import Stretch
from telemetry.vocabulary import FlightEvent


@dataclass(frozen=True, slots=True)
class HoldParameters:
    """Thresholds.

    Parameters
    ----------
    stands_s
        The count has stood when it has fallen behind the vehicle's clock by so much. It is read once a second, and a
        reading that comes late or is repeated once puts it behind by one.
    """

    stands_s: float = 1.5


@dataclass(slots=True)
class HoldState:
    """What it remembers."""

    count: Count = field(default_factory=Count)


class Hold(Detector):
    """The count towards liftoff stands while the vehicle's clock goes on.

    Found for every hold anew. A count that is set back and runs is none, nor is one that stands because the launch
    sequence has ended: that is a scrub.

    Time: a count runs a second a second, so the last row that ran tells when it came to where it stands; unit: s.
    Uncertainty: the resolution of the count. If no row was heard while it stood, half way between the earliest and the
    latest time that the missing seconds allow, with the spread of an even chance.

    Failure modes: none if telemetry begins in the hold. A channel that sticks before liftoff looks like a hold.

    References
    ----------
    The count: channel `mission_time_s` of the dictionary, negative before liftoff.

    Examples
    --------
    >>> HoldParameters().stands_s
    1.5
    """

    emits: ClassVar[tuple[str, ...]] = (FlightEvent.HOLD.value,)
    requires: ClassVar[frozenset[str]] = frozenset({"mission_time_s"})
    parameters_type: ClassVar[type] = HoldParameters
    state_type: ClassVar[type] = HoldState

    def update(self, stretch: Stretch) -> tuple[Finding, ...]:
        """Look for a count that stands."""
        code = aborted_code(self.airframe, "mission_time_s")
        names = ("mission_time_s",) if code is None else ("mission_time_s", "flight_phase")
        rows = stretch.rows(*names)
        if rows is None:
            return ()
        count_s = np.asarray(rows.values[0], dtype=np.float64)
        over = np.zeros(len(count_s), dtype=np.bool_) if code is None else rows.values[1] == code
        findings: list[Finding] = []
        for at in np.flatnonzero(count_s < 0.0).tolist():
            t_ns = int(rows.t_ns[at])
            if over[at]:
                self.state.count.forget()
                continue
            stop = self.state.count.stopped(t_ns, float(count_s[at]), self.parameters.stands_s)
            if stop is not None:
                values = stretch.at(stop.t_ns, t_ns) | {"mission_time_s": stop.count_s}
                event, first = FlightEvent.HOLD.value, int(rows.counts[at]) - stop.rows
                findings.append(found(event, stop.t_ns, stop.t_sigma_s, rows, at, max(first, 0), values))
        return tuple(findings)
