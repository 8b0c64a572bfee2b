"""What a station has sent and the line has not confirmed: a store in memory, and one on disk that survives kill -9.

On disk it is SQLite in WAL mode rather than our own segment files. Committed rows survive the death of the process,
however it dies; a settled message is deleted at once, where an append-only log would send all of a half-settled segment
again; numbers go on by AUTOINCREMENT; and SQLite locks the file against a second station. `synchronous=NORMAL` leaves
out the fsync of each commit: a crash of the whole machine may lose the last moments, in exchange for 20 us a message.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from telemetry.errors import DownrangeError, SettingsError
from telemetry.message import Message
from telemetry.topics import Address, Kind

IDENTITY_OCTETS: Final = 8
ROW_OVERHEAD_OCTETS: Final = 64
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS station (identity BLOB NOT NULL, address TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS message (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL, payload BLOB NOT NULL, ert_ns INTEGER NOT NULL, sent_ns INTEGER NOT NULL,
    content_type TEXT NOT NULL, dictionary TEXT NOT NULL
);
"""


INSERT: Final = (
    "INSERT INTO message (kind, payload, ert_ns, sent_ns, content_type, dictionary) VALUES (?, ?, ?, ?, ?, ?)"
)
CHOSEN: Final = "FROM message WHERE number IN (SELECT value FROM json_each(?))"


class SpoolFullError(DownrangeError):
    """The store takes nothing more until the line confirms something; what it holds, the oldest, is kept."""


class Store(Protocol):
    """Messages of one station and vehicle, numbered from 1 in the order of `append`, until they are settled."""

    @property
    def identity(self) -> bytes:
        """Eight octets that tell this numbering from any other: no old acknowledgement settles a new message."""

    def append(self, message: Message) -> int:
        """Keep a message and return its number.

        Raises
        ------
        SpoolFullError
            If there is no room.
        """

    def settle(self, numbers: Iterable[int]) -> int:
        """Forget messages; returns how many of them were still kept."""

    def after(self, number: int, limit: int) -> list[tuple[int, Message]]:
        """Return up to `limit` kept messages with higher numbers, in order."""

    def __len__(self) -> int:
        """How many messages are kept."""


class MemorySpool:
    """A store for those who can produce a message again, such as a replay from the archive.

    Parameters
    ----------
    most
        How many messages it holds.
    """

    def __init__(self, most: int) -> None:
        self.identity = secrets.token_bytes(IDENTITY_OCTETS)
        self._most = most
        self._last = 0
        self._kept: dict[int, Message] = {}

    def append(self, message: Message) -> int:
        """Keep a message; see `Store`."""
        if len(self._kept) >= self._most:
            raise SpoolFullError(f"{self._most} messages are not confirmed yet")
        self._last += 1
        self._kept[self._last] = message
        return self._last

    def settle(self, numbers: Iterable[int]) -> int:
        """Forget messages; see `Store`."""
        return sum(self._kept.pop(number, None) is not None for number in numbers)

    def after(self, number: int, limit: int) -> list[tuple[int, Message]]:
        """Return kept messages; see `Store`."""
        oldest = next(iter(self._kept), self._last + 1)
        numbers = range(max(number + 1, oldest), self._last + 1)
        return list(islice(((kept, self._kept[kept]) for kept in numbers if kept in self._kept), limit))

    def __len__(self) -> int:
        return len(self._kept)


