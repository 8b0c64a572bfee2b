"""Whatever is in the file, each line becomes a packet or is kept aside, or nothing is imported at all."""

from __future__ import annotations

import contextlib
import math
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ingest.importers.csv_log import ImportResult, import_csv
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from runtime.settings import ArchiveSettings
from telemetry.dictionary import Registry
from telemetry.errors import ArchiveError

NUMBER = st.one_of(st.floats(-1e4, 1e4).map(str), st.just(""), st.floats().map(str), st.integers().map(str))
ROW = st.tuples(NUMBER, NUMBER, NUMBER).map(",".join).map(str.encode)
LINE = st.one_of(ROW, st.binary(max_size=30).filter(lambda line: b"\n" not in line and b"\r" not in line))


@given(st.lists(LINE, max_size=30))
def test_every_line_is_a_packet_or_kept_aside(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.csv"
        path.write_bytes(b"t_s,speed_m_s,altitude_m\n" + b"".join(line + b"\n" for line in lines))
        result: ImportResult | None = None
        with contextlib.suppress(ArchiveError):
            result = import_csv(path, ArchiveSettings(dir=Path(folder) / "archive"), Registry(), 12)
        if result is None:
            assert not any(is_plain(line) for line in lines)
            return
        kept = [record.value for record in read_stream(result.folder, Stream.REJECTED)]
        assert result.packets + len(kept) == sum(bool(line.strip()) for line in lines)
        # what is a week from another row may be the one that is wrong
        assert any(is_far(line) for line in lines) or not any(is_plain(line or b"") for line in kept)


def is_far(line: bytes) -> bool:
    """Whether a line may begin with a time far from a flight's."""
    try:
        return not abs(float(line.split(b",")[0])) < 500_000
    except ValueError:
        return False


def is_plain(line: bytes) -> bool:
    """Whether a line is beyond doubt three numbers of a flight, with a time that any log may have."""
    try:
        numbers = [float(cell) for cell in line.decode().split(",")]
    except ValueError:
        return False
    return len(numbers) == 3 and 0 <= numbers[0] < 1e4 and all(math.isfinite(n) and abs(n) < 1e6 for n in numbers)
