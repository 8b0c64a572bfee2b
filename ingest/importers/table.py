"""Rows of named cells with the lines they stood in. Pure."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ingest.importers.source import Source
from telemetry.samples import BadRow

LONGEST_LINE: Final = 64 * 1024
MISSING: Final = frozenset({"", "nan", "-nan", "null", "none", "na", "n/a", "-", "--"})
LARGEST: Final = float(np.finfo(np.float32).max)
SEPARATORS: Final = (";", "\t", ",", "|")
COMMENT: Final = "#"
BLANKS: Final = " \t\v\f"
_DECIMAL_COMMA: Final = re.compile(r"^\s*[-+]?\d*,\d+([eE][-+]?\d+)?\s*$")


@dataclass(slots=True)
class Table:
    """Rows that have all the cells they need.

    Parameters
    ----------
    names
        The columns.
    rows
        One sequence of cells a row: texts, or numbers and None where the format has them.
    lines
        The line of each row, from 1.
    bad_rows
        Lines that are no rows.
    entries
        Whether `lines` count entries of lists, in a format that has no lines.
    """

    names: tuple[str, ...]
    rows: list[Sequence[Any]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad_rows: list[BadRow] = field(default_factory=list)
    entries: bool = False

    def text_of(self, line: int, source: Source) -> str:
        """Return what stood in a row, by its line."""
        if not self.entries:
            return source.lines[line - 1]
        return ", ".join("null" if cell is None else str(cell) for cell in self.rows[self.lines.index(line)])

    def numbers(self, at: int, missing: Collection[str], *, comma: bool) -> tuple[NDArray[np.float64], dict[int, str]]:
        """Return a column as numbers, shape (n,), NaN for empty cells, and what is wrong with each that is none.

        Parameters
        ----------
        at
            Which column, from 0; a row without it has an empty cell.
        missing
            Texts, in lower case, and numbers that mean "not measured".
        comma
            Whether decimals stand behind a comma.
        """
        cells = [row[at] if at < len(row) else "" for row in self.rows]
        faults: dict[int, str] = {}
        try:
            values = np.array(list(map(float, cells)))
            plain = _plain(cells)
        except (ValueError, TypeError, OverflowError):
            # cell by cell, also where texts and numbers are mixed
            values, plain = np.empty(len(cells)), False
        if not plain:
            for i, cell in enumerate(cells):
                number = _number(cell, missing, comma=comma)
                values[i] = math.nan if number is None else number
                if number is None:
                    faults[i] = f"{str(cell)[:80]!r} is no number"
        marks = [number for mark in missing if math.isfinite(number := _number(mark, MISSING, comma=False) or math.nan)]
        if marks:
            values[np.isin(values, marks)] = math.nan
        for i in np.flatnonzero(np.abs(values) > LARGEST).tolist():
            faults[i] = f"{str(cells[i])[:80]!r} is too large"
        return values, faults


def _plain(cells: list[Any]) -> bool:
    """Whether Python's numbers are the logger's: it also reads 1_000 and True, which are none."""
    if cells and isinstance(cells[0], str):
        return "_" not in "".join(cells)
    return not any(isinstance(cell, str | bool) for cell in cells)


def _number(cell: object, missing: Collection[str], *, comma: bool) -> float | None:
    """Return a cell's number, NaN for a missing one, None if it is neither."""
    if cell is None:
        return math.nan
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return None
    text = str(cell).strip()
    if text.lower() in missing:
        return math.nan
    if comma and _DECIMAL_COMMA.match(text):
        text = text.replace(",", ".")
    try:
        # Python's own habit of reading 1_000 is no logger's
        return float(text) if "_" not in text else None
    except ValueError:
        return None


def separator_of(line: str) -> str | None:
    """Return what parts the cells of a line; None is any white space.

    Examples
    --------
    >>> separator_of("t_s;altitude_m"), separator_of("Time (s), Altitude (m)"), separator_of("0.05 12.0")
    (';', ',', None)
    """
    counts = {mark: line.count(mark) for mark in SEPARATORS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


def split_line(line: str, separator: str | None, most: int = -1) -> list[str]:
    """Return a line's cells; a stray quote spoils its own line only. What is behind the first `most` may stay in one.

    Raises
    ------
    ValueError
        If its quotes do not match.
    """
    if separator is None:
        return line.split()
    if '"' not in line:
        return line.split(separator, most)
    try:
        return next(csv.reader([line], delimiter=separator, strict=True, skipinitialspace=True), [])
    except csv.Error as error:
        raise ValueError(str(error)) from error


def read_rows(
    table: Table, source: Source, first: int, separator: str | None, *, cells: tuple[int, int | None], comments: bool
) -> None:
    """Read a text's lines into a table; what is no row becomes a bad one.

    A row of empty cells is an empty line: spreadsheets write such rows, and readers of displays that read nothing.

    Parameters
    ----------
    table
        Where to.
    source, first
        The text, and the line, from 1, with which the rows begin.
    separator
        What parts the cells; None is any white space.
    cells
        How many a row has at least, and at most (none: any number).
    comments
        Whether lines that begin with `#` say something else.
    """
    nothing = BLANKS + (separator or "")
    least, most = cells
    rest = least if most is None else -1
    exactly = f", {least} belong there" if most == least else f", at least {least} belong there"
    for number, line in enumerate(source.lines[first - 1 :], first):
        if not line.strip(nothing) or line.isspace() or (comments and line.lstrip().startswith(COMMENT)):
            continue
        try:
            row = split_line(line, separator, rest)
        except ValueError as error:
            table.bad_rows.append(BadRow(number, line, str(error)))
            continue
        if len(line) > LONGEST_LINE:
            reason = f"a line of {len(line):,} characters"
        elif least <= len(row) and (most is None or len(row) <= most):
            table.rows.append(row)
            table.lines.append(number)
            continue
        else:
            reason = f"{len(row)} cells{exactly}"
        table.bad_rows.append(BadRow(number, line, reason))
