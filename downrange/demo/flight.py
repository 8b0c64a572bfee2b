"""Flies one delivery through the whole line and tells how it went."""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from dashboards.publish import View
from dashboards.publish import publish as publish_dashboard
from downrange.demo.board import Board
from downrange.demo.console import Billing
from downrange.demo.delivery import Booked, ask_delivery, book_parcels
from downrange.demo.feed import Feed, open_feed
from downrange.demo.screen import Screen
from downrange.demo.summary import Summary, Truth, balance, event_rows
from downrange.line import Line, open_line
from downrange.stack.names import StackName
from runtime.archive.layout import Stream
from runtime.archive.reader import parts_of
from runtime.logs import logger
from runtime.registry import registry_of
from runtime.settings import ArchiveSettings, read_settings
from simulator.packets import Transmitter
from simulator.publish import Broadcast, links_of, publish
from simulator.radio.downlink import Link
from simulator.simulate import simulate, write_flight
from telemetry.cuc import NS_PER_S
from telemetry.decoder import Decoder
from telemetry.errors import FatalError, TransientError
from telemetry.events import Event
from telemetry.topics import LIVE_RUN
from telemetry.vocabulary import DeliveryStatus

SERVICES: Final = ("ingest", "detect", "store", "record", "audit", "track")
LIFTOFF_IN_S: Final = 60
SETTLED_WITHIN_S: Final = 60.0
LOOK_EVERY_S: Final = 0.25
FINAL_STATUSES: Final = {
    DeliveryStatus.OUT_FOR_DELIVERY,
    DeliveryStatus.AVAILABLE_FOR_PICKUP,
    DeliveryStatus.EXCEPTION,
}

MakeScreen = Callable[[Board, Billing], Screen]


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller asked for.

    Parameters
    ----------
    flight
        Its name.
    preset, seed
        What flies.
    speed
        Flight seconds a second.
    stack
        Which servers.
    work_dir
        For the servers' data, everyone's logs, the stations' spools and the truth.
    archive_dir
        For the recording.
    track_port
        Port of the tracking page; 0 for a free one.
    """

    flight: str
    preset: str
    seed: int
    speed: float
    stack: StackName
    work_dir: Path
    archive_dir: Path
    track_port: int


@dataclass(slots=True)
class Timings:
    """Wall-clock seconds since the start of the command at which something was reached first."""

    started_s: float = field(default_factory=time.monotonic)
    reached: dict[str, float] = field(default_factory=dict)

    def reach(self, name: str) -> None:
        """Note that something is reached."""
        self.reached.setdefault(name, round(time.monotonic() - self.started_s, 2))


@dataclass(frozen=True, slots=True)
class Sortie:
    """A flight that is ready to go: what its vehicles send, what its stations hear, and what truly happens."""

    transmitter: Transmitter
    broadcast: Broadcast
    links: tuple[Link, ...]
    truth: Truth


@dataclass(frozen=True, slots=True)
class Flown:
    """A flight that is over while its line is still up."""

    line: Line
    page: str | None
    summary: Summary


@asynccontextmanager
async def flown(options: Options, make_screen: MakeScreen, say: Callable[[str], None]) -> AsyncIterator[Flown]:
    """Bring up the line, fly, and yield the result; the line stays up until the context ends.

    Raises
    ------
    FatalError
        If a server or service cannot be started or dies.
    """
    timings = Timings()
    preparing = asyncio.create_task(asyncio.to_thread(_prepare, options), name="prepare the flight")
    try:
        async with open_line(
            options.stack, SERVICES, options.work_dir, options.archive_dir, options.track_port, say
        ) as line:
            timings.reach("line_up_s")
            sortie = await preparing
            timings.reach("simulated_s")
            await _show_dashboard(options, line, sortie, say)
            booked = await book_parcels(line.settings, options.flight, sortie.truth, sortie.transmitter.flight.preset)
            timings.reach("booked_s")
            board = await _fly(options, line, sortie, booked, make_screen, timings)
            timings.reach("settled_s")
            yield Flown(line, booked.page, await _summarise(options, line, board, sortie.truth, booked, timings))
    finally:
        preparing.cancel()


def _prepare(options: Options) -> Sortie:
    """Simulate the flight and encode what its stations hear, while the line starts."""
    t0_ns = (int(time.time()) + LIFTOFF_IN_S) * NS_PER_S
    transmitter = simulate(options.preset, options.seed, t0_ns, registry_of(read_settings().service))
    truth_file = write_flight(transmitter, options.flight, options.work_dir / "truth", packets=False)
    broadcast = Broadcast(options.flight, options.speed, options.work_dir / "stations")
    truth = Truth.model_validate_json(truth_file.read_bytes())
    return Sortie(transmitter, broadcast, links_of(transmitter, broadcast), truth)


async def _show_dashboard(options: Options, line: Line, sortie: Sortie, say: Callable[[str], None]) -> None:
    """Put mission control's dashboard on the Grafana that the settings name, if any, and say where it is."""
    if line.settings.grafana.url is None or "store" not in line.services:
        return
    start_ns = sortie.transmitter.start_ns
    view = View(LIVE_RUN, options.flight, start_ns, start_ns + sortie.transmitter.duration_ns)
    try:
        url = await publish_dashboard(line.settings.grafana, line.settings.influx, view)
    except TransientError as error:
        say(f"no dashboard: {error}")
    else:
        say(f"mission control: {url}")


