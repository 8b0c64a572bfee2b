"""What `downrange detect` reads: logs of any known format, and recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from downrange.jobs.detect import FLIGHT_EVENTS, Detected, LogFlight
from downrange.jobs.heap import settled_heap
from ingest.importers.log import open_log
from ingest.importers.options import LogOptions
from processors.detect.reading import Packets, packets_of
from processors.engine import Engine
from runtime.archive.catalog import Recording
from runtime.archive.contents import recorded_messages
from runtime.archive.layout import Stream, parse_part_name
from runtime.archive.reader import parts_of
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.errors import ArchiveError, PacketError
from telemetry.events import Event
from telemetry.link import LinkReport
from telemetry.samples import BadRow
from telemetry.topics import Kind
from telemetry.vocabulary import short_name

NS_PER_S: Final = 10**9


@dataclass(frozen=True, slots=True)
class Heard:
    """What was detected in an input, and what is to be said of its reading."""

    found: list[Detected]
    notes: tuple[str, ...] = ()
    bad_rows: tuple[BadRow, ...] = ()


def hear(path: Path, vehicle_class: str, options: LogOptions, registry: Registry) -> Heard:
    """Detect what happened in a log or the folder of a recording.

    Raises
    ------
    ArchiveError
        If it cannot be read.
    SettingsError
        If there is no such class.
    """
    flight = LogFlight(vehicle_class)
    with settled_heap():
        if path.is_dir() and parts_of(path, Stream.TELEMETRY):
            return Heard(list(_recorded(path, registry)))
        _refuse_part_or_whole_archive(path)
        log = open_log(path, options)
        return Heard(list(flight.take_all([log.samples])), log.notes, log.samples.bad_rows)


def _refuse_part_or_whole_archive(path: Path) -> None:
    """Say what to name instead of a file of a recording, or of a folder of several."""
    if path.is_file() and parse_part_name(path.name) is not None:
        raise ArchiveError(str(path), f"is a part of a recording: name its folder, {path.absolute().parent}")
    several = [each for each in sorted(path.iterdir()) if parts_of(each, Stream.TELEMETRY)] if path.is_dir() else []
    if several:
        raise ArchiveError(str(path), f"holds the recordings of several flights: name one, for example {several[0]}")


def _recorded(folder: Path, registry: Registry) -> Iterator[Detected]:
    """Yield what the line would have told of a recording; times are Unix seconds."""
    recording = Recording(folder.parent.name, folder.name, folder, {})
    decoder, engine = Decoder(registry), Engine(recording.run, recording.flight, registry)
    for message in recorded_messages(recording):
        if message.kind is Kind.LINK:
            try:
                output = engine.take_report(message, LinkReport.model_validate_json(message.payload), {})
            except (PacketError, ValueError):
                continue  # a report that the line refuses too; it is no telemetry
        else:
            read: Packets = packets_of(message, decoder.decode(message), decoder)
            if read.dictionary is None:
                detail = f"holds telemetry of dictionary {message.dictionary!r}, which is not known"
                raise ArchiveError(str(folder), f"{detail}: set DOWNRANGE_DICTIONARY_DIR")
            # a second's messages are looked at together
            output = engine.take_frames(message, read.frames, read.dictionary, {}, look=False)
        yield from (_detected(event) for event in output.events if event.type in FLIGHT_EVENTS)
    yield from (_detected(event) for event in engine.settle().events if event.type in FLIGHT_EVENTS)


def _detected(event: Event) -> Detected:
    return Detected(
        short_name(event.type),
        event.ordinal,
        event.t_ns / NS_PER_S,
        event.detected_ns / NS_PER_S,
        event.t_sigma_s,
        event.status,
        event.revision,
        event.values,
        event.vehicle,
    )
