"""Which class a vehicle is taken for, cell by cell."""

from __future__ import annotations

import numpy as np

from downrange.jobs.detect import detect
from processors.motion.cell import Cell
from processors.motion.kind import HOP, LAUNCHER, Kind
from telemetry.samples import Samples

TENTH_NS = 10**8


def cell(at: int, speed_m_s: float, height_m: float) -> Cell:
    """Return a cell of a webcast whose estimate is what it shows."""
    shown = Cell(at, 0, (at + 1) * TENTH_NS, 0, 0, 0, 3, altitude_m=height_m, speed_m_s=speed_m_s, height_m=height_m)
    shown.h_m, shown.v_m_s, shown.v_sigma_m_s, shown.noise_m = height_m, 0.0, 5.0, 10.0
    shown.s_m_s, shown.s_sigma_m_s, shown.s_rate_m_s2, shown.s_rate_sigma_m_s2 = speed_m_s, 0.3, 0.0, 1.0
    shown.speed_noise_m_s = 0.3
    return shown


def test_a_moment_of_noise_on_the_pad_makes_no_hop_of_a_launcher() -> None:
    """The display's level may be off by tens of metres, and one value says that it moves."""
    kind = Kind()
    for at in range(900):
        assert kind.take(cell(at, 5.0 if at == 100 else 0.2, 60.0)) == LAUNCHER
    assert not kind.told
    for at in range(900, 1500):
        since_s = 0.1 * (at - 900)
        assert kind.take(cell(at, 3.0 * since_s, 60.0 + 1.5 * since_s**2)) == LAUNCHER
    assert kind.told


def test_what_leaves_its_pad_and_gains_nothing_more_hops() -> None:
    kind = Kind()
    kinds = [kind.take(cell(at, min(0.4 * at, 15.0), 1.5 * at)) for at in range(400)]
    assert kinds[100] == LAUNCHER
    assert kinds[-1] == HOP


def test_heights_that_count_in_hundreds_of_metres_are_a_displays() -> None:
    """Without a speed, too: the time at which they first count on says little of a liftoff."""
    t_s = np.arange(0.0, 60.0, 1 / 30)
    height_m = 1.2 * np.maximum(t_s - 20.0, 0.0) ** 2
    shown = Samples.of(t_s, altitude_m=np.floor(height_m / 100.0) * 100.0)
    assert detect(shown) == []
    measured = Samples.of(t_s, altitude_m=np.floor(height_m * 50.0))
    assert "liftoff" in {one.type for one in detect(measured)}
