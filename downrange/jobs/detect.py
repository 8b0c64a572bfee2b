"""Flight events of a log, without any broker: its rows go straight into the engine."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from processors.engine import Engine
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, Registry, built_in
from telemetry.errors import SettingsError
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.packets import COUNT_MASK
from telemetry.samples import CHANNELS, Samples
from telemetry.topics import Address, Kind
from telemetry.vocabulary import FlightEvent, short_name

CLASSES: Final = ("auto", "launcher", "sounding", "hop", "express")
ADDRESS: Final = Address("imported", "log", "vehicle", "log")
PACKET: Final = "samples"
# what a log's zero is, as nobody says
T0_NS: Final = round(datetime.fromisoformat("2025-01-01T00:00:00+00:00").timestamp()) * NS_PER_S
# beyond it a time is none, not even in Unix seconds, and has no place after the log's zero
MOST_TIME_NS: Final = 5 * 10**9 * NS_PER_S
ROWS_AT_ONCE: Final = 8192
RETRACTED: Final = "retracted"
FLIGHT_EVENTS: Final = frozenset(event.value for event in FlightEvent)


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
    vehicle
        Whose; a log has one, without a name.
    """

    type: str
    ordinal: int
    t_event_s: float
    t_detected_s: float
    sigma_s: float
    status: str
    revision: int
    values: Mapping[str, float | int | str | bool]
    vehicle: str = ""


def detect(samples: Samples | Iterable[Samples], vehicle_class: str = "auto") -> list[Detected]:
    """Return every revision of every flight event of a log, in the order in which they were told.

    Parameters
    ----------
    samples
        The log's rows in its own order.
    vehicle_class
        launcher, sounding, hop, express, or auto to tell it from the motion.

    Raises
    ------
    SettingsError
        If there is no such class.
    """
    return list(LogFlight(vehicle_class).take_all([samples] if isinstance(samples, Samples) else samples))


def known_at(found: Iterable[Detected], as_of_s: float | None = None) -> list[Detected]:
    """Return what was known of each event at a time (at the end, by default), in order of the events' own times.

    An event is its last revision by then, told when its first one was; one that was retracted is none, and one that was
    told again after that was told when it was told again.
    """
    first: dict[tuple[str, str, int], Detected] = {}
    last: dict[tuple[str, str, int], Detected] = {}
    for one in found:
        if as_of_s is None or one.t_detected_s <= as_of_s:
            identity = (one.vehicle, one.type, one.ordinal)
            if identity not in first or last[identity].status == RETRACTED:
                first[identity] = one
            last[identity] = one
    known = [replace(one, t_detected_s=first[identity].t_detected_s) for identity, one in last.items()]
    return sorted((one for one in known if one.status != RETRACTED), key=lambda one: one.t_event_s)


class LogFlight:
    """One log on its way through the engine.

    Parameters
    ----------
    vehicle_class
        As of `detect`.
    """

    def __init__(self, vehicle_class: str = "auto") -> None:
        if vehicle_class not in CLASSES:
            raise SettingsError(f"--vehicle-class {vehicle_class!r} is none of {', '.join(CLASSES)}")
        self._dictionary: Dictionary = built_in("log").model_copy(update={"vehicle_class": vehicle_class})
        self._apid = self._dictionary.packets[PACKET].apid
        self._engine = Engine(ADDRESS.run, ADDRESS.flight, _registry())
        self._rows = 0
        self._last_ns = 0

    def take_all(self, samples: Iterable[Samples]) -> Iterator[Detected]:
        """Take the rows of a log and yield what is told of it."""
        for part in samples:
            timed = np.abs(part.t_ns) < MOST_TIME_NS
            rows = part if timed.all() else part.select(timed)
            for first in range(0, len(rows), ROWS_AT_ONCE):
                yield from self._take(rows.select(slice(first, first + ROWS_AT_ONCE)))

    def _take(self, rows: Samples) -> Iterator[Detected]:
        n, first = len(rows), self._rows
        self._rows += n
        t_ns = T0_NS + rows.t_ns
        order_ns = self._in_order(t_ns)
        self._last_ns = int(order_ns[-1])
        unmeasured = np.full(n, np.nan)
        columns = {name: rows.columns.get(name, unmeasured) for name in CHANNELS}
        columns["log_time_s"] = rows.t_ns / NS_PER_S
        counts = np.arange(first, first + n) & COUNT_MASK
        frame = Frame(ADDRESS.vehicle, ADDRESS.station, PACKET, self._apid, counts, order_ns, self._last_ns, columns)
        message = Message(ADDRESS, Kind.TELEMETRY, b"", self._last_ns, dictionary=self._dictionary.reference)
        for event in self._engine.take_frames(message, [frame], self._dictionary, {}).events:
            if event.type in FLIGHT_EVENTS:
                yield _detected(event, rows, first)

    def _in_order(self, t_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return times for the packets, which only go on: rows stay in the order of the file."""
        highest = np.maximum.accumulate(np.maximum(t_ns, self._last_ns))
        steps = np.arange(1, t_ns.size + 1)
        # the nearest times to these that rise by a nanosecond a row at least
        return np.maximum.accumulate(np.maximum(highest - steps, self._last_ns)) + steps


@functools.cache
def _registry() -> Registry:
    return Registry()


def _detected(event: Event, rows: Samples, first: int) -> Detected:
    count = event.evidence.count_last
    at = len(rows) - 1 if count is None else min(max(count - first, 0), len(rows) - 1)
    return Detected(
        short_name(event.type),
        event.ordinal,
        round((event.t_ns - T0_NS) / NS_PER_S, 6),
        int(rows.t_ns[at]) / NS_PER_S,
        event.t_sigma_s,
        event.status,
        event.revision,
        event.values,
    )
