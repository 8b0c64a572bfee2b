"""What the hold knows of one packet type, and of one station."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from processors.books.completeness import Completeness
from processors.books.ledger import Passage
from telemetry.frames import Frame

NEVER: Final = -(1 << 62)


@dataclass(slots=True)
class Lane:
    """One packet type in the hold.

    Every packet up to count `settled`, made by `settled_t_ns`, has come or is not waited for any more; `passed` is
    the highest count from each station.
    """

    books: Completeness
    margin_ns: int
    passage: Passage = field(default_factory=Passage)
    settled: int = -1
    settled_t_ns: int = NEVER
    passed: dict[str, int] = field(default_factory=dict)
    held: list[Frame] = field(default_factory=list)


@dataclass(slots=True)
class Hearing:
    """How far one station has come: receive time, latest generation time before and with the message in hand."""

    ert_ns: int = NEVER
    message_ert_ns: int = NEVER
    before_ns: int = NEVER
    now_ns: int = NEVER
