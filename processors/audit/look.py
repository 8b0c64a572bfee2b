"""Looks at a flight once: counts its archive and asks InfluxDB."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from processors.audit.recount import Recount
from processors.audit.verdict import Counts, Key, Verdict, judge
from processors.influx.counted import Asked, counted_field
from processors.influx.reader import InfluxReader
from runtime.archive.layout import PartName, Stream
from runtime.archive.reader import parts_of, read_stream
from telemetry.cuc import NS_PER_S
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.quality import UNKNOWN_PACKET, LedgerRow

# around a flight's own first and last packet: neither a lost part of the archive nor a stray point narrows the question
MARGIN_NS: Final = 6 * 3600 * NS_PER_S
COUNTED: Final = (Stream.TELEMETRY, Stream.REJECTED)


@dataclass(slots=True)
class Seen:
    """What was counted of a flight's archive up to now; a flight that flies is not counted from its start each time."""

    recount: Recount
    parts: dict[Stream, list[PartName]] = field(default_factory=lambda: {stream: [] for stream in COUNTED})

    def fresh_parts(self, folder: Path) -> dict[Stream, list[PartName]] | None:
        """Return the parts that have come since; None if counting must begin anew."""
        fresh: dict[Stream, list[PartName]] = {}
        for stream, known in self.parts.items():
            there = parts_of(folder, stream)
            fresh[stream] = [part for part in there if part not in known]
            reached = max((part.order for part in known), default=None)
            last = max((part.last for part in known), default=-1)
            if not set(known) <= set(there) or any(
                reached is not None and (part.partition != reached[0] or part.first <= last) for part in fresh[stream]
            ):
                return None
        return fresh


class Looker:
    """Counts flights.

    Parameters
    ----------
    archive_dir
        The archive; as long as there is no such folder nobody says what is archived.
    registry
        The dictionaries.
    reader
        Of InfluxDB; none if there is none to ask.
    """

    def __init__(self, archive_dir: Path, registry: Registry, reader: InfluxReader | None) -> None:
        self._archive_dir = archive_dir
        self._registry = registry
        self._decoder = Decoder(registry)
        self._reader = reader

    def begin(self, run: str, flight: str) -> Seen:
        """Return that nothing was counted of a flight yet."""
        return Seen(Recount(run, flight, self._decoder))

    async def look(self, seen: Seen, told: Mapping[Key, LedgerRow], *, flying: bool) -> tuple[Verdict, Seen]:
        """Count a flight and say how its books stand.

        Parameters
        ----------
        seen
            From `begin`, or from the look before.
        told
            Its ledger as the line told it.
        flying
            Whether more may come; if not, everything is counted from its start.

        Raises
        ------
        ArchiveError
            If a part of the archive is damaged.
        TransientError
            If InfluxDB does not answer.
        SettingsError
            If InfluxDB does not let us read.
        """
        recount, archived = seen.recount, None
        if self._archive_dir.is_dir():
            if not flying:
                seen = self.begin(recount.run, recount.flight)
            seen = await asyncio.to_thread(self._count, seen, self._archive_dir / recount.run / recount.flight)
            recount = seen.recount
            archived = recount.unique()
        stored = await self.stored(recount, told)
        # of what is not told now the line told before, and knows more than a recount
        rows = () if flying or archived is None else recount.rows()
        recounted = {key: row for row in rows if (key := (row.vehicle, row.packet)) in told}
        return judge(Counts(recounted, stored, archived, told, unreadable=recount.unreadable, flying=flying)), seen

    async def stored(self, recount: Recount, told: Mapping[Key, LedgerRow]) -> Mapping[Key, int] | None:
        """Return how many packets InfluxDB has of each vehicle and packet type; none if there is none to ask.

        Raises
        ------
        TransientError
            If it does not answer.
        SettingsError
            If it does not let us read.
        """
        if self._reader is None:
            return None
        asked = recount.asked()
        known = {(each.vehicle, each.packet) for each in asked}
        asked += [each for each in self._asked(told) if (each.vehicle, each.packet) not in known]
        times = [row.as_of_ns for row in told.values()] + ([] if recount.first_ns is None else [recount.last_ns])
        if not times:
            return {}
        first_ns = min(times) if recount.first_ns is None else min(recount.first_ns, *times)
        return await self._reader.counts(
            recount.run, recount.flight, asked, first_ns - MARGIN_NS, max(times) + MARGIN_NS
        )

    def _asked(self, keys: Iterable[Key]) -> list[Asked]:
        """Return what to ask about packet types of which no record was seen: by the first dictionary that has them."""
        default = self._registry.get("")
        dictionaries = [*([] if default is None else [default]), *self._registry.dictionaries()]
        found: list[Asked] = []
        for vehicle, packet in keys:
            named = next((each.packets[packet] for each in dictionaries if packet in each.packets), None)
            if packet != UNKNOWN_PACKET and named is not None:
                found.append(Asked(vehicle, packet, counted_field(named)))
        return found

    def _count(self, seen: Seen, folder: Path) -> Seen:
        fresh = seen.fresh_parts(folder)
        if fresh is None:
            seen = self.begin(seen.recount.run, seen.recount.flight)
            fresh = seen.fresh_parts(folder) or {}
        for stream, parts in fresh.items():
            take = seen.recount.take_telemetry if stream is Stream.TELEMETRY else seen.recount.take_rejected
            for record in read_stream(folder, stream, parts):
                take(record.value, record.headers)
            seen.parts[stream] += parts
        return seen
