"""What the rows of a hop can show in time: bounds that the judge of made-up hops goes by."""

from __future__ import annotations

import numpy as np
import pytest
from hop_flight import Flight, Program, flown
from quality.flights import Log, Reference
from quality.synthetic_hop_bound import Sensors, hidden, sensors_of

GOOD = Sensors(0.2, 0.0, 0.2, 0.3)


@pytest.fixture(scope="module")
def flight() -> Flight:
    return flown(Program(4.0, 200.0, 25.0, 0.0, 1.5))


def log(flight: Flight, *channels: str, hz: int = 20) -> Log:
    t_s = flight.t_s[:: 100 // hz]
    references = tuple(Reference(name, at_s) for name, at_s in flight.events_s.items())
    return Log("hop", "small", t_s, {name: np.zeros(t_s.size) for name in channels}, references)


def test_good_rows_hide_nothing(flight: Flight) -> None:
    assert not hidden(log(flight, "altitude_m", "acceleration_m_s2"), flight, GOOD)


def test_heights_alone_hide_a_liftoff_and_a_cut_off(flight: Flight) -> None:
    assert hidden(log(flight, "altitude_m"), flight, GOOD) == {"liftoff", "meco"}


def test_few_rows_hide_what_takes_half_a_second(flight: Flight) -> None:
    found = hidden(log(flight, "altitude_m", "acceleration_m_s2", hz=2), flight, GOOD)
    assert {"liftoff", "meco"} <= found


def test_noise_and_gusts_hide_a_slow_landing() -> None:
    hovers = flown(Program(4.0, 100.0, 8.0, 20.0, 1.0))
    heights = log(hovers, "altitude_m")
    assert "touchdown" not in hidden(heights, hovers, Sensors(0.5, 0.3, 0.2, 0.3))
    assert "touchdown" in hidden(heights, hovers, Sensors(0.5, 2.0, 0.2, 0.3))
    assert "touchdown" in hidden(heights, hovers, sensors_of(0.5, 0.3, "noise x3"))


def test_a_hole_behind_the_touch_hides_the_rest(flight: Flight) -> None:
    whole = log(flight, "altitude_m", "vertical_speed_m_s")
    seen = np.abs(whole.t_s - flight.events_s["touchdown"] - 6.0) > 2.5
    part = Log("hop", "small", whole.t_s[seen], {"altitude_m": np.zeros(np.count_nonzero(seen))}, whole.references)
    assert "touchdown" not in hidden(whole, flight, GOOD)
    assert "touchdown" in hidden(part, flight, GOOD)


def test_noise_hides_a_top_from_heights_but_not_from_climbs(flight: Flight) -> None:
    loud = sensors_of(0.5, 0.0, "noise x3")
    assert "apogee" in hidden(log(flight, "altitude_m", hz=5), flight, loud)
    assert "apogee" not in hidden(log(flight, "altitude_m", "vertical_speed_m_s"), flight, loud)
