from __future__ import annotations

import gzip
import json
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from logged import small_rocket
from rich.console import Console
from typer.testing import CliRunner, Result

from downrange.cli import app
from downrange.jobs.detect import Detected, detect, known_at
from downrange.jobs.detect_table import print_table
from telemetry.errors import SettingsError
from telemetry.samples import Samples

PROGRAM = Path(sys.executable).with_name("downrange")
APOGEE_S = 22.2


def run(*words: str | Path, job: str = "detect", **environment: str) -> Result:
    return CliRunner().invoke(app, [job, *map(str, words)], env={"NO_COLOR": "1", **environment})


def written(path: Path, *, broken: bool = False) -> Path:
    t_s, columns = small_rocket()
    lines = ["t_s,altitude_m,acceleration_m_s2,battery_v"]
    for i in range(t_s.size):
        acceleration = f"{columns['acceleration_m_s2'][i]:.3f}" if i % 2 else ""
        lines.append(f"{t_s[i]:.3f},{columns['altitude_m'][i]:.2f},{acceleration},7.4")
    if broken:
        lines[200] = "4.0,many metres,,7.4"
    octets = "\n".join(lines).encode()
    path.write_bytes(gzip.compress(octets) if path.suffix == ".gz" else octets)
    return path


def one(kind: str, ordinal: int, told_s: float, status: str = "confirmed", revision: int = 0) -> Detected:
    return Detected(kind, ordinal, 10.0 + revision, told_s, 0.1, status, revision, {})


def test_events_are_lines_of_json_in_the_logs_own_time(tmp_path: Path) -> None:
    log = written(tmp_path / "flight.csv.gz")
    result = run(log)
    assert result.exit_code == 0, result.stderr
    (apogee,) = [line for line in map(json.loads, result.stdout.splitlines()) if line["type"] == "apogee"]
    assert list(apogee) == [
        *("file", "type", "ordinal", "t_event_s", "t_detected_s", "sigma_s", "status", "revision", "values"),
    ]
    assert apogee["file"] == str(log)
    t_s, columns = small_rocket()
    before_chute = t_s < APOGEE_S + 0.5
    top_s = t_s[np.argmax(np.where(before_chute, columns["altitude_m"], 0.0))]
    assert abs(apogee["t_event_s"] - top_s) < 0.7
    assert apogee["t_event_s"] < apogee["t_detected_s"] < apogee["t_event_s"] + 2.5
    assert "battery_v" in result.stderr


def test_a_bad_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    result = run(written(tmp_path / "flight.csv", broken=True))
    assert result.exit_code == 0
    assert "flight.csv:201: altitude_m" in result.stderr
    assert "1 lines are no rows" in result.stderr
    assert "apogee" in result.stdout


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_told(tmp_path: Path) -> None:
    log, absent, other = written(tmp_path / "flight.csv"), tmp_path / "absent.csv", tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    words: list[str | Path] = [PROGRAM, "detect", absent, log, other]
    result = subprocess.run(words, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert all(str(path) in result.stderr for path in (absent, other))
    assert "Traceback" not in result.stderr
    assert "apogee" in result.stdout


def test_as_of_shows_what_was_known_then(tmp_path: Path) -> None:
    log = written(tmp_path / "flight.csv")
    assert "apogee" not in run(log, "--as-of", str(APOGEE_S - 1.0)).stdout
    assert "apogee" in run(log, "--as-of", str(APOGEE_S + 4.0), "--format", "table").stdout


def test_what_is_known_is_the_last_revision_and_nothing_that_was_retracted() -> None:
    told = [one("apogee", 0, 12.0, "provisional"), one("meco", 0, 13.0), one("apogee", 0, 15.0, revision=1)]
    told.append(one("meco", 0, 16.0, "retracted", 1))
    assert [(each.type, each.revision, each.t_detected_s) for each in known_at(told)] == [("apogee", 1, 12.0)]
    assert [(each.type, each.status) for each in known_at(told, 14.0)] == [
        *(("apogee", "provisional"), ("meco", "confirmed")),
    ]


def test_what_is_told_again_after_it_was_taken_back_was_told_then() -> None:
    told = [one("liftoff", 0, 2.0, "provisional"), one("liftoff", 0, 5.0, "retracted", 1)]
    told += [one("liftoff", 0, 14.0, "provisional", 2), one("liftoff", 0, 20.0, revision=3)]
    assert [(each.revision, each.t_detected_s) for each in known_at(told)] == [(3, 14.0)]
    assert known_at(told, 6.0) == []


def test_a_class_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="'balloon' is none of auto, launcher"):
        detect(Samples.of([0.0], altitude_m=[1.0]), "balloon")


def test_how_samples_are_cut_makes_no_difference() -> None:
    t_s, columns = small_rocket()
    whole = Samples.of(t_s, **columns)
    pieces = [whole.select(slice(at, at + 37)) for at in range(0, len(whole), 37)]
    assert detect(pieces) == detect(whole) != []


def test_the_clock_may_begin_again_and_the_second_flight_is_found_too() -> None:
    t_s, columns = small_rocket()
    twice = {name: np.tile(values, 2) for name, values in columns.items()}
    told = detect(Samples.of(np.tile(t_s, 2), **twice))
    firsts = sorted((each.type, each.ordinal) for each in told if each.revision == 0)
    assert firsts == [(name, at) for name in ("apogee", "liftoff", "max_q", "meco", "touchdown") for at in (0, 1)]
    found = [each for each in told if each.type == "apogee"]
    assert [each.ordinal for each in found if each.revision == 0] == [0, 1]
    first, second = (next(each for each in found if each.ordinal == ordinal) for ordinal in (0, 1))
    assert second.t_event_s == pytest.approx(first.t_event_s, abs=0.05)


