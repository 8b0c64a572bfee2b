"""Rows gathered into cells of time."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.motion.cell import Cell
from processors.motion.medians import medians_of
from telemetry.cuc import NS_PER_S

CELL_NS: Final = NS_PER_S // 10
# logs count milliseconds, packets cut times off at nanoseconds: neither is to move a row into another cell
SHIFT_NS: Final = NS_PER_S // 2000
# a row this close behind the one before it is believed at once; one that leaps further needs another row to say so, but
# where rows are seldom, as of a display that is read once a second, a missing row is no leap
NEAR_NS: Final = 3 * CELL_NS // 2
SELDOM_NS: Final = NS_PER_S
# of a display that is read seldom one row may be missing, and each come a quarter late: so many halves of the distance
MISSED: Final = 5
# a row so far behind the one before it, and that one behind its own, has its cell for itself
ALONE_NS: Final = 2 * CELL_NS
# shuffled rows are off by less: what is further ahead of the rows after it has a wrong time
AHEAD_NS: Final = 2 * NS_PER_S
WITNESSES: Final = 2
RESET_NS: Final = 10 * NS_PER_S
RESET_ROWS: Final = 3
NEVER: Final = -(1 << 62)
FOREVER: Final = 1 << 62

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(slots=True)
class Clock:
    """How far the rows have come, in their own time.

    `now_ns` is the time agreed on, `last_ns` and `before_ns` the times of the last two rows, `back` how many of the
    last rows lay far back, `rows` and `cells` how many there were, `late` how many rows were left out.
    """

    segment: int = 0
    first_ns: int = NEVER
    now_ns: int = NEVER
    before_ns: int = NEVER
    last_ns: int = NEVER
    back: int = 0
    rows: int = 0
    cells: int = 0
    late: int = 0


@dataclass(slots=True)
class Rows:
    """Rows whose cell is not complete: times, counts, how many came before each, and a line a measure."""

    t_ns: Ints
    counts: Ints
    serials: Ints
    values: Floats

    def select(self, which: NDArray[Any]) -> Rows:
        """Return only the chosen rows (a mask or indices)."""
        return Rows(self.t_ns[which], self.counts[which], self.serials[which], self.values[:, which])


class Gatherer:
    """Puts rows into cells of a tenth of a second, on a grid of their own times, and gives each cell the medians.

    Rows come in the order of the file. Time is as far as the rows agree: a row less than 0.15 s after the one before it
    moves it on at once, one that leaps needs the next row to confirm it. A cell is complete when time has passed
    its end, or at once where rows are so seldom that no other will come into it: a display that is read twice a second
    is not believed half a second late. A row that comes after that is late and left out, so it delays no other. A row
    whose time is more than 2 s ahead of the two that follow it has a wrong time and is left out too. When three rows in
    succession lie at least 10 s back, no later than 10 s after the log's first, its clock has begun again: a new
    segment.

    How the rows are cut into calls makes no difference.

    Parameters
    ----------
    measures
        How many columns a row has.
    """

    def __init__(self, measures: int) -> None:
        self.clock = Clock()
        none = np.zeros(0, np.int64)
        self._pending = self._none = Rows(none, none, none, np.zeros((measures, 0)))

    def take(self, t_ns: Ints, counts: Ints, values: Floats) -> list[Cell]:
        """Take n > 0 rows, values of shape (measures, n), and return the cells that they completed."""
        begin = self._begins_again(t_ns)
        if begin is None:
            return self._take(t_ns, counts, values)
        cells = self._take(t_ns[:begin], counts[:begin], values[:, :begin]) if begin else []
        clock = self.clock
        self.clock = Clock(clock.segment + 1, rows=clock.rows, cells=clock.cells, late=clock.late)
        self._pending = self._none
        return cells + self.take(t_ns[begin:], counts[begin:], values[:, begin:])

    def _take(self, t_ns: Ints, counts: Ints, values: Floats) -> list[Cell]:
        clock, n = self.clock, t_ns.size
        if clock.now_ns == NEVER:
            clock.first_ns = clock.now_ns = clock.last_ns = clock.before_ns = int(t_ns[0])
        times = np.concatenate([(clock.before_ns, clock.last_ns), t_ns])
        believed = _believed(times)
        through = np.where(_alone(times, believed), _end_of(t_ns), believed)
        agreed = np.maximum(np.maximum.accumulate(through), clock.now_ns)
        before = np.concatenate([(clock.now_ns,), agreed[:-1]])
        on_time = _end_of(t_ns) > before
        rows = Rows(t_ns, counts, np.arange(clock.rows, clock.rows + n), values)
        if not on_time.all():
            clock.late += n - int(np.count_nonzero(on_time))
            rows = rows.select(on_time)
        rows = _joined(self._pending, rows)
        judged = rows.serials + WITNESSES - clock.rows
        due = (judged >= 0) & (judged < n)
        stray = due & (rows.t_ns - agreed[np.where(due, judged, 0)] > AHEAD_NS)
        if stray.any():
            clock.late += int(np.count_nonzero(stray))
            rows = rows.select(~stray)
        clock.now_ns = int(agreed[-1])
        clock.before_ns, clock.last_ns = int(times[-2]), int(times[-1])
        clock.rows += n
        complete = _end_of(rows.t_ns) <= clock.now_ns
        if not complete.any():
            self._pending = rows
            return []
        self._pending = rows.select(~complete)
        return self._cells(rows.select(complete), agreed, np.minimum(agreed, np.maximum(t_ns, believed)), counts)

    def _cells(self, rows: Rows, agreed: Ints, reached: Ints, counts: Ints) -> list[Cell]:
        """Return the cells of some rows that are complete, in order of time."""
        places = _end_of(rows.t_ns) // CELL_NS
        if (places[1:] < places[:-1]).any():
            order = np.argsort(places, kind="stable")
            rows, places = rows.select(order), places[order]
        starts = np.concatenate([(0,), np.flatnonzero(places[1:] != places[:-1]) + 1])
        sizes = np.diff(starts, append=places.size)
        ends = _end_of(rows.t_ns[starts])
        known = np.searchsorted(agreed, ends)
        origins = ends - CELL_NS
        means = origins + np.add.reduceat(rows.t_ns - np.repeat(origins, sizes), starts) // sizes
        columns = [medians_of(values, starts, sizes).tolist() for values in rows.values]
        pulls = rows.values[-1]
        columns.append((np.fmax.reduceat(pulls, starts) - np.fmin.reduceat(pulls, starts)).tolist())
        clock = self.clock
        heads = zip(
            means.tolist(),
            reached[known].tolist(),
            counts[known].tolist(),
            rows.counts[starts].tolist(),
            sizes.tolist(),
            *columns,
            strict=True,
        )
        cells = [Cell(clock.cells + at, clock.segment, *head) for at, head in enumerate(heads)]
        clock.cells += len(cells)
        return cells

    def _begins_again(self, t_ns: Ints) -> int | None:
        """Return the row with which the log's clock has begun again; None if it has not."""
        clock, lowest = self.clock, int(t_ns.min())
        highest = max(clock.now_ns, int(t_ns.max()))
        if clock.now_ns == NEVER:
            clock_first, now = int(t_ns[0]), int(t_ns[0])
        else:
            clock_first, now = clock.first_ns, clock.now_ns
        if lowest > clock_first + RESET_NS or lowest >= highest - RESET_NS:
            clock.back = 0
            return None
        last, before = (clock.last_ns, clock.before_ns) if clock.now_ns != NEVER else (now, now)
        agreed = np.maximum(np.maximum.accumulate(_believed(np.concatenate([(before, last), t_ns]))), now)
        back = (t_ns < np.concatenate([(now,), agreed[:-1]]) - RESET_NS) & (t_ns <= clock_first + RESET_NS)
        run = clock.back
        for at, is_back in enumerate(back.tolist()):
            run = run + 1 if is_back else 0
            if run == RESET_ROWS:
                return at
        clock.back = run
        return None

    def snapshot(self) -> Any:
        """Return the state as plain values and octets."""
        rows = self._pending
        arrays = (rows.t_ns, rows.counts, rows.serials, rows.values)
        return [list(astuple(self.clock)), [np.ascontiguousarray(array).tobytes() for array in arrays]]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        clock, (t_ns, counts, serials, values) = snapshot
        self.clock = Clock(*clock)
        self._pending = Rows(
            np.frombuffer(t_ns, np.int64),
            np.frombuffer(counts, np.int64),
            np.frombuffer(serials, np.int64),
            np.frombuffer(values).reshape(self._none.values.shape[0], -1),
        )


