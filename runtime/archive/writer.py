"""Writing a part so that no half file is ever read: under a dot name, synced, renamed, its folder synced."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.archive.layout import SUFFIX, PartName, Stream, parse_part_name
from runtime.archive.records import Archived, to_table

ROW_GROUP_OCTETS: Final = 1024 * 1024


def write_part(folder: Path, stream: Stream, records: Sequence[Archived]) -> Path:
    """Write records as one part; see `write_table`."""
    return write_table(folder, stream, to_table(records))


def write_table(folder: Path, stream: Stream, table: pa.Table) -> Path:
    """Write records, as `to_table` makes them, as one part; returns its path once it is safe on disk.

    Parameters
    ----------
    folder
        The flight's folder; made when it is missing.
    stream
        The stream.
    table
        At least one; all of the flight's records of one partition between the first and the last, in order of offset.

    Raises
    ------
    OSError
        If the disk does not take it; nothing has a part's name then.
    """
    _make_folder(folder)
    offsets = table.column("offset")
    name = PartName(stream, table.column("partition")[0].as_py(), offsets[0].as_py(), offsets[-1].as_py())
    half = folder / f".{name}"
    rows_a_group = max(1, table.num_rows * ROW_GROUP_OCTETS // max(table.nbytes, ROW_GROUP_OCTETS))
    try:
        with half.open("wb") as file:
            # nothing stands twice but what zstd finds too, and nobody asks which record has the least payload
            pq.write_table(
                table,
                file,
                compression="zstd",
                row_group_size=rows_a_group,
                use_dictionary=False,
                write_statistics=False,
            )
            file.flush()
            os.fsync(file.fileno())
        final = folder / str(_free_name(folder, name, half))
        half.replace(final)
    except BaseException:
        # a full disk needs its room back
        half.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    return final


def remove_halves(root: Path, partitions: Collection[tuple[Stream, int]]) -> list[Path]:
    """Remove what was being written of some partitions when their writer was killed; returns what it was.

    Parameters
    ----------
    root
        The archive's folder.
    partitions
        Streams and partitions that nobody else writes now; what others may be writing stays.

    Raises
    ------
    OSError
        If the disk does not let go of it.
    """
    removed = []
    for path in sorted(root.glob(f"*/*/.*{SUFFIX}")):
        name = parse_part_name(path.name.removeprefix("."))
        if name is not None and (name.stream, name.partition) in partitions:
            path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def sync_folder(folder: Path) -> None:
    """Make what was renamed in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for parent in (folder.parent, folder.parent.parent):
        sync_folder(parent)


def _free_name(folder: Path, name: PartName, half: Path) -> PartName:
    """Return `name`, or its next copy where a part of that name holds something else: offsets of another cluster."""
    while (folder / str(name)).exists() and (folder / str(name)).read_bytes() != half.read_bytes():
        name = PartName(name.stream, name.partition, name.first, name.last, name.copy + 1)
    return name
