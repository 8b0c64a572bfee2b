"""What a payload of space packets holds, as ranges of sequence counts: the checks of decoding without its arrays.

For whoever forwards octets untouched, message by message: a message holds few packets, and for few packets plain Python
is several times faster than numpy.
"""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import Final, NamedTuple

from telemetry.codec import FUTURE_TOLERANCE_NS, OLDEST_NS, PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.frames import Decoded, Refusal
from telemetry.packets import COUNT_MASK, PRIMARY_HEADER_OCTETS
from telemetry.sequence import runs_of

COUNT_AT: Final = 2
KNOWN_SECONDS: Final = 1024
OCTETS: Final = bytes(range(256))


class CountRange(NamedTuple):
    """A closed range of 14-bit sequence counts of one packet type."""

    packet: str
    first: int
    last: int


class Surveyed(NamedTuple):
    """What a payload held.

    Parameters
    ----------
    ranges
        The good packets in payload order.
    refusals
        What was refused.
    version
        The version of the dictionary that the packets say, good or not; none if they do not say it.
    """

    ranges: tuple[CountRange, ...]
    refusals: tuple[Refusal, ...]
    version: int | None = None


def surveyed(decoded: Decoded) -> Surveyed:
    """Return the survey of what was decoded already."""
    ranges = [CountRange(frame.packet, *pair) for frame in decoded.frames for pair in runs_of(frame.counts)]
    return Surveyed(tuple(ranges), decoded.refusals, decoded.version)


class PacketSurveyor:
    """Surveys payloads of one dictionary's packets.

    Parameters
    ----------
    codec
        The dictionary's codec; it is asked where a time is wrong.
    """

    def __init__(self, codec: PacketCodec) -> None:
        self._codec = codec
        # read once: a dictionary works these out each time
        self._time = codec.dictionary.time
        self._width = self._time.octets
        self._version = codec.dictionary.version
        place = codec.layout.version
        self._version_apid = place.apid if place is not None else None
        self._bounds_in = functools.lru_cache(KNOWN_SECONDS)(self._bounds_of_second)
        self._octets = {packet.apid: codec.layout.octets(packet.apid) for packet in codec.dictionary.packets.values()}

    def survey(self, payload: bytes, ert_ns: int) -> Surveyed:
        """Return what `PacketCodec.inspect` finds, without times."""
        runs, refusals = self._codec.layout.split(payload)
        version = self._codec.said(payload, refusals) if refusals else None
        width = self._width
        ranges: list[CountRange] = []
        for run in runs:
            size = self._octets[run.apid]
            times = [payload[at : at + width] for at in range(run.start + PRIMARY_HEADER_OCTETS, run.stop, size)]
            if not self._are_good(min(times), max(times), ert_ns):
                return surveyed(self._codec.inspect(payload, "", "", ert_ns))
            if run.apid == self._version_apid:
                versions = self._codec.versions(payload, run)
                version = versions[-1]
                if any(each != self._version for each in versions):
                    return surveyed(self._codec.inspect(payload, "", "", ert_ns))
            highs = payload[run.start + COUNT_AT : run.stop : size]
            lows = payload[run.start + COUNT_AT + 1 : run.stop : size]
            ranges += _ranges(run.packet, highs, lows)
        return Surveyed(tuple(ranges), tuple(refusals), version)

    def _are_good(self, earliest: bytes, latest: bytes, ert_ns: int) -> bool:
        """Return whether all time codes are good between two, which compare as their octets do; False too if unknown.

        Bounds that hold for any time of a second are kept, since working them out takes as long as all the rest.
        """
        kept = self._bounds_in(ert_ns // NS_PER_S)
        if kept is not None and kept[0] <= earliest and latest <= kept[1]:
            return True
        exact = self._time.bounds(ert_ns - OLDEST_NS, ert_ns + FUTURE_TOLERANCE_NS)
        return exact is not None and exact[0] <= earliest and latest <= exact[1]

    def _bounds_of_second(self, ert_s: int) -> tuple[bytes, bytes] | None:
        return self._time.bounds((ert_s + 1) * NS_PER_S - OLDEST_NS, ert_s * NS_PER_S + FUTURE_TOLERANCE_NS)


def _ranges(packet: str, highs: bytes, lows: bytes) -> list[CountRange]:
    first, last = (highs[0] << 8 | lows[0]) & COUNT_MASK, (highs[-1] << 8 | lows[-1]) & COUNT_MASK
    # the usual case in three comparisons: one after the other, the high octet the same
    if lows == OCTETS[lows[0] : lows[0] + len(lows)] and highs.count(highs[0]) == len(highs):
        return [CountRange(packet, first, last)]
    counts = [(high << 8 | low) & COUNT_MASK for high, low in zip(highs, lows, strict=True)]
    ranges: list[CountRange] = []
    for before, count in pairwise(counts):
        if count != before + 1:
            ranges.append(CountRange(packet, first, before))
            first = count
    return [*ranges, CountRange(packet, first, last)]
