"""The hop, chance and its seed, faults, and presets that are wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from simulator.faults import parse_fault
from simulator.limits import raised_at
from simulator.packets import Transmitter
from simulator.preset import BUILT_IN_DIR, load_preset
from simulator.record import happenings_of, truth_json
from simulator.simulate import seconds_of, simulate, write_flight
from telemetry.channels import Level, Limit
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import built_in
from telemetry.errors import FlightError
from telemetry.vocabulary import CargoEvent, FlightEvent

T0_NS = 1_790_000_000 * NS_PER_S


@pytest.fixture(scope="module")
def hop() -> Transmitter:
    return simulate("hop", 3, T0_NS)


def with_faults(*lines: str) -> Transmitter:
    return simulate("hop", 3, T0_NS, faults=tuple(parse_fault(line) for line in lines))


def test_the_hop_is_the_one_that_was_flown(hop: Transmitter) -> None:
    times = {each.type: each for each in happenings_of(hop)}
    apogee, splash = times[FlightEvent.APOGEE.value], times[FlightEvent.SPLASHDOWN.value]
    assert apogee.values["altitude_m"] == pytest.approx(2_500.0, rel=0.1)
    assert splash.t_s == pytest.approx(125.0, rel=0.1)
    afloat = hop.flight.tracks["ship"].afloat
    assert afloat is not None
    assert afloat.speed_m_s < 3.0
    mass = hop.flight.tracks["ship"].stretches[0].leg.at(np.array([0.0]))[6, 0]
    assert mass == pytest.approx(57_000.0, rel=0.02)
    away_m = float(splash.values["downrange_m"])
    assert 100.0 < away_m < 2_000.0


def test_the_hops_vehicle_is_alone(hop: Transmitter) -> None:
    assert set(hop.flight.tracks) == {"ship"}
    kinds = [each.type for each in happenings_of(hop)]
    order = [CargoEvent.LOADED, CargoEvent.SEALED, FlightEvent.IGNITION, FlightEvent.LIFTOFF, FlightEvent.MAX_Q]
    order += [FlightEvent.MECO, FlightEvent.APOGEE, FlightEvent.LANDING_BURN_START, FlightEvent.SPLASHDOWN]
    assert kinds == [kind.value for kind in [*order, FlightEvent.RECOVERED, CargoEvent.UNLOADED]]
    assert not np.any(hop.columns("ship", "propulsion")["stage_attached"])


def test_the_same_seed_gives_the_same_bytes(hop: Transmitter, tmp_path: Path) -> None:
    again = simulate("hop", 3, T0_NS)
    for packet in hop.packet_types("ship"):
        assert again.stream("ship", packet).octets.tobytes() == hop.stream("ship", packet).octets.tobytes()
    first = write_flight(hop, "H-1", tmp_path / "a")
    second = write_flight(again, "H-1", tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    packets = (tmp_path / "a" / "ship" / "packets.ccsds").read_bytes()
    assert packets == (tmp_path / "b" / "ship" / "packets.ccsds").read_bytes()


def test_another_seed_gives_other_noise_on_the_same_flight(hop: Transmitter) -> None:
    other = simulate("hop", 4, T0_NS)
    was, is_ = (json.loads(truth_json(each, "H-1")) for each in (hop, other))
    assert (is_["events"], is_["sent"], is_["radio"]) == (was["events"], was["sent"], was["radio"])
    assert is_["ledger"] != was["ledger"], "stations lose other packets"
    ours, theirs = hop.columns("ship", "nav"), other.columns("ship", "nav")
    apart = np.asarray(ours["altitude_m"], float) - np.asarray(theirs["altitude_m"], float)
    assert 0.1 < float(np.std(apart)) < 5.0


def test_the_file_of_packets_holds_every_packet_in_order(hop: Transmitter) -> None:
    codec = PacketCodec(built_in("yuanxing-1"))
    octets = b"".join(seconds_of(hop, "ship"))
    decoded = codec.inspect(octets, "ship", "file", hop.start_ns + hop.duration_ns)
    assert decoded.refusals == ()
    found: dict[str, list[int]] = {}
    for frame in decoded.frames:
        found.setdefault(frame.packet, []).extend(frame.t_ns.tolist())
    assert {packet: len(t_ns) for packet, t_ns in found.items()} == hop.sent("ship")
    assert all(t_ns == sorted(t_ns) for t_ns in found.values())


def test_a_cut_seal_is_broken_before_recovery_and_procedure_after_it() -> None:
    broken = [e for e in happenings_of(with_faults("seal_broken@60")) if e.type == CargoEvent.SEAL_BROKEN.value]
    assert [each.t_s for each in broken] == [60.0]
    late = happenings_of(with_faults("seal_broken@260"))
    assert not [each for each in late if each.type == CargoEvent.SEAL_BROKEN.value]


def test_lost_cooling_passes_two_limits_once() -> None:
    found = happenings_of(with_faults("overheat@50,rise_k=40,within_s=1,for_s=50"))
    hot = [each for each in found if each.type == CargoEvent.TEMPERATURE.value]
    assert [(each.t_s, each.values["level"]) for each in hot] == [(50.4, "watch"), (50.8, "critical")]


def test_a_blow_is_a_shock() -> None:
    found = happenings_of(with_faults("shock@80,peak_m_s2=200"))
    (blow,) = [each for each in found if each.type == CargoEvent.SHOCK.value]
    assert (blow.t_s, blow.values) == (80.0, {"shock_m_s2": pytest.approx(200.0, abs=1.0), "level": "warning"})


def test_a_limit_clears_before_it_is_raised_again() -> None:
    limit = Limit(level=Level.WARNING, above=5.0, clear=3.0, raise_count=2, clear_count=2)
    values = np.array([6.0, 0.0, 6.0, 6.0, 4.0, 6.0, 6.0, 2.0, 2.0, 6.0, 6.0])
    assert raised_at(values, limit) == [2, 9]
    below = Limit(level=Level.WARNING, below=5.0, clear=6.0)
    assert raised_at(np.array([7.0, 4.0, 5.5, 4.0, 7.0, 4.0]), below) == [1, 5]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dry_mass_kg: 35200", "dry_mass_kg: heavy", r"ship\.dry_mass_kg: Input should be a valid number"),
        ("apogee_m: 2500", "apogee_km: 2.5", r"climb\.apogee_m: is missing"),
        ("profile: hop", "profile: orbit", "profile: none is called 'orbit'; there are express, hop, launch"),
        ("speed_m_s: 1.5}", "speed_m_s: 9.0}", r"touchdown\.speed_m_s: Input should be less than 3"),
        ("mach: [0, 0.6], drag: [0.45, 0.45]", "mach: [0, 0.6], drag: [0.45]", "ship.ascent: .*'mach' must rise"),
        ("name: hop", "name: [hop", "not YAML"),
    ],
)
def test_a_wrong_preset_names_the_field(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (BUILT_IN_DIR / "hop.yaml").read_text()
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(FlightError, match=rf"(?s)mine\.yaml(:\d+)?: .*{message}"):
        load_preset(path)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(
        FlightError,
        match="no preset 'orbit': give express, falcon_like, falcon_like_gto, hop, sounding, static_fire or the path",
    ):
        load_preset("orbit")


def test_a_preset_of_an_unknown_dictionary_says_so(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text((BUILT_IN_DIR / "hop.yaml").read_text().replace("dictionary: yuanxing-1", "dictionary: mine"))
    with pytest.raises(FlightError, match="no dictionary 'mine'; there are log, webcast, yuanxing-1"):
        simulate(path, 1, T0_NS)


def test_a_vehicle_short_of_propellant_says_how_much(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (BUILT_IN_DIR / "hop.yaml").read_text()
    path.write_text(text.replace("dry_mass_kg: 35200", "dry_mass_kg: 38000").replace("kg: 21800", "kg: 19000"))
    with pytest.raises(FlightError, match=r"ship: \d+ kg of propellant too few"):
        simulate(path, 1, T0_NS)
