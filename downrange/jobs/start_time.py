"""When a simulated flight starts, as people write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import typer

DEFAULT_T0: Final = "2026-01-01T00:00:00Z"
NS_PER_S: Final = 10**9
SOON_S: Final = 60


def t0_ns_of(text: str) -> int:
    """Return a liftoff as Unix time in ns: an ISO 8601 time with its offset, or `now` for a minute from now."""
    if text == "now":
        return (int(datetime.now(UTC).timestamp()) + SOON_S) * NS_PER_S
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"--t0 {text!r} is no ISO 8601 time, for example {DEFAULT_T0}") from error
    if moment.tzinfo is None:
        raise typer.BadParameter(f"--t0 {text!r} has no offset: write {text}Z for UTC")
    return round(moment.timestamp()) * NS_PER_S
