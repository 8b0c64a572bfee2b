"""Whatever is in a file, a reader returns rows and what is none, or one clear error; nothing gets lost on the way."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from log_files import EVERY, made

from ingest.importers import csv_si
from ingest.importers.column_map import ColumnMap
from ingest.importers.csv_plain import plain_reading
from ingest.importers.log import NAMES, Log, open_log
from ingest.importers.options import LogOptions
from ingest.importers.source import Source
from ingest.importers.table import LONGEST_LINE
from telemetry.errors import ArchiveError

SHORT: Final = made(10.0, 3.0)
# of tests that run for every format
FEW: Final = 30
FILES: Final = {name: write(SHORT).encode() for name, write in EVERY.items()}
MAP: Final = ColumnMap.model_validate(
    {
        "time": {"column": 1},
        "clocks": {"other": {"column": 3, "unit": "ms"}},
        "columns": {
            "altitude_m": {"column": 2, "unit": "ft"},
            "pressure_pa": {"column": 4, "clock": "other", "scale": -2},
        },
        "header_line": 0,
        "duplicates": "last",
        "stale": "drop",
    }
)
CELL = st.one_of(
    st.floats(-1e4, 1e4).map(str),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["", "-", "1,5", "nan", "1_0"]),
)
LINE = st.one_of(st.lists(CELL, max_size=4).map(",".join).map(str.encode), st.binary(max_size=40))

NUMBER = st.floats(-1e4, 1e4).map(str)
OTHER = st.sampled_from(["", "x", "1"])
ROW = st.tuples(NUMBER | CELL, NUMBER, OTHER).map(",".join).map(str.encode)
WRONG = st.one_of(st.tuples(CELL, CELL, OTHER).map(",".join).map(str.encode), LINE)


def read(octets: bytes, options: LogOptions | None = None) -> Log | None:
    """Read a file; None if it is refused with an error of ours."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(octets)
        try:
            log = open_log(path, options)
        except ArchiveError as error:
            refusal = error
        else:
            sound(log)
            return log
        assert str(path) in refusal.path
        assert refusal.detail
        return None


def sound(log: Log) -> None:
    samples = log.samples
    assert samples.t_ns.dtype == np.int64
    assert len(samples) == log.lines.size > 0
    for values in samples.columns.values():
        assert (values.dtype.name, values.shape) == ("float64", samples.t_ns.shape)
        assert not np.isinf(values).any()
    assert all(bad.reason and bad.line > 0 for bad in samples.bad_rows)


@given(st.binary(max_size=400))
def test_octets_of_any_kind_are_read_or_refused(octets: bytes) -> None:
    read(octets)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=FEW)
@given(octets=st.one_of(st.binary(max_size=200), st.lists(LINE, max_size=8).map(b"\n".join)))
def test_no_format_breaks_on_what_it_was_told_to_read(name: str, octets: bytes) -> None:
    read(octets, LogOptions(name, MAP if name == "csv-map" else None, derived=True))


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=FEW)
@given(data=st.data())
def test_a_spoiled_file_of_every_format_is_read_or_refused(name: str, data: st.DataObject) -> None:
    octets = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=6))
    if data.draw(st.booleans()):
        del octets[data.draw(st.integers(0, len(octets) - 1)) :]
    read(bytes(octets))
    read(bytes(octets), LogOptions(name.removesuffix(" lines")))


@given(st.lists(LINE, min_size=1, max_size=20))
@example([b"|", b"0.0,0.0,0.0"])
@example([b",,", b" , ,", b"0.0,0.0,0.0"])
def test_every_line_is_a_row_or_is_kept_as_it_stands(lines: list[bytes]) -> None:
    body = b"t_s,altitude_m,pressure_pa\n" + b"\n".join(lines)
    log = read(body, LogOptions("csv"))
    if log is None:
        return
    there = {
        i: line for i, line in enumerate(Source(Path("log"), body).lines, 1) if line.strip() and line.strip(", \t\v\f")
    }
    counted = {i for i, line in there.items() if i > 1 and not line.lstrip().startswith("#")}
    assert Counter(log.lines.tolist()) + Counter(bad.line for bad in log.samples.bad_rows) == Counter(counted)
    assert all(there[bad.line] == bad.text for bad in log.samples.bad_rows)


