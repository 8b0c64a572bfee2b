"""What a reader returns: rows, where they stood, and what is to be said of them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from telemetry.samples import BadRow, Samples


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of one file.

    Parameters
    ----------
    samples
        In the file's own order; without bad rows.
    lines
        Shape (n,), where each row stood, from 1.
    bad_rows
        Lines that are no rows.
    notes
        What somebody should know: what was left out, what was assumed.
    """

    samples: Samples
    lines: NDArray[np.int64]
    bad_rows: tuple[BadRow, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def noted(self, *notes: str) -> Reading:
        """Return the same with further notes."""
        return replace(self, notes=(*self.notes, *notes))

    def leaving_out(self, channel: str) -> Reading:
        """Return the same without a channel."""
        columns = {name: values for name, values in self.samples.columns.items() if name != channel}
        return replace(self, samples=Samples(self.samples.t_ns, columns))

    def by_time(self) -> Reading:
        """Return the same in the order of time; rows of one time stay in the file's order."""
        order = np.argsort(self.samples.t_ns, kind="stable")
        return replace(self, samples=self.samples.select(order), lines=self.lines[order])

    def without(self, which: NDArray[np.bool_], text_of: Callable[[int], str], reason: str) -> Reading:
        """Return the same with some rows kept aside; `text_of` says what stood in a line."""
        if not which.any():
            return self
        aside = [BadRow(line, text_of(line), reason) for line in self.lines[which].tolist()]
        return replace(
            self,
            samples=self.samples.select(~which),
            lines=self.lines[~which],
            bad_rows=tuple(sorted((*self.bad_rows, *aside), key=lambda row: row.line)),
        )


def merged(readings: list[Reading]) -> Reading:
    """Return the rows of several files of one flight, each file's in its own order, interleaved by time.

    A row stands where the latest time so far of its own file puts it: a step back in one file moves no row of another.
    """
    names = sorted({name for each in readings for name in each.samples.columns})
    latest = [np.maximum.accumulate(each.samples.t_ns) for each in readings]
    order = np.argsort(np.concatenate(latest), kind="stable")

    def joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.concatenate(parts)[order]

    empty = [np.full(len(each.samples), np.nan) for each in readings]
    columns = {
        name: joined([each.samples.columns.get(name, none) for each, none in zip(readings, empty, strict=True)])
        for name in names
    }
    return Reading(
        Samples(np.concatenate([each.samples.t_ns for each in readings])[order], columns),
        np.concatenate([each.lines for each in readings])[order],
        tuple(row for each in readings for row in each.bad_rows),
        tuple(note for each in readings for note in each.notes),
    )
