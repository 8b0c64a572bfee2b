"""The stores of what is not confirmed: one behaviour, in memory and on disk; and what only the disk can do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from runtime.spool import ROW_OVERHEAD_OCTETS, DiskSpool, MemorySpool, SpoolFullError, Store, open_disk_spool
from telemetry.errors import SettingsError
from telemetry.message import JSON, Message
from telemetry.topics import Address, Kind

ADDRESS: Final = Address("live", "F-1", "ship", "haiyang")
ROOM: Final = 10
OCTETS: Final = 100
ROOM_OCTETS: Final = ROOM * (OCTETS + ROW_OVERHEAD_OCTETS)
WRITER: Final = """
import sys
from pathlib import Path
from runtime.spool import open_disk_spool
from telemetry.message import Message
from telemetry.topics import Address, Kind
address = Address(*sys.argv[2:])
with open_disk_spool(Path(sys.argv[1]), address, 10**9) as spool:
    for n in range(10**9):
        number = spool.append(Message(address, Kind.TELEMETRY, n.to_bytes(8, "big") * 10, n))
        print(number, flush=True)
        if n % 3 == 0:
            spool.settle([number])
            print(-number, flush=True)
"""


def message(n: int = 0) -> Message:
    return Message(ADDRESS, Kind.TELEMETRY, n.to_bytes(OCTETS, "big"), n)


@contextmanager
def memory(_: Path) -> Iterator[MemorySpool]:
    yield MemorySpool(ROOM)


@contextmanager
def disk(folder: Path) -> Iterator[DiskSpool]:
    with open_disk_spool(folder, ADDRESS, ROOM_OCTETS) as spool:
        yield spool


@pytest.fixture(params=[memory, disk])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    kind: Callable[[Path], Iterator[Store]] = request.param
    with kind(tmp_path) as opened:  # type: ignore[attr-defined]  # a parameter is untyped
        yield opened


def test_messages_come_back_in_order_as_they_were(store: Store) -> None:
    sent = [
        message(1),
        Message(ADDRESS, Kind.LINK, b'{"state":"aos"}', (1 << 63) - 1, (1 << 63) - 1, content_type=JSON),
        Message(ADDRESS, Kind.TELEMETRY, b"", 0, dictionary="webcast"),
    ]
    numbers = [store.append(one) for one in sent]
    assert numbers == [1, 2, 3]
    assert store.after(0, 10) == list(zip(numbers, sent, strict=True))
    assert store.after(0, 2) == list(zip(numbers, sent, strict=True))[:2]
    assert store.after(2, 10) == [(3, sent[2])]
    assert (store.after(3, 10), store.after(0, 0), len(store)) == ([], [], 3)


def test_what_is_settled_is_forgotten_once(store: Store) -> None:
    numbers = [store.append(message(n)) for n in range(5)]
    assert store.settle([numbers[1], numbers[3], 999]) == 2
    assert store.settle([numbers[1], -1, 0]) == 0
    assert store.settle([]) == 0
    assert [number for number, _ in store.after(0, 10)] == [1, 3, 5]
    assert [number for number, _ in store.after(1, 1)] == [3]
    assert len(store) == 3


def test_numbers_are_never_used_again(store: Store) -> None:
    for n in range(3 * ROOM):
        number = store.append(message(n))
        assert number == n + 1
        store.settle([number])
    assert len(store) == 0


def test_a_full_store_keeps_the_oldest_and_has_room_again(store: Store) -> None:
    for n in range(ROOM):
        store.append(message(n))
    with pytest.raises(SpoolFullError, match="not confirmed"):
        store.append(message(ROOM))
    assert [one for _, one in store.after(0, 100)] == [message(n) for n in range(ROOM)]
    store.settle([1])
    store.append(message(ROOM))
    assert [one.ert_ns for _, one in store.after(0, 100)] == list(range(1, ROOM + 1))


def test_every_store_has_an_identity_of_its_own(tmp_path: Path) -> None:
    with disk(tmp_path / "a") as first, disk(tmp_path / "b") as second:
        identities = {first.identity, second.identity, MemorySpool(1).identity, MemorySpool(1).identity}
    assert len(identities) == 4
    assert {len(identity) for identity in identities} == {8}


def test_on_disk_everything_is_there_the_next_time(tmp_path: Path) -> None:
    with disk(tmp_path) as spool:
        identity = spool.identity
        for n in range(4):
            spool.append(message(n))
        spool.settle([1, 4])
    with disk(tmp_path) as spool:
        assert spool.identity == identity
        assert [one for _, one in spool.after(0, 10)] == [message(1), message(2)]
        assert spool.append(message(9)) == 5
        for n in range(ROOM - 3):
            spool.append(message(n))
        with pytest.raises(SpoolFullError):
            spool.append(message())


def test_killed_with_9_it_has_all_that_it_said_it_has(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path), *vars_of(ADDRESS)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    said: list[int] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            said.append(int(line))
            if len(said) == 1000:
                writer.send_signal(signal.SIGKILL)
                break
        said += [int(line) for line in writer.stdout if line.endswith("\n")]
    due = {number for number in said if number > 0} - {-number for number in said}
    with open_disk_spool(tmp_path, ADDRESS, 10**9) as spool:
        found = dict(spool.after(0, 10**6))
        # the last step may have been taken and not been said
        assert due - {max(due)} <= found.keys() <= due | {max(said) + 1, max(due)}
        assert all(one.payload == (number - 1).to_bytes(8, "big") * 10 for number, one in found.items())
        assert spool.append(message()) > max(said)


def vars_of(address: Address) -> list[str]:
    return [address.run, address.flight, address.vehicle, address.station]


def test_two_processes_cannot_have_the_same_spool(tmp_path: Path) -> None:
    with disk(tmp_path), pytest.raises(SettingsError, match="another station"), disk(tmp_path):
        pass


def test_the_longest_names_make_a_file(tmp_path: Path) -> None:
    longest = Address("r" * 64, "f" * 64, "v" * 64, "s" * 64)
    with open_disk_spool(tmp_path, longest, ROOM_OCTETS) as spool:
        assert spool.append(Message(longest, Kind.TELEMETRY, b"", 0)) == 1


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="file/live"), disk(tmp_path / "file"):
        pass


def test_a_file_that_is_no_spool_is_named(tmp_path: Path) -> None:
    path = tmp_path / "live" / "F-1" / "ship~haiyang.spool"
    path.parent.mkdir(parents=True)
    path.write_text("not a database, but long enough to have been one, had it been one" * 100)
    with pytest.raises(SettingsError, match=r"ship~haiyang\.spool"), disk(tmp_path):
        pass


def test_a_full_disk_is_a_full_spool(tmp_path: Path) -> None:
    with open_disk_spool(tmp_path, ADDRESS, 10**9) as spool:
        kept = spool.append(message(1))
        spool._db.execute("PRAGMA max_page_count=1")
        large = Message(ADDRESS, Kind.TELEMETRY, bytes(100_000), 0)
        with pytest.raises(SpoolFullError, match="cannot be written"):
            spool.append(large)
        assert spool.after(0, 10) == [(kept, message(1))]
        spool._db.execute("PRAGMA max_page_count=1000000")
        spool.append(large)
        assert len(spool) == 2


def test_on_a_full_disk_what_it_has_is_kept_and_settled_and_afterwards_it_goes_on(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    kept, settled, left, after = map(int, said)
    assert kept > 20
    assert settled == kept - 5
    assert (left, after) == (5, 5 + 20)


FULL_DISK = """
import resource, sys
from pathlib import Path
from runtime.spool import SpoolFullError, open_disk_spool
from telemetry.message import Message
from telemetry.topics import Address, Kind

address = Address("live", "F-1", "ship", "haiyang")
message = Message(address, Kind.TELEMETRY, bytes(5000), 0)
with open_disk_spool(Path(sys.argv[1]), address, 10**9) as spool:
    spool.append(message)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
    try:
        while True:
            spool.append(message)
    except SpoolFullError:
        pass
    kept = len(spool)
    settled = spool.settle(range(1, kept - 4))
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    settled += spool.settle([])
    left = len(spool)
    for _ in range(20):
        spool.append(message)
    print(kept, settled, left, len(spool))
"""
