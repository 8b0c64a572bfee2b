"""Snapshots larger than a record: cut into parts, of which the flight's own record says how they are joined."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final, cast

import msgpack

from telemetry.errors import PacketError, Reason

PART_OCTETS: Final = 512 * 1024
SPLIT: Final = "parts"
# a record `{run}/{flight}` names a flight; one level more is a part of its snapshot
LEVELS_OF_A_PART: Final = 2


def split_snapshot(key: str, value: bytes, turn: int) -> tuple[dict[str, bytes], bytes]:
    """Cut a flight's record.

    Parameters
    ----------
    key
        Its key, `{run}/{flight}`.
    value
        The whole.
    turn
        0 and 1 by turns: a snapshot that is only half written must not overwrite the parts of the one before it.

    Returns
    -------
    tuple
        Parts by key, to be written first, and the value that stands under the flight's own key; no parts where the
        whole is small enough.

    Examples
    --------
    >>> parts, head = split_snapshot("live/YX1-7", bytes(2 * PART_OCTETS), 1)
    >>> list(parts)
    ['live/YX1-7/1-0', 'live/YX1-7/1-1']
    >>> join_snapshot("live/YX1-7", head, parts) == bytes(2 * PART_OCTETS)
    True
    """
    if len(value) <= PART_OCTETS:
        return {}, value
    pieces = [value[at : at + PART_OCTETS] for at in range(0, len(value), PART_OCTETS)]
    head = cast("bytes", msgpack.packb([SPLIT, turn, len(pieces), zlib.crc32(value)]))
    return {_part_key(key, turn, number): piece for number, piece in enumerate(pieces)}, head


def is_part(key: str) -> bool:
    """Return whether a key of `downrange.state` is that of a part."""
    return key.count("/") == LEVELS_OF_A_PART


def turn_of(value: bytes) -> int | None:
    """Return under which turn the parts of a flight's record stand; None if it is whole, or nothing that we wrote."""
    try:
        content: Any = msgpack.unpackb(value) if len(value) <= LONGEST_HEAD else None
    except ValueError:
        return None
    return int(content[1]) if isinstance(content, list) and content and content[0] == SPLIT else None


def join_snapshot(key: str, value: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the whole of a flight's record.

    Raises
    ------
    PacketError
        If a part is missing or another's.
    """
    turn = turn_of(value)
    if turn is None:
        return value
    _, _, count, crc = msgpack.unpackb(value)
    whole = b"".join(parts.get(_part_key(key, turn, number), b"") for number in range(count))
    if zlib.crc32(whole) != crc:
        raise PacketError(Reason.BAD_LENGTH, f"the parts of the snapshot of {key} do not belong together")
    return whole


def _part_key(key: str, turn: int, number: int) -> str:
    return f"{key}/{turn}-{number}"


LONGEST_HEAD: Final = len(cast("bytes", msgpack.packb([SPLIT, 1, (1 << 32) - 1, (1 << 32) - 1])))
