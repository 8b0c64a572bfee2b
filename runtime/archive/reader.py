"""Reading a recording in order, a row group at a time, each record once."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.archive.layout import PartName, Stream, parse_part_name
from runtime.archive.records import SCHEMA, Archived, from_batch
from telemetry.errors import ArchiveError

ROWS_AT_ONCE: Final = 512


def parts_of(folder: Path, stream: Stream) -> list[PartName]:
    """Return the parts of a stream in order; what is still being written is none."""
    names = (parse_part_name(path.name) for path in folder.iterdir()) if folder.is_dir() else ()
    return sorted((name for name in names if name is not None and name.stream is stream), key=lambda name: name.order)


def read_stream(folder: Path, stream: Stream, parts: Iterable[PartName] | None = None) -> Iterator[Archived]:
    """Yield the records of a flight's stream in order of partition and offset, each once.

    A recorder that was killed may have written a record twice, in parts that overlap: these are read side by side.

    Parameters
    ----------
    folder, stream
        Which.
    parts
        Only these of its parts, in order; all of them by default.

    Raises
    ------
    ArchiveError
        If a part is damaged; it names the file.
    """
    for group in _overlapping(parts_of(folder, stream) if parts is None else parts):
        sources = [_read_part(folder / str(part)) for part in group]
        previous: Archived | None = None
        for record in heapq.merge(*sources, key=lambda record: record.order) if len(sources) > 1 else sources[0]:
            if previous is None or record.identity != previous.identity:
                yield record
            previous = record


def _overlapping(parts: Iterable[PartName]) -> Iterator[list[PartName]]:
    """Group parts that share offsets."""
    group: list[PartName] = []
    for part in parts:
        if group and (part.partition != group[0].partition or part.first > max(other.last for other in group)):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _read_part(path: Path) -> Iterator[Archived]:
    with _opened(path) as file:
        # threads would hold a column each
        for batch in file.iter_batches(ROWS_AT_ONCE, use_threads=False):
            yield from from_batch(batch)


def count_rows(folder: Path, stream: Stream) -> int:
    """Return how many records the parts of a stream hold, those that stand in two of them twice.

    Raises
    ------
    ArchiveError
        If a part is damaged.
    """
    rows = 0
    for part in parts_of(folder, stream):
        with _opened(folder / str(part)) as file:
            rows += file.metadata.num_rows
    return rows


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a part; whatever is wrong with it, on opening or on reading, names the file."""
    try:
        with pq.ParquetFile(path) as file:
            if not file.schema_arrow.equals(SCHEMA):
                raise ArchiveError(str(path), "is no part of an archive: its columns are others; move it elsewhere")
            yield file
    except (pa.ArrowException, OSError) as error:
        raise ArchiveError(str(path), f"cannot be read ({error}): restore it from a copy, or move it away") from error
