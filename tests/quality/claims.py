"""What a detector told of a log: one claim an event, with all its revisions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from quality.flights import Log

from downrange.jobs.detect import Detected, detect
from telemetry.samples import CHANNELS, Samples


@dataclass(frozen=True, slots=True)
class Claim:
    """One event as it stood in the end.

    Parameters
    ----------
    type
        Last word of its name.
    t_event_s, sigma_s, status
        Of its last revision.
    told
        Of each revision, in order: when it said that the event was, and when it was told.
    """

    type: str
    t_event_s: float
    sigma_s: float
    status: str
    told: tuple[tuple[float, float], ...]

    @property
    def first_event_s(self) -> float:
        """When it first said that the event was."""
        return self.told[0][0]

    def settled_s(self, allowed_s: float) -> float:
        """Return when it was told so that no later revision moved it by more than is allowed."""
        settled_s = self.told[-1][1]
        for t_event_s, t_told_s in reversed(self.told):
            if abs(t_event_s - self.t_event_s) > allowed_s:
                break
            settled_s = t_told_s
        return settled_s


def claims_of(revisions: Iterable[Detected]) -> list[Claim]:
    """Gather revisions, in the order in which they were told, by type and ordinal."""
    events: dict[tuple[str, int], list[Detected]] = {}
    for one in revisions:
        events.setdefault((one.type, one.ordinal), []).append(one)
    return [
        Claim(
            each[-1].type,
            each[-1].t_event_s,
            each[-1].sigma_s,
            each[-1].status,
            tuple((one.t_event_s, one.t_detected_s) for one in each),
        )
        for each in events.values()
    ]


def heard(log: Log, vehicle_class: str = "auto") -> list[Claim]:
    """Let the product detect what is in a log."""
    columns = {name: values for name, values in log.columns.items() if name in CHANNELS}
    return claims_of(detect(Samples.of(log.t_s, **columns), vehicle_class))
