"""`downrange rejected`: what the line refused, why, and what is good of it once a dictionary is mended."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter, deque
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from downrange.jobs.rejected_text import printed, summary_of, table_of
from telemetry.errors import AddressError
from telemetry.topics import LIVE_RUN

if TYPE_CHECKING:
    from ingest.dead_letters import Source, Wanted
    from ingest.refused import Marks, RefusedRecord
    from ingest.retry import Retry
    from runtime.settings import Settings
    from telemetry.decoder import Decoder

EXIT_LEFT: Final = 1
WIDE: Final = 200
MOST_TOLD: Final = 100
KAFKA_WITHIN_S: Final = 5.0

OfRun = Annotated[str | None, typer.Option(help="Only of this run; live when a flight is given.")]
OfReason = Annotated[str | None, typer.Option(help="Only of this reason: unknown-apid, bad-crc, ...")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
FromArchive = Annotated[
    bool, typer.Option("--from-archive", help="Read the archive: of what Kafka no longer keeps (28 days by default).")
]

app = typer.Typer(help="What the line refused, and bringing it through once that is mended.", no_args_is_help=True)


@app.command("list")
def list_(
    flight: Annotated[str | None, typer.Argument(help="Only of this flight.")] = None,
    *,
    run: OfRun = None,
    reason: OfReason = None,
    all_: Annotated[bool, typer.Option("--all", help="Those that a retry has brought through, too.")] = False,
    last: Annotated[int, typer.Option(help="Show so many of them, the latest.", min=1)] = 50,
    from_archive: FromArchive = False,
    as_json: AsJson = False,
) -> None:
    """Show what was refused: how much for which reason, and the latest of it."""
    found = asyncio.run(_listed(_wanted(run, flight, reason), last=last, all_=all_, from_archive=from_archive))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    typer.echo(summary_of(found["count"], found["by_reason"], found["retried"]))
    if found["records"]:
        (Console() if sys.stdout.isatty() else Console(width=WIDE)).print(table_of(found["records"]))
        left = found["shown_of"] - len(found["records"])
        if left:
            typer.echo(f"and {left:,} before these: --last {found['shown_of']} shows all")


@app.command()
def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="PARTITION-OFFSET, as `list` shows it.")],
    *,
    from_archive: FromArchive = False,
    hex_: Annotated[bool, typer.Option("--hex", help="Only the octets, all of them, in hexadecimal.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Only the octets, as they are.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one refused record: where it came from, what is wrong, its octets and what they say."""
    # loaded here, so that `downrange --help` does not wait for Kafka's client
    from downrange.jobs.rejected_text import content_of
    from ingest.dissect import hex_dump
    from runtime.settings import read_settings

    settings = read_settings()
    record, marks = asyncio.run(_one(settings, id_, from_archive=from_archive))
    if raw:
        sys.stdout.buffer.write(record.octets)
    elif hex_:
        typer.echo("\n".join(hex_dump(record.octets)))
    else:
        content = content_of(record, marks, _decoder(settings), settings.kafka.max_request_bytes)
        typer.echo(json.dumps(content, indent=1) if as_json else printed(content, record.octets))


@app.command()
def retry(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="These.")] = None,
    *,
    flight: Annotated[str | None, typer.Option(help="All of this flight.")] = None,
    run: OfRun = None,
    reason: OfReason = None,
    all_: Annotated[bool, typer.Option("--all", help="All there are.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and do nothing.")] = False,
    from_archive: FromArchive = False,
    as_json: AsJson = False,
) -> None:
    """Examine refused octets with today's dictionaries and send what is good now; exit code 1 if any stays."""
    if sum((bool(ids), flight is not None, all_)) != 1:
        raise typer.BadParameter("say which: ids, or --flight FLIGHT, or --all")
    wanted = _wanted(run, flight, reason, ids or [])
    found = asyncio.run(_retried(wanted, dry_run=dry_run, from_archive=from_archive, quiet=as_json))
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        _tell(found)
    sys.exit(EXIT_LEFT if found["left"] or found["not_found"] else 0)


def _tell(found: dict[str, Any]) -> None:
    for one in found["stay"]:
        typer.echo(f"{one['id']} {one['flight']} {one['vehicle']}: {one['why']}")
    if found["left"] > len(found["stay"]):
        typer.echo(f"... and {found['left'] - len(found['stay']):,} more that stay")
    for name in found["not_found"]:
        typer.secho(f"{name}: no such refused record, or Kafka no longer has it: try --from-archive", err=True)
    did = "would be brought through" if found["dry_run"] else "brought through"
    parts = [f"{found['records']:,} records with {found['packets']:,} packets {did}", f"{found['left']:,} stay"]
    if found["before"]:
        parts.append(f"{found['before']:,} were through before")
    typer.echo(", ".join(parts))


