"""Records of `downrange.rejected` as an operator sees them: whole again, with what has become of them. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from telemetry.errors import AddressError, Reason
from telemetry.message import RETRY_OF

RETRIED: Final = "retried"
RESIDUE_OF: Final = "residue_of"
RESIDUE: Final = "residue"


class RawRecord(Protocol):
    """What Kafka's client and the archive both give."""

    @property
    def partition(self) -> int:
        """Its partition."""

    @property
    def offset(self) -> int:
        """Its place there."""

    @property
    def timestamp(self) -> int:
        """Kafka's time, ms since 1970."""

    @property
    def key(self) -> bytes | None:
        """The flight's key."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Names and octets."""

    @property
    def value(self) -> bytes | None:
        """What was refused."""


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """Refused octets, put together from their parts.

    Parameters
    ----------
    partition, offset, timestamp_ms, key, headers
        Of the record, or of its first part.
    octets
        What was refused.
    parts
        How many records it stands in.
    damage
        Why the octets are not those that were refused: a part is missing, or the digest differs; empty if they are.
    """

    partition: int
    offset: int
    timestamp_ms: int
    key: str
    headers: Mapping[str, bytes]
    octets: bytes
    parts: int = 1
    damage: str = ""

    @property
    def id(self) -> str:
        """Under what an operator names it: `{partition}-{offset}`."""
        return f"{self.partition}-{self.offset}"

    def text(self, header: str) -> str:
        """Return a header as text; empty if it is not there."""
        return (self.headers.get(header) or b"").decode("utf-8", "replace")


@dataclass(slots=True)
class Marks:
    """What earlier retries have left on the topic.

    Parameters
    ----------
    retried
        Ids of the records that are through.
    residues
        Ids and numbers of what stayed bad of a record that is partly through: records of their own.
    """

    retried: set[str] = field(default_factory=set)
    residues: set[tuple[str, str]] = field(default_factory=set)

    def take(self, record: RawRecord) -> bool:
        """Note what a record says of an earlier retry; returns whether it is no more than a mark."""
        headers = dict(record.headers)
        if RESIDUE_OF in headers:
            self.residues.add((headers[RESIDUE_OF].decode(), (headers.get(RESIDUE) or b"").decode()))
        if RETRIED not in headers:
            return False
        self.retried.add((headers.get(RETRY_OF) or b"").decode())
        return True


def is_mark(record: RawRecord) -> bool:
    """Return whether a record only says that another one is through."""
    return any(name == RETRIED for name, _ in record.headers)


class Assembler:
    """Puts the parts of large octets together; records of a partition come in order."""

    def __init__(self) -> None:
        self._begun: dict[tuple[int, bytes | None, bytes], list[RawRecord]] = {}

    def take(self, record: RawRecord) -> Iterator[RefusedRecord]:
        """Yield what is complete with this record, or can never be."""
        headers = dict(record.headers)
        number, total = _part(headers)
        if total == 1:
            yield _whole([record], 1)
            return
        place = (record.partition, record.key, headers.get("sha256", b""))
        begun = self._begun.get(place, [])
        if number == 1 and begun:
            # whoever wrote it was killed in the middle, and has written all of it again
            yield _whole(self._begun.pop(place), total)
            begun = []
        if number != len(begun) + 1:
            return
        self._begun[place] = [*begun, record]
        if number == total:
            yield _whole(self._begun.pop(place), total)

    def rest(self) -> Iterator[RefusedRecord]:
        """Yield what has not become complete."""
        for records in self._begun.values():
            yield _whole(records, _part(dict(records[0].headers))[1])
        self._begun.clear()


def parse_id(text: str) -> tuple[int, int]:
    """Read an id `{partition}-{offset}`.

    Raises
    ------
    AddressError
        If it is none.
    """
    partition, _, offset = text.partition("-")
    if not (partition.isascii() and partition.isdigit() and offset.isascii() and offset.isdigit()):
        msg = f"{text[:80]!r} names no refused record: give PARTITION-OFFSET, as `downrange rejected list` shows it"
        raise AddressError(Reason.BAD_PROPERTY, msg)
    return int(partition), int(offset)


def _part(headers: Mapping[str, bytes]) -> tuple[int, int]:
    number, _, total = (headers.get("part") or b"1/1").decode("ascii", "replace").partition("/")
    return (int(number), int(total)) if number.isdigit() and total.isdigit() else (1, 1)


def _whole(records: Sequence[RawRecord], parts: int) -> RefusedRecord:
    first = records[0]
    headers = dict(first.headers)
    octets = b"".join(record.value or b"" for record in records)
    damage = ""
    if len(records) < parts:
        damage = f"only {len(records)} of {parts} parts are there"
    elif parts > 1 and hashlib.sha256(octets).hexdigest().encode() != headers.get("sha256"):
        damage = "the SHA-256 of the parts together is not the one that they name"
    key = (first.key or b"").decode("utf-8", "replace")
    return RefusedRecord(first.partition, first.offset, first.timestamp, key, headers, octets, parts, damage)
