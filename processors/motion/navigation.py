"""The estimate of a vehicle that sends its own navigation and what its accelerometer feels."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import cos, isfinite, nan, radians, sin, sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.airframe import Airframe
from processors.motion.axis import GATE_SIGMAS, LOST_S, Axis
from processors.motion.unrest import Unrest
from processors.plain import from_plain, to_plain
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame
from telemetry.impact import EARTH_RATE_RAD_S, MU_M3_S2

Floats = NDArray[np.float64]

HEIGHT: Final = "altitude_m"
UP: Final = "vertical_speed_m_s"
EAST: Final = "velocity_east_m_s"
NORTH: Final = "velocity_north_m_s"
SPEED: Final = "speed_m_s"
AXIAL: Final = "axial_acceleration_m_s2"
LATERAL: Final = "lateral_acceleration_m_s2"
PITCH: Final = "pitch_deg"
HEADING: Final = "heading_deg"
LATITUDE: Final = "latitude_deg"
MEASURED: Final = (HEIGHT, UP, EAST, NORTH)
FELT: Final = (AXIAL, LATERAL, PITCH, HEADING, LATITUDE)
EARTH_M: Final = 6_371_000.0
# what is not known of gravity and of the Earth's turning, (m/s)^2 a second; the shaking of structures is measured
SHAKEN: Final = 1e-4
# whose direction nobody tells, of what it is felt across the axis; and of what is felt where nothing is measured
ACROSS: Final = 0.5
UNFELT: Final = 100.0
# errors of speed hang together for so long
TOGETHER_S: Final = 2.0
# a hole longer than this may have seen engines start or stop
HOLE_S: Final = 0.5
HOLE_M_S2: Final = 20.0
# a navigation that is as good as any: its noise is never less
LEASTS: Final = (0.3, 0.04, 0.04, 0.04, 0.0)
# of a height and of speeds before their noise is known
UNKNOWN: Final = (90.0, 6.0, 6.0, 6.0, 1.0)
# an estimate that is less sure than this has only begun
SURE_M_S: Final = 1.0
SURE_M: Final = 12.0


class Doubt(NamedTuple):
    """How sure the motion in some rows is: their times, and standard deviations of climb and height; shape (n,)."""

    t_ns: NDArray[np.int64]
    climb_m_s: Floats
    height_m: Floats

    def of(self, t_ns: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Return those of climb and of height in some of the rows."""
        at = self.t_ns.searchsorted(t_ns)
        return self.climb_m_s[at], self.height_m[at]


@dataclass(slots=True)
class Course:
    """What is known after the last row."""

    t_ns: int = 0
    up: Axis = field(default_factory=Axis)
    east: Axis = field(default_factory=Axis)
    north: Axis = field(default_factory=Axis)
    height_m: float = nan
    height_variance: float = 0.0
    refused_s: float = 0.0
    begun: bool = False


