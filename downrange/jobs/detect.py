"""`downrange detect`: flight events of log files, without any broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from telemetry.samples import Samples


@dataclass(frozen=True, slots=True)
class Detected:
    """One revision of an event of a log.

    Parameters
    ----------
    type
        Last word of the vocabulary's name, for example `apogee`.
    ordinal, revision, status
        Which one of its type, and what is known of it: provisional, confirmed or retracted.
    t_event_s, sigma_s
        When it happened by the log's own clock, and the standard uncertainty of that.
    t_detected_s
        Time of the row at which this revision was told.
    values
        Values at the event, units in their names.
    """

    type: str
    ordinal: int
    t_event_s: float
    t_detected_s: float
    sigma_s: float
    status: str
    revision: int
    values: Mapping[str, float | int | str | bool]


def detect(samples: Samples | Iterable[Samples], vehicle_class: str = "auto") -> list[Detected]:
    """Return every revision of every event of a log, in the order in which they were told.

    Parameters
    ----------
    samples
        The log's rows in its own order.
    vehicle_class
        launcher, sounding, hop, express or auto.
    """
    del samples, vehicle_class
    return []
