"""Which station a vehicle's data comes from now, and at what rate each brings packets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from processors.books.bringers import Brought
from telemetry.cuc import NS_PER_S

NO_SIGNAL_DBM: Final = -1000.0


@dataclass(frozen=True, slots=True)
class SourceParameters:
    """How the best source is chosen.

    Parameters
    ----------
    window_s
        Rates and shares are of the last so many seconds of flight.
    lead, lead_db
        A challenger must bring so much more of what comes first, as a share of all; or, while they bring about the
        same, must be heard so much stronger.
    lead_s
        For so long, before it takes over. A station that loses its lock is followed by another at once.
    """

    window_s: float = 5.0
    lead: float = 0.2
    lead_db: float = 3.0
    lead_s: float = 3.0


class Heard(NamedTuple):
    """A station with lock, and how strong it hears the vehicle; None if it does not say."""

    signal_dbm: float | None


class Sources:
    """Looks at one vehicle's stations once a second of flight, before what comes in that second.

    The best source is one with lock; of those, the one from which most packets came first; of those that bring about
    the same, the one that is heard strongest; else the first by name. It stays until another has led for a while.

    Nothing here asks for more than the data's own times and what had come by then, so it makes no difference how the
    stream was cut.

    Parameters
    ----------
    parameters
        Thresholds.
    """

    def __init__(self, parameters: SourceParameters | None = None) -> None:
        self.parameters = parameters or SourceParameters()
        self.best: str | None = None
        self.why: str | None = None
        self.since_ns = 0
        self._challenger: str | None = None
        self._challenged_ns = 0
        self._samples: list[tuple[int, dict[str, tuple[int, int]]]] = []

    def on_second(self, clock_ns: int, brought: Mapping[str, Brought], locked: Mapping[str, Heard]) -> None:
        """Take note of what each station has brought up to now, and of those that have lock."""
        oldest_ns = clock_ns - round(self.parameters.window_s * NS_PER_S)
        kept = [sample for sample in self._samples if sample[0] >= oldest_ns] or self._samples[-1:]
        self._samples = [*kept, (clock_ns, {name: (each.packets, each.first) for name, each in brought.items()})]
        self._choose(clock_ns, locked)

    def frame_rate_hz(self, station: str) -> float:
        """Return packets a second of flight that a station brought lately, however often each."""
        if not self._samples:
            return 0.0
        span_s = (self._samples[-1][0] - self._samples[0][0]) / NS_PER_S
        return self._lately(station)[0] / span_s if span_s > 0 else 0.0

    def _lately(self, station: str) -> tuple[int, int]:
        """Return how many packets a station brought over the window, and how many of them came from it first."""
        if not self._samples:
            return 0, 0
        before, now = (sample.get(station, (0, 0)) for sample in (self._samples[0][1], self._samples[-1][1]))
        return now[0] - before[0], now[1] - before[1]

    def _choose(self, clock_ns: int, locked: Mapping[str, Heard]) -> None:
        first = {name: self._lately(name)[1] for name in locked}
        shares = {name: count / max(sum(first.values()), 1) for name, count in first.items()}
        signals = {name: NO_SIGNAL_DBM if each.signal_dbm is None else each.signal_dbm for name, each in locked.items()}
        if self.best is None or self.best not in locked:
            ranked = sorted(locked, key=lambda name: (-shares[name], -signals[name], name))
            self._take(ranked[0] if ranked else None, _why(ranked, shares, signals), clock_ns)
            return
        challenger, why = self._challenge(self.best, shares, signals)
        if challenger != self._challenger:
            self._challenger, self._challenged_ns = challenger, clock_ns
        if challenger is not None and clock_ns - self._challenged_ns >= self.parameters.lead_s * NS_PER_S:
            self._take(challenger, why, clock_ns)

    def _challenge(
        self, best: str, shares: Mapping[str, float], signals: Mapping[str, float]
    ) -> tuple[str | None, str | None]:
        """Return the station that leads the best by enough, and in what."""
        lead = max(shares, key=lambda name: (shares[name], name == best))
        if shares[lead] > shares[best] + self.parameters.lead:
            return lead, "first"
        level = [name for name, share in shares.items() if share >= shares[best] - self.parameters.lead]
        loudest = max(level, key=lambda name: (signals[name], name == best))
        if signals[loudest] > signals[best] + self.parameters.lead_db:
            return loudest, "signal"
        return None, None

    def _take(self, station: str | None, why: str | None, clock_ns: int) -> None:
        if station != self.best:
            self.best, self.why, self.since_ns = station, why, clock_ns
        self._challenger = None

    def snapshot(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {
            "best": [self.best, self.why, self.since_ns],
            "challenger": [self._challenger, self._challenged_ns],
            "samples": [
                [t_ns, {name: list(counts) for name, counts in sample.items()}] for t_ns, sample in self._samples
            ],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over what another one remembered."""
        self.best, self.why, self.since_ns = state["best"]
        self._challenger, self._challenged_ns = state["challenger"]
        self._samples = [
            (t_ns, {name: (packets, first) for name, (packets, first) in sample.items()})
            for t_ns, sample in state["samples"]
        ]


def _why(ranked: list[str], shares: Mapping[str, float], signals: Mapping[str, float]) -> str | None:
    """Return in what the first of some stations is better than the second."""
    if not ranked:
        return None
    if len(ranked) == 1:
        return "lock"
    one, other = ranked[:2]
    if shares[one] > shares[other]:
        return "first"
    return "signal" if signals[one] > signals[other] else "name"
