"""`downrange demo`: one delivery, end to end, on a terminal."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console

from downrange.stack.names import StackName

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from downrange.demo.board import Board
    from downrange.demo.console import Billing
    from downrange.demo.flight import Options
    from downrange.demo.screen import Screen
    from downrange.demo.summary import Summary

DEFAULT_SPEED: Final = 25.0
EXIT_OK: Final = 0
EXIT_UNBALANCED: Final = 1
EXIT_INTERRUPTED: Final = 130
PLAIN_WIDTH: Final = 120


def demo(
    *,
    preset: Annotated[str, typer.Option(help="What flies: express, hop, or a preset file.")] = "express",
    speed: Annotated[
        float, typer.Option(min=0.1, max=200, help="Flight seconds a second; 1 flies it live.")
    ] = DEFAULT_SPEED,
    stack: Annotated[
        StackName, typer.Option(help="embedded: brokers from PyPI; native: mosquitto, Kafka and InfluxDB.")
    ] = StackName.EMBEDDED,
    seed: Annotated[int, typer.Option(help="Of everything left to chance: the same seed flies the same bytes.")] = 1,
    track_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the tracking page; 0 takes a free one.")
    ] = 0,
    work_dir: Annotated[Path, typer.Option(help="Where recordings, logs and the servers' data go.")] = Path("var"),
    summary: Annotated[Path | None, typer.Option(help="Write the closing summary to this file as JSON.")] = None,
    exit_: Annotated[bool, typer.Option("--exit", help="End after the flight instead of keeping the page up.")] = False,
) -> None:
    """Fly one delivery through the whole line and show it as it happens."""
    # loaded here, so that `downrange --help` does not wait for numpy and scipy
    from downrange.demo.flight import Options
    from runtime.logs import configure_logs
    from runtime.settings import ServiceSettings

    console = Console() if sys.stdout.isatty() else Console(width=PLAIN_WIDTH)
    flight = f"{'YX1' if preset == 'express' else Path(preset).stem.upper()}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    configure_logs(ServiceSettings(log_level="error"))
    options = Options(
        flight=flight,
        preset=preset,
        seed=seed,
        speed=speed,
        stack=stack,
        work_dir=(work_dir / "demo" / flight).absolute(),
        archive_dir=(work_dir / "archive").absolute(),
        track_port=track_port,
    )
    sys.exit(asyncio.run(_until_asked_to_end(_demo(options, console, summary, stays=not exit_))))


async def _until_asked_to_end(work: Coroutine[Any, Any, int]) -> int:
    """Run the demo; SIGINT and SIGTERM end it cleanly, with everything that it started."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        typer.echo("stopped before the flight was over; what came down is in the archive", err=True)
        return EXIT_INTERRUPTED


async def _demo(options: Options, console: Console, summary_file: Path | None, *, stays: bool) -> int:
    from downrange.demo.closing import close
    from downrange.demo.flight import flown
    from downrange.demo.screen import LiveScreen, PlainScreen

    def make_screen(board: Board, billing: Billing) -> Screen:
        return (LiveScreen if console.is_terminal else PlainScreen)(console, board, billing)

    def say(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    say(f"Downrange {options.flight}: starting the {options.stack.value} stack; logs in {options.work_dir / 'logs'}")
    async with flown(options, make_screen, say) as result:
        close(console, result.summary)
        if summary_file is not None:
            write_summary(summary_file, result.summary)
        if stays and result.page is not None:
            console.print(f"The tracking page stays up: [cyan]{result.page}[/cyan]  (Ctrl-C ends it)")
            # the flight is told; Ctrl-C is how one leaves the page, not a failure
            with suppress(asyncio.CancelledError):
                await result.line.watch()
        return EXIT_OK if result.summary.ledger.balanced else EXIT_UNBALANCED


def write_summary(path: Path, summary: Summary) -> None:
    """Write the closing summary as JSON."""
    path.write_text(summary.model_dump_json(indent=1) + "\n", encoding="utf-8")
