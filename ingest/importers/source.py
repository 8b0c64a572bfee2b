"""A log file as it was found: its octets, its text and its lines."""

from __future__ import annotations

import gzip
import re
import zlib
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

from telemetry.errors import ArchiveError

GZIP_MAGIC: Final = b"\x1f\x8b"
MOST_OCTETS: Final = 1 << 30
_LINE: Final = re.compile(r"(?:\A|(?<=\n)|(?<=\r)(?!\n))[^\r\n]*")
_STRAY: Final = re.compile("[\udc80-\udcff]")
UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")


class Source:
    """The content of a file, unpacked.

    Text is UTF-8, or UTF-16 with its mark; an octet that is neither spoils its own cell only, and comes back from
    `octets_of` as it was. Lines end in LF, CR LF or CR.

    Parameters
    ----------
    path
        Where it came from.
    octets
        What it holds.

    Examples
    --------
    >>> Source(Path("a.csv"), bytes([116, 44, 255, 13, 10, 49])).lines[1]
    '1'
    """

    def __init__(self, path: Path, octets: bytes) -> None:
        self.path = path
        self.octets = octets

    @cached_property
    def text(self) -> str:
        """The whole file."""
        if self.octets[:2] in UTF16_MARKS:
            return self.octets.decode("utf-16", "replace")
        return self.octets.decode("utf-8", "surrogateescape").removeprefix("\ufeff")

    @cached_property
    def lines(self) -> list[str]:
        """Its lines without their ends; the first is line 1 in what people are told."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def first(self, most: int) -> list[str]:
        """Return the first of its lines, without cutting up the whole."""
        return [found[0] for found in islice(_LINE.finditer(self.text), most)]

    @cached_property
    def head(self) -> list[str]:
        """The first lines that are not empty, to recognise a format by."""
        start = self.text[:65_536].replace("\r\n", "\n").replace("\r", "\n").split("\n", 100)[:100]
        return [line.strip() for line in start if line.strip()][:50]

    def line(self, number: int) -> str:
        """Return a line, numbered from 1, without its end."""
        return self.lines[number - 1]


def octets_of(text: str) -> bytes:
    """Return a text's octets as they stood in its file."""
    return text.encode("utf-8", "surrogateescape")


def readable(text: str) -> str:
    """Return a text with octets that are no UTF-8 read as Latin-1: so old loggers write their headings.

    Examples
    --------
    >>> readable(bytes([72, 246, 104, 101]).decode("utf-8", "surrogateescape"))
    'Höhe'
    """
    return _STRAY.sub(lambda found: chr(ord(found[0]) - 0xDC00), text)


def open_source(path: Path) -> Source:
    """Read a file, plain or gzip.

    Raises
    ------
    ArchiveError
        If it is not there, cannot be read to its end, or is too large.
    """
    if not path.exists():
        raise ArchiveError(str(path), "is not there")
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == GZIP_MAGIC
            octets = gzip.GzipFile(fileobj=file).read(MOST_OCTETS + 1) if packed else file.read(MOST_OCTETS + 1)
    except (OSError, EOFError, zlib.error) as error:
        detail = f"cannot be read to its end ({error}): nothing was taken from it; get the whole file"
        raise ArchiveError(str(path), detail) from error
    if len(octets) > MOST_OCTETS:
        raise ArchiveError(str(path), f"holds more than {MOST_OCTETS >> 20} MiB: cut it into flights first")
    return Source(path, octets)