class Navigation:
    """Makes speeds and heights quiet where they are noisy, by what the accelerometer feels; leaves them where not.

    A navigation that is well is the estimate: it comes out of a filter on board that has more to go by than what is
    sent. Its noise is measured by second differences. Where it is ten times what it should be, velocity
    is carried on by the specific force along the body's axis, which pitch and heading turn into the horizon's frame,
    and gravity; and corrected by what is measured, gated, with the noise it shows. Height follows from climb likewise.
    So engines that start or stop bend it without a lag, and noise of metres a second shrinks to decimetres.

    Parameters
    ----------
    airframe
        The vehicle.

    References
    ----------
    Inertial navigation with measured speeds and heights: Titterton and Weston, Strapdown Inertial Navigation
    Technology, 2004, chapter 13.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> Navigation(Airframe("ship", built_in("yuanxing-1"))).doubt is None
    True
    """

    def __init__(self, airframe: Airframe) -> None:
        packet = airframe.packet_of.get(UP)
        whole = packet is not None and all(airframe.packet_of.get(name) == packet for name in (*MEASURED, *FELT, SPEED))
        self._packet = packet if whole else None
        # people must see what they watch
        self._watched = {name for name in (*MEASURED, SPEED) if whole and airframe.channels[name].limits}
        self._unrest = Unrest()
        self._course = Course()
        # of the last rows that were estimated; none if they were taken as they came
        self.doubt: Doubt | None = None

    def estimated(self, frame: Frame) -> Frame:
        """Return the next rows, with what is known of the motion in place of what is noisy."""
        if frame.packet != self._packet or not len(frame):
            return frame
        self.doubt = None
        if self._unrest.passes_over(frame.t_ns):
            return frame
        parts: list[tuple[int, int, tuple[Floats, ...]]] = []
        for first, last in self._unrest.seconds(frame.t_ns):
            rows = slice(first, last)
            if self._unrest.is_noisy or not self._unrest.is_known:
                parts.append((first, last, self._filtered(frame, rows)))
            elif self._course.t_ns:
                self._course = Course()
            self._unrest.take(frame.t_ns[rows], [frame.columns[name][rows] for name in (*MEASURED, AXIAL)])
        return self._with(frame, parts) if parts else frame

    def _with(self, frame: Frame, parts: list[tuple[int, int, tuple[Floats, ...]]]) -> Frame:
        """Return rows with what was estimated in some of them, and take note of how sure that is."""
        climb, height = np.zeros(len(frame)), np.zeros(len(frame))
        columns = dict(frame.columns)
        for name in (*MEASURED, SPEED):
            if name not in self._watched:
                columns[name] = np.array(columns[name], dtype=np.float64)
        for first, last, found in parts:
            climb[first:last], height[first:last] = found[-2:]
            for name, values in zip((*MEASURED, SPEED), found, strict=False):
                if name not in self._watched:
                    columns[name][first:last] = values
        self.doubt = Doubt(frame.t_ns, climb, height)
        return replace(frame, columns=columns)

    def _filtered(self, frame: Frame, rows: slice) -> tuple[Floats, ...]:
        """Return heights, climb, velocities to the east and north, speeds, doubts of climb and height; (n,)."""
        columns = frame.columns
        measured = np.stack([np.asarray(columns[name][rows], np.float64) for name in (*MEASURED, SPEED)])
        felt = np.stack([np.asarray(columns[name][rows], np.float64) for name in FELT])
        known = self._unrest.noises if self._unrest.is_known else UNKNOWN
        noises = [max(noise, least) ** 2 for noise, least in zip(known, LEASTS, strict=True)]
        found = [
            self._step(int(t_ns), row, felt_row, noises)
            for t_ns, row, felt_row in zip(frame.t_ns[rows], measured.T.tolist(), felt.T.tolist(), strict=True)
        ]
        told = np.array(found).T
        return *np.where(np.isfinite(measured), told[:-2], measured), *told[-2:]

    def _step(self, t_ns: int, measured: list[float], felt: list[float], noises: list[float]) -> tuple[float, ...]:
        course = self._course
        span_s = (t_ns - course.t_ns) / NS_PER_S if course.t_ns else 0.0
        course.t_ns = t_ns
        self._carry(felt, span_s, noises[4] * span_s)
        for axis, speed, noise in zip((course.up, course.east, course.north), measured[1:4], noises[1:4], strict=True):
            if isfinite(axis.v_m_s):
                axis.take(speed, noise, span_s)
            elif isfinite(speed):
                axis.begin(speed, noise)
        self._level(measured[0], noises[0], span_s)
        course.begun = course.begun or (course.up.vv < SURE_M_S**2 and course.height_variance < SURE_M**2)
        if not course.begun:
            # nobody can tell yet whether it stands
            return *(nan,) * len(measured), 0.0, 0.0
        up, east, north = course.up.v_m_s, course.east.v_m_s, course.north.v_m_s
        # what is unsure of the parts makes their sum too large
        unsure = course.up.vv + course.east.vv + course.north.vv
        speed = sqrt(max(up * up + east * east + north * north - unsure, 0.0))
        return course.height_m, up, east, north, speed, course.up.sigma_m_s, sqrt(course.height_variance)

    def _carry(self, felt: list[float], span_s: float, shaken: float) -> None:
        """Go on to the next row by what is felt there; `shaken` is what that may be wrong by, (m/s)^2 a second."""
        course = self._course
        axial, lateral, pitch, heading = felt[0], felt[1], radians(felt[2]), radians(felt[3])
        along = axial * cos(pitch)
        forces = (axial * sin(pitch) - self._weight_m_s2(felt[4]), along * sin(heading), along * cos(heading))
        walk = SHAKEN + shaken + ACROSS * lateral * lateral
        if not isfinite(along + heading + lateral):
            forces, walk = (0.0, 0.0, 0.0), UNFELT
        if span_s > HOLE_S:
            walk += HOLE_M_S2**2 * span_s
        before_m_s = course.up.v_m_s
        for axis, force in zip((course.up, course.east, course.north), forces, strict=True):
            if isfinite(axis.v_m_s):
                axis.carry(force, span_s, walk)
        course.height_m += 0.5 * (before_m_s + course.up.v_m_s) * span_s
        course.height_variance += 2.0 * TOGETHER_S * course.up.vv * span_s

    def _weight_m_s2(self, latitude_deg: float) -> float:
        """Return gravity, less what the path's own bend and the Earth's turning take of it."""
        course = self._course
        if not isfinite(course.height_m + course.east.v_m_s + course.north.v_m_s + latitude_deg):
            return MU_M3_S2 / EARTH_M**2
        radius, share = EARTH_M + course.height_m, cos(radians(latitude_deg))
        level = (course.east.v_m_s + EARTH_RATE_RAD_S * radius * share) ** 2 + course.north.v_m_s**2
        return MU_M3_S2 / radius**2 - level / radius

    def _level(self, measured_m: float, variance: float, span_s: float) -> None:
        """Take a height."""
        course = self._course
        off = measured_m - course.height_m
        if not isfinite(off):
            if isfinite(measured_m) and isfinite(course.up.v_m_s):
                course.height_m, course.height_variance = measured_m, variance
            return
        spread = course.height_variance + variance
        if off * off > GATE_SIGMAS**2 * spread:
            course.refused_s += span_s
            if course.refused_s > LOST_S:
                course.height_m, course.height_variance, course.refused_s = measured_m, variance, 0.0
            return
        course.refused_s = 0.0
        gain = course.height_variance / spread
        course.height_m += gain * off
        course.height_variance *= 1.0 - gain

    def snapshot(self) -> list[Any]:
        """Return the state as plain values."""
        return [to_plain(self._course), self._unrest.snapshot()]

    def restore(self, state: list[Any]) -> None:
        """Take over another one's state."""
        course, unrest = state
        self._course = from_plain(Course, course)
        self._unrest.restore(unrest)
