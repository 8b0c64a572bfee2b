"""A stretch of flight seen once more, with the rows that came late in their places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgpack

from processors.airframe import Airframe
from processors.detector import Found
from processors.late.segment import Segment
from processors.lookout import Lookout
from telemetry.codec import PacketCodec
from telemetry.cuc import NS_PER_S

LONGEST_SILENCE_NS: Final = 20 * 60 * NS_PER_S


@dataclass(slots=True)
class Seen:
    """What came of it.

    Parameters
    ----------
    lookout
        As it is at the end of the stretch.
    found, states
        What was found in each segment, and what was known before it.
    """

    lookout: Lookout
    found: list[list[Found]] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)


def see_again(segments: Sequence[Segment], airframe: Airframe, hold_ns: int, watermark_ns: int) -> Seen:
    """See segments that follow one another again, up to the present.

    Parameters
    ----------
    segments
        In order, at least one.
    airframe
        Whose.
    hold_ns
        By how much the watermark follows the rows.
    watermark_ns
        The watermark at present.
    """
    codec, seen = PacketCodec(airframe.dictionary), Seen(Lookout(airframe))
    seen.lookout.restore(msgpack.unpackb(segments[0].state))
    silent_ns = segments[0].t_ns
    for segment in segments:
        seen.states.append(seen.lookout.packed())
        found: list[Found] = []
        for frames in segment.rows.stretches(codec):
            found += _wait(seen.lookout, silent_ns, min(int(frame.t_ns[0]) for frame in frames) - hold_ns)
            found += [told for _, told in seen.lookout.look(seen.lookout.stretch(frames))]
            silent_ns = max(int(frame.t_ns[-1]) for frame in frames)
        seen.found.append(found)
    seen.found[-1] += _wait(seen.lookout, silent_ns, watermark_ns)
    return seen


def _wait(lookout: Lookout, since_ns: int, until_ns: int) -> Iterator[Found]:
    """Let a time pass in which nothing was sent, as it does on the line, second by second."""
    since_ns = max(since_ns, until_ns - LONGEST_SILENCE_NS)
    for t_ns in range(since_ns + NS_PER_S, until_ns + 1, NS_PER_S):
        yield from lookout.on_watermark(t_ns)
