"""Detected events as a table."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from downrange.report.words import TOLD_BY_UNIT, value_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from downrange.jobs.detect import Detected

# a pipe has no width: nothing is cut there
WIDEST: Final = 100_000
# when it happened, how sure that is, and how long after it it was told
TIMES: Final = ("time, s", "sigma, s", "told after")


def print_table(rows: Sequence[tuple[Path, Detected]], console: Console | None = None) -> None:
    """Print events, each with its file.

    A terminal that is too narrow for one line an event gets a table for each file and vehicle, with the values that say
    most; times, sigma and status are never what is cut.

    Parameters
    ----------
    rows
        The file of each event, and the event.
    console
        Where to; the terminal or pipe by default.
    """
    console = console or Console()
    wide = _table(("file", "event", *TIMES, "status", "values"))
    for file, one in rows:
        event, *cells = _cells(one)
        wide.add_row(file.name, f"{one.vehicle} {event}".lstrip(), *cells, _all_values(one))
    if not console.is_terminal:
        console.width = WIDEST
    if not rows or Measurement.get(console, console.options.update(width=WIDEST), wide).maximum <= console.width:
        console.print(wide, highlight=False)
        return
    for _, of_file in groupby(rows, key=lambda row: row[0]):
        by_vehicle = sorted(of_file, key=lambda row: row[1].vehicle)
        for (file, vehicle), group in groupby(by_vehicle, key=lambda row: (row[0], row[1].vehicle)):
            console.print(f"{file.name} {vehicle}".rstrip(), style="bold", highlight=False, markup=False)
            console.print(_narrow(one for _, one in group), highlight=False)


def _narrow(events: Iterable[Detected]) -> Table:
    table = _table(("event", *TIMES, "status", "values"))
    for one in events:
        table.add_row(*_cells(one), _values_in_brief(one))
    return table


def _table(headings: Iterable[str]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        # where there is no room, values go on in a second line
        table.add_column(heading, justify="right" if heading in TIMES else "left", no_wrap=heading != "values")
    return table


def _cells(one: Detected) -> tuple[str, ...]:
    """Return what is shown of an event besides its file and values; of several of its type the ordinal, too."""
    name = one.type + (f" {one.ordinal}" if one.ordinal else "")
    status = one.status + (f" r{one.revision}" if one.revision else "")
    after_s = one.t_detected_s - one.t_event_s
    return name, f"{one.t_event_s:.2f}", f"{one.sigma_s:.2f}", f"{after_s:+.2f} s", status


def _all_values(one: Detected) -> str:
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in one.values.items()
    )


def _values_in_brief(one: Detected) -> str:
    known = [name for name in TOLD_BY_UNIT if name in one.values] or list(one.values)[:1]
    return ", ".join(value_text(name, one.values[name]).removeprefix(f"{TOLD_BY_UNIT.get(name)} ") for name in known)
