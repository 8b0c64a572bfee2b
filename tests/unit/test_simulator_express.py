"""The express flight: it arrives, softly, with its load, and its telemetry says so."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from detection import T0_NS, transmitter
from numpy.typing import NDArray

from simulator.packets import Transmitter
from simulator.physics.earth import Place, ground_distance_m
from simulator.preset import Express, load_preset
from simulator.record import happenings_of, truth_json
from telemetry.calibration import Polynomial
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import built_in
from telemetry.sequence import unwrap_near
from telemetry.vocabulary import CargoEvent, FlightEvent

ONE_G = 9.80665


@pytest.fixture(scope="module")
def express() -> Transmitter:
    return transmitter("express")


@pytest.fixture(scope="module")
def times(express: Transmitter) -> dict[tuple[str, str], float]:
    happened = happenings_of(express)
    found = {(each.vehicle, each.type): each.t_s for each in happened}
    assert len(found) == len(happened)
    return found


def channel(express: Transmitter, vehicle: str, packet: str, name: str) -> NDArray[np.float64]:
    return np.asarray(express.columns(vehicle, packet)[name], dtype=np.float64)


def test_the_ship_comes_down_at_its_target_within_the_hour(
    express: Transmitter, times: dict[tuple[str, str], float]
) -> None:
    preset, ship = express.flight.preset, express.flight.tracks["ship"]
    splash_s = times["ship", FlightEvent.SPLASHDOWN.value]
    at = ship.at(np.array([splash_s]))
    target = Place(-34.05, 152.0)
    assert preset.name == "express"
    assert float(ground_distance_m(target, at.position_m)[0]) < 5_000.0
    assert 8.3e6 < float(at.downrange_m[0]) < 8.7e6
    assert splash_s < 3_600.0


@pytest.mark.parametrize("vehicle", ["ship", "booster"])
def test_touchdown_is_soft_and_upright(express: Transmitter, times: dict[tuple[str, str], float], vehicle: str) -> None:
    at = express.flight.tracks[vehicle].at(np.array([times[vehicle, FlightEvent.SPLASHDOWN.value] - 0.02]))
    assert abs(float(at.altitude_m[0])) < 0.1
    assert -3.0 < float(at.vertical_speed_m_s[0]) < 0.0
    assert float(np.hypot(at.east_m_s, at.north_m_s)[0]) < 0.5
    assert float(at.pitch_deg[0]) > 88.0


def test_loads_stay_bearable(express: Transmitter) -> None:
    for vehicle in ("ship", "booster"):
        truth = express.flight.tracks[vehicle].at(np.arange(-45.0, express.flight.end_s, 0.1))
        assert 4.0 < float(truth.axial_m_s2.max()) / ONE_G < 10.0
        assert float(truth.lateral_m_s2.max()) / ONE_G < 2.0
        assert float(truth.dynamic_pressure_pa.max()) < 1e5


def test_the_booster_comes_down_in_the_east_china_sea_with_propellant_left(express: Transmitter) -> None:
    end = express.flight.tracks["booster"].at(np.array([float(express.flight.end_s)]))
    assert 28.0 < float(end.latitude_deg[0]) < 33.0
    assert 122.0 < float(end.longitude_deg[0]) < 128.0
    assert 0.0 < float(end.propellant_kg[0]) < 5_000.0


def test_masses_add_up_and_ten_tonnes_are_aboard(express: Transmitter) -> None:
    ship, booster = express.flight.tracks["ship"], express.flight.tracks["booster"]
    full = load_preset("express")
    assert isinstance(full, Express)
    stages = full.booster, full.ship
    assert sum(stage.dry_mass_kg + stage.propellant_kg for stage in stages) + 10_000.0 == pytest.approx(575_000.0)
    # the tanks are filled as far as the flight needs
    start = float(booster.stretches[0].leg.at(np.array([-45.0]))[6, 0])
    loaded = [express.flight.stage(vehicle) for vehicle in ("booster", "ship")]
    assert start == pytest.approx(sum(stage.dry_mass_kg + stage.propellant_kg for stage in loaded) + 10_000.0)
    assert 0.8 * 575_000.0 < start < 575_000.0
    mass = channel(express, "ship", "cargo", "container_mass_kg")
    t_s = express.times_s("cargo")
    assert mass[t_s < -44.5].max() < 50.0
    assert ship.afloat is not None
    assert mass[(t_s > -20.0) & (t_s < ship.afloat.splash_s)].mean() == pytest.approx(10_000.0, abs=5.0)
    assert mass[-100:].max() < 50.0


def test_truth_comes_in_the_order_of_the_flight(times: dict[tuple[str, str], float]) -> None:
    event = FlightEvent
    booster = [event.IGNITION, event.LIFTOFF, event.MAX_Q, event.MECO, event.STAGE_SEPARATION, event.APOGEE]
    booster += [event.ENTRY_START, event.ENTRY_END, event.LANDING_BURN_START, event.SPLASHDOWN, event.RECOVERED]
    ship = [CargoEvent.LOADED, CargoEvent.SEALED, event.LIFTOFF, event.MAX_Q, event.STAGE_SEPARATION, event.SES]
    ship += [event.SECO, event.APOGEE, event.ENTRY_START, event.ENTRY_END, event.LANDING_BURN_START]
    ship += [event.SPLASHDOWN, event.RECOVERED, CargoEvent.UNLOADED]
    for vehicle, order in (("booster", booster), ("ship", ship)):
        found = [times[vehicle, kind.value] for kind in order]
        assert all(first < second for first, second in pairwise(found)), vehicle
    # nothing else happened: no limit is passed in a quiet flight
    assert len(times) == len(booster) + len(ship)
    assert times["ship", event.LIFTOFF.value] == times["booster", event.LIFTOFF.value] == 0.0


def test_truth_is_what_the_track_shows(express: Transmitter, times: dict[tuple[str, str], float]) -> None:
    booster, ship = express.flight.tracks["booster"], express.flight.tracks["ship"]
    eps = np.array([-0.01, 0.01])
    lift = booster.at(np.array([-1.0, 0.0, 0.5]))
    assert lift.altitude_m[0] == pytest.approx(lift.altitude_m[1])
    assert lift.altitude_m[2] > lift.altitude_m[1] + 0.1
    meco = booster.at(times["booster", FlightEvent.MECO.value] + eps)
    half = 0.5 * float(booster.at(times["booster", FlightEvent.MECO.value] - np.array([1.0])).chamber_pressure_pa[0])
    assert meco.chamber_pressure_pa[0] > half > meco.chamber_pressure_pa[1]
    ses = ship.at(times["ship", FlightEvent.SES.value] + eps)
    assert ses.chamber_pressure_pa[0] < 5e6 < ses.chamber_pressure_pa[1]
    parted = ship.at(times["ship", FlightEvent.STAGE_SEPARATION.value] + eps)
    assert parted.attached.tolist() == [True, False]
    for track in (booster, ship):
        top = track.at(times[track.vehicle, FlightEvent.APOGEE.value] + np.array([-20.0, 0.0, 20.0]))
        assert top.altitude_m[1] > max(top.altitude_m[0], top.altitude_m[2])
        grid = track.at(np.arange(0.0, times["booster", FlightEvent.MECO.value], 0.05))
        most_s = float(grid.t_s[grid.dynamic_pressure_pa.argmax()])
        assert times[track.vehicle, FlightEvent.MAX_Q.value] == pytest.approx(most_s, abs=0.06)
        deck = track.at(times[track.vehicle, FlightEvent.RECOVERED.value] + eps)
        assert track.afloat is not None
        assert track.afloat.state(deck.t_s).tolist() == [2.0, 3.0]


def test_motion_is_the_derivative_of_position(express: Transmitter) -> None:
    t_s = np.arange(-44.0, express.flight.end_s - 1.0, 0.05)
    for track in express.flight.tracks.values():
        truth = track.at(t_s)
        climb = np.gradient(truth.altitude_m, t_s)
        assert np.abs(climb - truth.vertical_speed_m_s)[1:-1].max() < 3.0
        assert np.median(np.abs(climb - truth.vertical_speed_m_s)) < 1e-3
        assert np.all(np.diff(truth.propellant_kg) <= 1e-6)


@pytest.mark.parametrize("vehicle", ["ship", "booster"])
def test_every_channel_keeps_its_range_and_survives_the_wire(express: Transmitter, vehicle: str) -> None:
    codec = PacketCodec(built_in("yuanxing-1"))
    assert set(express.packet_types(vehicle)) == {"nav", "propulsion", "health"} | (
        {"cargo"} if vehicle == "ship" else set()
    )
    for packet in express.packet_types(vehicle):
        stream = express.stream(vehicle, packet)
        ert_ns = int(stream.t_ns[-1])
        decoded = codec.decode(stream.octets[-3_000:].tobytes(), vehicle, "tasman", ert_ns)
        assert decoded.refusals == ()
        (frame,) = decoded.frames
        assert np.abs(frame.t_ns - stream.t_ns[-3_000:]).max() < 100
        columns = express.columns(vehicle, packet)
        for name in columns:
            known = express.dictionary.packets[packet].channel(name)
            values = np.asarray(columns[name], dtype=np.float64)
            assert np.isfinite(values).all(), name
            if known.range is not None:
                assert known.range[0] <= values.min() <= values.max() <= known.range[1], name
            if known.labels is not None:
                assert set(np.unique(values).astype(int)) <= set(known.labels), name
            step = 1e-6 * max(1.0, float(np.abs(values).max()))
            if isinstance(known.calibration, Polynomial):
                step = abs(known.calibration.coefficients[1])
            back = np.asarray(frame.columns[name], dtype=np.float64)
            assert np.abs(back - values[-3_000:]).max() <= max(step, 0.5 if known.kind == "int" else 0.0), name


def test_packets_come_at_their_rates_with_counts_that_wrap(express: Transmitter) -> None:
    codec = PacketCodec(built_in("yuanxing-1"))
    stream = express.stream("ship", "nav")
    seconds = express.duration_ns // NS_PER_S
    assert len(stream.octets) == seconds * 50 + 1 == express.sent("ship")["nav"]
    assert np.unique(np.diff(stream.t_ns)).tolist() == [NS_PER_S // 50]
    around = slice(16_380, 16_390)
    (frame,) = codec.inspect(stream.octets[around].tobytes(), "ship", "x", int(stream.t_ns[16_400])).frames
    assert frame.counts.tolist() == [16_380, 16_381, 16_382, 16_383, 0, 1, 2, 3, 4, 5]
    assert unwrap_near(frame.counts, 16_380).tolist() == list(range(16_380, 16_390))


def test_health_counts_what_was_made(express: Transmitter) -> None:
    for vehicle in ("ship", "booster"):
        health = express.columns(vehicle, "health")
        sent = express.sent(vehicle)
        for packet in ("nav", "propulsion", "cargo", "health"):
            counts = health[f"{packet}_sent_count"]
            assert int(counts[-1]) == sent.get(packet, 0)
            assert int(counts[10]) == (
                round(10 * express.dictionary.packets[packet].rate_hz) + 1 if packet in sent else 0
            )


def test_the_seal_opens_after_recovery_and_the_door_after_the_seal(
    express: Transmitter, times: dict[tuple[str, str], float]
) -> None:
    t_s = express.times_s("cargo")
    seal = channel(express, "ship", "cargo", "seal_intact")
    door = channel(express, "ship", "cargo", "door_closed")
    aboard = (t_s > times["ship", CargoEvent.SEALED.value]) & (t_s < times["ship", FlightEvent.RECOVERED.value])
    assert seal[aboard].all()
    assert door[aboard].all()
    opened = t_s[(seal == 0) & (t_s > 0)][0], t_s[(door == 0) & (t_s > 0)][0]
    assert times["ship", FlightEvent.RECOVERED.value] < opened[0] < opened[1] < times["ship", CargoEvent.UNLOADED.value]


def test_the_truth_file_is_what_the_design_says(express: Transmitter) -> None:
    truth = json.loads(truth_json(express, "YX1-7"))
    assert (truth["flight"], truth["preset"], truth["seed"]) == ("YX1-7", "express", 7)
    assert truth["t0_ns"] == truth["liftoff_ns"] == T0_NS
    assert truth["sent"]["ship"] == express.sent("ship")
    for event in truth["events"]:
        assert set(event) == {"type", "vehicle", "t_ns", "t_s", "values"}
        assert event["t_ns"] == pytest.approx(T0_NS + event["t_s"] * NS_PER_S, abs=1_000)
    splash = next(e for e in truth["events"] if e["type"] == FlightEvent.SPLASHDOWN.value and e["vehicle"] == "ship")
    assert splash["values"]["latitude_deg"] == pytest.approx(-34.05, abs=0.05)
