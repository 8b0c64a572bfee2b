"""A real Chromium, and pages that remember what went wrong in them."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: Final = {"width": 390, "height": 844}
DESKTOP: Final = {"width": 1280, "height": 800}


def chromium() -> str:
    """Return the path of Chromium.

    Raises
    ------
    FileNotFoundError
        If there is none; with the line that installs it.
    """
    named = os.environ.get("DOWNRANGE_TEST_CHROMIUM")
    candidates = [named] if named else ["/usr/bin/chromium", shutil.which("chromium"), shutil.which("chromium-browser")]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return candidate
    msg = (
        "the tracking page is tested in a real Chromium and there is none: apt-get install chromium fonts-noto-cjk, "
        "or set DOWNRANGE_TEST_CHROMIUM to its path"
    )
    raise FileNotFoundError(msg)


@dataclass
class Watched:
    """A page, every address it asked for, and every complaint on its console."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on("request", self._on_request)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _on_request(self, request: Request) -> None:
        self.asked.append(request.url)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(OPTIONS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visit(browser: Browser, address: str, **options: Any) -> AsyncIterator[Watched]:
    """Open an address in a window of its own."""
    context = await browser.new_context(**{"viewport": DESKTOP, "timezone_id": "UTC", **options})
    try:
        watched = Watched(await context.new_page())
        watched.watch()
        await watched.page.goto(address)
        yield watched
    finally:
        await context.close()
