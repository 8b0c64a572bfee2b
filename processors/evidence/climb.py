"""The climb of a vehicle whose vertical speed is dead or wrong, by its altitude."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.evidence.signals import least_squares, seconds_from
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame

ALTITUDE: Final = "altitude_m"
CLIMB: Final = "vertical_speed_m_s"
# of a vehicle's own instruments, not of a picture or a log of them, where what is not measured never was
INSTRUMENT: Final = "axial_acceleration_m_s2"
# over so long thrust is even enough for a parabola, and heights to 0.3 m tell its slope at the end to 0.3 m/s
WINDOW_S: Final = 1.5
# half of the window must be there
SPAN_S: Final = 0.75
FEWEST_ROWS: Final = 15
# a height further off than so many spreads, and a metre, is wild
WILD_SPREADS: Final = 5.0
WILD_M: Final = 1.0
SPREAD: Final = 1.4826
# what the vehicle's velocity must add up to, with vertical speed
SPEED: Final = "speed_m_s"
LEVEL: Final = ("velocity_east_m_s", "velocity_north_m_s")
# speeds that differ by more do not agree: a hundred times their noise, and what an engine that stops in the window of
# heights may take off their slope
APART_M_S: Final = 5.0
APART_SHARE: Final = 1e-3


class Climb:
    """Fills in vertical speed where its sensor says no number any more, though it did before, or a wrong one.

    It is wrong where velocity does not add up to speed, and altitude contradicts it too: so of three witnesses,
    vertical speed, speed and altitude, one may fail. Near its top a vehicle that flies along hardly shows it: what
    drifts by less than a metre a second each second is not found out.

    The slope of a parabola through the heights of the last one and a half seconds. Its errors hang together for half a
    second; so what detectors tell of it is right to some hundredths of a second at a top and some tenths at a landing.
    A channel with limits, or one that may go stale, is left alone: it is dead, and people must see that.

    Parameters
    ----------
    airframe
        The vehicle.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> climb = Climb(Airframe("ship", built_in("yuanxing-1")))
    >>> t_ns = np.arange(100) * 20_000_000
    >>> speed = np.where(np.arange(100) < 90, 5.0, np.nan)
    >>> heights = 5.0 * t_ns / 1e9
    >>> still = {SPEED: speed} | dict.fromkeys(LEVEL, np.zeros(100))
    >>> frame = Frame("ship", "s", "nav", 100, np.arange(100), t_ns, 0, {CLIMB: speed, ALTITUDE: heights} | still)
    >>> climb.mended(frame).columns[CLIMB][-3:].round(3).tolist()
    [5.0, 5.0, 5.0]
    """

    def __init__(self, airframe: Airframe) -> None:
        packet = airframe.packet_of.get(CLIMB)
        beside = packet is not None and packet == airframe.packet_of.get(ALTITUDE) and INSTRUMENT in airframe.channels
        watched = beside and (airframe.channels[CLIMB].limits or airframe.channels[CLIMB].stale_after_s is not None)
        self._packet = packet if beside and not watched else None
        if self._packet is not None:
            self._ranges = {name: airframe.channels[name].range or (-np.inf, np.inf) for name in (CLIMB, ALTITUDE)}
            self._keep = round(WINDOW_S * airframe.rates_hz[self._packet])
            self._adds_up = all(airframe.packet_of.get(name) == self._packet for name in (SPEED, *LEVEL))
        self._was_alive = False
        # the last rows, as they came: times and altitudes
        self._past: deque[tuple[NDArray[np.int64], NDArray[np.float64]]] = deque()
        self._rows = 0

    def mended(self, frame: Frame) -> Frame:
        """Return the next rows, with vertical speed where altitude tells it."""
        if frame.packet != self._packet or not len(frame):
            return frame
        if self._is_well(frame):
            self._was_alive = True
            self._remember(frame.t_ns, frame.columns[ALTITUDE])
            return frame
        dead = ~self._measured(frame, CLIMB)
        before_ns, before_m = self._remembered()
        doubted = self._doubted(frame) if self._adds_up else np.zeros_like(dead)
        lived = np.logical_or.accumulate(~dead) | self._was_alive
        bad = np.flatnonzero((dead & lived) | doubted)
        self._was_alive = bool(lived[-1])
        self._remember(frame.t_ns, frame.columns[ALTITUDE])
        if not bad.size:
            return frame
        times, heights = np.concatenate([before_ns, frame.t_ns]), np.concatenate([before_m, frame.columns[ALTITUDE]])
        return self._filled(frame, bad.tolist(), times, heights, len(before_ns))

    def _is_well(self, frame: Frame) -> bool:
        """Return whether all rows are measured, and add up: what almost all do, so it is told at once."""
        columns = frame.columns
        climb = columns[CLIMB]
        low, high = self._ranges[CLIMB]
        # no comparison holds for what is no number
        if not (climb.min() >= low and climb.max() <= high):
            return False
        if not self._adds_up:
            return True
        east, north = columns[LEVEL[0]], columns[LEVEL[1]]
        whole = np.sqrt(climb * climb + east * east + north * north)
        return bool(np.abs(whole - columns[SPEED]).max() <= APART_M_S)

    def _remember(self, t_ns: NDArray[np.int64], altitude_m: NDArray[np.float64]) -> None:
        self._past.append((t_ns, altitude_m))
        self._rows += len(t_ns)
        while self._rows - len(self._past[0][0]) >= self._keep:
            self._rows -= len(self._past.popleft()[0])

    def _remembered(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the last rows, as many as count."""
        if not self._past:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
        t_ns, altitude_m = zip(*self._past, strict=True)
        return np.concatenate(t_ns)[-self._keep :], np.concatenate(altitude_m)[-self._keep :]

    def _doubted(self, frame: Frame) -> NDArray[np.bool_]:
        """Return where velocity does not add up to speed; shape (n,)."""
        climb, speed, east, north = (np.asarray(frame.columns[name], np.float64) for name in (CLIMB, SPEED, *LEVEL))
        # no comparison holds for what is no number
        off_m_s = np.abs(np.sqrt(climb**2 + east**2 + north**2) - speed)
        return np.asarray(off_m_s > APART_M_S + APART_SHARE * speed)

    def _filled(
        self, frame: Frame, bad: list[int], t_ns: NDArray[np.int64], heights: NDArray[np.float64], before: int
    ) -> Frame:
        low, high = self._ranges[ALTITUDE]
        climb = np.array(frame.columns[CLIMB], dtype=np.float64)
        for at in bad:
            end = before + at + 1
            window = slice(max(end - self._keep, 0), end)
            near = (t_ns[window] > t_ns[end - 1] - WINDOW_S * NS_PER_S) & (heights[window] >= low)
            near &= heights[window] <= high
            slope_m_s = _slope(t_ns[window][near], heights[window][near], int(t_ns[end - 1]))
            if not abs(climb[at] - slope_m_s) <= APART_M_S:
                climb[at] = slope_m_s if np.isfinite(slope_m_s) else climb[at]
        return replace(frame, columns=dict(frame.columns) | {CLIMB: climb})

    def _measured(self, frame: Frame, name: str) -> NDArray[np.bool_]:
        low, high = self._ranges[name]
        values = frame.columns[name]
        # no comparison holds for what is no number
        return np.asarray((values >= low) & (values <= high))

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        return [self._was_alive, *(each.tolist() for each in self._remembered())]

    def restore(self, state: list[Any]) -> None:
        """Take over another one's state."""
        self._was_alive, times, heights = state
        self._past, self._rows = deque(), 0
        if times:
            self._remember(np.array(times, dtype=np.int64), np.array(heights, dtype=np.float64))


def _slope(t_ns: NDArray[np.int64], altitude_m: NDArray[np.float64], at_ns: int) -> float:
    """Return the slope of altitude at a time by the rows up to it, in m/s; no number with too few of them."""
    if len(t_ns) < FEWEST_ROWS or t_ns[-1] - t_ns[0] < SPAN_S * NS_PER_S:
        return float("nan")
    t_s = seconds_from(t_ns, at_ns)
    fit = least_squares(t_s, altitude_m, 2)[0]
    off_m = np.abs(altitude_m - np.vander(t_s, 3, increasing=True) @ fit)
    tame = off_m <= max(WILD_SPREADS * SPREAD * float(np.median(off_m)), WILD_M)
    if not tame.all() and np.count_nonzero(tame) >= FEWEST_ROWS:
        fit = least_squares(t_s[tame], altitude_m[tame], 2)[0]
    return float(fit[1])
