from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from ingest.importers.csv_log import LONGEST_LINE, ImportOptions, ImportResult, flight_name, import_csv
from runtime.archive.catalog import Recording, find_recording, list_recordings
from runtime.archive.contents import recorded_messages
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from runtime.settings import ArchiveSettings
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.errors import AddressError, ArchiveError, SettingsError
from telemetry.frames import Frame
from telemetry.topics import partition_of

HEADER = "t_s,speed_m_s,altitude_m\n"
T0_NS = 1_735_689_600 * 10**9


def bring_in(
    tmp_path: Path, text: str | bytes, options: ImportOptions | None = None, *, name: str = "log.csv"
) -> ImportResult:
    path = tmp_path / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_csv(path, ArchiveSettings(dir=tmp_path / "archive"), Registry(), 12, options)


def frames(tmp_path: Path, flight: str = "log") -> list[Frame]:
    recording = find_recording(tmp_path / "archive", flight)
    decoder = Decoder(Registry())
    decoded = [decoder.decode(message) for message in recorded_messages(recording)]
    assert not [refusal for each in decoded for refusal in each.refusals]
    return [frame for each in decoded for frame in each.frames]


def rows(tmp_path: Path) -> list[tuple[float, float, float]]:
    return [
        ((t_ns - T0_NS) / 1e9, float(speed), float(altitude))
        for frame in frames(tmp_path)
        for t_ns, speed, altitude in zip(
            frame.t_ns, frame.columns["speed_m_s"], frame.columns["altitude_m"], strict=True
        )
    ]


def aside(recording: Recording) -> list[tuple[bytes | None, str]]:
    return [(r.value, dict(r.headers)["detail"].decode()) for r in read_stream(recording.folder, Stream.REJECTED)]


def test_rows_come_back_in_order_with_repeats_gaps_and_steps_back(tmp_path: Path) -> None:
    given = [
        (0, 0, 0),
        (0.5, 1, 0),
        (0.5, 1, 0),
        (0.5, 2, 100),
        (400, 3, 200),
        (399.5, 4, 300),
        (-3, 5, 0),
        (401, 6, 1),
    ]
    result = bring_in(tmp_path, HEADER + "".join(f"{t},{v},{h}\n" for t, v, h in given))
    assert rows(tmp_path) == [pytest.approx(row, abs=1e-7) for row in given]
    assert np.concatenate([frame.counts for frame in frames(tmp_path)]).tolist() == list(range(len(given)))
    assert (result.run, result.flight, result.packets, result.bad_rows) == ("imported", "log", len(given), 0)


def test_a_message_holds_about_a_second_and_is_received_with_its_last_row(tmp_path: Path) -> None:
    bring_in(tmp_path, HEADER + "".join(f"{n / 30:.3f},1,2\n" for n in range(301)))
    messages = list(recorded_messages(find_recording(tmp_path / "archive", "log")))
    assert [len(frame) for frame in frames(tmp_path)] == [30] * 10 + [1]
    # the time code counts in 60 ns
    assert all(abs(m.ert_ns - int(f.t_ns[-1])) < 60 for m, f in zip(messages, frames(tmp_path), strict=True))
    assert {(m.address.vehicle, m.address.station, m.dictionary) for m in messages} == {
        ("stage1", "webcast", "webcast@1")
    }


def test_a_row_made_before_what_was_received_is_received_now(tmp_path: Path) -> None:
    bring_in(tmp_path, HEADER + "0,1,1\n500,1,1\n3,1,1\n")
    erts_ns = [m.ert_ns - T0_NS for m in recorded_messages(find_recording(tmp_path / "archive", "log"))]
    assert erts_ns == [0, 500 * 10**9, 500 * 10**9]


def test_records_look_like_a_recorders(tmp_path: Path) -> None:
    result = bring_in(tmp_path, HEADER + "".join(f"{n},1,2\n" for n in range(5)))
    found = list(read_stream(result.folder, Stream.TELEMETRY))
    assert [r.offset for r in found] == list(range(5))
    assert {(r.key, r.partition) for r in found} == {(b"imported/log", partition_of("imported/log", 12))}


def test_an_empty_cell_is_a_missing_value(tmp_path: Path) -> None:
    bring_in(tmp_path, HEADER + "0,,5\n1,3,\n")
    (_, speed, altitude), (_, speed2, altitude2) = rows(tmp_path)
    assert (np.isnan(speed), altitude, speed2, np.isnan(altitude2)) == (True, 5, 3, True)


