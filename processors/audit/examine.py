"""Examines a flight once for whoever asks: its archive, what Kafka has besides, and InfluxDB."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from processors.audit.behind import is_behind
from processors.audit.look import Looker
from processors.audit.recording import recount_recording
from processors.audit.recount import Recount
from processors.audit.tail import Tail, read_tail
from processors.audit.verdict import Counts, Key, Verdict, judge
from processors.influx.reader import open_reader
from runtime.archive.catalog import IMPORTED_RUN, Recording, find_recording
from runtime.archive.contents import recorded_ledger
from runtime.archive.layout import Stream
from runtime.archive.reader import parts_of
from runtime.registry import registry_of
from runtime.settings import Settings
from telemetry.decoder import Decoder
from telemetry.errors import ArchiveError, SettingsError, TransientError
from telemetry.quality import LedgerRow
from telemetry.topics import LIVE_RUN, flight_key

MS_PER_S: Final = 1000


@dataclass(frozen=True, slots=True)
class Examined:
    """A flight's books, and what they rest on.

    Parameters
    ----------
    run, flight
        Which.
    verdict
        How they stand.
    sources
        Of InfluxDB, archive and Kafka what was asked, or why it was not.
    """

    run: str
    flight: str
    verdict: Verdict
    sources: dict[str, str]


async def examine(settings: Settings, flight: str, run: str | None) -> Examined:
    """Count a flight everywhere; a part that cannot be asked is named and left out.

    Parameters
    ----------
    settings
        Where everything is.
    flight, run
        Which; without a run the live one, or the best that the archive has.

    Raises
    ------
    ArchiveError
        If neither the archive nor Kafka knows the flight, or a part of the archive is damaged.
    """
    registry = registry_of(settings.service)
    recording, unknown = _find(settings, flight, run)
    run = recording.run if recording is not None else run or LIVE_RUN
    recount = Recount(run, flight, Decoder(registry))
    newest_ms, told, archived = 0, {}, None
    if recording is not None:
        newest_ms = await asyncio.to_thread(recount_recording, recording.folder, recount)
        told = recorded_ledger(recording)
    if settings.archive.dir.is_dir():
        archived = recount.unique()
    tail, sources = await _tail(settings, recount, recording)
    if unknown is not None and not tail.records:
        raise ArchiveError(unknown.path, f"{unknown.detail}. Nor has Kafka any of it: {sources['kafka']}") from unknown
    told |= tail.told
    now_ms = time.time_ns() // 10**6
    newest_ms = max(newest_ms, tail.newest_ms)
    flying = "answers" in sources["kafka"] and now_ms - newest_ms < settings.audit.quiet_s * MS_PER_S
    stored = await _stored(settings, recount, told, sources)
    sources["archive"] = "counted" if recording is not None else f"{settings.archive.dir} has nothing of it"
    recounted = {(row.vehicle, row.packet): row for row in recount.rows()}
    gaps = {key: recount.gaps(*key) for key in recounted}
    counts = Counts(recounted, stored, archived, told, gaps, recount.unreadable, flying)
    verdict = judge(counts)
    if not flying and verdict.is_ahead and "answers" in sources["kafka"]:
        with suppress(TransientError):
            behind = await is_behind(settings.kafka, flight_key(run, flight), tail.lasts)
            verdict = verdict.while_behind() if behind else verdict
    return Examined(run, flight, verdict, sources)


def _find(settings: Settings, flight: str, run: str | None) -> tuple[Recording | None, ArchiveError | None]:
    try:
        return find_recording(settings.archive.dir, flight, run), None
    except ArchiveError as error:
        return None, error


async def _tail(settings: Settings, recount: Recount, recording: Recording | None) -> tuple[Tail, dict[str, str]]:
    after: dict[Stream, int] = {}
    if recording is not None:
        after = {stream: max((p.last for p in parts_of(recording.folder, stream)), default=-1) for stream in Stream}
    if recount.run == IMPORTED_RUN:
        return Tail(), {"kafka": "an imported flight was never there"}
    try:
        tail = await read_tail(settings.kafka, recount, after)
    except TransientError as error:
        return Tail(), {"kafka": f"not asked: {error}"}
    return tail, {"kafka": f"answers; {tail.records:,} records behind the archive's"}


async def _stored(
    settings: Settings, recount: Recount, told: dict[Key, LedgerRow], sources: dict[str, str]
) -> dict[Key, int] | None:
    sources["influx"] = "not asked: there is no DOWNRANGE_INFLUX_TOKEN"
    if recount.run == IMPORTED_RUN:
        sources["influx"] = "not asked: an imported flight was never there"
        return None
    async with open_reader(settings.influx) as reader:
        if reader is None:
            return None
        looker = Looker(settings.archive.dir, registry_of(settings.service), reader)
        try:
            found = await looker.stored(recount, told)
        except (TransientError, SettingsError) as error:
            sources["influx"] = f"not asked: {error}"
            return None
    sources["influx"] = f"counted at {settings.influx.url}"
    return None if found is None else dict(found)