class DiskSpool:
    """A store on disk; made by `open_disk_spool`."""

    def __init__(self, database: sqlite3.Connection, address: Address, most_octets: int) -> None:
        self._db = database
        self._address = address
        self._most_octets = most_octets
        self._forgotten: set[int] = set()
        self.identity: bytes = database.execute("SELECT identity FROM station").fetchone()[0]
        count, octets = database.execute("SELECT count(*), total(length(payload)) FROM message").fetchone()
        self._count = int(count)
        self._octets = int(octets) + self._count * ROW_OVERHEAD_OCTETS
        row = database.execute("SELECT seq FROM sqlite_sequence WHERE name = 'message'").fetchone()
        self._last = int(row[0]) if row is not None else 0

    @property
    def last(self) -> int:
        """Number of the last message ever kept, settled or not: a receiver that records goes on behind it."""
        return self._last

    def append(self, message: Message) -> int:
        """Keep a message; see `Store`. When this returns, it survives the process."""
        if self._forgotten:
            self.settle(())
        octets = len(message.payload) + ROW_OVERHEAD_OCTETS
        if self._octets + octets > self._most_octets:
            raise SpoolFullError(f"{self._count} messages, {self._octets} octets are not confirmed yet")
        row = (
            message.kind.value,
            message.payload,
            message.ert_ns,
            message.sent_ns,
            message.content_type,
            message.dictionary,
        )
        try:
            inserted = self._db.execute(INSERT, row)
        except sqlite3.OperationalError as error:
            raise SpoolFullError(f"the spool cannot be written: {error}") from error
        self._count += 1
        self._octets += octets
        self._last = int(inserted.lastrowid or 0)
        return self._last

    def settle(self, numbers: Iterable[int]) -> int:
        """Forget messages; see `Store`. What a full disk does not let it forget now, it forgets with the next ones."""
        self._forgotten.update(numbers)
        chosen = json.dumps(list(self._forgotten))
        count, octets = self._db.execute(f"SELECT count(*), total(length(payload)) {CHOSEN}", (chosen,)).fetchone()
        try:
            self._db.execute(f"DELETE {CHOSEN}", (chosen,))
        except sqlite3.OperationalError:
            return 0
        self._forgotten.clear()
        self._count -= count
        self._octets -= int(octets) + count * ROW_OVERHEAD_OCTETS
        return int(count)

    def after(self, number: int, limit: int) -> list[tuple[int, Message]]:
        """Return kept messages; see `Store`."""
        rows = self._db.execute(
            "SELECT number, kind, payload, ert_ns, sent_ns, content_type, dictionary FROM message "
            "WHERE number > ? ORDER BY number LIMIT ?",
            (number, limit),
        )
        return [
            (
                found,
                Message(
                    self._address,
                    Kind(kind),
                    payload,
                    ert_ns,
                    sent_ns,
                    content_type=content_type,
                    dictionary=dictionary,
                ),
            )
            for found, kind, payload, ert_ns, sent_ns, content_type, dictionary in rows
        ]

    def __len__(self) -> int:
        return self._count


@contextmanager
def open_disk_spool(folder: Path, address: Address, most_octets: int) -> Iterator[DiskSpool]:
    """Open the spool of a station and vehicle, or begin it.

    Parameters
    ----------
    folder
        Where the stations' spools are; made if missing.
    address
        Whose messages they are: `{run}/{flight}/{vehicle}~{station}.spool` in the folder.
    most_octets
        How much it may hold.

    Raises
    ------
    SettingsError
        If the file cannot be used, or another process has it open.
    """
    # '~' is in no name, and a file's name holds two of them but not four
    path = folder / address.run / address.flight / f"{address.vehicle}~{address.station}.spool"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, isolation_level=None, timeout=1.0)
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"cannot open the spool {path} ({error}): give a folder that can be written") from error
    with closing(database):
        try:
            # exclusive: one station a spool; the lock goes with the process, however it ends
            database.executescript(
                f"PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {SCHEMA}"
            )
            if database.execute("SELECT count(*) FROM station").fetchone()[0] == 0:
                identity = secrets.token_bytes(IDENTITY_OCTETS)
                database.execute("INSERT INTO station VALUES (?, ?)", (identity, address.topic(Kind.TELEMETRY)))
        except sqlite3.Error as error:
            raise SettingsError(f"cannot use the spool {path} ({error}): is another station using it?") from error
        yield DiskSpool(database, address, most_octets)
