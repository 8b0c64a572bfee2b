"""Where a vehicle is and was, and how its clock runs against the wall's."""

from __future__ import annotations

import math
import statistics
from bisect import bisect
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from tracking.condition import Condition

NS_PER_S: Final = 10**9
TRACK_STEP_NS: Final = 10 * NS_PER_S
TRACK_STEP_DEG: Final = 0.005
TRACK_LIMIT: Final = 720
RATE_WINDOW_NS: Final = NS_PER_S
RATE_WINDOWS: Final = 5


class Position(BaseModel):
    """Where a vehicle was at `t_ns`; None for what its telemetry does not say."""

    model_config = ConfigDict(frozen=True)

    t_ns: int
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: float | None = None
    speed_m_s: float | None = None
    vertical_speed_m_s: float | None = None
    downrange_m: float | None = None


class TrackPoint(BaseModel):
    """One point of the ground track."""

    model_config = ConfigDict(frozen=True)

    t_ns: int
    latitude_deg: float
    longitude_deg: float
    altitude_m: float


class Now(BaseModel):
    """The present of a flight, as of its last signal.

    Parameters
    ----------
    run, flight
        Which.
    clock_ns
        The flight's time: the newest earth receive time of its vehicle's telemetry or link reports.
    heard_ns
        The newest earth receive time of telemetry alone.
    received_ns
        Wall clock at which the line received what set `clock_ns`; 0 if unknown.
    rate
        Seconds of flight time a second of wall clock: 1 for a real flight, more in an accelerated one.
    position, condition
        Of the vehicle and its container.
    """

    model_config = ConfigDict(frozen=True)

    run: str
    flight: str
    clock_ns: int = 0
    heard_ns: int = 0
    received_ns: int = 0
    rate: float = 1.0
    position: Position | None = None
    condition: Condition = Condition()


@dataclass(frozen=True, slots=True)
class Sample:
    """What one message of a vehicle, or a link report of it, shows.

    Parameters
    ----------
    ert_ns, received_ns
        Earth receive time, and the wall clock at which the line received it (0 if unknown).
    is_telemetry
        False for a link report.
    position, condition
        None where the message says nothing of them.
    """

    ert_ns: int
    received_ns: int
    is_telemetry: bool
    position: Position | None = None
    condition: Condition | None = None


class Present:
    """The present of a flight, advanced sample by sample.

    Parameters
    ----------
    now
        What it starts from.
    """

    def __init__(self, now: Now) -> None:
        self._flight = (now.run, now.flight)
        self.clock_ns = now.clock_ns
        self.position = now.position
        self.condition = now.condition
        self._heard_ns = now.heard_ns
        self._received_ns = now.received_ns
        self._rate = now.rate
        self._meter = RateMeter()

    def take(self, sample: Sample) -> None:
        """Take a sample; an older one than the newest only adds to the extremes of the condition."""
        if sample.ert_ns > self.clock_ns:
            self.clock_ns = sample.ert_ns
            self._received_ns = sample.received_ns
            rate = self._meter.update(sample.ert_ns, sample.received_ns)
            self._rate = self._rate if rate is None else round(rate, 3)
        if sample.is_telemetry:
            self._heard_ns = max(self._heard_ns, sample.ert_ns)
        if sample.position is not None and (self.position is None or sample.position.t_ns > self.position.t_ns):
            self.position = sample.position
        if sample.condition is not None:
            self.condition = self.condition.join(sample.condition)

    def now(self) -> Now:
        """Return it as a record."""
        run, flight = self._flight
        return Now(
            run=run,
            flight=flight,
            clock_ns=self.clock_ns,
            heard_ns=self._heard_ns,
            received_ns=self._received_ns,
            rate=self._rate,
            position=self.position,
            condition=self.condition,
        )


class RateMeter:
    """Measures how fast a flight's clock runs: the median of the last few seconds, lest a backlog fool it."""

    def __init__(self) -> None:
        self._start: tuple[int, int] | None = None
        self._rates: list[float] = []

    def update(self, clock_ns: int, received_ns: int) -> float | None:
        """Take one pair of clock readings; returns the rate, or None before it is known."""
        if received_ns <= 0:
            return None
        if self._start is None:
            self._start = (clock_ns, received_ns)
        elapsed_ns = received_ns - self._start[1]
        if elapsed_ns >= RATE_WINDOW_NS:
            self._rates = [*self._rates[1 - RATE_WINDOWS :], (clock_ns - self._start[0]) / elapsed_ns]
            self._start = (clock_ns, received_ns)
        return max(statistics.median(self._rates), 0.0) if self._rates else None


def extend_track(track: list[TrackPoint], position: Position) -> bool:
    """Add a position to a ground track, unless it is near a point of it in time or has not moved.

    Late positions find their place. A track that grows too long loses every other point.

    Returns
    -------
    bool
        Whether it was added.
    """
    lat, lon, altitude_m = position.latitude_deg, position.longitude_deg, position.altitude_m
    if lat is None or lon is None or altitude_m is None:
        return False
    at = bisect(track, position.t_ns, key=lambda point: point.t_ns)
    neighbours = track[max(at - 1, 0) : at + 1]
    if any(abs(point.t_ns - position.t_ns) < TRACK_STEP_NS for point in neighbours):
        return False
    if any(math.hypot(point.latitude_deg - lat, point.longitude_deg - lon) < TRACK_STEP_DEG for point in neighbours):
        return False
    point = TrackPoint(
        t_ns=position.t_ns,
        latitude_deg=round(lat, 4),
        longitude_deg=round(lon, 4),
        altitude_m=round(altitude_m),
    )
    track.insert(at, point)
    if len(track) > TRACK_LIMIT:
        del track[1:-1:2]
    return True
