"""Job `replay`: a recorded flight goes through MQTT again, under a run of its own, with its original times."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from structlog.typing import FilteringBoundLogger

from replay.source import liftoff_of, messages_in
from replay.timing import Pace, Window, window_around
from runtime.archive.catalog import Recording, find_recording
from runtime.archive.layout import Stream
from runtime.archive.reader import count_rows
from runtime.settings import Settings
from runtime.spool import MemorySpool
from runtime.uplink import Outbox, open_flight_uplink
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.errors import ArchiveError
from telemetry.message import Message
from telemetry.topics import Kind, check_name, flight_key

READ_AHEAD: Final = 256
UNCONFIRMED: Final = 512
SETTLE_TIMEOUT_S: Final = 60.0
REPORT_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What to fly, and how.

    Parameters
    ----------
    flight
        Its name.
    source_run
        Of which run; by default `live`, else an imported one, else the latest replay.
    run
        The run that it becomes; by default a new name.
    speed
        Seconds of flight in a second; None for as fast as the line takes it.
    from_s, to_s
        Times since liftoff between which it is flown; None is open.
    """

    flight: str
    source_run: str | None = None
    run: str | None = None
    speed: float | None = None
    from_s: float | None = None
    to_s: float | None = None


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay is: messages read of those recorded, and the receive time of the last."""

    read: int
    recorded: int
    ert_ns: int


@dataclass(slots=True)
class ReplayResult:
    """What was flown.

    Parameters
    ----------
    run, flight
        Under which name.
    source
        The recording.
    window
        Which stretch of it.
    messages, reports
        Telemetry and link messages that the line has confirmed.
    packets
        Packets in them, by vehicle and packet type.
    first_ns, last_ns
        Earliest and latest receive time.
    resent, refused
        Publications made again; messages of which the line refused octets.
    elapsed_s
        Wall-clock time from the first message to the last confirmation.
    """

    run: str
    flight: str
    source: Recording
    window: Window
    messages: int = 0
    reports: int = 0
    packets: Counter[tuple[str, str]] = field(default_factory=Counter)
    first_ns: int = 0
    last_ns: int = 0
    resent: int = 0
    refused: int = 0
    elapsed_s: float = 0.0

    @property
    def key(self) -> str:
        """The Kafka key of the run's records."""
        return flight_key(self.run, self.flight)


def new_run() -> str:
    """Return a name for a replay: when it began, and a random tail."""
    return f"replay-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def replay_registry(settings: Settings) -> Registry:
    """Return the dictionaries that the settings name."""
    service = settings.service
    folders = () if service.dictionary_dir is None else (service.dictionary_dir,)
    return Registry(folders, service.dictionary)


async def replay(
    settings: Settings,
    options: ReplayOptions,
    log: FilteringBoundLogger,
    on_progress: Callable[[ReplayProgress], None] = lambda _: None,
) -> ReplayResult:
    """Fly a recording again and return when Kafka has all of it.

    It streams: memory holds some hundred messages, however long the flight. Receive and generation times are the
    original ones; with a speed, messages are paced by their receive times. All stations and vehicles go through one
    connection, in the order in which they were recorded.

    Raises
    ------
    ArchiveError
        If there is no such recording, it is damaged, or nothing of it lies in the window.
    SettingsError
        If the speed or the window makes no sense.
    AddressError
        If a name is none.
    FatalError
        If the broker is not reached in time.
    TransientError
        If the line does not confirm what was sent.
    """
    pace = Pace(options.speed)
    run = check_name(options.run or new_run(), "run")
    recording = await asyncio.to_thread(find_recording, settings.archive.dir, options.flight, options.source_run)
    window = Window()
    if options.from_s is not None or options.to_s is not None:
        liftoff_ns = await asyncio.to_thread(liftoff_of, recording)
        window = window_around(liftoff_ns, options.from_s, options.to_s)
    result = ReplayResult(run, recording.flight, recording, window)
    recorded = await asyncio.to_thread(count_rows, recording.folder, Stream.TELEMETRY)
    log.info("replaying", run=run, flight=recording.flight, source=recording.run, messages=recorded)
    async with open_flight_uplink(
        settings.mqtt,
        result.key,
        MemorySpool(UNCONFIRMED),
        log,
        connect_timeout_s=settings.service.connect_timeout_s,
    ) as uplink:
        flight = _Flight(uplink, pace, Decoder(replay_registry(settings)), result)
        await flight.fly(messages_in(recording, window), recorded, on_progress)
        await uplink.drained(SETTLE_TIMEOUT_S)
        flight.close()
    return result


async def _read_ahead(messages: Iterator[Message]) -> AsyncGenerator[Message, None]:
    """Yield messages that are read beside the event loop, always by the same thread: each has memory of its own."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1, "archive") as thread:
        while batch := await loop.run_in_executor(thread, lambda: list(islice(messages, READ_AHEAD))):
            for message in batch:
                yield message


class _Flight:
    def __init__(self, uplink: Outbox, pace: Pace, decoder: Decoder, result: ReplayResult) -> None:
        self._uplink = uplink
        self._pace = pace
        self._decoder = decoder
        self._result = result
        self._began_s = 0.0

    async def fly(
        self, messages: Iterator[Message], recorded: int, on_progress: Callable[[ReplayProgress], None]
    ) -> None:
        """Send messages when they are due."""
        self._began_s = time.monotonic()
        read, told_s = 0, 0.0
        async with aclosing(_read_ahead(messages)) as source:
            async for message in source:
                read += 1
                late_s = time.monotonic() - self._began_s - self._pace.due_s(message.ert_ns)
                if late_s < 0:
                    await asyncio.sleep(-late_s)
                await self._send(message)
                if (now_s := time.monotonic()) - told_s > REPORT_S:
                    told_s = now_s
                    on_progress(ReplayProgress(read, recorded, message.ert_ns))
        if not read:
            where = f"{self._result.source.run}/{self._result.flight}"
            raise ArchiveError(str(self._result.source.folder), f"nothing of {where} lies between --from and --to")
        on_progress(ReplayProgress(recorded, recorded, self._result.last_ns))

    async def _send(self, message: Message) -> None:
        result = self._result
        again = replace(message, address=replace(message.address, run=result.run), sent_ns=0, ingest_ns=0)
        if message.kind is Kind.TELEMETRY:
            result.messages += 1
            for frame in self._decoder.inspect(again).frames:
                result.packets[frame.vehicle, frame.packet] += len(frame)
        else:
            result.reports += 1
        if message.ert_ns:
            result.first_ns = min(result.first_ns or message.ert_ns, message.ert_ns)
            result.last_ns = max(result.last_ns, message.ert_ns)
        await self._uplink.send(again)

    def close(self) -> None:
        """Write the figures of the uplink into the result."""
        self._result.resent = self._uplink.tally.resent
        self._result.refused = self._uplink.tally.refused
        self._result.elapsed_s = time.monotonic() - self._began_s
