"""Store-and-forward on board: what is made while nobody hears is kept, and sent when somebody hears again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simulator.physics.earth import FloatArray
from simulator.plans import Record
from simulator.radio.spans import ALWAYS, Spans, inside, without

MIB: Final = 1024 * 1024


class Recorder(Record):
    """The ring on board.

    Parameters
    ----------
    octets
        How much it holds; when it is full, the oldest goes.
    dump_octets_s
        How fast it is sent, beside what is made meanwhile.
    """

    octets: Annotated[int, Field(ge=0)] = 16 * MIB
    dump_octets_s: Annotated[float, Field(gt=0)] = 32_000.0


@dataclass(frozen=True, slots=True)
class Sending:
    """When packets of one type are sent.

    Parameters
    ----------
    made_s
        Shape (n,), mission time.
    sent_s
        Shape (n,), the same, or that of the dump; NaN for what is never sent.
    recorded
        Shape (n,), what went through the ring.
    overwritten
        How many the ring lost to newer ones.
    """

    made_s: FloatArray
    sent_s: FloatArray
    recorded: NDArray[np.bool_]
    overwritten: int

    @property
    def dumped(self) -> NDArray[np.bool_]:
        """What was sent from the ring, shape (n,)."""
        return self.recorded & ~np.isnan(self.sent_s)


def sendings(
    made_s: Mapping[str, FloatArray], octets: Mapping[str, int], heard: Spans, end_s: float, recorder: Recorder
) -> dict[str, Sending]:
    """Return when the packets of a vehicle are sent, by type.

    Parameters
    ----------
    made_s
        Shape (n,) each, rising mission times.
    octets
        Length of a packet of each type.
    heard
        When anybody hears the vehicle; it knows.
    end_s
        Mission time of the last telemetry: nothing is sent afterwards.
    recorder
        The ring.
    """
    silent = without(ALWAYS, heard)
    names = list(made_s)
    recorded = {name: inside(silent, made_s[name]) for name in names}
    kinds = np.concatenate([np.full(np.count_nonzero(recorded[name]), i) for i, name in enumerate(names)])
    times = np.concatenate([made_s[name][recorded[name]] for name in names])
    sizes = np.concatenate([np.full(np.count_nonzero(recorded[name]), octets[name]) for name in names])
    order = np.argsort(times, kind="stable")
    dumped_s, lost = _dump(times[order], sizes[order].astype(np.int64), silent, end_s, recorder)
    sent: dict[str, Sending] = {}
    for i, name in enumerate(names):
        sent_s = made_s[name].copy()
        mine = kinds[order] == i
        sent_s[recorded[name]] = dumped_s[mine]
        sent[name] = Sending(made_s[name], sent_s, recorded[name], int(np.count_nonzero(lost[mine])))
    return sent


def _dump(
    made_s: FloatArray, sizes: NDArray[np.int64], silent: Spans, end_s: float, recorder: Recorder
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return when each recorded packet is sent, and which were overwritten, shapes (n,); times rise."""
    sent_s, lost = np.full(made_s.shape, np.nan), np.zeros(made_s.shape, dtype=np.bool_)
    ring = np.empty(0, dtype=np.int64)
    for gap, following in itertools.zip_longest(silent, silent[1:]):
        first, last = np.searchsorted(made_s, (gap.start_s, gap.end_s)).tolist()
        ring = np.concatenate([ring, np.arange(first, last)])
        kept = np.cumsum(sizes[ring][::-1])[::-1] <= recorder.octets
        lost[ring[~kept]] = True
        ring = ring[kept]
        until_s = end_s if following is None else min(end_s, following.start_s)
        out_s = gap.end_s + np.cumsum(sizes[ring]) / recorder.dump_octets_s
        out = out_s < until_s
        sent_s[ring[out]] = out_s[out]
        ring = ring[~out]
    return sent_s, lost