BAD = [
    ("x,1,2", "t_s: 'x' is no number"),
    (",1,2", "t_s: '' is no number"),
    ("nan,1,2", "t_s: 'nan'"),
    ("inf,1,2", "t_s: 'inf'"),
    ("1e300,1,2", "no time of a flight"),
    ("-9e8,1,2", "outside the dictionary's time code"),
    ("1,fast,2", "speed_m_s: 'fast' is no number"),
    ("1,1_000,2", "'1_000' is no number"),
    ("1,1e39,2", "too large"),
    ("1,inf,2", "too large"),
    ("1,2", "2 cells, the header has 3"),
    ("1,2,3,4", "4 cells"),
    ('1,"2,3', "unexpected end"),
    ("\x00", "1 cells"),
]


@pytest.mark.parametrize(("line", "reason"), BAD)
def test_a_line_that_is_no_row_is_kept_with_its_number_and_reason(tmp_path: Path, line: str, reason: str) -> None:
    result = bring_in(tmp_path, f"{HEADER}0,1,2\n{line}\n\n2,3,4\n")
    assert [row[1] for row in rows(tmp_path)] == [1, 3]
    assert (result.packets, result.bad_rows) == (2, 1)
    assert (result.first_bad_rows[0].line, reason in result.first_bad_rows[0].detail) == (3, True)
    ((octets, detail),) = aside(find_recording(tmp_path / "archive", "log"))
    assert octets == line.encode()
    assert detail.startswith("line 3: ")
    assert reason in detail


def test_one_wild_time_does_not_cost_the_rows_behind_it(tmp_path: Path) -> None:
    result = bring_in(tmp_path, HEADER + "0,1,2\n900000,2,2\n1,3,2\n-900000,4,2\n2,5,2\n")
    assert [row[1] for row in rows(tmp_path)] == [1, 3, 5]
    assert [bad.line for bad in result.first_bad_rows] == [3, 5]


def test_octets_that_are_no_text_are_kept_as_they_are(tmp_path: Path) -> None:
    bring_in(tmp_path, HEADER.encode() + b"0,1,2\n1,\xff\xfe,2\n")
    assert aside(find_recording(tmp_path / "archive", "log"))[0][0] == b"1,\xff\xfe,2"


def test_a_line_without_end_is_kept_in_parts_and_none_of_them_is_taken_for_a_row(tmp_path: Path) -> None:
    endless = "7" * LONGEST_LINE + "1,2,3"
    result = bring_in(tmp_path, f"{HEADER}0,1,2\n{endless}\n1,2,3\n")
    assert [row[1] for row in rows(tmp_path)] == [1, 2]
    assert result.bad_rows == 2
    kept = aside(find_recording(tmp_path / "archive", "log"))
    assert b"".join(octets or b"" for octets, _ in kept).decode() == endless


def test_columns_may_stand_in_any_order_and_the_file_may_have_a_byte_order_mark(tmp_path: Path) -> None:
    bring_in(tmp_path, "\ufeffaltitude_m, speed_m_s ,t_s\r\n7,8,9\r\n")
    assert rows(tmp_path) == [(9, 8, 7)]


@pytest.mark.parametrize(
    "text", ["t_s,altitude_m\n0,1\n", "0,1,2\n", "", "t_s,speed_m_s,altitude_m,altitude_m\n0,1,2,3\n"]
)
def test_other_columns_are_refused_with_the_expected_ones(tmp_path: Path, text: str) -> None:
    with pytest.raises(ArchiveError, match=r"log\.csv: .*expects t_s, speed_m_s, altitude_m"):
        bring_in(tmp_path, text)
    assert list_recordings(tmp_path / "archive") == []


def test_a_dictionary_of_ones_own_says_what_the_columns_are(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.yaml").write_text(
        "{name: mine, version: 1, vehicle_class: amateur, description: d, "
        "time: {epoch: 2000-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}, packets: {log: {apid: 7, rate_hz: 10, "
        "description: d, channels: [{name: pressure_pa, raw: f32, description: d}, "
        "{name: armed, raw: bool, description: d}, {name: phase, raw: u8, labels: {0: pad, 1: boost}, description: d}, "
        "{name: ticks_count, raw: u16, description: d}]}}}"
    )
    path = tmp_path / "flight.csv"
    path.write_text(
        "t_s,phase,armed,ticks_count,pressure_pa\n0,pad,true,65535,1.5\n1,1,0,7,2\n2,no,1,1,1\n3,pad,1,1.5,1\n"
    )
    registry = Registry((tmp_path / "mine",))
    options = ImportOptions("mine", vehicle="rocket", station="radio")
    result = import_csv(path, ArchiveSettings(dir=tmp_path / "archive"), registry, 12, options)
    assert [row.line for row in result.first_bad_rows] == [4, 5]
    (message, other) = recorded_messages(find_recording(tmp_path / "archive", "flight"))
    columns = [Decoder(registry).decode(each).frames[0].columns for each in (message, other)]
    assert [[c[name].item() for name in ("phase", "armed", "ticks_count")] for c in columns] == [
        [0, True, 65535],
        [1, False, 7],
    ]