@given(
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e9, 1e9)), min_size=1, max_size=30), st.sampled_from(",;\t")
)
def test_numbers_come_back_exactly_and_in_order(rows: list[tuple[float, float]], mark: str) -> None:
    text = f"t_s{mark}altitude_m\n" + "".join(f"{t!r}{mark}{h!r}\n" for t, h in rows)
    log = read(text.encode())
    assert log is not None
    assert not log.samples.bad_rows
    assert log.samples.t_ns.tolist() == [round(np.rint(t * 1e9)) for t, _ in rows]
    assert log.samples.columns["altitude_m"].tolist() == [h for _, h in rows]


@given(
    st.lists(st.one_of(ROW, ROW, ROW, WRONG), min_size=1, max_size=12),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.sampled_from([b",", b";", b"\t"]),
    st.sampled_from([b"", b"\n", b"\r", b"\n\n"]),
)
def test_reading_at_once_says_what_reading_by_lines_does(
    lines: list[bytes], end: bytes, mark: bytes, last: bytes
) -> None:
    body = end.join([b"altitude_m,t_s,other", *lines]).replace(b",", mark) + last
    source, names = Source(Path("log"), body), ("altitude_m", "t_s", "other")
    at_once = plain_reading(source, names, "t_s", ["altitude_m"])
    if at_once is None:
        return
    by_lines = csv_si.by_lines(source, names, ["altitude_m"])
    assert (at_once.lines.tolist(), at_once.bad_rows) == (by_lines.lines.tolist(), by_lines.bad_rows)
    assert at_once.samples.t_ns.tolist() == by_lines.samples.t_ns.tolist()
    heights, again = at_once.samples.columns["altitude_m"], by_lines.samples.columns["altitude_m"]
    assert np.array_equal(heights, again, equal_nan=True)


def test_a_file_without_a_fault_is_read_at_once() -> None:
    body = b"t_s;other;altitude_m\r\n" + b"0.1;x;\r\n0.2;y;1e3\r\n" * 5 + b"\r\n"
    reading = plain_reading(Source(Path("log"), body), ("t_s", "other", "altitude_m"), "t_s", ["altitude_m"])
    assert reading is not None
    assert reading.lines.tolist() == list(range(2, 12))


@pytest.mark.parametrize("width", [LONGEST_LINE, LONGEST_LINE + 1])
def test_a_line_that_is_too_long_is_not_read_at_once(width: int) -> None:
    long = b"1," + b"0" * (width - 2)
    body = b"t_s,altitude_m\n" + b"0,1\n" * 30_000 + long + b"\n2,3\n"
    reading = plain_reading(Source(Path("log"), body), ("t_s", "altitude_m"), "t_s", ["altitude_m"])
    assert (reading is None) == (width > LONGEST_LINE)


@given(st.lists(st.sampled_from("ab\r\n"), max_size=12).map("".join), st.integers(1, 14))
def test_the_first_lines_are_those_of_all_lines(text: str, most: int) -> None:
    source = Source(Path("log"), text.encode())
    assert source.first(most) == source.lines[:most]


@given(st.integers(1, 400))
def test_a_packed_file_is_read_whole_or_not_at_all(cut: int) -> None:
    packed = gzip.compress(FILES["webcast-csv"])
    assert read(packed[: max(len(packed) - cut, 3)]) is None


@settings(max_examples=FEW)
@given(
    st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=4), lambda each: st.lists(each, max_size=3))
)
def test_json_of_any_shape_is_read_or_refused(value: object) -> None:
    for content in (
        value,
        {"time": value, "velocity": [1, 2]},
        {"time": [0, 1], "velocity": value, "altitude": [value]},
    ):
        text = json.dumps(content)
        read(text.encode(), LogOptions("webcast-json"))
        read(f'{{"time": 1, "velocity": 2}}\n{text}\n'.encode(), LogOptions("webcast-json"))
        if isinstance(content, dict):
            read(json.dumps({"log_format": 7, "ms5607": value} | content).encode(), LogOptions("altos-eeprom"))
