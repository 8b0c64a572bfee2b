"""A landing that accelerations show although heights are too noisy for it, and strikes that are none."""

from __future__ import annotations

import numpy as np
import pytest
from small_flight import Flight, Rocket, altitude_of, fly, log_of, told

from processors.motion.cells import Gatherer
from telemetry.cuc import NS_PER_S

FLIGHT = fly(Rocket(pad_s=10.0, push_m_s2=50.0, burn_s=2.0, drogue_m_s=25.0, main_m_s=7.0))


def struck(flight: Flight, at_s: float, seed: int = 1) -> np.typing.NDArray[np.float64]:
    """Return accelerations: quiet under the parachute, then two rows of an impact and one a third of a second later."""
    pulls = np.where(flight.t_s > flight.events_s["apogee"] + 2.0, 0.0, flight.pull_m_s2)
    at = int(np.searchsorted(flight.t_s, at_s))
    pulls[at : at + 8] += 150.0
    pulls[at + 30 : at + 38] -= 60.0
    return pulls + np.random.default_rng(seed).normal(0.0, 3.0, pulls.size)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_impact_tells_a_landing_that_noise_of_90_m_hides(seed: int) -> None:
    landed_s = FLIGHT.events_s["touchdown"]
    log = log_of(
        FLIGHT,
        altitude_m=altitude_of(FLIGHT, noise_m=90.0, seed=seed),
        acceleration_m_s2=struck(FLIGHT, landed_s, seed),
    )
    (touchdown,) = told(log)["touchdown"]
    assert abs(touchdown.t_event_s - landed_s) < 0.4
    assert touchdown.sigma_s < 0.5
    assert touchdown.t_detected_s < landed_s + 8.0


@pytest.mark.parametrize("noise_m", [1.0, 90.0])
def test_a_parachute_that_strikes_in_the_air_is_no_landing(noise_m: float) -> None:
    landed_s = FLIGHT.events_s["touchdown"]
    opens_s = landed_s - 20.0
    log = log_of(
        FLIGHT,
        until_s=landed_s - 5.0,
        altitude_m=altitude_of(FLIGHT, noise_m=noise_m),
        acceleration_m_s2=struck(FLIGHT, opens_s),
    )
    assert "touchdown" not in told(log)


def test_one_wild_row_is_no_impact() -> None:
    """Heights tell the landing then, as they do without it."""
    landed_s = FLIGHT.events_s["touchdown"]
    pulls = np.where(FLIGHT.t_s > FLIGHT.events_s["apogee"] + 2.0, 0.0, FLIGHT.pull_m_s2)
    wild = pulls.copy()
    wild[int(np.searchsorted(FLIGHT.t_s, landed_s - 0.8)) // 2 * 2] = 200.0
    times = [
        told(log_of(FLIGHT, altitude_m=altitude_of(FLIGHT, noise_m=3.0), acceleration_m_s2=each))["touchdown"][0]
        for each in (pulls, wild)
    ]
    assert times[0].t_event_s == times[1].t_event_s


def test_a_jolt_is_the_range_of_a_cells_accelerations() -> None:
    values = np.full((5, 8), np.nan)
    values[4] = [0.0, 1.0, -4.0, np.nan, 7.0, 7.0, np.nan, np.nan]
    t_ns = np.array([0, 30, 60, 90, 110, 150, 210, 320], np.int64) * (NS_PER_S // 1000)
    cells = Gatherer(5).take(t_ns, np.arange(8), values)
    assert [cell.jolt_m_s2 for cell in cells[:2]] == [5.0, 0.0]
    assert np.isnan(cells[2].jolt_m_s2)
