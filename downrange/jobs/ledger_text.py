"""What `downrange ledger` shows: the books as a table, what is missing, what was refused, and what does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from processors.audit.examine import Examined
    from processors.books.completeness import Gap
    from telemetry.quality import LedgerRow

COUNTED: Final = {
    "sent": "sent",
    "received": "received",
    "unique": "unique",
    "resent": "resent",
    "overlapping": "overlap",
    "late": "late",
    "rejected": "rejected",
    "missing": "missing",
    "detected": "detected",
    "stored": "stored",
    "archived": "archived",
}
MOST_RANGES: Final = 4
NS_PER_S: Final = 10**9


def drawing(found: Examined) -> RenderableType:
    """Return the whole page; it fits 100 columns."""
    verdict = found.verdict
    parts: list[RenderableType] = [
        headline(found),
        _table(verdict.rows, bad={w.split(":")[0] for w in verdict.complaints}),
    ]
    parts.append(_below(found))
    parts += [Text(complaint, style="red") for complaint in verdict.complaints]
    parts += [Text(line, style="dim" if " not asked" not in line else "yellow") for line in _sources(found)]
    return Group(*parts)


def headline(found: Examined) -> Text:
    """Return how the books stand, in a line."""
    verdict = found.verdict
    name = f"{found.run}/{found.flight}: "
    if verdict.counts.behind and not verdict.complaints:
        told = "NOT SETTLED: detect is behind, the stores hold packets that its ledger does not count yet"
        return Text(f"{name}{told}", style="bold yellow")
    if not verdict.balanced:
        return Text(f"{name}THE BOOKS DO NOT BALANCE", style="bold red")
    if verdict.counts.flying:
        return Text(f"{name}flying, and balanced so far; the stores are judged when it is quiet")
    return Text(f"{name}the books balance", style="bold green")


def _table(rows: Sequence[LedgerRow], bad: set[str]) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 1, 0, 0))
    table.add_column("packets", no_wrap=True)
    for heading in COUNTED.values():
        table.add_column(heading, justify="right", no_wrap=True)
    vehicle = None
    for row in rows:
        if row.vehicle != vehicle:
            vehicle = row.vehicle
            table.add_row(Text(vehicle, style="bold"))
        style = "red" if f"{row.vehicle} {row.packet}" in bad else ""
        table.add_row(f" {row.packet}", *(_number(getattr(row, name)) for name in COUNTED), style=style)
    return table


def _below(found: Examined) -> Table:
    """Return what the table has no room for: refusals by reason, resets, and which packets are missing."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column()
    for row in found.verdict.rows:
        for what in _remarks(row, found.verdict.counts.gaps.get((row.vehicle, row.packet), [])):
            grid.add_row(Text(f"{row.vehicle} {row.packet}"), Text(what))
    return grid


def _remarks(row: LedgerRow, gaps: Sequence[Gap]) -> Iterator[str]:
    if row.rejected_by:
        yield "rejected: " + ", ".join(f"{count:,} {reason}" for reason, count in row.rejected_by.items())
    if row.resets:
        yield f"its counters began anew {row.resets} time{'' if row.resets == 1 else 's'}"
    if row.missing:
        yield f"missing: {_ranges(row, {(gap.first, gap.last): gap for gap in gaps})}"


def _ranges(row: LedgerRow, gaps: Mapping[tuple[int, int], Gap]) -> str:
    """Return the longest ranges in order, with the times of the packets around them, and how many there are besides."""
    ranges = sorted(row.missing_ranges or gaps, key=lambda pair: (pair[0] - pair[1], pair[0]))
    # what a recount of everything does not know to lie between two packets lies behind the last
    beyond = row.archived in {None, row.unique}
    shown = ", ".join(_range(pair, gaps.get(pair), beyond=beyond) for pair in sorted(ranges[:MOST_RANGES]))
    more = max(len(ranges) - MOST_RANGES, 0) + row.ranges_left_out
    return f"{shown}{f', and {more:,} more' if more else ''}"


def _range(pair: tuple[int, int], gap: Gap | None, *, beyond: bool = True) -> str:
    """Return a range and when its packets were made.

    Examples
    --------
    >>> from processors.books.completeness import Gap
    >>> _range((7, 7), Gap(7, 7, 0, 20_000_000)), _range((7, 99), Gap(7, 99, 10**9, 3 * 10**9)), _range((5, 6), None)
    ('7 00:00:00.0', '7-99 00:00:01.0 to 00:00:03.0', '5-6 after the last that came')
    """
    first, last = pair
    name = f"{first}" if first == last else f"{first}-{last}"
    if gap is None:
        return f"{name} after the last that came" if beyond else name
    if gap.after_ns is None:
        return f"{name} before {_clock(gap.before_ns)}"
    after, before = _clock(gap.after_ns), _clock(gap.before_ns)
    return f"{name} {after}" if first == last or after == before else f"{name} {after} to {before}"


def _clock(t_ns: int) -> str:
    whole, part_ns = divmod(t_ns, NS_PER_S)
    return f"{datetime.fromtimestamp(whole, UTC):%H:%M:%S}.{part_ns // 10**8}"


def _sources(found: Examined) -> Iterator[str]:
    yield f"InfluxDB {found.sources['influx']}"
    yield f"archive {found.sources['archive']}; Kafka {found.sources['kafka']}"
    if not found.verdict.counts.told:
        yield "no ledger was told of this flight: these are the raw packets' own figures"


def _number(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


def report(found: Examined) -> dict[str, Any]:
    """Return all of it for machines."""
    verdict = found.verdict
    return {
        "run": found.run,
        "flight": found.flight,
        "balanced": verdict.balanced,
        "flying": verdict.counts.flying,
        "behind": verdict.counts.behind,
        "complaints": list(verdict.complaints),
        "rows": [row.model_dump(mode="json") for row in verdict.rows],
        "gaps": [
            {"vehicle": vehicle, "packet": packet, **gap._asdict()}
            for (vehicle, packet), gaps in verdict.counts.gaps.items()
            for gap in gaps
        ],
        "disagreements": [
            {"vehicle": d.vehicle, "packet": d.packet, "figure": d.figure, "recounted": d.recounted, "told": d.recorded}
            for d in verdict.disagreements
        ],
        "unreadable": verdict.counts.unreadable,
        "sources": found.sources,
    }


def line_of(row: LedgerRow) -> str:
    """Return a row as one line of a log."""
    told = {heading: getattr(row, name) for name, heading in COUNTED.items()}
    figures = ", ".join(f"{heading} {count:,}" for heading, count in told.items() if count is not None)
    return f"{row.vehicle} {row.packet}: {figures}"
