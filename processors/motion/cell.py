"""What was measured in a tenth of a second, and what is known of the motion then."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan


@dataclass(slots=True)
class Cell:
    """A cell of time.

    Parameters
    ----------
    index
        How many cells came before it.
    segment
        How often the log's clock has begun again before it.
    t_ns
        Mean time of its rows.
    known_ns, known_count
        Time and sequence count of the row at which it was complete: what rests on this cell was known then.
    count_first, rows
        Sequence count of its first row, and how many rows it has.
    altitude_m, pressure_pa, vertical_speed_m_s, speed_m_s, acceleration_m_s2
        Medians of its rows; NaN where nothing was measured.
    jolt_m_s2
        By how much the accelerations of its rows differ: an impact is over within a row or two, and leaves no median.
    height_m
        Height over the pad, by altitude, or by pressure over the pad's own, or by what was climbed where neither is
        measured at all; NaN where nothing tells it.
    pull_m_s2
        Acceleration without gravity's share on the pad: 0 at rest, -g in free fall of an upright vehicle.
    trusted, speed_trusted
        Whether the filters took its height and its speed for measurements.
    stale_s
        For how long everything measured has been equal to the last digit.
    h_m, v_m_s, a_m_s2, h_sigma_m, v_sigma_m_s, a_sigma_m_s2
        Estimate of height over the pad, climb and its rate, and the standard uncertainty of each; NaN before there is
        one.
    s_m_s, s_rate_m_s2, s_sigma_m_s, s_rate_sigma_m_s2
        Estimate of speed and its rate, and their uncertainty; NaN without a channel of speed.
    noise_m, speed_noise_m_s
        Noise of one cell's height and speed, as learnt.
    kind
        The vehicle's class, empty while it is not known.
    """

    index: int
    segment: int
    t_ns: int
    known_ns: int
    known_count: int
    count_first: int
    rows: int
    altitude_m: float = nan
    pressure_pa: float = nan
    vertical_speed_m_s: float = nan
    speed_m_s: float = nan
    acceleration_m_s2: float = nan
    jolt_m_s2: float = nan
    height_m: float = nan
    pull_m_s2: float = nan
    trusted: bool = False
    speed_trusted: bool = False
    stale_s: float = 0.0
    h_m: float = nan
    v_m_s: float = nan
    a_m_s2: float = nan
    h_sigma_m: float = nan
    v_sigma_m_s: float = nan
    a_sigma_m_s2: float = nan
    s_m_s: float = nan
    s_rate_m_s2: float = nan
    s_sigma_m_s: float = nan
    s_rate_sigma_m_s2: float = nan
    noise_m: float = nan
    speed_noise_m_s: float = nan
    kind: str = ""
