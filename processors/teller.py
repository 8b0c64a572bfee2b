"""Findings as events: whose flight, which ordinal, and when it became known."""

from __future__ import annotations

from collections import Counter
from typing import Any

from processors.detector import Finding, Source
from telemetry.events import Event, Evidence


class Teller:
    """Makes the events of one flight and counts them.

    Parameters
    ----------
    run, flight
        Which.
    """

    def __init__(self, run: str, flight: str) -> None:
        self.run = run
        self.flight = flight
        self._ordinals: Counter[tuple[str, str]] = Counter()

    def event(self, vehicle: str, source: Source, finding: Finding, detected_ns: int, offsets: dict[str, int]) -> Event:
        """Return the event of a finding; the next of its type on this vehicle has the next ordinal."""
        ordinal = self._ordinals[vehicle, finding.type]
        self._ordinals[vehicle, finding.type] += 1
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
            t_ns=finding.t_ns,
            t_sigma_s=finding.t_sigma_s,
            detected_ns=detected_ns,
            values=dict(finding.values),
            evidence=evidence,
        )

    def told(self, event: Event) -> None:
        """Take note of an event that was told before."""
        self._ordinals[event.vehicle, event.type] = max(self._ordinals[event.vehicle, event.type], event.ordinal + 1)

    def snapshot(self) -> list[list[Any]]:
        """Return the state as plain values."""
        return [[vehicle, kind, count] for (vehicle, kind), count in self._ordinals.items()]

    def restore(self, snapshot: list[list[Any]]) -> None:
        """Take over another one's state."""
        self._ordinals = Counter({(vehicle, kind): count for vehicle, kind, count in snapshot})
