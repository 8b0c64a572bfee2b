"""The flight's own clock, between and after its signals; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

from telemetry.topics import LIVE_RUN
from tracking.motion import NS_PER_S, Now

# a flight whose clock keeps pace with the wall's is a real one: its time goes on while no signal comes
REAL_TIME_RATE: Final = 1.5
REAL_TIME_S: Final = 24 * 3600.0
ACCELERATED_S: Final = 10.0


class Clock(BaseModel):
    """The flight's own time.

    Parameters
    ----------
    time, t_ns
        Now, on the flight's clock.
    rate
        Seconds of it a second of wall clock; 0 while it stands still for want of a signal.
    signal_age_s
        Flight time since the last telemetry; None before the first.
    """

    model_config = ConfigDict(frozen=True)

    time: AwareDatetime
    t_ns: int
    rate: float
    signal_age_s: float | None


def clock_of(now: Now | None, run: str, wall_ns: int) -> Clock | None:
    """Return the flight's time at `wall_ns`: the last one known, carried on at the rate at which it ran.

    A live flight that has not been heard yet goes by the wall clock; a replay has no time before its first signal.
    """
    if now is None or now.clock_ns == 0:
        return Clock(time=moment(wall_ns), t_ns=wall_ns, rate=1.0, signal_age_s=None) if run == LIVE_RUN else None
    silent_s = max(wall_ns - now.received_ns, 0) / NS_PER_S if now.received_ns else float("inf")
    runs_on_s = REAL_TIME_S if now.rate < REAL_TIME_RATE else ACCELERATED_S
    t_ns = now.clock_ns + round(min(silent_s, runs_on_s) * now.rate * NS_PER_S) if now.received_ns else now.clock_ns
    return Clock(
        time=moment(t_ns),
        t_ns=t_ns,
        rate=now.rate if silent_s < runs_on_s else 0.0,
        signal_age_s=round((t_ns - now.heard_ns) / NS_PER_S, 1) if now.heard_ns else None,
    )


def moment(t_ns: int) -> datetime:
    """Return a time in ns as a datetime, to the microsecond."""
    return datetime.fromtimestamp(t_ns // NS_PER_S, UTC).replace(microsecond=t_ns % NS_PER_S // 1000)
