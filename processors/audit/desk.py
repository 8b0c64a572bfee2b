"""Which flights wait for the auditor, since when, and how far each partition is answered for. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from processors.audit.look import Seen
from processors.audit.verdict import Key
from runtime.kafka import Partition
from telemetry.quality import LedgerRow

Whose = tuple[str, str]


class Rules(NamedTuple):
    """When to look: after so long without news, so often meanwhile, and for how long at books that do not balance."""

    quiet_s: float
    every_s: float
    patience_s: float


class Due(NamedTuple):
    """A flight to look at: since when it is time, which, and whether more of it is expected."""

    since_s: float
    whose: Whose
    flying: bool


@dataclass(slots=True)
class Waiting:
    """A flight of which rows have come that nobody has answered for.

    Parameters
    ----------
    first_offset
        Of its first such row; nothing from there on may be committed.
    heard_s
        When its last row came.
    quiet_at_s, flying_at_s
        When to look if nothing more comes, and when to look in any case.
    delay_s
        How long after a look that did not balance to look again.
    rows
        Its ledger.
    told
        What was answered last, so that the same is not said twice.
    seen
        What was counted of its archive.
    awaited
        Up to where detection has to read before a store that is ahead of the ledger has too many.
    behind
        Whether it had not at the last look.
    """

    first_offset: int
    heard_s: float
    quiet_at_s: float
    flying_at_s: float
    delay_s: float
    rows: dict[Key, LedgerRow] = field(default_factory=dict)
    told: dict[Key, LedgerRow] = field(default_factory=dict)
    seen: Seen | None = None
    awaited: dict[Partition, int] | None = None
    behind: bool = False


class Desk:
    """The flights of one partition.

    Parameters
    ----------
    rules
        When to look.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._next_offset: int | None = None
        self.flights: dict[Whose, Waiting] = {}

    def take(self, offset: int, row: LedgerRow | None, now_s: float) -> None:
        """Take a record; one that is no row, and the auditor's own row, only move the offset."""
        self._next_offset = offset + 1
        if row is None or row.stored is not None or row.archived is not None:
            return
        whose, rules = (row.run, row.flight), self._rules
        waiting = self.flights.get(whose)
        if waiting is None:
            waiting = Waiting(offset, now_s, now_s + rules.quiet_s, now_s + rules.every_s, rules.quiet_s)
            self.flights[whose] = waiting
        waiting.rows[row.vehicle, row.packet] = row
        waiting.awaited, waiting.behind = None, False
        waiting.heard_s, waiting.quiet_at_s, waiting.delay_s = now_s, now_s + rules.quiet_s, rules.quiet_s

    def due(self, now_s: float) -> list[Due]:
        """Return the flights to look at, those that wait longest first."""
        found: list[Due] = []
        for whose, waiting in self.flights.items():
            if now_s >= waiting.quiet_at_s:
                found.append(Due(waiting.quiet_at_s, whose, flying=False))
            elif now_s >= waiting.flying_at_s:
                found.append(Due(waiting.flying_at_s, whose, flying=True))
        return sorted(found)

    def answered(
        self, whose: Whose, seen: Seen, now_s: float, *, flying: bool, balanced: bool, behind: bool = False
    ) -> None:
        """Take note of a look; a flight that is quiet and balances, or has been looked at for long, waits no more.

        One of which detection is behind waits, however long.
        """
        waiting = self.flights.get(whose)
        if waiting is None:
            return
        if not flying and not behind and (balanced or now_s >= waiting.heard_s + self._rules.patience_s):
            del self.flights[whose]
            return
        waiting.seen, waiting.flying_at_s = seen, now_s + self._rules.every_s
        if not flying:
            waiting.quiet_at_s = now_s + waiting.delay_s
            waiting.delay_s = min(2 * waiting.delay_s, self._rules.every_s)

    def news(self, whose: Whose, rows: Mapping[Key, LedgerRow]) -> list[LedgerRow]:
        """Return the rows that say something that was not answered before, and keep them."""
        waiting = self.flights[whose]
        news = [row for key, row in rows.items() if waiting.told.get(key) != row]
        waiting.told.update(rows)
        return news

    @property
    def safe_offset(self) -> int | None:
        """The next offset that may be committed: everything before it is answered for."""
        firsts = [waiting.first_offset for waiting in self.flights.values()]
        return min(firsts) if firsts else self._next_offset
