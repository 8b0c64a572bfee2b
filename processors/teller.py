"""Findings as events: whose flight, which ordinal and revision, and when it became known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from processors.detector import Finding, Source
from telemetry.cuc import NS_PER_S
from telemetry.events import Event, Evidence, Status

# a time that moves by less than this share of what it may be wrong by is no news
NEWS_SIGMAS: Final = 0.1
RETRACTED: Final = "retracted"


class Completed(NamedTuple):
    """The message that completed a finding: when it was received, and where it stands."""

    detected_ns: int
    offsets: dict[str, int]


@dataclass(slots=True)
class Said:
    """What was told last of an event that more may be said of."""

    revision: int
    status: Status
    t_ns: int
    t_sigma_s: float
    values: dict[str, Any]

    @classmethod
    def of(cls, finding: Finding, revision: int = 0) -> Said:
        """Return what a finding says."""
        return cls(revision, finding.status, finding.t_ns, finding.t_sigma_s, dict(finding.values))

    def finding(self, event_type: str) -> Finding:
        """Return the finding that says so."""
        return Finding(event_type, self.t_ns, self.t_sigma_s, self.values, status=self.status)

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
        self._occurrences: dict[tuple[str, str, int], int] = {}

    def event(
        self,
        vehicle: str,
        source: Source,
        finding: Finding,
        detected_ns: int,
        offsets: dict[str, int],
        *,
        keep: bool = False,
    ) -> Event | None:
        """Return the event of a finding; None if it says nothing new, or takes back what was never told.

        With `keep` more may be said of it later by its ordinal, though its detector gives it no number.
        """
        ordinal = self.ordinal_of(vehicle, finding)
        if ordinal is None:
            if finding.status == RETRACTED:
                return None
            ordinal = self._ordinals[vehicle, finding.type]
            if finding.occurrence is not None:
                self._occurrences[vehicle, finding.type, finding.occurrence] = ordinal
        keep = keep or finding.occurrence is not None
        return self.revise(vehicle, source, finding, ordinal, Completed(detected_ns, offsets), keep=keep)

    def revise(
        self, vehicle: str, source: Source, finding: Finding, ordinal: int, by: Completed, *, keep: bool = True
    ) -> Event | None:
        """Return the next revision of the event of an ordinal, or its first; None if a finding says nothing new of it.

        Parameters
        ----------
        vehicle, source, finding
            What is said, and by whom.
        ordinal
            Of the event; `next_ordinal` for a new one.
        by
            The message that completed it.
        keep
            Whether more may be said of it.
        """
        key = (vehicle, finding.type, ordinal)
        said = self._said.get(key)
        if said is not None and not said.is_news(finding):
            return None
        revision = 0 if said is None else said.revision + 1
        self._ordinals[vehicle, finding.type] = max(self._ordinals[vehicle, finding.type], ordinal + 1)
        if keep:
            self._said[key] = Said.of(finding, revision)
        evidence = Evidence(
            detector=source.name,
            detector_version=source.version,
            parameters=source.parameter_values,
            packet=finding.packet,
            count_first=finding.count_first,
            count_last=finding.count_last,
            station=finding.station,
            topic_offsets=by.offsets,
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
            was_ns=None if said is None else said.t_ns,
            detected_ns=by.detected_ns,
            values=dict(finding.values),
            evidence=evidence,
        )

    def next_ordinal(self, vehicle: str, event_type: str) -> int:
        """Return the ordinal of the next new event of a type."""
        return self._ordinals[vehicle, event_type]

    def ordinal_of(self, vehicle: str, finding: Finding) -> int | None:
        """Return the ordinal of the event that a finding says more of; None if it is of a new one."""
        if finding.occurrence is None:
            return None
        return self._occurrences.get((vehicle, finding.type, finding.occurrence))

    def said(self, vehicle: str, event_type: str, ordinal: int | None) -> Finding | None:
        """Return what was told last of an event; None if nothing was, or nothing more may be said of it."""
        said = None if ordinal is None else self._said.get((vehicle, event_type, ordinal))
        return None if said is None else said.finding(event_type)

    def bind(self, vehicle: str, finding: Finding, ordinal: int | None) -> None:
        """Let the finding's occurrence mean the event of an ordinal; none for no event that was told."""
        if finding.occurrence is None:
            return
        if ordinal is None:
            self._occurrences.pop((vehicle, finding.type, finding.occurrence), None)
        else:
            self._occurrences[vehicle, finding.type, finding.occurrence] = ordinal

    def forget(self, vehicle: str, kept: Collection[tuple[str, int]]) -> None:
        """Forget what was told of a vehicle's events of which no more may be said; `kept` are types and ordinals."""
        meant = {(name, kind, ordinal) for (name, kind, _), ordinal in self._occurrences.items()}
        gone = [key for key in self._said if key[0] == vehicle and key not in meant and key[1:] not in kept]
        for key in gone:
            del self._said[key]

    def told(self, event: Event) -> None:
        """Take note of an event that was told before."""
        self._ordinals[event.vehicle, event.type] = max(self._ordinals[event.vehicle, event.type], event.ordinal + 1)

    def snapshot(self) -> list[list[list[Any]]]:
        """Return the state as plain values."""
        return [
            [[*key, count] for key, count in self._ordinals.items()],
            [[*key, ordinal] for key, ordinal in self._occurrences.items()],
            [
                [*key, [one.revision, one.status, one.t_ns, one.t_sigma_s, one.values]]
                for key, one in self._said.items()
            ],
        ]

    def restore(self, snapshot: Iterable[Iterable[list[Any]]]) -> None:
        """Take over another one's state."""
        ordinals, occurrences, said = snapshot
        self._ordinals = Counter({(vehicle, kind): count for vehicle, kind, count in ordinals})
        self._occurrences = {(vehicle, kind, number): ordinal for vehicle, kind, number, ordinal in occurrences}
        self._said = {(vehicle, kind, ordinal): Said(*fields) for vehicle, kind, ordinal, fields in said}
