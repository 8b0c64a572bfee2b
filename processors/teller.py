"""Findings as events: whose flight, which ordinal and revision, and when it became known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from processors.detector import Finding, Source
from telemetry.cuc import NS_PER_S
from telemetry.events import Event, Evidence

# a time that moves by less than this share of what it may be wrong by is no news
NEWS_SIGMAS: Final = 0.1
RETRACTED: Final = "retracted"


@dataclass(slots=True)
class Said:
    """What was told last of an event that its detector may say more of."""

    ordinal: int
    revision: int
    status: str
    t_ns: int
    t_sigma_s: float
    values: dict[str, Any]

    def is_news(self, finding: Finding) -> bool:
        """Return whether a finding says something else."""
        if finding.status != self.status or dict(finding.values) != self.values:
            return True
        return abs(finding.t_ns - self.t_ns) > NEWS_SIGMAS * self.t_sigma_s * NS_PER_S


class Teller:
    """Makes the events of one flight and counts them.

    A finding without an occurrence is the next event of its type on its vehicle. One with an occurrence that was told
    before is the next revision of that event, if it says something new. Ordinals are never given twice.

    Parameters
    ----------
    run, flight
        Which.
    """

    def __init__(self, run: str, flight: str) -> None:
        self.run = run
        self.flight = flight
        self._ordinals: Counter[tuple[str, str]] = Counter()
        self._said: dict[tuple[str, str, int], Said] = {}

    def event(
        self, vehicle: str, source: Source, finding: Finding, detected_ns: int, offsets: dict[str, int]
    ) -> Event | None:
        """Return the event of a finding; None if it says nothing new, or takes back what was never told."""
        said = None if finding.occurrence is None else self._said.get((vehicle, finding.type, finding.occurrence))
        if finding.status == RETRACTED if said is None else not said.is_news(finding):
            return None
        ordinal, revision = self._number(vehicle, finding, said)
        evidence = Evidence(
            detector=source.name,
            detector_version=source.version,
            parameters=source.parameter_values,
            packet=finding.packet,
            count_first=finding.count_first,
            count_last=finding.count_last,
            station=finding.station,
            topic_offsets=offsets,
        )
        return Event(
            type=finding.type,
            run=self.run,
            flight=self.flight,
            vehicle=vehicle,
            ordinal=ordinal,
            revision=revision,
            status=finding.status,
            t_ns=finding.t_ns,
            t_sigma_s=finding.t_sigma_s,
            detected_ns=detected_ns,
            values=dict(finding.values),
            evidence=evidence,
        )

    def _number(self, vehicle: str, finding: Finding, said: Said | None) -> tuple[int, int]:
        """Return the ordinal and revision of a finding that is news, and remember it."""
        if said is None:
            ordinal, revision = self._ordinals[vehicle, finding.type], 0
            self._ordinals[vehicle, finding.type] += 1
        else:
            ordinal, revision = said.ordinal, said.revision + 1
        if finding.occurrence is not None:
            now = Said(ordinal, revision, finding.status, finding.t_ns, finding.t_sigma_s, dict(finding.values))
            self._said[vehicle, finding.type, finding.occurrence] = now
        return ordinal, revision

    def told(self, event: Event) -> None:
        """Take note of an event that was told before."""
        self._ordinals[event.vehicle, event.type] = max(self._ordinals[event.vehicle, event.type], event.ordinal + 1)

    def snapshot(self) -> list[list[Any]]:
        """Return the state as plain values: three of each type, more of each event that more may be said of."""
        counts: list[list[Any]] = [[vehicle, kind, count] for (vehicle, kind), count in self._ordinals.items()]
        return counts + [[*key, *_fields(said)] for key, said in self._said.items()]

    def restore(self, snapshot: Iterable[list[Any]]) -> None:
        """Take over another one's state."""
        self._ordinals, self._said = Counter(), {}
        for vehicle, kind, number, *rest in snapshot:
            if rest:
                self._said[vehicle, kind, number] = Said(*rest)
            else:
                self._ordinals[vehicle, kind] = number


def _fields(said: Said) -> list[Any]:
    return [said.ordinal, said.revision, said.status, said.t_ns, said.t_sigma_s, said.values]
