from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from runtime.archive.catalog import find_recording, list_recordings
from runtime.archive.layout import Stream, flight_folder, parse_part_name
from runtime.archive.reader import count_rows, read_stream
from runtime.archive.records import Archived
from runtime.archive.writer import write_part
from telemetry.errors import AddressError, ArchiveError

KEY = b"live/YX1-7"


def records(offsets: Sequence[int], *, timestamp: int = 1_700_000_000_000, partition: int = 3) -> list[Archived]:
    return [
        Archived(partition, o, timestamp + o, KEY, (("kind", b"tm"), ("n", str(o).encode())), b"\x00value%d" % o)
        for o in offsets
    ]


def write(root: Path, which: Sequence[Archived], stream: Stream = Stream.TELEMETRY) -> Path:
    return write_part(flight_folder(root, which[0].key), stream, which)


def read(root: Path, stream: Stream = Stream.TELEMETRY) -> list[Archived]:
    return list(read_stream(root / "live" / "YX1-7", stream))


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    strange = [
        Archived(3, 0, 0, KEY, (), None),
        Archived(3, 1, -1, KEY, (("same", b"1"), ("same", b"2"), ("empty", b"")), b""),
        Archived(3, 7, 2**62, KEY, (("ünïcode", bytes(range(256))),), bytes(range(256)) * 40),
    ]
    path = write(tmp_path, strange)
    assert path.name == "telemetry-p3-00000000000000000000-00000000000000000007.parquet"
    assert read(tmp_path) == strange


def test_parts_are_read_in_order_of_offset_and_streams_apart(tmp_path: Path) -> None:
    write(tmp_path, records(range(100, 110)))
    write(tmp_path, records(range(9, 12)))
    write(tmp_path, records(range(5)), Stream.EVENTS)
    assert [r.offset for r in read(tmp_path)] == [*range(9, 12), *range(100, 110)]
    assert [r.offset for r in read(tmp_path, Stream.EVENTS)] == list(range(5))
    assert count_rows(tmp_path / "live" / "YX1-7", Stream.TELEMETRY) == 13


@pytest.mark.parametrize(
    "parts",
    [
        [range(10), range(10)],
        [range(10), range(25)],
        [range(10), range(5, 30)],
        [range(0, 40, 3), range(0, 21, 3), range(21, 60, 3)],
        [range(50), range(10), range(10, 20), range(45, 60)],
    ],
)
def test_what_stands_in_two_parts_is_read_once(tmp_path: Path, parts: list[range]) -> None:
    for part in parts:
        write(tmp_path, records(part))
    assert [r.offset for r in read(tmp_path)] == sorted({offset for part in parts for offset in part})


def test_writing_the_same_part_again_leaves_one_file(tmp_path: Path) -> None:
    assert write(tmp_path, records(range(10))) == write(tmp_path, records(range(10)))
    assert len(list((tmp_path / "live" / "YX1-7").iterdir())) == 1


def test_another_cluster_with_the_same_offsets_loses_nothing(tmp_path: Path) -> None:
    ours, theirs = records(range(10)), records(range(10), timestamp=1_800_000_000_000)
    later = records(range(5, 20), timestamp=1_900_000_000_000)
    paths = {write(tmp_path, part) for part in (ours, theirs, later)}
    assert len(paths) == 3
    assert sorted(read(tmp_path), key=lambda r: r.timestamp) == [*ours, *theirs, *later]


def test_what_is_still_being_written_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, records(range(10)))
    (path.parent / f".{path.name.replace('00009', '00019')}").write_bytes(path.read_bytes()[:50])
    (path.parent / "notes.txt").write_text("not a part")
    assert [r.offset for r in read(tmp_path)] == list(range(10))


@pytest.mark.parametrize("damage", ["cut", "empty", "noise", "turned bits"])
def test_a_damaged_part_is_named(tmp_path: Path, damage: str) -> None:
    write(tmp_path, records(range(10)))
    path = write(tmp_path, records(range(10, 2_000)))
    octets = path.read_bytes()
    middle = len(octets) // 2
    path.write_bytes(
        {
            "cut": octets[:middle],
            "empty": b"",
            "noise": b"\x17" * 1000,
            "turned bits": octets[:100] + bytes(255 - o for o in octets[100:middle]) + octets[middle:],
        }[damage]
    )
    with pytest.raises(ArchiveError, match=path.name):
        read(tmp_path)


def test_another_parquet_file_of_a_parts_name_is_named(tmp_path: Path) -> None:
    import pyarrow as pa  # noqa: PLC0415 -- only this test makes a foreign file
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    path = write(tmp_path, records(range(10)))
    pq.write_table(pa.table({"other": [1]}), path)
    with pytest.raises(ArchiveError, match="columns"):
        read(tmp_path)


@pytest.mark.parametrize(
    "key", [None, b"", b"live", b"live/../x", b"../x", b"a/b/c", b"\xff/x", b"/etc/passwd", b"live/ x"]
)
def test_a_key_that_names_no_flight_stays_inside_the_archive(tmp_path: Path, key: bytes | None) -> None:
    folder = flight_folder(tmp_path, key)
    assert folder == tmp_path / "_" / "_"
    write_part(folder, Stream.REJECTED, [Archived(0, 0, 0, key, (), b"x")])
    assert [r.key for r in read_stream(folder, Stream.REJECTED)] == [key]
    assert list_recordings(tmp_path) == []


@pytest.mark.parametrize("name", [".telemetry-p0-1-2.parquet", "telemetry-p0-1-2.parquet", "other-p0.parquet", "x"])
def test_other_names_are_no_parts(name: str) -> None:
    assert parse_part_name(name) is None


def make(root: Path, *names: str) -> None:
    for name in names:
        write_part(root / name, Stream.TELEMETRY, records([0]))


def test_a_flight_is_found_by_name_live_before_imported_before_replays(tmp_path: Path) -> None:
    make(tmp_path, "replay-20300101T000000Z-aaaa/F", "replay-20310101T000000Z-aaaa/F")
    assert find_recording(tmp_path, "F").run == "replay-20310101T000000Z-aaaa"
    make(tmp_path, "imported/F")
    assert find_recording(tmp_path, "F").run == "imported"
    make(tmp_path, "live/F", "live/G")
    assert find_recording(tmp_path, "F").run == "live"
    assert find_recording(tmp_path, "F", "imported").run == "imported"
    assert [r.flight for r in list_recordings(tmp_path)][:2] == ["F", "G"]


def test_a_flight_that_is_not_there_is_named_with_what_is(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="none"):
        find_recording(tmp_path / "nowhere", "F")
    make(tmp_path, "live/YX1-7")
    with pytest.raises(ArchiveError, match=r"'F'; there are: live/YX1-7.*DOWNRANGE_ARCHIVE_DIR"):
        find_recording(tmp_path, "F")
    with pytest.raises(AddressError):
        find_recording(tmp_path, "../live")
