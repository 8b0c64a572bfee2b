"""The console shows what came through the line, and says when it is old or missing."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from downrange.demo.board import NS_PER_S, Board
from downrange.demo.console import Billing, draw, event_line, is_shown, plain_line
from telemetry.dictionary import built_in
from telemetry.events import Event, Evidence
from telemetry.frames import Frame

T0_NS = 1_790_000_000 * NS_PER_S
BILLING = Billing("YX1-1", "Haiyang to Sydney", 20.0, 2400.0, 45.0, "http://127.0.0.1:8080/t/ABC")


def frame(vehicle: str, packet: str, t_s: float, **values: float) -> Frame:
    channels = built_in("yuanxing-1").packets[packet].channels
    columns = {channel.name: np.array([values.get(channel.name, 0)]) for channel in channels}
    t_ns = np.array([T0_NS + round(t_s * NS_PER_S)])
    return Frame(vehicle, "haiyang", packet, 100, np.array([0]), t_ns, int(t_ns[0]), columns)


def shown(board: Board, width: int = 140) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(draw(board, BILLING, width, 40))
    return capture.get()


def board() -> Board:
    return Board(built_in("yuanxing-1"), planned_liftoff_ns=T0_NS)


def test_before_the_first_packet_it_says_that_it_waits() -> None:
    text = shown(board())
    assert "waiting for the first packet" in text
    assert "as planned" in text


def test_it_shows_altitude_speed_phase_and_the_page() -> None:
    seen = board()
    seen.see_frame(frame("ship", "nav", 60, altitude_m=12_340.0, speed_m_s=456.0))
    seen.see_frame(frame("ship", "health", 60, flight_phase=1))
    text = shown(seen)
    assert "12.34 km" in text
    assert "456 m/s" in text
    assert "ascent" in text
    assert str(BILLING.page) in text


def test_a_vehicle_that_fell_silent_is_marked_with_the_age_of_its_last_packet() -> None:
    seen = board()
    seen.see_frame(frame("booster", "nav", 60, altitude_m=1.0))
    seen.see_frame(frame("ship", "nav", 75, altitude_m=1.0))
    text = shown(seen)
    assert "nobody, last 15 s ago" in text


def test_an_older_frame_does_not_turn_the_values_back() -> None:
    seen = board()
    seen.see_frame(frame("ship", "nav", 75, altitude_m=75.0))
    seen.see_frame(frame("ship", "nav", 60, altitude_m=60.0))
    assert seen.vehicles["ship"].values["altitude_m"] == 75.0
    assert "0.1 km" in plain_line(seen)


def test_an_event_line_gives_its_time_since_liftoff_its_sigma_and_when_it_was_known() -> None:
    seen = board()
    evidence = Evidence(detector="x", detector_version=1)
    t_ns = T0_NS + 151 * NS_PER_S
    meco = Event(
        type="downrange.flight.meco",
        run="live",
        flight="f",
        vehicle="booster",
        t_ns=t_ns,
        t_sigma_s=0.05,
        detected_ns=t_ns + 250_000_000,
        evidence=evidence,
    )
    assert seen.see_event(meco)
    assert not seen.see_event(meco)
    line = event_line(meco, seen)
    assert "T+00:02:31" in line
    assert "sigma 0.05 s" in line
    assert "known after 0.25 s" in line
    assert "meco |" in line
    assert "meco? |" in event_line(meco.model_copy(update={"status": "provisional"}), seen)
    assert "meco (revision 2) |" in event_line(meco.model_copy(update={"revision": 2}), seen)
    assert "meco taken back |" in event_line(meco.model_copy(update={"revision": 2, "status": "retracted"}), seen)


def test_a_liftoff_that_was_taken_back_was_none() -> None:
    seen = board()
    liftoff = Event(
        type="downrange.flight.liftoff",
        run="live",
        flight="f",
        vehicle="ship",
        t_ns=T0_NS + 5 * NS_PER_S,
        detected_ns=T0_NS + 6 * NS_PER_S,
        evidence=Evidence(detector="x", detector_version=1),
    )
    seen.see_event(liftoff)
    assert (seen.has_lifted_off, seen.liftoff_ns) == (True, liftoff.t_ns)
    seen.see_event(liftoff.model_copy(update={"revision": 1, "status": "retracted"}))
    assert (seen.has_lifted_off, seen.liftoff_ns, seen.events_in_order()) == (False, seen.planned_liftoff_ns, [])


def test_a_narrow_terminal_gets_a_board_that_fits() -> None:
    seen = board()
    seen.see_frame(frame("ship", "nav", 60, altitude_m=12_340.0, speed_m_s=456.0))
    assert all(len(line) <= 80 for line in shown(seen, width=80).splitlines())


def test_a_limit_says_which_and_one_that_a_cargo_event_tells_is_not_told_twice() -> None:
    def raised(channel: str) -> Event:
        return Event(
            type="downrange.limit.raised",
            run="live",
            flight="f",
            vehicle="ship",
            t_ns=T0_NS,
            detected_ns=T0_NS,
            values={"channel": channel, "level": "warning", "side": "below"},
            evidence=Evidence(detector="limits", detector_version=1),
        )

    seen = board()
    assert "ship bus_voltage_v warning raised" in event_line(raised("bus_voltage_v"), seen)
    assert is_shown(raised("bus_voltage_v"))
    assert not is_shown(raised("bay_temperature_k"))
