"""From a table's cells to SI columns, by a column map. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest.importers.clock_text import moment_us_of, seconds_of
from ingest.importers.column_map import MAIN, Clock, Column, ColumnMap, ColumnName
from ingest.importers.policies import repeated, sorted_as_texts, stale
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.table import MISSING, Table
from ingest.importers.units import SI_OF_CHANNEL, factor
from telemetry.errors import ArchiveError
from telemetry.samples import NS_PER_S, BadRow, Samples

Floats = NDArray[np.float64]
MAX_T_S: Final = 1e9
# seconds since 1970 pass the former in 2001, and this in 2286
LATEST_S: Final = 1e10


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A channel and where it stands."""

    channel: str
    at: int
    column: Column


def place_of(source: Source, table: Table, column: ColumnName) -> int:
    """Return where a column stands, from 0; names count without regard to case.

    Raises
    ------
    ArchiveError
        If there is none; it lists the columns.
    """
    if isinstance(column, int):
        if table.names and column > len(table.names):
            raise ArchiveError(str(source.path), f"has {len(table.names)} columns, column {column} is wanted")
        return column - 1
    names = [name.strip().lower() for name in table.names]
    wanted = column.strip().lower()
    if wanted not in names:
        found = ", ".join(table.names)[:300] or "nothing"
        raise ArchiveError(str(source.path), f"has no column {column!r}: it has {found}")
    return names.index(wanted)


def read_export(source: Source, table: Table, columns: ColumnMap) -> Reading:
    """Return a table's rows in SI; one that a spreadsheet has sorted by the letters of its times is put right.

    Raises
    ------
    ArchiveError
        If a column is missing.
    """
    reading = read_table(source, table, columns)
    at = place_of(source, table, columns.time.column)
    rows = dict(zip(table.lines, table.rows, strict=True))
    cells = [rows[line][at] for line in reading.lines.tolist()]
    if not sorted_as_texts(cells, reading.samples.t_ns):
        return reading
    return reading.by_time().noted("rows stood in the order of their times' letters: put in the order of time")


def read_table(source: Source, table: Table, columns: ColumnMap) -> Reading:
    """Return a table's rows in SI.

    A row with several clocks becomes several, one for each clock that says when.

    Raises
    ------
    ArchiveError
        If a column is missing.
    """
    clocks = {MAIN: columns.time, **columns.clocks}
    wanted = [_Wanted(name, place_of(source, table, c.column), c) for name, c in columns.columns.items()]
    used = [name for name in clocks if any(each.column.clock == name for each in wanted)]
    comma = columns.decimal == "," or (columns.decimal is None and _has_decimal_comma(table))
    marks = MISSING | columns.marks
    faults: dict[int, str] = {}
    times = {name: _times(source, table, clocks[name], marks, faults, comma=comma) for name in used}
    values = {each.channel: _values(table, each, marks, faults, comma=comma) for each in wanted}
    timeless = np.logical_and.reduce([np.isnan(times[name]) for name in used])
    for name in used:
        measured = [~np.isnan(values[each.channel]) for each in wanted if each.column.clock == name]
        lost = np.isnan(times[name]) & (timeless | np.logical_or.reduce(measured))
        for i in np.flatnonzero(lost).tolist():
            faults.setdefault(i, f"{clocks[name].column}: no time")
    parts = []
    for name in used:
        t_s = times[name]
        good = ~np.isnan(t_s)
        good[list(faults)] = False
        rows = np.flatnonzero(good)
        empty = np.full(rows.size, np.nan)
        of_clock = {w.channel: values[w.channel][rows] if w.column.clock == name else empty for w in wanted}
        parts.append((rows, t_s[rows], of_clock))
    every = np.concatenate([rows for rows, *_ in parts])
    order = np.argsort(every, kind="stable")
    rows = every[order]
    t_s = np.concatenate([t_s for _, t_s, _ in parts])[order]
    joined = {each.channel: np.concatenate([part[-1][each.channel] for part in parts])[order] for each in wanted}
    lines = np.asarray(table.lines, dtype=np.int64)
    bad = [
        BadRow(table.lines[i], table.text_of(table.lines[i], source), reason) for i, reason in sorted(faults.items())
    ]
    aside = tuple(sorted(table.bad_rows + bad, key=lambda row: row.line))
    reading = Reading(Samples(np.rint(t_s * NS_PER_S).astype(np.int64), joined), lines[rows], aside)
    return _by_policy(source, table, reading, columns)


def _by_policy(source: Source, table: Table, reading: Reading, columns: ColumnMap) -> Reading:
    """Keep aside what the map does not want."""
    if columns.duplicates != "keep":
        which = repeated(reading.samples, columns.duplicates)
        reading = reading.without(
            which, lambda line: table.text_of(line, source), "repeats the time of the row beside it"
        )
    if columns.stale == "drop":
        after_ns = round(columns.stale_after_s * NS_PER_S)
        reason = f"all values as before for more than {columns.stale_after_s:g} s"
        which = stale(reading.samples, after_ns)
        reading = reading.without(which, lambda line: table.text_of(line, source), reason)
    return reading


def _times(
    source: Source, table: Table, clock: Clock, marks: frozenset[str], faults: dict[int, str], *, comma: bool
) -> Floats:
    at = place_of(source, table, clock.column)
    values, wrong = table.numbers(at, marks, comma=comma)
    unit_s = factor("s", clock.unit) * clock.scale
    t_s = values * unit_s
    _read_clocks(table, at, t_s, wrong)
    name = table.names[at] if at < len(table.names) else clock.column
    for i, fault in wrong.items():
        faults.setdefault(i, f"{name}: {fault}")
    since_1970 = (t_s > MAX_T_S) & (t_s < LATEST_S)
    if clock.offset_s == 0.0 and 2 * np.count_nonzero(since_1970) > np.count_nonzero(~np.isnan(t_s)):
        # the clock on the wall
        t_s = (values - values[np.flatnonzero(since_1970)[0]]) * unit_s
    t_s += clock.offset_s
    for i in np.flatnonzero(np.abs(t_s) > MAX_T_S).tolist():
        faults.setdefault(i, f"{name}: {values[i]:g} {clock.unit} is no time of a flight")
    return np.asarray(np.where(np.abs(t_s) > MAX_T_S, np.nan, t_s))


def _read_clocks(table: Table, at: int, t_s: Floats, wrong: dict[int, str]) -> None:
    """Fill in the times that are written as clocks show them; dates count from the first row that has one."""
    begin_us: int | None = None
    for i in sorted(wrong):
        text = str(table.rows[i][at])
        seconds, moment_us = seconds_of(text), moment_us_of(text)
        if moment_us is not None:
            begin_us = moment_us if begin_us is None else begin_us
            seconds = (moment_us - begin_us) / 1e6
        if seconds is not None:
            t_s[i] = seconds
            del wrong[i]


def _values(table: Table, wanted: _Wanted, marks: frozenset[str], faults: dict[int, str], *, comma: bool) -> Floats:
    column = wanted.column
    values, wrong = table.numbers(wanted.at, marks, comma=comma)
    for i, fault in wrong.items():
        faults.setdefault(i, f"{column.column}: {fault}")
    scale = column.scale * (1.0 if column.unit is None else factor(SI_OF_CHANNEL[wanted.channel], column.unit))
    if scale == 1.0 and column.offset == 0.0:
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(values * scale + column.offset)


def _has_decimal_comma(table: Table) -> bool:
    """Whether cells of the first rows hold commas: then no comma parts cells, and it stands before decimals."""
    return any("," in cell for row in table.rows[:50] for cell in row if isinstance(cell, str) and '"' not in cell)