def _end_of(t_ns: Ints) -> Ints:
    """Return the ends of the cells of some times."""
    return ((t_ns + SHIFT_NS) // CELL_NS + 1) * CELL_NS - SHIFT_NS


def _believed(times: Ints) -> Ints:
    """Return how far each row brings time, shape (n,), for times of shape (n + 2,) with the two rows before."""
    before, last, t_ns = times[:-2], times[1:-1], times[2:]
    apart = np.clip(last - before, 0, SELDOM_NS)
    least = np.where(apart >= ALONE_NS, MISSED * apart // 2, 3 * apart // 2)
    leaps = t_ns - last > np.maximum(least, NEAR_NS)
    if not leaps.any():
        return t_ns
    middle = np.maximum(np.minimum(before, last), np.minimum(np.maximum(before, last), t_ns))
    return np.where(leaps, middle, t_ns)


def _alone(times: Ints, believed: Ints) -> NDArray[np.bool_]:
    """Return which rows have a cell for themselves, for what `_believed` takes and returns."""
    before, last, t_ns = times[:-2], times[1:-1], times[2:]
    return np.asarray((last - before >= ALONE_NS) & (t_ns - last >= ALONE_NS) & (believed == t_ns))


def _joined(one: Rows, two: Rows) -> Rows:
    if not one.t_ns.size:
        return two
    return Rows(
        np.concatenate((one.t_ns, two.t_ns)),
        np.concatenate((one.counts, two.counts)),
        np.concatenate((one.serials, two.serials)),
        np.concatenate((one.values, two.values), axis=1),
    )
