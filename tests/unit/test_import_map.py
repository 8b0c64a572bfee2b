"""A column map says what a table's columns mean: units, offsets, clocks, repeats, frozen rows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from ingest.importers.column_map import ColumnMap, load_map
from ingest.importers.log import NAMES, Log, open_log
from ingest.importers.options import LogOptions
from ingest.importers.source import octets_of
from ingest.importers.units import UNITS, factor
from telemetry.errors import ArchiveError, DictionaryError


def read(tmp_path: Path, text: str, columns: str, log_format: str = "auto") -> Log:
    (tmp_path / "map.yaml").write_text(columns)
    (tmp_path / "flight.txt").write_text(text)
    return open_log(tmp_path / "flight.txt", LogOptions(log_format, load_map(tmp_path / "map.yaml")))


def test_units_scales_and_offsets_become_si(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "Millis\tAlt ft\tAz\tP\n1000\t100\t-2\t1013.25\n1100\t-\t-1\tn/a\n",
        "time: {column: Millis, unit: ms, offset_s: -0.25}\n"
        "columns:\n"
        "  altitude_m: {column: alt ft, unit: ft, offset: -10}\n"
        "  acceleration_m_s2: {column: Az, unit: g, scale: -1, offset: -9.80665}\n"
        "  pressure_pa: {column: P, unit: hPa}\n",
    )
    assert log.format == "csv-map"
    assert (log.samples.t_ns / 1e9).tolist() == [0.75, 0.85]
    columns = log.samples.columns
    assert columns["altitude_m"] == pytest.approx([20.48, np.nan], nan_ok=True)
    assert columns["acceleration_m_s2"] == pytest.approx([9.80665, 0.0])
    assert columns["pressure_pa"] == pytest.approx([101_325.0, np.nan], nan_ok=True)


def test_columns_may_be_named_by_their_place_where_there_is_no_header(tmp_path: Path) -> None:
    columns = "header_line: 0\ntime: {column: 2}\ncolumns: {altitude_m: {column: 1}}\n"
    log = read(tmp_path, "7 0.5\n8 0.6 extra\n9\n", columns)
    assert (log.samples.columns["altitude_m"].tolist(), (log.samples.t_ns / 1e9).tolist()) == ([7, 8], [0.5, 0.6])
    assert [(bad.line, bad.reason) for bad in log.samples.bad_rows] == [(3, "1 cells, at least 2 belong there")]


def test_a_preamble_a_decimal_comma_and_marks_of_missing_values(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        "Logger 3000\n\nZeit;Höhe\n0,5;1,25\n0,6;-999\n0,7;-999,0\n0,8;verloren\n",
        'header_line: 3\nseparator: ";"\ndecimal: ","\nmissing: [-999, verloren]\n'
        "time: {column: Zeit}\ncolumns: {altitude_m: {column: Höhe}}\n",
    )
    assert log.samples.columns["altitude_m"] == pytest.approx([1.25, np.nan, np.nan, np.nan], nan_ok=True)
    assert not log.samples.bad_rows


def test_headings_in_latin_1_are_read_and_the_rows_keep_their_octets(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text("time: {column: Zeit}\ncolumns: {altitude_m: {column: Höhe}}\n")
    (tmp_path / "flight.txt").write_bytes("Zeit;Höhe\n0;1\n1;größer\n".encode("latin-1"))
    log = open_log(tmp_path / "flight.txt", LogOptions(columns=load_map(tmp_path / "map.yaml")))
    assert log.samples.columns["altitude_m"].tolist() == [1]
    assert octets_of(log.samples.bad_rows[0].text) == "1;größer".encode("latin-1")


TWO_CLOCKS = """
time: {column: t_baro, unit: ms}
clocks: {imu: {column: t_imu, unit: us, offset_s: 0.5}}
columns:
  pressure_pa: {column: p}
  acceleration_m_s2: {column: a, clock: imu}
