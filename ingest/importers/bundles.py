"""From rows to the messages that a station would have sent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from ingest.importers.csv_rows import Row
from telemetry.codec import OLDEST_NS, PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary
from telemetry.errors import PacketError, Reason
from telemetry.message import Message
from telemetry.topics import Address, Kind

BUNDLE_NS: Final = NS_PER_S
BUNDLE_OCTETS: Final = 256 * 1024


class Bundler:
    """Collects the rows of about one second into one message.

    The receive time of a message is the latest generation time so far: a log says nothing of the way to the ground.

    Parameters
    ----------
    address
        Whose rows they are.
    dictionary, packet
        How they are encoded.
    t0_ns
        Unix time of the log's zero.
    """

    def __init__(self, address: Address, dictionary: Dictionary, packet: str, t0_ns: int) -> None:
        self.packets = 0
        self._address = address
        self._dictionary = dictionary
        self._packet = packet
        self._t0_ns = t0_ns
        self._codec = PacketCodec(dictionary)
        self._most = max(1, BUNDLE_OCTETS // self._codec.layout.octets(dictionary.packets[packet].apid))
        self._latest_ns = dictionary.epoch_ns
        self._earliest_ns = dictionary.epoch_ns
        self._end_ns = dictionary.time.last_ns
        self._rows: list[Row] = []
        self._began = False

    def add(self, row: Row) -> Iterator[Message]:
        """Take a row; yields the message that it completes, if any.

        Raises
        ------
        PacketError
            If its time cannot be encoded, or would be refused for its age.
        """
        t_ns = self._t0_ns + row.t_ns
        if not self._earliest_ns <= t_ns < self._end_ns:
            detail = f"t_s: {row.t_ns / NS_PER_S:g} s from the log's zero lies outside the dictionary's time code"
            raise PacketError(Reason.BAD_ROW, detail)
        # far behind the line would refuse it; far ahead it would make all that follows far behind
        if self._began and abs(t_ns - self._latest_ns) > OLDEST_NS:
            raise PacketError(Reason.BAD_ROW, "t_s: more than 7 days from the latest row above")
        if (self._rows and not 0 <= row.t_ns - self._rows[0].t_ns < BUNDLE_NS) or len(self._rows) >= self._most:
            yield self._message()
        self._rows.append(row)
        self._began = True
        self._latest_ns = max(self._latest_ns, t_ns)

    def rest(self) -> Iterator[Message]:
        """Yield the last message, if rows are left."""
        if self._rows:
            yield self._message()

    def _message(self) -> Message:
        rows, self._rows = self._rows, []
        definition = self._dictionary.packets[self._packet]
        counts = np.arange(self.packets, self.packets + len(rows))
        t_ns = np.array([row.t_ns for row in rows]) + self._t0_ns
        columns = dict(zip((c.name for c in definition.channels), _columns(rows), strict=True))
        payload = self._codec.encode(self._packet, counts, t_ns, columns)
        self.packets += len(rows)
        ert_ns = self._latest_ns
        return Message(self._address, Kind.TELEMETRY, payload, ert_ns, dictionary=self._dictionary.reference)


def _columns(rows: Sequence[Row]) -> Iterator[np.ndarray[tuple[int], np.dtype[np.generic]]]:
    for values in zip(*(row.values for row in rows), strict=True):
        yield np.array(values)
