"""What the benches share: tables, progress, and what processes use."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import psutil

NS: Final = 10**9
Cell = str | int | float | None


@dataclass(slots=True)
class Table:
    """Figures side by side.

    Parameters
    ----------
    title
        What was measured.
    columns
        Their names, units included.
    rows
        The figures; the first of each row says of what.
    notes
        What a reader must know of them.
    """

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, *row: Cell) -> None:
        """Add a row."""
        self.rows.append(row)

    def text(self) -> str:
        """Return it as a table of Markdown, which reads well at a terminal too."""
        cells = [list(self.columns), *([shown(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[at]) for row in cells) for at in range(len(self.columns))]
        lines = [
            "| "
            + " | ".join(
                c.ljust(w) if at == 0 else c.rjust(w) for at, (c, w) in enumerate(zip(row, widths, strict=True))
            )
            + " |"
            for row in cells
        ]
        rule = "|" + "|".join("-" * (w + 1) + ("-" if at == 0 else ":") for at, w in enumerate(widths)) + "|"
        return "\n".join([self.title, "", lines[0], rule, *lines[1:], *(f"\n{note}" for note in self.notes), ""])


def shown(cell: Cell) -> str:
    """Return a figure with three digits that count."""
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def options(about: str | None, add: Callable[[argparse.ArgumentParser], None] | None = None) -> argparse.Namespace:
    """Read the command line; every bench takes `--json` and `--quick`."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help="less of everything: for a look, not for the record")
    if add is not None:
        add(parser)
    return parser.parse_args()


def publish(tables: Sequence[Table], *, as_json: bool) -> None:
    """Print the figures."""
    if as_json:
        print(json.dumps([{"title": t.title, "columns": t.columns, "rows": t.rows, "notes": t.notes} for t in tables]))
        return
    for table in tables:
        print(table.text())


def say(what: str) -> None:
    """Tell how far it is, on standard error."""
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process and its children have used."""
    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
        return sum(sum(each.cpu_times()[:4]) for each in family)
    except psutil.NoSuchProcess:
        return 0.0


def rss_mb(pid: int) -> float:
    """Return the memory that a process holds, in MB; 0 when it is gone."""
    try:
        return float(psutil.Process(pid).memory_info().rss) / 1e6
    except psutil.NoSuchProcess:
        return 0.0


def asked(url: str, headers: dict[str, str] | None = None, body: bytes | None = None) -> str:
    """Return what a server of ours answers; nothing if it is not there."""
    request = urllib.request.Request(url, data=body, headers=headers or {})  # noqa: S310 -- our own servers
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 -- as above
            return str(response.read().decode())
    except OSError:
        return ""


async def until(done: Callable[[], Awaitable[bool]], within_s: float, every_s: float = 0.1) -> bool:
    """Wait until something is so; False if it is not in time."""
    end_s = time.monotonic() + within_s
    while not await done():
        if time.monotonic() > end_s:
            return False
        await asyncio.sleep(every_s)
    return True


def machine() -> str:
    """Return what the figures were measured on."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown processor",
    )
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {datetime.now(UTC):%Y-%m-%d}"


def environment(**more: str) -> dict[str, str]:
    """Return our environment with more in it."""
    return {**os.environ, **more}


def quantile(values: Sequence[float], share: float) -> float:
    """Return a quantile; NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")
