"""Exports of altimeters and of people: units, clocks and orders as they come in the wild."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from log_files import altos_csv, csv_units, eggtimer, made, rrc3, webcast_columns, webcast_csv

from ingest.importers.column_map import load_map
from ingest.importers.log import Log, open_log
from ingest.importers.options import LogOptions
from telemetry.errors import ArchiveError

FLIGHT = made()


def read(tmp_path: Path, text: str, options: LogOptions | None = None) -> Log:
    path = tmp_path / "flight.dat"
    path.write_text(text)
    return open_log(path, options)


def seconds(log: Log) -> list[float]:
    return [t_ns / 1e9 for t_ns in log.samples.t_ns.tolist()]


def test_an_eggtimer_has_feet_and_milliseconds(tmp_path: Path) -> None:
    log = read(tmp_path, eggtimer(FLIGHT))
    assert seconds(log) == pytest.approx(FLIGHT.t_s + 2.0)
    assert log.samples.columns["altitude_m"] == pytest.approx(FLIGHT.altitude_m, abs=0.16)
    assert list(log.samples.columns) == ["altitude_m"]
    quantum = "Beep Code: 0\nT,Alt,Veloc,FAlt,FVeloc,LDA\n1.30,211.00,280.00,167.76,216.19,211\n"
    assert seconds(read(tmp_path, quantum)) == [1.3]


def test_an_rrc3_has_millibars_and_its_altitudes_are_left_alone(tmp_path: Path) -> None:
    log = read(tmp_path, rrc3(FLIGHT))
    assert seconds(log) == pytest.approx(FLIGHT.t_s + 2.0)
    assert log.samples.columns["pressure_pa"] == pytest.approx(FLIGHT.pressure_pa, abs=5.1)
    assert list(log.samples.columns) == ["pressure_pa"]


def test_rows_in_the_order_of_their_times_letters_are_put_right(tmp_path: Path) -> None:
    header, *rows = rrc3(FLIGHT).splitlines()
    log = read(tmp_path, "\n".join([header, *sorted(rows)]))
    assert seconds(log) == pytest.approx(FLIGHT.t_s + 2.0)
    assert log.samples.columns["pressure_pa"] == pytest.approx(FLIGHT.pressure_pa, abs=5.1)
    assert log.lines[0] == 2
    assert any("put in the order of time" in note for note in log.notes)
    # a clock that begins again is the flight's business
    again = read(tmp_path, "\n".join([header, *rows[20:], *rows[:20]]))
    assert seconds(again)[-1] == pytest.approx(0.95)


def test_headings_tell_units_and_which_height_is_meant(tmp_path: Path) -> None:
    log = read(tmp_path, csv_units(FLIGHT))
    assert seconds(log) == pytest.approx(FLIGHT.t_s)
    # the heights are worked out from pressures as fine, and whoever does that may filter them
    assert list(log.samples.columns) == ["pressure_pa"]
    assert log.samples.columns["pressure_pa"] == pytest.approx(FLIGHT.pressure_pa, abs=1)
    assert any("left out: Altitude ASL (ft), Temp" in note for note in log.notes)
    atmospheres = csv_units(FLIGHT).replace("(mbar)", "(atm)")
    coarse = "".join(
        line
        if line.startswith(("#", "Flight"))
        else f"{line.split(',')[0]},{float(line.split(',')[1]) / 1013.25:.4f},{line.split(',', 2)[2]}"
        for line in atmospheres.splitlines(keepends=True)
    )
    fine = read(tmp_path, coarse)
    assert fine.samples.columns["altitude_m"] == pytest.approx(FLIGHT.altitude_m, abs=0.01)
    assert fine.samples.columns["pressure_pa"] == pytest.approx(FLIGHT.pressure_pa, abs=6)
    with pytest.raises(ArchiveError, match=r":1: names several altitude_m \(Alt 1 \(m\), Alt 2 \(m\)\): .*--map"):
        read(tmp_path, "Time (s),Alt 1 (m),Alt 2 (m)\n1,2,3\n")


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("time_s,altitude_ft,temperature,voltage", ["altitude_m"]),
        ("Time (s),Altitude (ft),Velocity (ft/s)", ["altitude_m"]),
        ("Time (s),Altitude (ft),Velocity (mph)", ["speed_m_s", "altitude_m"]),
        ("t [ms];p [hPa];GPS altitude [m];Kalman altitude [m]", ["pressure_pa"]),
        (
            "Time (s),Altitude (m),Vertical acceleration (m/s^2),Total acceleration (m/s^2)",
            ["altitude_m", "acceleration_m_s2"],
        ),
        ("timestampMs,pressurePa,velocityMS,unfiltAlt", ["pressure_pa"]),
        ("Time (s),Altitude above ground (m),Ground altitude (m),Lateral (m)", ["altitude_m"]),
    ],
)
def test_what_is_worked_out_or_from_elsewhere_is_left_out(tmp_path: Path, header: str, taken: list[str]) -> None:
    mark = ";" if ";" in header else ","
    row = mark.join(str(i) for i in range(len(header.split(mark))))
    assert list(read(tmp_path, f"{header}\n{row}\n").samples.columns) == taken


@pytest.mark.parametrize("header", ["time,altitude_ft", "Time (s),Altitude", "Time (s),GPS altitude (m)"])
def test_a_unit_that_nobody_names_is_not_guessed(tmp_path: Path, header: str) -> None:
    with pytest.raises(ArchiveError, match="no known log"):
        read(tmp_path, f"{header}\n1,2\n")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0:00:14", "0:01:02.5", "1:00:00"], [14, 62.5, 3600]),
        (["T-00:10", "T+00:00", "T+01:05"], [-10, 0, 65]),
        (["2021-10-30T20:07:50.100Z", "2021-10-30 20:07:50.300"], [0, 0.2]),
        (["1566481180715", "1566481180815"], [0, 0.1]),
    ],
)
def test_clocks_are_read_as_people_write_them(tmp_path: Path, cells: list[str], expected: list[float]) -> None:
    log = read(tmp_path, "time_ms,altitude_m\n" + "".join(f"{cell},1\n" for cell in cells))
    assert seconds(log) == pytest.approx(expected, abs=1e-9)


def test_a_clock_that_is_none_is_kept_aside(tmp_path: Path) -> None:
    log = read(tmp_path, "time_s,altitude_m\n0:00:01,1\n:00:00,2\n0:61:00,3\n")
    assert [(bad.line, bad.reason) for bad in log.samples.bad_rows] == [
        (3, "time_s: ':00:00' is no number"),
        (4, "time_s: '0:61:00' is no number"),
    ]


def test_minutes_and_seconds_in_columns_of_their_own_add_up(tmp_path: Path) -> None:
    header = "Time (min),Time (sec),Speed (km/h),Altitude (km)\n"
    assert seconds(read(tmp_path, f"{header}0,59,36,0\n1,0,36,0\n1,1,36,0\n")) == [59, 60, 61]
    assert seconds(read(tmp_path, f"{header}0.98,59,36,0\n1,60,36,0\n1.02,61,36,0\n")) == [59, 60, 61]
    with pytest.raises(ArchiveError, match="names time twice"):
        read(tmp_path, "time,t,speed,altitude\n0,0,1,1\n")


def test_rows_without_anything_in_them_are_no_faults(tmp_path: Path) -> None:
    log = read(tmp_path, "t_s,altitude_m\n0,1\n,\n , \n1,2\n,3\n")
    assert [(bad.line, bad.reason) for bad in log.samples.bad_rows] == [(6, "t_s: no time")]


def test_metres_are_not_taken_for_kilometres(tmp_path: Path) -> None:
    up = slice(0, 400)
    rows = zip(FLIGHT.t_s[up], np.abs(FLIGHT.speed_m_s[up]), FLIGHT.altitude_m[up], strict=True)
    text = "time,velocity,altitude\n" + "".join(f"{t},{v},{h}\n" for t, v, h in rows)
    with pytest.raises(ArchiveError, match=r"altitude in km\) the altitude rises [\d,]+ times as far .*name the units"):
        read(tmp_path, text)
    assert read(tmp_path, text.replace("altitude", "altitude (m)", 1)).samples.columns["altitude_m"].max() > 1000
    for right in (webcast_csv(FLIGHT), webcast_columns(FLIGHT)):
        assert len(read(tmp_path, right).samples) == FLIGHT.t_s.size


def test_kilometres_an_hour_are_not_taken_for_metres_a_second(tmp_path: Path) -> None:
    t_s = np.arange(0.0, 60.0)
    rows = "".join(f"{t},{20 * t * 3.6:.0f},{10 * t * t / 1000:.1f}\n" for t in t_s)
    with pytest.raises(
        ArchiveError, match=r"carries it 3\.6 times as far as it climbs at first, as km/h do: name the units"
    ):
        read(tmp_path, f"time,speed,altitude\n{rows}")
    assert read(tmp_path, f"time,speed (km/h),altitude\n{rows}").samples.columns["speed_m_s"][10] == pytest.approx(200)


def test_a_velocity_below_zero_is_no_speed(tmp_path: Path) -> None:
    rows = "".join(f"{t},{h},{v}\n" for t, h, v in zip(FLIGHT.t_s, FLIGHT.altitude_m, FLIGHT.speed_m_s, strict=True))
    with pytest.raises(ArchiveError, match="below zero, as on no display"):
        read(tmp_path, f"time,altitude,velocity\n{rows}")
    log = read(tmp_path, f"time (s),altitude (m),velocity (m/s)\n{rows}")
    assert list(log.samples.columns) == ["altitude_m"]
    with pytest.raises(ArchiveError, match="no known log"):
        read(tmp_path, f"time,altitude,velocity,temperature\n{rows}")


def test_an_acceleration_that_was_worked_out_is_left_out(tmp_path: Path) -> None:
    flight = made(rate_hz=100.0)
    measured = read(tmp_path, altos_csv(flight))
    assert "acceleration_m_s2" in measured.samples.columns
    window = np.hanning(100)
    smooth = np.convolve(flight.acceleration_m_s2, window / window.sum(), "same")
    worked_out = altos_csv(type(flight)(flight.t_s, flight.altitude_m, flight.speed_m_s, smooth, flight.pressure_pa))
    log = read(tmp_path, worked_out)
    assert list(log.samples.columns) == ["pressure_pa", "altitude_m"]
    assert any("acceleration left out" in note for note in log.notes)
    assert "acceleration_m_s2" in read(tmp_path, worked_out, LogOptions(derived=True)).samples.columns


def test_a_map_reads_clocks_too(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "time: {column: T_Plus, offset_s: 2}\ncolumns: {speed_m_s: {column: Ship, unit: km/h}}\n"
    )
    log = read(tmp_path, "Ship, T_Plus\n36,0:00:01\n,\n", LogOptions(columns=load_map(tmp_path / "map.yaml")))
    assert (seconds(log), log.samples.columns["speed_m_s"].tolist()) == ([3.0], [10.0])


def test_frames_are_a_clock_too(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "time: {column: Frame, scale: 0.04, offset_s: -1}\ncolumns: {altitude_m: {column: Alt}}\n"
    )
    log = read(tmp_path, "Frame,Alt\n25,0\n50,1\n", LogOptions(columns=load_map(tmp_path / "map.yaml")))
    assert seconds(log) == pytest.approx([0.0, 1.0])