def test_rows_in_any_disorder_are_taken() -> None:
    t_s, columns = small_rocket()
    chance = np.random.default_rng(2)
    moved = np.where(chance.random(t_s.size) < 0.02, chance.uniform(-1.0, 1.0, t_s.size), 0.0)
    order = np.argsort(t_s + moved, kind="stable")
    samples = Samples.of(t_s[order], **{name: values[order] for name, values in columns.items()})
    first = next(each for each in detect(Samples.of(t_s, **columns)) if each.type == "apogee")
    found = next(each for each in detect(samples) if each.type == "apogee")
    assert found.t_event_s == pytest.approx(first.t_event_s, abs=0.2)
    assert found.t_detected_s <= first.t_detected_s + 0.3


def test_a_log_may_count_unix_seconds_and_begin_with_a_time_that_is_none() -> None:
    t_s, columns = small_rocket()
    plain = next(each for each in detect(Samples.of(t_s, **columns)) if each.type == "apogee")
    shifted_s = np.concatenate([[8e9], t_s + 1.7e9])
    found = detect(Samples.of(shifted_s, **{name: np.insert(values, 0, 0.0) for name, values in columns.items()}))
    apogee = next(each for each in found if each.type == "apogee")
    assert apogee.t_event_s - 1.7e9 == pytest.approx(plain.t_event_s, abs=0.05)


def test_a_recording_tells_what_its_log_does(tmp_path: Path) -> None:
    log = written(tmp_path / "flight.csv")
    assert run(log, job="import", DOWNRANGE_ARCHIVE_DIR=str(tmp_path / "archive")).exit_code == 0
    of_log, of_recording = (
        [json.loads(line) for line in run(path).stdout.splitlines()]
        for path in (log, tmp_path / "archive" / "imported" / "flight")
    )
    assert [each["type"] for each in of_recording] == [each["type"] for each in of_log]
    # a recording's own time is Unix time; a log's zero is 2025-01-01 where nobody says
    zero_s = 1_735_689_600.0
    for one_, other in zip(of_log, of_recording, strict=True):
        assert other["t_event_s"] - zero_s == pytest.approx(one_["t_event_s"], abs=1e-3)
        assert other["t_detected_s"] - zero_s == pytest.approx(one_["t_detected_s"], abs=1.1)
        assert other["vehicle"]


@pytest.mark.parametrize("channel", ["altitude_m", "acceleration_m_s2"])
def test_every_event_says_what_was_measured_then_whatever_there_is(channel: str) -> None:
    t_s, columns = small_rocket()
    found = detect(Samples.of(t_s, **{channel: columns[channel]}))
    assert {"liftoff", "meco"} <= {each.type for each in found}
    for each in found:
        assert each.values, each
        assert all(isinstance(value, float) and np.isfinite(value) for value in each.values.values()), each


def test_of_an_archive_a_flights_folder_is_to_be_named(tmp_path: Path) -> None:
    log = written(tmp_path / "flight.csv")
    assert run(log, job="import", DOWNRANGE_ARCHIVE_DIR=str(tmp_path / "archive")).exit_code == 0
    folder = tmp_path / "archive" / "imported" / "flight"
    for wrong in (next(folder.glob("telemetry-*")), folder.parent):
        assert str(folder) in repr(run(wrong).exception)


def test_parquet_with_the_same_columns_is_a_log_too(tmp_path: Path) -> None:
    t_s, columns = small_rocket()
    path = tmp_path / "flight.parquet"
    pq.write_table(pa.table({"t_s": t_s, **columns}), path)
    assert json.loads(run(path).stdout.splitlines()[-1])["file"] == str(path)


def test_a_table_fits_a_terminal_of_80_columns_and_a_pipe_is_not_cut(tmp_path: Path) -> None:
    first = tmp_path / "a-long-name-of-a-recorded-flight-of-some-launcher-with-its-date-2025-01-01.csv"
    values = {"speed_m_s": 1406.6, "height_above_pad_m": 64_600.0, "altitude_m": 64_612.0, "dynamic_pressure_pa": 61.2}
    rows = [
        (first, replace(one("landing_burn_start", 0, 12.5), values=values)),
        (first, replace(one("ses", 1, 1_735_690_139.0, "provisional", 2), t_event_s=1_735_690_138.43, vehicle="ship")),
    ]
    narrow, wide = StringIO(), StringIO()
    print_table(rows, Console(file=narrow, width=80, force_terminal=True, no_color=True, color_system=None))
    print_table(rows, Console(file=wide))
    assert max(len(line) for line in narrow.getvalue().splitlines() if first.name not in line) <= 80
    for said in ("landing_burn_start", "10.00", "0.10", "+2.50 s", "confirmed", "64.6 km, 1,407"):
        assert said in narrow.getvalue()
    for said in ("ship\n", "ses 1", "1735690138.43", "provisional r2"):
        assert said in narrow.getvalue()
    assert len(wide.getvalue().splitlines()) == 3
    assert all(f"{name} {value:g}" in wide.getvalue() for name, value in values.items())
    assert first.name in wide.getvalue()


def test_what_cannot_be_read_is_told_with_the_options_of_this_job(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("altitude_m,speed_m_s\n1,2\n")
    for file, said in (("absent.csv", "is not there"), ("other.csv", "--log-format parquet"), ("other.csv", "t_s")):
        result = run(tmp_path / file)
        assert said in repr(result.exception)
    assert "--as-of nan" in str(run(tmp_path / "other.csv", "--as-of", "nan").exception)
