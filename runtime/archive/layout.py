"""Where a recording lies: streams, folders, and the names of its parts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from telemetry.errors import AddressError
from telemetry.topics import KafkaTopic, check_name

SUFFIX: Final = ".parquet"
UNADDRESSED: Final = "_"
OFFSET_DIGITS: Final = 20
PART_NAME: Final = re.compile(r"([a-z]+)-p(\d+)-(\d{20})-(\d{20})(?:\.(\d+))?\.parquet")
KEY_LEVELS: Final = 2


class Stream(StrEnum):
    """What is kept of a flight: one stream a Kafka topic."""

    TELEMETRY = "telemetry"
    EVENTS = "events"
    QUALITY = "quality"
    REJECTED = "rejected"

    @property
    def topic(self) -> KafkaTopic:
        """The topic that it is a copy of."""
        return KafkaTopic(f"downrange.{self.value}")


STREAM_OF: Final = {stream.topic.value: stream for stream in Stream}


@dataclass(frozen=True, slots=True)
class PartName:
    """Name of one file: all records of a flight on one partition from the offset `first` to `last`.

    Parameters
    ----------
    stream, partition, first, last
        What it holds, both offsets included.
    copy
        0, or a number that keeps apart what two clusters wrote under the same offsets.

    Examples
    --------
    >>> str(PartName(Stream.EVENTS, 3, 17, 42))
    'events-p3-00000000000000000017-00000000000000000042.parquet'
    """

    stream: Stream
    partition: int
    first: int
    last: int
    copy: int = 0

    def __str__(self) -> str:
        offsets = f"{self.first:0{OFFSET_DIGITS}d}-{self.last:0{OFFSET_DIGITS}d}"
        return f"{self.stream.value}-p{self.partition}-{offsets}{f'.{self.copy}' if self.copy else ''}{SUFFIX}"

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Sorts parts of a stream by their records."""
        return (self.partition, self.first, self.last, self.copy)


def parse_part_name(name: str) -> PartName | None:
    """Read a file's name; None if it is no part, as the dot name of one that is still being written."""
    match = PART_NAME.fullmatch(name)
    if match is None or match[1] not in set(Stream):
        return None
    return PartName(Stream(match[1]), int(match[2]), int(match[3]), int(match[4]), int(match[5] or 0))


def flight_folder(root: Path, key: bytes | None) -> Path:
    """Return the folder of a Kafka key `{run}/{flight}`.

    What has no such key, as refused octets from a topic that named no flight, lies in a folder that no flight can have.

    Examples
    --------
    >>> flight_folder(Path("archive"), b"live/YX1-7").as_posix(), flight_folder(Path("archive"), b"../x/y").as_posix()
    ('archive/live/YX1-7', 'archive/_/_')
    """
    names = (key or b"").decode("utf-8", "replace").split("/")
    try:
        if len(names) == KEY_LEVELS:
            return root / check_name(names[0], "run") / check_name(names[1], "flight")
    except AddressError:
        pass
    return root / UNADDRESSED / UNADDRESSED
