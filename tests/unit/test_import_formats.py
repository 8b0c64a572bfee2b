"""Each format of log is known by its content, and comes back in SI, in its own order."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from log_files import (
    EVERY,
    WORDS,
    Made,
    altos_csv,
    altos_eeprom,
    cats_set,
    made,
    perfectflite,
    webcast_columns,
    webcast_csv,
    webcast_lines,
)
from numpy.typing import NDArray

from ingest.importers.log import FORMATS, Log, open_log
from ingest.importers.ms5607 import Barometer
from ingest.importers.options import LogOptions
from telemetry.errors import ArchiveError

FLIGHT = made()


def read(tmp_path: Path, text: str | bytes, options: LogOptions | None = None, name: str = "flight.dat") -> Log:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return open_log(path, options)


def seconds(log: Log) -> NDArray[np.float64]:
    return log.samples.t_ns / 1e9


@pytest.mark.parametrize("name", EVERY)
def test_a_format_is_known_by_its_content_whatever_the_file_is_called(tmp_path: Path, name: str) -> None:
    text = EVERY[name](FLIGHT)
    assert read(tmp_path, text).format == name.removesuffix(" lines")
    assert read(tmp_path, gzip.compress(text.encode())).format == name.removesuffix(" lines")
    crlf = b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()
    again = read(tmp_path, crlf)
    assert (again.format, len(again.samples)) == (name.removesuffix(" lines"), len(read(tmp_path, text).samples))
    assert not again.samples.bad_rows


def test_every_format_says_what_it_is() -> None:
    assert len({each.NAME for each in FORMATS}) == len(FORMATS)
    assert all(each.WHAT for each in FORMATS)


@pytest.mark.parametrize("write", [webcast_columns, webcast_lines, webcast_csv])
def test_a_webcast_has_kilometres(tmp_path: Path, write: Callable[[Made], str]) -> None:
    log = read(tmp_path, write(FLIGHT))
    assert seconds(log) == pytest.approx(FLIGHT.t_s, abs=1e-9)
    assert log.samples.columns["altitude_m"] == pytest.approx(FLIGHT.altitude_m)
    assert log.samples.columns["speed_m_s"] == pytest.approx(np.abs(FLIGHT.speed_m_s))


def test_a_webcasts_heading_may_say_another_unit(tmp_path: Path) -> None:
    log = read(tmp_path, "Time (ms);Speed [km/h];Altitude (m)\n1500;36;120\n1600;72,5;130\n")
    assert seconds(log).tolist() == [1.5, 1.6]
    assert log.samples.columns["speed_m_s"] == pytest.approx([10.0, 72.5 / 3.6])
    assert log.samples.columns["altitude_m"].tolist() == [120, 130]
    named = read(tmp_path, "t_ms,speed_kmh,altitude_km,velocity_y\n1500,36,0.12,4\n", LogOptions(derived=True))
    assert [float(values[0]) for values in named.samples.columns.values()] == pytest.approx([10, 120, 4])
    assert (seconds(named).tolist(), named.format) == ([1.5], "webcast-csv")
    with pytest.raises(ArchiveError, match=r":1: .*'furlong' is none of"):
        read(tmp_path, "time,velocity,altitude (furlong)\n1,2,3\n")


def test_a_webcasts_columns_that_end_early_lose_nothing(tmp_path: Path) -> None:
    log = read(tmp_path, '{"time": [0, 1, 2], "velocity": [5, null], "altitude": [0.1, 0.2, 0.3]}')
    assert np.isnan(log.samples.columns["speed_m_s"][1])
    assert log.samples.columns["altitude_m"].tolist() == [100, 200]
    (bad,) = log.samples.bad_rows
    assert (bad.line, bad.text) == (3, "2, , 0.3")
    assert "velocity ended before the others" in bad.reason


def test_a_webcasts_bad_line_is_kept_and_costs_no_other(tmp_path: Path) -> None:
    lines = webcast_lines(FLIGHT).splitlines()
    lines[5] = lines[5][:20]
    lines[9] = '{"time": "soon", "velocity": 1, "altitude": 2}'
    lines[11] = '{"time": 1, "velocity": true, "altitude": 2}'
    lines[13] += lines[14]
    log = read(tmp_path, "\n".join(lines))
    assert [bad.line for bad in log.samples.bad_rows] == [6, 10, 12, 14]
    assert len(log.samples) == FLIGHT.t_s.size - 4
    assert log.samples.bad_rows[0].text == lines[5]


def test_a_list_of_objects_is_a_webcast_too(tmp_path: Path) -> None:
    log = read(tmp_path, json.dumps([{"time": 1.5, "velocity": 2, "altitude": 3}, 7], indent=1))
    assert (seconds(log).tolist(), log.samples.columns["altitude_m"].tolist()) == ([1.5], [3000])
    assert log.samples.bad_rows[0].reason == "entry 2 is no JSON object"


@pytest.mark.parametrize("version", [5, 6])
def test_altos_csv_gives_what_was_measured(tmp_path: Path, version: int) -> None:
    log = read(tmp_path, altos_csv(FLIGHT, version))
    assert sorted(log.samples.columns) == ["acceleration_m_s2", "altitude_m", "pressure_pa"]
    assert not log.samples.bad_rows
    assert seconds(log) == pytest.approx(FLIGHT.t_s, abs=0.006)
    # the height above the pad, neither that above the sea nor the satellites'
    assert log.samples.columns["altitude_m"] == pytest.approx(FLIGHT.altitude_m, abs=0.006)
    assert log.samples.columns["pressure_pa"] == pytest.approx(FLIGHT.pressure_pa, abs=0.006)
    assert log.samples.columns["acceleration_m_s2"] == pytest.approx(FLIGHT.acceleration_m_s2, abs=0.006)
    derived = read(tmp_path, altos_csv(FLIGHT, version), LogOptions(derived=True))
    assert derived.samples.columns["vertical_speed_m_s"] == pytest.approx(FLIGHT.speed_m_s, abs=0.006)


def test_altos_csv_marks_of_missing_values_are_none(tmp_path: Path) -> None:
    text = (
        "#version,serial,flight,time,acceleration,pressure,altitude,height,speed\n6,1,2,0.5,2147483647.00,NaN,1,7,2\n"
    )
    columns = read(tmp_path, text).samples.columns
    assert np.isnan([columns["acceleration_m_s2"][0], columns["pressure_pa"][0]]).all()
    assert columns["altitude_m"][0] == 7


@pytest.mark.parametrize("log_format", [5, 6, 7, 8, 10, 12, 14, 15, 16, 19, 21])
def test_an_eeprom_comes_back_through_the_calibration_in_its_header(tmp_path: Path, log_format: int) -> None:
    log = read(tmp_path, altos_eeprom(FLIGHT, log_format))
    assert seconds(log) == pytest.approx(FLIGHT.t_s, abs=1e-9)
    assert log.samples.columns["pressure_pa"] == pytest.approx(FLIGHT.pressure_pa, abs=1.5)
    if log_format in {6, 8, 12, 14}:
        assert list(log.samples.columns) == ["pressure_pa"]
    else:
        # a count is half a metre per second squared
        assert log.samples.columns["acceleration_m_s2"] == pytest.approx(FLIGHT.acceleration_m_s2, abs=0.27)


def test_an_eeproms_spoiled_records_are_kept_aside(tmp_path: Path) -> None:
    lines = altos_eeprom(FLIGHT).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("41"))
    lines[first] = lines[first].replace(lines[first][12:14], f"{int(lines[first][12:14], 16) ^ 1:02x}", 1)
    lines[first + 1] = "41 zz"
    lines[first + 2] = lines[first + 2][: 3 * 20 - 1]
    log = read(tmp_path, "\n".join(lines))
    assert [bad.line for bad in log.samples.bad_rows] == [first + 1, first + 2, first + 3]
    reasons = [bad.reason for bad in log.samples.bad_rows]
    assert reasons[1:] == ["holds what is no hex", "20 octets of a record of 32"]
    assert "checksum" in reasons[0]


def test_an_eeprom_without_its_flights_beginning_has_no_acceleration(tmp_path: Path) -> None:
    lines = [line for line in altos_eeprom(FLIGHT).splitlines() if not line.startswith("46")]
    log = read(tmp_path, "\n".join(lines))
    assert (list(log.samples.columns), seconds(log)[0]) == (["pressure_pa"], 0.0)
    assert any("no acceleration" in note for note in log.notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"log_format": 19', '"log_format": 1'), r"log_format 1 is not one of .*export CSV"),
        (('"tref": 32000', '"tref": 0'), r"tref is 0"),
        (('"tref": 32000', '"tref": "x"'), r"tref is 'x'"),
    ],
)
def test_an_eeprom_that_cannot_be_converted_says_what_to_do(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(ArchiveError, match=said):
        read(tmp_path, altos_eeprom(FLIGHT).replace(*change))


def test_an_eeprom_of_before_json_headers_is_recognised_and_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"no JSON header.*export CSV"):
        read(tmp_path, "Config version: 1.0\nMain deploy: 200\nA 0000 01 02\n")


def test_perfectflite_has_feet(tmp_path: Path) -> None:
    log = read(tmp_path, perfectflite(FLIGHT))
    assert seconds(log) == pytest.approx(FLIGHT.t_s + 2.0, abs=0.006)
    assert log.samples.columns["altitude_m"] == pytest.approx(FLIGHT.altitude_m, abs=0.16)
    assert list(log.samples.columns) == ["altitude_m"]
    derived = read(tmp_path, perfectflite(FLIGHT), LogOptions(derived=True))
    assert derived.samples.columns["vertical_speed_m_s"] == pytest.approx(FLIGHT.speed_m_s, abs=0.16)


def test_perfectflite_that_was_cut_off_says_so(tmp_path: Path) -> None:
    text = perfectflite(FLIGHT)
    log = read(tmp_path, text[: len(text) // 2].rpartition("\n")[0])
    assert any(note.startswith("NumSamps says 840 rows") for note in log.notes)


@pytest.mark.parametrize("header", ["T,Alt", "Time,Altitude,Velocity", "Time (s);Altitude (ft)"])
def test_perfectflite_may_name_its_columns_in_a_line_of_their_own(tmp_path: Path, header: str) -> None:
    mark = ";" if ";" in header else ","
    rows = "".join(mark.join(("0.05", "10", "3")[: header.count(mark) + 1]) + "\n" for _ in range(3))
    log = read(tmp_path, f"PerfectFlite StratoLogger\n{header}\n{rows}", LogOptions("perfectflite"))
    assert log.samples.columns["altitude_m"] == pytest.approx([3.048] * 3)


@pytest.mark.parametrize("raw", [True, False])
def test_a_cats_sets_files_have_clocks_of_their_own(tmp_path: Path, *, raw: bool) -> None:
    for name, text in cats_set(FLIGHT, raw=raw).items():
        (tmp_path / name).write_text(text)
    zero = 3155.0 if raw else 0.0
    logs = [open_log(path) for path in (tmp_path, *sorted(tmp_path.iterdir()))]
    for log in logs:
        assert (log.format, len(log.samples)) == ("cats-csv", 2 * FLIGHT.t_s.size)
        pressure = log.samples.columns["pressure_pa"]
        measured = ~np.isnan(pressure)
        assert seconds(log)[measured] == pytest.approx(FLIGHT.t_s + zero)
        assert pressure[measured] == pytest.approx(FLIGHT.pressure_pa, abs=0.51)
        assert seconds(log)[~measured] == pytest.approx(FLIGHT.t_s + zero + 0.003)
        assert log.samples.columns["acceleration_m_s2"][~measured] == pytest.approx(FLIGHT.acceleration_m_s2)
        assert (np.diff(log.samples.t_ns) >= 0).all()
        assert any("BARO0 taken, BARO1 left out" in note for note in log.notes)
        assert "altitude_m" not in log.samples.columns
    assert "altitude_m" in open_log(tmp_path, LogOptions(derived=True)).samples.columns


def test_a_step_back_in_one_file_of_a_set_moves_no_row_of_another(tmp_path: Path) -> None:
    (tmp_path / "baro.csv").write_text("ts,id,T,P\n10,B,1,1\n20,B,1,2\n5,B,1,3\n30,B,1,4\n")
    (tmp_path / "flightInfo.csv").write_text("ts,height,velocity,acceleration\n15,0,0,7\n25,0,0,8\n")
    log = open_log(tmp_path / "baro.csv")
    assert (log.samples.t_ns // 10**6).tolist() == [10, 15, 20, 5, 25, 30]
    assert log.lines.tolist() == [2, 2, 3, 4, 3, 5]


def test_a_folder_of_two_flights_asks_for_one(tmp_path: Path) -> None:
    (tmp_path / "a baro.csv").write_text("ts,id,T,P\n10,B,1,1\n")
    (tmp_path / "b baro.csv").write_text("ts,id,T,P\n10,B,1,1\n")
    with pytest.raises(ArchiveError, match=r"several baro files \(a baro.csv, b baro.csv\)"):
        open_log(tmp_path)
    with pytest.raises(ArchiveError, match="name a file"):
        open_log(tmp_path, LogOptions("csv"))


def test_csv_in_si_keeps_order_repeats_and_gaps(tmp_path: Path) -> None:
    log = read(tmp_path, "altitude_m,t_s,note\n1,0.5,a\n,0.5,b\n3,-2,c\n")
    assert seconds(log).tolist() == [0.5, 0.5, -2.0]
    assert log.samples.columns["altitude_m"].tolist() == pytest.approx([1, np.nan, 3], nan_ok=True)
    assert log.notes == ("left out: note",)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("x,1", "t_s: 'x' is no number"),
        (",1", "t_s: no time"),
        ("1e12,1", "no time of a flight"),
        ("1,1_0", "altitude_m: '1_0' is no number"),
        ("1,inf", "too large"),
        ("1", "1 cells, 2 belong there"),
        ("1,2,3", "3 cells, 2 belong there"),
        ('1,"2', "unexpected end"),
        ("1," + "7" * 70_000, "a line of 70,002 characters"),
        ("1,\udcff", "is no number"),
    ],
)
def test_a_line_that_is_no_row_is_kept_as_it_is(tmp_path: Path, line: str, said: str) -> None:
    text = f"t_s,altitude_m\n0,1\n{line}\n2,3\n".encode("utf-8", "surrogateescape")
    log = read(tmp_path, text)
    assert log.samples.columns["altitude_m"].tolist() == [1, 3]
    (bad,) = log.samples.bad_rows
    assert (bad.line, bad.text, said in bad.reason) == (3, line, True), bad.reason


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\x00\x00", "is empty"),
        ("alpha,beta\n1,2\n", r"begins with 'alpha,beta'.*--map"),
        ("t_s,altitude_m\nx,1\n", "no row that can be read as csv .*line 2: t_s: 'x' is no number"),
        ("t_s,altitude_m,altitude_m\n1,1,1\n", "altitude_m twice"),
        ('{"time": [1, 2, 3], "velo', "no whole JSON"),
        ('{"time": [], "velocity": []}', "no row"),
        ('{"time": [1], "speed": [1]}', "names time, speed: time and velocity or altitude are wanted"),
    ],
)
def test_a_file_that_is_no_log_is_refused_with_what_to_do(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ArchiveError, match=said):
        read(tmp_path, text)


def test_a_format_that_does_not_exist_lists_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="'gpx' is none of auto, parquet, altos-eeprom"):
        read(tmp_path, "t_s,altitude_m\n0,1\n", LogOptions("gpx"))


def test_a_packed_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(webcast_csv(FLIGHT).encode())
    with pytest.raises(ArchiveError, match="get the whole file"):
        read(tmp_path, packed[: len(packed) // 2])
    with pytest.raises(ArchiveError, match="nowhere"):
        open_log(tmp_path / "nowhere")


def test_utf_16_is_text_too(tmp_path: Path) -> None:
    log = read(tmp_path, "t_s;altitude_m\n0,5;1,5\n".encode("utf-16"))
    assert (seconds(log).tolist(), log.samples.columns["altitude_m"].tolist()) == ([0.5], [1.5])


def test_the_made_up_flight_flies() -> None:
    flight: Made = FLIGHT
    assert flight.altitude_m.max() > 500
    assert flight.altitude_m[-1] < flight.altitude_m.max()


def test_parquet_in_si_is_a_log_too(tmp_path: Path) -> None:
    path = tmp_path / "flight.dat"
    columns = {"t_s": [0.5, None, 2.0, 3.0], "altitude_m": [1, 2, None, 4], "name": list("abcd")}
    pq.write_table(pa.table(columns), path)
    log = open_log(path)
    assert (log.format, seconds(log).tolist(), log.lines.tolist()) == ("parquet", [0.5, 2.0, 3.0], [1, 3, 4])
    assert log.samples.columns["altitude_m"] == pytest.approx([1, np.nan, 4], nan_ok=True)
    assert [(bad.line, bad.text) for bad in log.samples.bad_rows] == [(2, "nan, 2.0")]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ArchiveError, match="no whole Parquet"):
        open_log(path)
    pq.write_table(pa.table({"time": [0.5]}), path)
    with pytest.raises(ArchiveError, match="has the columns time: name t_s"):
        open_log(path)


def by_the_data_sheet(words: dict[str, int], d1: int, d2: int, *, ms5611: bool) -> int:
    """Return the pressure as the two data sheets' flow charts compute it, step by step."""
    d_t = d2 - words["tref"] * 2**8
    temp = 2000 + d_t * words["tempsens"] // 2**23
    a, b, c, d = (2**16, 2**7, 2**15, 2**8) if ms5611 else (2**17, 2**6, 2**16, 2**7)
    off = words["off"] * a + words["tco"] * d_t // b
    sens = words["sens"] * c + words["tcs"] * d_t // d
    if temp < 2000:
        low = (temp - 2000) ** 2
        off2, sens2 = (5 * low // 2, 5 * low // 4) if ms5611 else (61 * low // 16, 2 * low)
        if temp < -1500:
            very_low = (temp + 1500) ** 2
            off2 += (7 if ms5611 else 15) * very_low
            sens2 += 11 * very_low // 2 if ms5611 else 8 * very_low
        off, sens = off - off2, sens - sens2
    return (d1 * sens // 2**21 - off) // 2**15


@pytest.mark.parametrize("ms5611", [True, False])
def test_a_barometer_is_converted_by_its_data_sheet_at_every_temperature(*, ms5611: bool) -> None:
    barometer = Barometer.of({**WORDS, "ms5611": ms5611})
    d2 = (WORDS["tref"] << 8) + np.array([-1_300_000, -900_000, -400_000, -1, 0, 600_000])
    for d1 in (4_000_000, 6_500_000, 9_000_000):
        found = barometer.pressure_pa(np.full(d2.size, d1), d2)
        assert found.tolist() == [by_the_data_sheet(WORDS, d1, int(each), ms5611=ms5611) for each in d2]
