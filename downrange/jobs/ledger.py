"""`downrange ledger`: the books of a flight, counted again from raw packets, archive and InfluxDB."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.live import Live

from telemetry.errors import ArchiveError

if TYPE_CHECKING:
    from aiokafka import AIOKafkaConsumer

    from processors.audit.examine import Examined
    from processors.audit.verdict import Key
    from runtime.settings import Settings
    from telemetry.quality import LedgerRow

EXIT_UNBALANCED: Final = 1
WIDE: Final = 140
REDRAW_S: Final = 2.0


def ledger(
    flight: Annotated[str, typer.Argument(help="Name of the flight.")],
    *,
    run: Annotated[str | None, typer.Option(help="Which run: live, imported, replay-...; the best by default.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on as the ledger is told; Ctrl-C ends it.")] = False,
) -> None:
    """Count a flight's packets again, in archive and InfluxDB; exit code 1 if its books do not balance."""
    # loaded here, so that `downrange --help` does not wait for pyarrow
    from downrange.jobs.ledger_text import drawing, report
    from processors.audit.examine import examine
    from runtime.logs import configure_logs
    from runtime.settings import ServiceSettings, read_settings

    configure_logs(ServiceSettings(log_level="error"))
    if watch and as_json:
        raise typer.BadParameter("--watch and --json do not go together: watch shows a page, or lines on a pipe")
    settings = read_settings()
    if watch:
        sys.exit(_watched(settings, flight, run))
    found = asyncio.run(examine(settings, flight, run))
    if as_json:
        typer.echo(json.dumps(report(found), indent=1))
    else:
        _console().print(drawing(found), highlight=False)
    sys.exit(0 if found.verdict.balanced else EXIT_UNBALANCED)


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=WIDE)


def _watched(settings: Settings, flight: str, run: str | None) -> int:
    """Watch until Ctrl-C; the exit code says how the books stood when they were last counted."""
    watching = _Watch(settings, flight, run)
    with suppress(KeyboardInterrupt):
        asyncio.run(watching.go_on())
    return 0 if watching.found is None or watching.found.verdict.balanced else EXIT_UNBALANCED


class _Watch:
    """Follows the ledger as it is told, and counts for itself whenever the flight is quiet."""

    def __init__(self, settings: Settings, flight: str, run: str | None) -> None:
        from telemetry.topics import LIVE_RUN

        self._settings = settings
        self._flight = flight
        self._run = run or LIVE_RUN
        self._console = _console()
        self._told: dict[Key, LedgerRow] = {}
        self._waited = False
        self.found: Examined | None = None

    async def go_on(self) -> None:
        """Show, follow, count; runs until cancelled."""
        from processors.audit.tail import following

        async with following(self._settings.kafka, self._run, self._flight) as consumer:
            if not self._console.is_terminal:
                await self._follow(consumer, None)
                return
            with Live(console=self._console, auto_refresh=False, transient=False) as live:
                await self._follow(consumer, live)

    async def _follow(self, consumer: AIOKafkaConsumer, live: Live | None) -> None:
        count_at_s, again_s = time.monotonic(), self._settings.audit.quiet_s
        while True:
            if time.monotonic() >= count_at_s:
                await self._count()
                self._show(live, [])
                # what balances is counted again when it is told anew; what does not may still catch up
                is_done = self.found is not None and self.found.verdict.balanced and not self._is_flying
                count_at_s = float("inf") if is_done else time.monotonic() + again_s
                again_s = min(2 * again_s, self._settings.audit.every_s)
            news = await self._read(consumer)
            if any(row.stored is None and row.archived is None for row in news):
                again_s = self._settings.audit.quiet_s
                count_at_s = time.monotonic() + again_s
            if news:
                self._show(live, news)

    async def _read(self, consumer: AIOKafkaConsumer) -> list[LedgerRow]:
        """Read for as long as a drawing stands, and return the rows that say something new."""
        from processors.audit.tail import row_of

        until_s = time.monotonic() + REDRAW_S
        news: dict[Key, LedgerRow] = {}
        while (left_s := until_s - time.monotonic()) > 0:
            for records in (await consumer.getmany(timeout_ms=int(left_s * 1000))).values():
                for record in records:
                    row = row_of(record, self._run, self._flight)
                    if row is not None:
                        news[row.vehicle, row.packet] = row
        changed = [row for key, row in news.items() if self._told.get(key) != row]
        self._told |= news
        return changed

    async def _count(self) -> None:
        """Count everywhere; a flight of which nothing has come yet is waited for."""
        from processors.audit.examine import examine

        try:
            self.found = await examine(self._settings, self._flight, self._run)
        except ArchiveError as error:
            if self.found is not None:
                raise
            if not self._waited:
                self._waited = True
                text = f"waiting for {self._run}/{self._flight}: {error.detail}"
                self._console.print(text, style="dim", highlight=False, soft_wrap=True)
        else:
            self._told = {(row.vehicle, row.packet): row for row in self.found.verdict.rows}

    @property
    def _is_flying(self) -> bool:
        return self.found is not None and self.found.verdict.counts.flying

    def _show(self, live: Live | None, news: list[LedgerRow]) -> None:
        """Draw the page anew, or print a line a change."""
        from downrange.jobs.ledger_text import drawing, headline, line_of
        from processors.audit.examine import Examined
        from processors.audit.verdict import Counts, judge

        found = self.found
        if news:
            counts = Counts({}, None, None, {}) if found is None else found.verdict.counts
            sources = dict.fromkeys(("influx", "archive", "kafka"), "not asked yet") if found is None else found.sources
            verdict = judge(replace(counts, told=self._told, flying=True, behind=False))
            found = Examined(self._run, self._flight, verdict, sources)
        if found is None:
            return
        if live is not None:
            live.update(drawing(found), refresh=True)
            return
        for row in news:
            self._console.print(line_of(row), highlight=False, soft_wrap=True)
        if not news:
            for line in (headline(found).plain, *found.verdict.complaints):
                self._console.print(line, highlight=False, soft_wrap=True)
