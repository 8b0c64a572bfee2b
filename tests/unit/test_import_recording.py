"""A log of any format becomes a recording: rows in their order, what is no row in the rejected stream."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from log_files import EVERY, altos_csv, made
from numpy.typing import NDArray
from typer.testing import CliRunner

from downrange.cli import app
from ingest.importers.csv_log import ImportOptions
from ingest.importers.log import open_log
from ingest.importers.log_recording import import_log
from ingest.importers.recording import ImportResult
from runtime.archive.catalog import find_recording, list_recordings
from runtime.archive.contents import recorded_messages
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from runtime.settings import ArchiveSettings
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.errors import AddressError, ArchiveError
from telemetry.frames import Frame

T0_NS = 1_735_689_600 * 10**9
FLIGHT = made()


def bring_in(tmp_path: Path, text: str, options: ImportOptions | None = None, name: str = "flight.dat") -> ImportResult:
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    return import_log(open_log(path), ArchiveSettings(dir=tmp_path / "archive"), 12, options)


def frames(tmp_path: Path, flight: str = "flight") -> list[Frame]:
    decoder = Decoder(Registry())
    found = [decoder.decode(m) for m in recorded_messages(find_recording(tmp_path / "archive", flight))]
    assert not [refusal for each in found for refusal in each.refusals]
    return [frame for each in found for frame in each.frames]


def column(tmp_path: Path, name: str) -> NDArray[np.float64]:
    return np.concatenate([frame.columns[name] for frame in frames(tmp_path)])


@pytest.mark.parametrize("name", EVERY)
def test_every_format_can_be_recorded(tmp_path: Path, name: str) -> None:
    text = EVERY[name](FLIGHT)
    result = bring_in(tmp_path, text)
    log = open_log(tmp_path / "flight.dat")
    assert (result.packets, result.bad_rows) == (len(log.samples), 0)
    assert column(tmp_path, "log_time_s") == pytest.approx(log.samples.t_ns / 1e9)
    for channel, values in log.samples.columns.items():
        assert column(tmp_path, channel).tobytes() == values.tobytes()
    absent = {"speed_m_s", "altitude_m", "pressure_pa"} - set(log.samples.columns)
    assert all(np.isnan(column(tmp_path, channel)).all() for channel in absent)
    assert bring_in(tmp_path, text).already_there


def test_rows_keep_their_order_and_their_own_time_whatever_the_clock_did(tmp_path: Path) -> None:
    given = [5.0, 5.0, 4.0, 400.0, -3.0, 401.0]
    bring_in(tmp_path, "t_s,altitude_m\n" + "".join(f"{t},{i}\n" for i, t in enumerate(given)))
    assert column(tmp_path, "log_time_s").tolist() == given
    assert column(tmp_path, "altitude_m").tolist() == list(range(6))
    sent = np.concatenate([frame.t_ns for frame in frames(tmp_path)]) - T0_NS
    assert sent / 1e9 == pytest.approx([5, 5, 5, 400, 400, 401], abs=1e-6)
    assert (np.diff(sent) > 0).all()
    assert np.concatenate([frame.counts for frame in frames(tmp_path)]).tolist() == list(range(6))


def test_messages_hold_about_a_second(tmp_path: Path) -> None:
    bring_in(tmp_path, "t_s,altitude_m\n" + "".join(f"{n / 25},1\n" for n in range(101)))
    assert [len(frame) for frame in frames(tmp_path)] == [25] * 4 + [1]
    messages = list(recorded_messages(find_recording(tmp_path / "archive", "flight")))
    assert {(m.address.vehicle, m.address.station, m.dictionary) for m in messages} == {("vehicle", "log", "log@1")}


def test_what_is_no_row_is_kept_with_its_line_and_reason(tmp_path: Path) -> None:
    long = "9" * 100_000
    text = f"t_s,altitude_m\n0,1\n1,\udcff\n{long}\n-900000000,2\n900000,3\n2,4\n"
    result = bring_in(tmp_path, text)
    assert (result.packets, result.bad_rows) == (2, 5)
    records = list(read_stream(find_recording(tmp_path / "archive", "flight").folder, Stream.REJECTED))
    details = [dict(record.headers)["detail"].decode() for record in records]
    assert records[0].value == b"1,\xff"
    assert b"".join(record.value or b"" for record in records[1:3]).decode() == long
    assert [detail.partition(":")[0] for detail in details] == ["line 3", "line 4", "line 4", "line 5", "line 6"]
    assert "outside the dictionary's time code" in details[3]
    assert "more than 7 days" in details[4]


def test_names_and_the_zero_may_be_given(tmp_path: Path) -> None:
    t0 = datetime(2020, 5, 1, 11, 15, 0, 250_000, tzinfo=UTC)
    options = ImportOptions("log", flight="hop", vehicle="rocket", station="card", t0=t0)
    result = bring_in(tmp_path, "t_s,altitude_m\n1.5,1\n", options)
    assert (result.flight, result.first_ns) == ("hop", 1_588_331_701_750_000_000)
    with pytest.raises(AddressError):
        bring_in(tmp_path, "t_s,altitude_m\n1.5,1\n", ImportOptions("log", flight="../x"))
    with pytest.raises(ArchiveError, match="give the right --t0"):
        bring_in(tmp_path, "t_s,altitude_m\n-900000000,1\n")
    with pytest.raises(ArchiveError, match="another recording"):
        bring_in(tmp_path, "t_s,altitude_m\n7,1\n", options)


def run(tmp_path: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["import", *words], env={"DOWNRANGE_ARCHIVE_DIR": str(tmp_path / "archive")})
    return done.exit_code, done.output


def test_the_command_says_what_it_took_the_file_for(tmp_path: Path) -> None:
    path = tmp_path / "flight.csv"
    path.write_text(altos_csv(FLIGHT) + "6, 1, 2\n")
    code, said = run(tmp_path, str(path))
    assert code == 0, said
    assert f"{path}: read as altos-csv (a line begins with #version,serial,flight)" in said
    assert f"{path}:{FLIGHT.t_s.size + 3}: 3 cells" in said
    assert "1 lines could not be read; they are kept in the recording" in said
    assert [each.flight for each in list_recordings(tmp_path / "archive")] == ["flight"]


def test_the_command_takes_a_map_and_names(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("s;h\n1;2\n")
    (tmp_path / "map.yaml").write_text("time: {column: s}\ncolumns: {altitude_m: {column: h, unit: ft}}\n")
    code, said = run(
        tmp_path, str(tmp_path / "a.txt"), "--map", str(tmp_path / "map.yaml"), "--flight", "one", "--vehicle", "r"
    )
    assert code == 0, said
    assert [each.flight for each in list_recordings(tmp_path / "archive")] == ["one"]


def test_a_webcasts_csv_becomes_a_recording_of_its_dictionary_as_before(tmp_path: Path) -> None:
    (tmp_path / "SES.csv").write_text("t_s,speed_m_s,altitude_m\n0,1,2\n")
    assert run(tmp_path, str(tmp_path / "SES.csv"))[0] == 0
    (message,) = recorded_messages(find_recording(tmp_path / "archive", "SES"))
    assert (message.dictionary, message.address.vehicle) == ("webcast@1", "stage1")


def test_the_command_refuses_what_does_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t_s,speed_m_s,altitude_m\n0,1,2\n")
    code, said = run(tmp_path, str(tmp_path / "a.csv"), "--dictionary", "webcast", "--format", "csv")
    assert code == 2
    assert "--dictionary is for CSV" in said
