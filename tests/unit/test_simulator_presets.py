"""The ignition test, the sounding rocket, and launches beside those that were recorded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from detection import transmitter
from numpy.typing import NDArray
from recorded import launch

from simulator.happenings import Happening
from simulator.preset import BUILT_IN_DIR, load_preset
from simulator.profiles import profiles
from simulator.record import happenings_of
from telemetry.errors import FlightError
from telemetry.vocabulary import FlightEvent

MOST_RMS: Final = 0.08


def happened(preset: str, vehicle: str) -> Mapping[str, Happening]:
    found = happenings_of(transmitter(preset))
    return {each.type: each for each in found if each.vehicle == vehicle and each.type.startswith("downrange.flight.")}


def rms(simulated: NDArray[np.float64], recorded: NDArray[np.float64]) -> float:
    """Root mean square of the differences over the root mean square of what was recorded."""
    return float(np.sqrt(np.mean((simulated - recorded) ** 2) / np.mean(recorded**2)))


@pytest.mark.parametrize(("preset", "name"), [("falcon_like", "SpaceX_CRS-11"), ("falcon_like_gto", "SES-11")])
def test_an_ascent_is_the_recorded_one(preset: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = launch(name, capsys)
    if recorded is None:
        return
    track = transmitter(preset).flight.tracks["booster"]
    truth = track.at(recorded.t_s)
    pad_m = truth.altitude_m[0]
    assert rms(truth.speed_m_s, recorded.speed_m_s) < MOST_RMS
    assert rms(truth.altitude_m - pad_m, recorded.altitude_m) < MOST_RMS
    # and at each moment, once the display's hundred metres and the first turn of the wheel count for little
    late = recorded.altitude_m >= 1_000.0
    for simulated, shown in ((truth.speed_m_s, recorded.speed_m_s), (truth.altitude_m - pad_m, recorded.altitude_m)):
        assert float(np.sqrt(np.mean((simulated[late] / shown[late] - 1.0) ** 2))) < MOST_RMS
    assert happened(preset, "booster")[FlightEvent.MECO.value].t_s == pytest.approx(recorded.meco_s, abs=1.0)


@pytest.mark.parametrize("preset", ["falcon_like", "falcon_like_gto"])
def test_a_launch_reaches_its_orbit_and_its_booster_comes_down(preset: str) -> None:
    ship, booster = happened(preset, "ship"), happened(preset, "booster")
    assert list(ship) == [
        kind.value
        for kind in (
            FlightEvent.LIFTOFF,
            FlightEvent.MAX_Q,
            FlightEvent.STAGE_SEPARATION,
            FlightEvent.SES,
            FlightEvent.SECO,
        )
    ]
    assert ship[FlightEvent.SECO.value].values["altitude_m"] == pytest.approx(190e3, rel=0.07)
    assert abs(float(ship[FlightEvent.SECO.value].values["vertical_speed_m_s"])) < 30.0
    down = booster[FlightEvent.TOUCHDOWN.value].values
    assert float(down["speed_m_s"]) < 3.0
    assert FlightEvent.SPLASHDOWN.value not in booster
    returns = FlightEvent.BOOSTBACK_START.value in booster
    assert returns == (preset == "falcon_like")
    assert (float(down["downrange_m"]) < 20e3) == returns
    track = transmitter(preset).flight.tracks["booster"]
    assert track.at(np.array([track.end_s])).propellant_kg[0] > 0.0


def test_an_ignition_test_burns_and_stays_where_it_is() -> None:
    events = happened("static_fire", "ship")
    assert list(events) == [FlightEvent.IGNITION.value]
    sent = transmitter("static_fire")
    track = sent.flight.tracks["ship"]
    truth = track.at(np.arange(track.start_s, track.end_s, 0.25))
    assert np.ptp(truth.altitude_m) < 1e-6
    assert truth.speed_m_s.max() == 0.0
    assert truth.thrust_n.max() == pytest.approx(9 * 785e3, rel=0.01)
    assert truth.axial_m_s2 == pytest.approx(np.full(truth.t_s.size, 9.8), abs=0.05)
    pressure = np.asarray(sent.columns("ship", "propulsion")["chamber_pressure_pa"], dtype=np.float64)
    assert pressure.max() == pytest.approx(1e7, rel=0.05)
    rate_hz = sent.dictionary.packets["propulsion"].rate_hz
    assert np.count_nonzero(pressure > pressure.max() / 2.0) / rate_hz == pytest.approx(10.0, abs=1.0)
    assert pressure[-20:].max() < 1e5


def test_a_sounding_rocket_goes_as_high_as_the_one_that_was_flown() -> None:
    """REXUS 9, 2011: 542 kg, 26 s of burning, 21 g at most, an apogee of about 80.6 km."""
    events = happened("sounding", "ship")
    assert events[FlightEvent.APOGEE.value].values["altitude_m"] == pytest.approx(80_600.0, rel=0.03)
    assert events[FlightEvent.MECO.value].t_s == pytest.approx(26.0, abs=0.5)
    assert events[FlightEvent.TOUCHDOWN.value].values["speed_m_s"] == pytest.approx(9.0, abs=1.0)
    track = transmitter("sounding").flight.tracks["ship"]
    truth = track.at(np.arange(-1.0, 140.0, 0.05))
    assert truth.mass_kg[0] == pytest.approx(542.0)
    assert 16.0 * 9.81 < truth.axial_m_s2.max() < 22.0 * 9.81


def test_every_profile_has_a_preset_that_flies_it() -> None:
    flown = {load_preset(path.stem).profile for path in BUILT_IN_DIR.glob("*.yaml") if path.stem != "stations"}
    assert flown == {"express", "hop", *profiles()}


@pytest.mark.parametrize(
    ("preset", "old", "new", "message"),
    [
        ("sounding", "elevation_deg: 88", "elevation_deg: 8", r"rail\.elevation_deg: Input should be greater than 45"),
        ("falcon_like", "meco_s: 144.7", "meco_s: soon", r"ascent\.meco_s: Input should be a valid number"),
        ("static_fire", "burn_s: 10", "burn_min: 10", r"burn_s: is missing; add it"),
    ],
)
def test_a_wrong_preset_names_the_field(tmp_path: Path, preset: str, old: str, new: str, message: str) -> None:
    text = (BUILT_IN_DIR / f"{preset}.yaml").read_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(FlightError, match=rf"mine\.yaml:\d+: {message}"):
        load_preset(path)
