"""Rows of a CSV log: cells to a packet's channels, and a reason for each row that is none. Pure."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from telemetry.channels import Channel
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, Packet
from telemetry.errors import PacketError, Reason

TIME_COLUMN: Final = "t_s"
FLOAT32_MAX: Final = float(np.finfo(np.float32).max)
TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}
MAX_T_S: Final = 1e9


@dataclass(frozen=True, slots=True)
class Row:
    """One good row: time since the log's zero, and the values in the order of the packet's channels."""

    t_ns: int
    values: tuple[float | int | bool | str | bytes, ...]


def cells_of(line: str) -> list[str]:
    """Split one line; a stray quote spoils its own line only."""
    try:
        return [cell.strip() for cell in next(csv.reader([line], strict=True), [])]
    except csv.Error as error:
        raise PacketError(Reason.BAD_ROW, str(error)) from error


class RowReader:
    """Reads the rows of one packet type.

    Parameters
    ----------
    header
        The log's columns, `t_s` and every channel of one packet, in any order.
    dictionary
        Its packets.

    Raises
    ------
    PacketError
        If the columns are those of no packet; it names what was expected.
    """

    def __init__(self, header: Sequence[str], dictionary: Dictionary) -> None:
        self.packet, definition = _packet_of(header, dictionary)
        self._columns = len(header)
        self._time_at = header.index(TIME_COLUMN)
        self._channels: list[tuple[int, Channel]] = [(header.index(c.name), c) for c in definition.channels]

    def row(self, cells: Sequence[str]) -> Row:
        """Read a row; an empty cell of a measured number is NaN.

        Raises
        ------
        PacketError
            If it is none; it names the column.
        """
        if len(cells) != self._columns:
            raise PacketError(Reason.BAD_ROW, f"{len(cells)} cells, the header has {self._columns}")
        t_s = _number(TIME_COLUMN, cells[self._time_at])
        if not abs(t_s) <= MAX_T_S:
            raise PacketError(Reason.BAD_ROW, f"{TIME_COLUMN}: {cells[self._time_at]!r} is no time of a flight")
        values = tuple(_value(channel, cells[at]) for at, channel in self._channels)
        return Row(round(t_s * NS_PER_S), values)


def _packet_of(header: Sequence[str], dictionary: Dictionary) -> tuple[str, Packet]:
    for name, packet in dictionary.packets.items():
        if sorted(header) == sorted(_columns_of(packet)):
            return name, packet
    known = "; or ".join(", ".join(_columns_of(packet)) for packet in dictionary.packets.values())
    found = ", ".join(header)[:200] or "nothing"
    detail = f"the first line has the columns {found}; dictionary {dictionary.name!r} expects {known}"
    raise PacketError(Reason.BAD_ROW, detail)


def _columns_of(packet: Packet) -> Iterable[str]:
    return [TIME_COLUMN, *(channel.name for channel in packet.channels)]


def _number(column: str, text: str) -> float:
    try:
        # Python's own habit of reading 1_000 is not the logger's
        number = float(text) if "_" not in text else None
    except ValueError:
        number = None
    if number is None:
        raise PacketError(Reason.BAD_ROW, f"{column}: {text[:80]!r} is no number")
    return number


def _value(channel: Channel, text: str) -> float | int | bool | str | bytes:
    if channel.kind in {"text", "octets"}:
        return _octets(channel, text)
    if channel.kind == "float":
        number = _number(channel.name, text) if text else math.nan
        if abs(number) > FLOAT32_MAX:
            raise PacketError(Reason.BAD_ROW, f"{channel.name}: {text[:80]!r} is too large")
        return number
    if channel.kind == "bool" and text.lower() in TRUTHS:
        return TRUTHS[text.lower()]
    for code, label in (channel.labels or {}).items():
        if text in {label, str(code)}:
            return code
    number = _number(channel.name, text)
    if channel.kind != "int" or not number.is_integer() or abs(number) > 1 << 53:
        raise PacketError(Reason.BAD_ROW, f"{channel.name}: {text[:80]!r} is no {channel.kind}")
    return int(number)


def _octets(channel: Channel, text: str) -> str | bytes:
    """Return a text, or octets given in hex, that the channel has room for."""
    try:
        octets = text.encode() if channel.kind == "text" else bytes.fromhex(text)
    except ValueError as error:
        raise PacketError(Reason.BAD_ROW, f"{channel.name}: {text[:80]!r} is no {channel.kind}") from error
    most = channel.raw.dtype.itemsize
    if len(octets) > most:
        raise PacketError(Reason.BAD_ROW, f"{channel.name}: {text[:80]!r} has {len(octets)} octets, at most {most} fit")
    return text if channel.kind == "text" else octets.ljust(most, b"\0")