async def _fly(
    options: Options,
    line: Line,
    sortie: Sortie,
    booked: Booked,
    make_screen: MakeScreen,
    timings: Timings,
) -> Board:
    settings, transmitter, truth = line.settings, sortie.transmitter, sortie.truth
    board = Board(transmitter.dictionary, truth.liftoff_ns)
    billing = Billing(
        flight=options.flight,
        route=booked.route,
        speed=options.speed,
        duration_s=transmitter.duration_ns / NS_PER_S,
        before_s=(transmitter.t0_ns - transmitter.start_ns) / NS_PER_S,
        page=booked.page,
    )
    screen = make_screen(board, billing)
    folder = options.archive_dir / LIVE_RUN / options.flight

    def on_event(event: Event) -> None:
        screen.tell(event)

    decoder = Decoder(registry_of(settings.service))
    async with (
        open_feed(settings.kafka, LIVE_RUN, options.flight, board, decoder, on_event) as feed,
        asyncio.TaskGroup() as group,
    ):
        watching = [
            group.create_task(feed.follow(), name="feed"),
            group.create_task(screen.show(), name="screen"),
            group.create_task(line.watch(), name="watch services"),
            group.create_task(_note_first(feed, board, timings), name="note the first telemetry"),
        ]
        outcome = await publish(
            settings.mqtt,
            transmitter,
            sortie.broadcast,
            asyncio.Event(),
            logger("simulate"),
            on_tick=lambda _: timings.reach("first_published_s"),
            links=sortie.links,
        )
        timings.reach("flown_s")
        if outcome.left:
            msg = f"{outcome.left} messages were not confirmed by the line; see the logs in {options.work_dir / 'logs'}"
            raise FatalError(msg)
        await _settled(feed, board, sortie, folder, has_parcels=booked.code is not None)
        for task in watching:
            task.cancel()
    return board


async def _note_first(feed: Feed, board: Board, timings: Timings) -> None:
    await feed.until(lambda: bool(board.vehicles))
    timings.reach("first_telemetry_s")


async def _settled(feed: Feed, board: Board, sortie: Sortie, folder: Path, *, has_parcels: bool) -> None:
    """Wait until the last packet is in the books and in the archive, the auditor has looked, and the parcels are there.

    What does not settle in time is not hidden: the summary shows the books as they stand.
    """

    def is_told() -> bool:
        statuses = set(board.deliveries.values())
        delivered = not has_parcels or (bool(statuses) and statuses <= FINAL_STATUSES)
        return delivered and balance(board.ledger.values(), sortie.truth.told).balanced

    try:
        async with asyncio.timeout(SETTLED_WITHIN_S):
            await feed.until(is_told)
            while await asyncio.to_thread(archived_rows, folder) < board.messages:  # noqa: ASYNC110 -- no event tells of files
                await asyncio.sleep(LOOK_EVERY_S)
            await feed.until(lambda: all(row.archived is not None for row in board.ledger.values()))
    except TimeoutError:
        return


def archived_rows(folder: Path) -> int:
    """Return how many telemetry records the parts of a recording hold."""
    parts = parts_of(folder, Stream.TELEMETRY) if folder.is_dir() else []
    return sum(int(pq.read_metadata(folder / str(part)).num_rows) for part in parts)


async def _summarise(
    options: Options, line: Line, board: Board, truth: Truth, booked: Booked, timings: Timings
) -> Summary:
    return Summary(
        flight=options.flight,
        events=event_rows(board.events_in_order(), truth),
        ledger=balance(board.ledger.values(), truth.told),
        delivery=await ask_delivery(line.settings, booked),
        archive=str(options.archive_dir / LIVE_RUN / options.flight),
        replay=_replay_command(options),
        timings=timings.reached,
    )


def _replay_command(options: Options) -> str:
    """Return the line that flies it again, as it can be typed here."""
    here = Path.cwd()
    program = Path(sys.argv[0]).absolute()
    shown = program.relative_to(here) if program.is_relative_to(here) else program
    words = [str(shown), "replay", options.flight, "--speed", "max", "--compare", "--stack", options.stack.value]
    is_default = options.archive_dir == here / ArchiveSettings.model_fields["dir"].default
    place = "" if is_default else f"DOWNRANGE_ARCHIVE_DIR={shlex.quote(str(options.archive_dir))} "
    return place + shlex.join(words)
