"""The last minutes of a vehicle's motion."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from processors.motion.cell import Cell
from telemetry.cuc import NS_PER_S

KEEP_NS: Final = 150 * NS_PER_S
YES_NO: Final = ("trusted", "speed_trusted")
WHOLE: Final = ("index", "segment", "t_ns", "known_ns", "known_count", "count_first", "rows", *YES_NO)
MEASURED: Final = tuple(each.name for each in fields(Cell) if each.name not in {*WHOLE, "kind"})

Floats = NDArray[np.float64]


class Track:
    """The cells of the last 150 s. Whoever asks names the cell in hand: what came after it is not known yet."""

    def __init__(self) -> None:
        self._cells: list[Cell] = []
        self._t_ns: list[int] = []
        # index of each segment's first cell
        self._begins: dict[int, int] = {}

    def add(self, cells: Sequence[Cell]) -> None:
        """Add the cells of the next stretch."""
        if not cells:
            return
        # reckoned from where the stretch begins, so that a long one forgets nothing that is asked of it, even where the
        # log's clock begins again within it
        self._forget(cells[0].segment, cells[0].t_ns - KEEP_NS)
        last = self._cells[-1].segment if self._cells else None
        if cells[-1].segment != last:
            for cell in cells:
                if cell.segment != last:
                    last = cell.segment
                    self._begins[last] = cell.index
        self._cells += cells
        self._t_ns += [cell.t_ns for cell in cells]

    def _forget(self, segment: int, t_ns: int) -> None:
        begin = self._begin(segment)
        old = bisect_left(self._t_ns, t_ns, begin)
        del self._cells[:old], self._t_ns[:old]
        self._begins = {segment: self._begins[segment]} if segment in self._begins else {}

    def _begin(self, segment: int) -> int:
        """Return where the cells of a segment begin; behind all, if there are none."""
        if segment not in self._begins or not self._cells:
            return len(self._cells)
        return max(self._begins[segment] - self._cells[0].index, 0)

    def between(self, now: Cell, first_ns: int, last_ns: int) -> list[Cell]:
        """Return the cells from one time to another that were known with the cell in hand, at most 150 s before it."""
        if now.segment not in self._begins or not self._cells:
            return []
        first_ns, last_ns = max(first_ns, now.t_ns - KEEP_NS), min(last_ns, now.t_ns)
        # wild clocks put cells out of order: what came after the one in hand must not even be looked at
        end = now.index - self._cells[0].index + 1
        begin = self._begin(now.segment)
        first = bisect_left(self._t_ns, first_ns, begin, end)
        return self._cells[first : bisect_right(self._t_ns, last_ns, begin, end)]

    def snapshot(self) -> Any:
        """Return the state as octets: a column a field of all cells, those without any number left out."""
        cells = self._cells
        whole = {name: np.array([getattr(cell, name) for cell in cells], np.int64).tobytes() for name in WHOLE}
        columns = {name: np.array([getattr(cell, name) for cell in cells], np.float64) for name in MEASURED}
        some = {name: values.tobytes() for name, values in columns.items() if not np.isnan(values).all()}
        return [whole, some, [cell.kind for cell in cells]]

    def restore(self, snapshot: Any) -> None:
        """Take over what another one remembered."""
        whole, some, kinds = snapshot
        columns: dict[str, list[Any]] = {
            name: np.frombuffer(octets, np.int64).tolist() for name, octets in whole.items()
        }
        columns |= {name: np.frombuffer(octets).tolist() for name, octets in some.items()}
        columns |= {name: [bool(value) for value in columns[name]] for name in YES_NO} | {"kind": kinds}
        rows = zip(*columns.values(), strict=True)
        self._cells = [Cell(**dict(zip(columns, row, strict=True))) for row in rows]
        self._t_ns = [cell.t_ns for cell in self._cells]
        self._begins = {cell.segment: cell.index for cell in reversed(self._cells)}


def points(cells: Sequence[Cell], value: Callable[[Cell], float], origin_ns: int) -> tuple[Floats, Floats]:
    """Return times in seconds from an origin and values, shape (n,), of the cells where the value is a number."""
    numbers = np.array([value(cell) for cell in cells], np.float64)
    t_ns = np.array([cell.t_ns for cell in cells], np.int64)
    known = ~np.isnan(numbers)
    return (t_ns[known] - origin_ns) / NS_PER_S, numbers[known]