def test_importing_again_changes_nothing_and_another_log_of_that_name_is_refused(tmp_path: Path) -> None:
    text = HEADER + "0,1,2\n1,2,x\n"
    assert not bring_in(tmp_path, text).already_there
    assert bring_in(tmp_path, text).already_there
    with pytest.raises(ArchiveError, match="another recording"):
        bring_in(tmp_path, HEADER + "0,1,3\n")
    assert [row[1] for row in rows(tmp_path)] == [1]


def test_a_log_that_is_cut_off_is_not_imported_by_half(tmp_path: Path) -> None:
    packed = gzip.compress((HEADER + "".join(f"{n},{n * 7919 % 1000},2\n" for n in range(30_000))).encode())
    with pytest.raises(ArchiveError, match="nothing was imported"):
        bring_in(tmp_path, packed[: len(packed) // 2], name="cut.csv.gz")
    assert list((tmp_path / "archive" / "imported").iterdir()) == []
    assert bring_in(tmp_path, packed, name="whole.csv.gz").packets == 30_000


def test_a_log_without_a_single_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="no row"):
        bring_in(tmp_path, HEADER + "a,b,c\n")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"nowhere\.csv"):
        import_csv(tmp_path / "nowhere.csv", ArchiveSettings(dir=tmp_path), Registry(), 12)


def test_t0_name_and_dictionary_may_be_given(tmp_path: Path) -> None:
    t0 = datetime(2017, 5, 1, 11, 15, 0, 250_000, tzinfo=UTC)
    result = bring_in(tmp_path, HEADER + "1.5,1,2\n", ImportOptions(flight="NROL-76", t0=t0))
    assert (result.flight, result.first_ns) == ("NROL-76", 1_493_637_301_750_000_000)
    with pytest.raises(AddressError):
        bring_in(tmp_path, HEADER + "1.5,1,2\n", ImportOptions(flight="../x"))
    with pytest.raises(SettingsError, match="webcast, yuanxing-1"):
        bring_in(tmp_path, HEADER + "1.5,1,2\n", ImportOptions(dictionary="other"))


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("NROL-76.csv.gz", "NROL-76"),
        ("a b  (c).CSV", "a-b-c"),
        ("x..y.csv", "x.y"),
        ("v1.2.csv", "v1.2"),
    ],
)
def test_a_file_name_becomes_a_name(file: str, name: str) -> None:
    assert flight_name(Path(file)) == name


def test_a_file_name_without_any_letter_asks_for_a_name(tmp_path: Path) -> None:
    with pytest.raises(AddressError, match="flight"):
        bring_in(tmp_path, HEADER + "0,1,2\n", name="发射.csv")


def test_text_and_octets_have_columns_too(tmp_path: Path) -> None:
    folder = tmp_path / "dictionaries"
    folder.mkdir()
    (folder / "t.yaml").write_text(
        "{name: t, version: 4, vehicle_class: any, description: '', "
        "time: {epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}, packets: {about: {apid: 1, rate_hz: 1, "
        "description: '', channels: [{name: software, raw: str4, description: ''}, "
        "{name: digest, raw: bytes3, description: ''}]}}}"
    )
    log = tmp_path / "log.csv"
    log.write_text("t_s,software,digest\n0,v1,00ff\n0.1,v22222,00\n0.2,v3,xx\n0.3,,\n")
    registry = Registry((folder,))
    import_csv(log, ArchiveSettings(dir=tmp_path / "archive"), registry, 12, ImportOptions(dictionary="t"))
    recording = find_recording(tmp_path / "archive", "log")
    (message,) = recorded_messages(recording)
    assert message.dictionary == "t@4"
    (frame,) = Decoder(registry).decode(message).frames
    assert frame.columns["software"].tolist() == ["v1", ""]
    assert frame.columns["digest"].tobytes() == b"\0\xff\0" + bytes(3)
    said = [detail for _, detail in aside(recording)]
    assert "software: 'v22222' has 6 octets, at most 4 fit" in said[0]
    assert "digest: 'xx' is no octets" in said[1]