"""


def test_a_row_with_two_clocks_becomes_two(tmp_path: Path) -> None:
    log = read(tmp_path, "t_baro,p,t_imu,a\n1000,5,500000,1\n,,510000,2\n1020,6,,\n1030,7,,8\n,9,,\n,,,\n", TWO_CLOCKS)
    assert (log.samples.t_ns // 10**6).tolist() == [1000, 1000, 1010, 1020]
    assert log.samples.columns["pressure_pa"] == pytest.approx([5, np.nan, np.nan, 6], nan_ok=True)
    assert log.samples.columns["acceleration_m_s2"] == pytest.approx([np.nan, 1, 2, np.nan], nan_ok=True)
    assert log.lines.tolist() == [2, 2, 3, 4]
    assert [(bad.line, bad.reason) for bad in log.samples.bad_rows] == [(5, "t_imu: no time"), (6, "t_baro: no time")]


@pytest.mark.parametrize(
    ("policy", "kept", "aside"), [("keep", [1, 2, 3, 4], []), ("first", [1, 2, 4], [4]), ("last", [1, 3, 4], [3])]
)
def test_rows_of_one_time(tmp_path: Path, policy: str, kept: list[float], aside: list[int]) -> None:
    columns = f"duplicates: {policy}\ntime: {{column: t}}\ncolumns: {{altitude_m: {{column: h}}}}\n"
    log = read(tmp_path, "t,h\n0,1\n1,2\n1,3\n2,4\n", columns)
    assert log.samples.columns["altitude_m"].tolist() == kept
    assert [bad.line for bad in log.samples.bad_rows] == aside
    assert all(bad.text == f"1,{bad.line - 1}" for bad in log.samples.bad_rows)


def test_frozen_rows_may_be_kept_aside(tmp_path: Path) -> None:
    text = "t,h\n" + "".join(f"{i / 10},{5 if 10 <= i <= 30 else i}\n" for i in range(40))
    columns = "stale: drop\nstale_after_s: 0.5\ntime: {column: t}\ncolumns: {altitude_m: {column: h}}\n"
    log = read(tmp_path, text, columns)
    assert [bad.line for bad in log.samples.bad_rows] == list(range(2 + 16, 2 + 31))
    assert len(log.samples) == 40 - 15
    assert len(read(tmp_path, text, columns.replace("drop", "keep")).samples) == 40


def test_json_may_be_mapped_too(tmp_path: Path) -> None:
    log = read(
        tmp_path,
        '{"time": [0, 1], "speed_kmh": [36, 72]}',
        "time: {column: time}\ncolumns: {speed_m_s: {column: speed_kmh, unit: km/h}}\n",
    )
    assert (log.format, log.samples.columns["speed_m_s"].tolist()) == ("webcast-json", pytest.approx([10, 20]))


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("time: {column: t}\n", r"map\.yaml:\d+: columns: is missing"),
        ("time: {column: t}\ncolumns: {height: {column: h}}\n", r"map\.yaml:\d+: .*'height' is none of speed_m_s"),
        ("time: {column: t}\ncolumns: {altitude_m: {column: h, unit: s}}\n", r"unit 's' is none of m, km"),
        (
            "time: {column: t, unit: m}\ncolumns: {altitude_m: {column: h}}\n",
            r"map\.yaml:1: .*unit 'm' is none of s, ms",
        ),
        ("time: {column: t}\ncolumns: {altitude_m: {column: h, clock: gps}}\n", r"clock 'gps' is none of time"),
        ("time: {column: t}\ncolumns: {altitude_m: {column: h, colour: 1}}\n", r"map\.yaml:2: .*no such key"),
        ("time: [\n", r"map\.yaml:\d+: is not YAML"),
        ("duplicates: often\ntime: {column: t}\ncolumns: {altitude_m: {column: h}}\n", r"map\.yaml:1: duplicates"),
        ("- 1\n", r"map\.yaml"),
        ("", r"map\.yaml"),
    ],
)
def test_a_map_that_is_wrong_names_file_line_and_remedy(tmp_path: Path, columns: str, said: str) -> None:
    with pytest.raises(DictionaryError, match=said):
        read(tmp_path, "t,h\n0,1\n", columns)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("time: {column: t}\ncolumns: {altitude_m: {column: x}}\n", "has no column 'x': it has t, h"),
        ("time: {column: 9}\ncolumns: {altitude_m: {column: h}}\n", "has 2 columns, column 9 is wanted"),
        ("header_line: 9\ntime: {column: t}\ncolumns: {altitude_m: {column: h}}\n", "header_line: 9"),
    ],
)
def test_a_map_that_does_not_fit_the_file_says_so(tmp_path: Path, columns: str, said: str) -> None:
    with pytest.raises(ArchiveError, match=said):
        read(tmp_path, "t,h\n0,1\n", columns)


def test_a_map_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    columns = "time: {column: t_s}\ncolumns: {altitude_m: {column: altitude_m, unit: km}}\n"
    with pytest.raises(ArchiveError, match="a map is for csv-map, webcast-json"):
        read(tmp_path, "t_s,altitude_m\n0,1\n", columns, "csv")
    (tmp_path / "a.csv").write_text("t,h\n0,1\n")
    with pytest.raises(ArchiveError, match="give --map"):
        open_log(tmp_path / "a.csv", LogOptions("csv-map"))


def test_units_agree_with_their_definitions() -> None:
    assert factor("pa", "psi") == pytest.approx(6894.757, abs=1e-3)
    assert factor("pa", "inHg") == pytest.approx(3386.39, abs=0.01)
    assert factor("m_s", "knots") == pytest.approx(0.514444, abs=1e-6)
    assert factor("m_s", "mph") == pytest.approx(0.44704)
    assert factor("m_s2", "ft/s²") == 0.3048
    assert all(value > 0 for units in UNITS.values() for value in units.values())


def test_the_page_shows_a_map_that_works_and_lists_every_format_and_unit() -> None:
    page = (Path(__file__).parents[2] / "docs" / "importing.md").read_text()
    shown = page.split("```yaml\n")[1].split("```")[0]
    columns = ColumnMap.model_validate(yaml.safe_load(shown))
    assert set(columns.columns) == {"altitude_m", "pressure_pa", "acceleration_m_s2"}
    table = page.split("## Formats")[1].split("###")[0]
    assert set(re.findall(r"^\| `([a-z][a-z0-9-]+)` \|", table, re.MULTILINE)) == set(NAMES)
    units = page.split("Units: ")[1].split("\n")[0].lower()
    assert all(re.search(rf"(?<![\w/]){re.escape(name)}(?![\w/])", units) for each in UNITS.values() for name in each)