def _wanted(run: str | None, flight: str | None, reason: str | None, ids: list[str] | None = None) -> Wanted:
    from ingest.dead_letters import Wanted
    from ingest.refused import parse_id
    from telemetry.errors import Reason

    known = [one.value for one in Reason]
    if reason is not None and reason not in known:
        raise typer.BadParameter(f"--reason {reason!r} is none of: {', '.join(known)}")
    try:
        chosen = frozenset("{}-{}".format(*parse_id(text)) for text in ids or [])
    except AddressError as error:
        raise typer.BadParameter(error.detail) from error
    return Wanted(run if flight is None else run or LIVE_RUN, flight, reason, chosen)


def _decoder(settings: Settings) -> Decoder:
    from telemetry.decoder import Decoder
    from telemetry.dictionary import Registry

    folder = settings.service.dictionary_dir
    return Decoder(Registry((folder,) if folder else (), settings.service.dictionary))


async def _source(settings: Settings, wanted: Wanted, *, from_archive: bool) -> Source:
    from ingest.dead_letters import in_archive, in_kafka

    if from_archive:
        return in_archive(settings.archive.dir, wanted)
    await _reach_kafka(settings)
    return in_kafka(settings.kafka, wanted)


async def _reach_kafka(settings: Settings) -> None:
    """Make sure that Kafka is there, and the topics are: asked for one that it does not know, the client waits."""
    from runtime.kafka import ensure_topics
    from runtime.logs import configure_logs, logger

    # one line at the end says what is wrong and what to do
    configure_logs(settings.service.model_copy(update={"log_level": "critical"}))
    await ensure_topics(settings.kafka, logger("rejected"), KAFKA_WITHIN_S)


async def _listed(wanted: Wanted, *, last: int, all_: bool, from_archive: bool) -> dict[str, Any]:
    from downrange.jobs.rejected_text import row_of
    from ingest.dead_letters import marks_in, refused_in
    from runtime.settings import read_settings

    source = await _source(read_settings(), wanted, from_archive=from_archive)
    marks = await marks_in(source)
    reasons: Counter[str] = Counter()
    latest: deque[dict[str, Any]] = deque(maxlen=last)
    retried = shown_of = 0
    async for record in refused_in(source, wanted):
        through = record.id in marks.retried
        retried += through
        reasons[record.text("reason")] += not through
        if all_ or not through:
            shown_of += 1
            latest.append(row_of(record, through=through))
    counts = {name: count for name, count in reasons.most_common() if count}
    total = sum(counts.values())
    return {"count": total, "by_reason": counts, "retried": retried, "shown_of": shown_of, "records": list(latest)}


async def _one(settings: Settings, id_: str, *, from_archive: bool) -> tuple[RefusedRecord, Marks]:
    from ingest.dead_letters import marks_in, refused_in

    wanted = _wanted(None, None, None, [id_])
    source = await _source(settings, wanted, from_archive=from_archive)
    # to the end, as the reader of Kafka closes only there
    found = [record async for record in refused_in(source, wanted)]
    if found:
        return found[0], await marks_in(source)
    typer.secho(f"{id_}: no such refused record, or Kafka no longer has it: try --from-archive", err=True)
    raise typer.Exit(EXIT_LEFT)


async def _retried(wanted: Wanted, *, dry_run: bool, from_archive: bool, quiet: bool) -> dict[str, Any]:
    from ingest.dead_letters import CLIENT, in_kafka, marks_in, refused_in, retried
    from ingest.retry import Retrier
    from runtime.kafka import open_producer
    from runtime.settings import read_settings

    settings = read_settings()
    source = await _source(settings, wanted, from_archive=from_archive)
    if from_archive:
        await _reach_kafka(settings)
    # whichever holds the octets: what is through already, Kafka says last
    marks = await marks_in(source, *([in_kafka(settings.kafka, wanted)] if from_archive else []))
    seen = {record.id async for record in refused_in(source, wanted)}
    found: dict[str, Any] = {"dry_run": dry_run, "records": 0, "packets": 0, "left": 0, "stay": []}
    found |= {"before": len(seen & marks.retried), "not_found": sorted(wanted.ids - seen)}
    retrier = Retrier(_decoder(settings), settings.kafka.max_request_bytes)
    async with AsyncExitStack() as stack:
        producer = None
        if not dry_run and seen - marks.retried:
            producer = await stack.enter_async_context(open_producer(settings.kafka, CLIENT))
        bar = stack.enter_context(_progress(quiet=quiet))
        task = bar.add_task("refused records", total=len(seen - marks.retried))
        async for one in retried(refused_in(source, wanted), retrier, marks, producer):
            bar.advance(task)
            _note(found, one)
    return found


def _note(found: dict[str, Any], one: Retry) -> None:
    found["records"] += one.telemetry is not None
    found["packets"] += one.packets
    if one.why:
        found["left"] += 1
        if len(found["stay"]) < MOST_TOLD:
            where = {name: one.record.text(name) for name in ("run", "flight", "vehicle", "reason")}
            found["stay"].append({"id": one.record.id, **where, "partly": one.telemetry is not None, "why": one.why})


def _progress(*, quiet: bool) -> Progress:
    told = Console(stderr=True)
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=told, transient=True, disable=quiet or not told.is_terminal)
