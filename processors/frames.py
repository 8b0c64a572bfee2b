"""Frames cut, joined, and packed for snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from telemetry.columns import join_columns
from telemetry.cuc import NS_PER_S
from telemetry.frames import Frame
from telemetry.packets import COUNT_MASK

JITTER_S: Final = 0.02


def margin_ns(rate_hz: float) -> int:
    """Return how near the next packet of a type can be to its last one: up to there, no other type waits for it.

    A tenth of the period, or 20 ms, is left to the jitter of the vehicle's clock, but never more than half of it.

    Examples
    --------
    >>> margin_ns(1.0), margin_ns(50.0)
    (900000000, 10000000)
    """
    period_s = 1.0 / rate_hz
    return round(NS_PER_S * max(period_s / 2.0, period_s - max(period_s / 10.0, JITTER_S)))


def pieces_of(frame: Frame, margin_ns: int) -> Iterator[Frame]:
    """Cut a frame where its counts do not follow one another, and where a row is less than a margin after its last."""
    if frame.least_step_ns is not None and frame.least_step_ns >= margin_ns:
        yield frame
        return
    if len(frame) > 1:
        # differences by slices: np.diff takes three times as long on a handful of rows
        counts, t_ns = frame.counts, frame.t_ns
        broken = (((counts[1:] - counts[:-1]) & COUNT_MASK) != 1) | (t_ns[1:] - t_ns[:-1] < margin_ns)
        if broken.any():
            bounds = [0, *(np.flatnonzero(broken) + 1).tolist(), len(frame)]
            for start, stop in pairwise(bounds):
                yield frame.select(slice(start, stop))
            return
    yield frame


def with_counts(frame: Frame, counts: NDArray[np.int64]) -> Frame:
    """Return the frame with other counts, of the same shape."""
    return Frame(
        frame.vehicle, frame.station, frame.packet, frame.apid, counts, frame.t_ns, frame.ert_ns, frame.columns
    )


def received_at(ert_ns: int, frames: Sequence[Frame]) -> Sequence[Frame]:
    """Return the frames of a message as received at a time."""
    if not frames or frames[0].ert_ns == ert_ns:
        return frames
    return [
        Frame(
            one.vehicle, one.station, one.packet, one.apid, one.counts, one.t_ns, ert_ns, one.columns, one.least_step_ns
        )
        for one in frames
    ]


def join_frames(frames: Sequence[Frame]) -> Frame:
    """Join frames of one packet type, each in order of time, to one; station and receive time are the last one's."""
    if len(frames) == 1:
        return frames[0]
    last = frames[-1]
    joined = Frame(
        last.vehicle,
        last.station,
        last.packet,
        last.apid,
        np.concatenate([frame.counts for frame in frames]),
        np.concatenate([frame.t_ns for frame in frames]),
        max(frame.ert_ns for frame in frames),
        join_columns([frame.columns for frame in frames]),
    )
    # each is in order, so it is enough to look at their ends
    in_order = all(one.t_ns[-1] <= after.t_ns[0] for one, after in pairwise(frames))
    return joined if in_order else joined.select(np.argsort(joined.t_ns, kind="stable"))


def pack_frame(frame: Frame) -> list[Any]:
    """Return a frame as plain values and octets."""
    columns = {name: [values.dtype.str, values.tobytes()] for name, values in frame.columns.items()}
    head = [frame.vehicle, frame.station, frame.packet, frame.apid, frame.ert_ns]
    return [head, frame.counts.tobytes(), frame.t_ns.tobytes(), columns]


def unpack_frame(packed: Sequence[Any]) -> Frame:
    """Return the frame that `pack_frame` packed."""
    (vehicle, station, packet, apid, ert_ns), counts, t_ns, columns = packed
    return Frame(
        vehicle,
        station,
        packet,
        apid,
        np.frombuffer(counts, dtype=np.int64),
        np.frombuffer(t_ns, dtype=np.int64),
        ert_ns,
        {name: np.frombuffer(octets, dtype=dtype) for name, (dtype, octets) in columns.items()},
    )
