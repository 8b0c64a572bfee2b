"""Shows the board while a flight goes on: redrawn in place on a terminal, as lines in a log or a pipe."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from rich.console import Console, RenderableType
from rich.live import Live

from downrange.demo.board import NS_PER_S, Board
from downrange.demo.console import Billing, draw, event_line, is_shown, plain_line
from telemetry.events import Event

REDRAW_EVERY_S: Final = 0.125
LINE_EVERY_FLIGHT_S: Final = 120.0


class Screen(Protocol):
    """Something that shows a board until it is cancelled."""

    def tell(self, event: Event) -> None:
        """Show an event that was just detected."""

    async def show(self) -> None:
        """Keep showing; runs until cancelled and leaves the last state standing."""


class LiveScreen:
    """A terminal: the whole board, eight times a second.

    Parameters
    ----------
    console
        The terminal.
    board, billing
        What to show.
    """

    def __init__(self, console: Console, board: Board, billing: Billing) -> None:
        self._console = console
        self._board = board
        self._billing = billing

    def tell(self, event: Event) -> None:
        """Do nothing: the next drawing has it."""

    async def show(self) -> None:
        """Draw until cancelled."""
        with Live(console=self._console, auto_refresh=False, transient=False) as live:
            try:
                while True:
                    live.update(self._drawing(), refresh=True)
                    await asyncio.sleep(REDRAW_EVERY_S)
            finally:
                live.update(self._drawing(), refresh=True)

    def _drawing(self) -> RenderableType:
        return draw(self._board, self._billing, self._console.width, self._console.height)


class PlainScreen:
    """A log or a pipe: one line an event, and one every two minutes of flight.

    Parameters
    ----------
    console
        Where the lines go.
    board, billing
        What to show.
    """

    def __init__(self, console: Console, board: Board, billing: Billing) -> None:
        self._console = console
        self._board = board
        self._billing = billing

    def tell(self, event: Event) -> None:
        """Print the event, unless another one says the same."""
        if is_shown(event):
            self._print(event_line(event, self._board))

    async def show(self) -> None:
        """Print where the flight is, now and then, until cancelled."""
        self._print(f"{self._billing.flight} {self._billing.route}, {self._billing.speed:g} x real time")
        if self._billing.page is not None:
            self._print(f"follow the parcel: {self._billing.page}")
        shown_ns = 0
        while True:
            if self._board.now_ns - shown_ns >= LINE_EVERY_FLIGHT_S * NS_PER_S and self._board.vehicles:
                shown_ns = self._board.now_ns
                self._print(plain_line(self._board))
            await asyncio.sleep(REDRAW_EVERY_S)

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)
