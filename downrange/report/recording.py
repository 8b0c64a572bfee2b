"""Reads a recording, or a log, for its report; what the recording does not hold is worked out on the spot."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from downrange.jobs.detect import Detected, detect
from downrange.report.build import About, build_report
from downrange.report.model import Books, FlightReport, Missing
from downrange.report.tracks import NS_PER_S, Tracks
from downrange.report.words import plural
from ingest.importers.log import open_log
from ingest.importers.options import LogOptions
from processors.audit.recount import Recount
from processors.audit.verdict import Counts, judge
from processors.detect.reading import Packets, advance, read_rejected, read_telemetry
from processors.engine import Engine
from runtime.archive.catalog import IMPORTED_RUN, Recording, find_recording
from runtime.archive.contents import recorded_events, recorded_ledger
from runtime.archive.layout import Stream
from runtime.archive.reader import parts_of, read_stream
from runtime.registry import registry_of
from telemetry.decoder import Decoder
from telemetry.errors import ArchiveError, InputError
from telemetry.events import Event, Evidence
from telemetry.quality import GapRecord, LinkState, QualityRecord

if TYPE_CHECKING:
    from runtime.settings import Settings

MS_PER_S: Final = 1000
LOG_VEHICLE: Final = "vehicle"


def report_of_recording(settings: Settings, flight: str, run: str | None = None) -> FlightReport:
    """Read a flight of the archive.

    Events are those that were recorded. A recording without any, as an imported log, is run through the detectors here.
    The books are counted from the raw records and held against the ledger that was recorded.

    Raises
    ------
    ArchiveError
        If there is no such flight, a part of it is damaged, or it holds no telemetry.
    DictionaryError
        If a dictionary is wrong.
    """
    recording = find_recording(settings.archive.dir, flight, run)
    has_events = bool(parts_of(recording.folder, Stream.EVENTS))
    decoder = Decoder(registry_of(settings.service))
    engine = None if has_events else Engine(recording.run, recording.flight, decoder.registry)
    read = _Read(recording, decoder, engine)
    read.all()
    if not read.tracks.vehicles:
        held = ", ".join(stream.value for stream in recording.octets) or "nothing"
        detail = f"holds no packet that can be read (it has: {held}): there is nothing to report"
        hint = ""
        if read.unknown_dictionaries:
            hint = f"; its dictionary {', '.join(sorted(read.unknown_dictionaries))} is not known: "
            hint += "set DOWNRANGE_DICTIONARY_DIR"
        raise ArchiveError(str(recording.folder), detail + hint)
    events = recorded_events(recording) if has_events else read.events
    source = "archive; events as the line told them" if has_events else "archive, without events: detected for this"
    about = About(recording.flight, recording.run, source, time.time_ns(), remarks=tuple(read.remarks()))
    return build_report(about, read.tracks, events, _books(settings, recording, read), read.links())


def report_of_log(path: Path) -> FlightReport:
    """Read a log, and detect its events.

    Raises
    ------
    ArchiveError
        If it cannot be read, or holds no row.
    """
    log = open_log(path, LogOptions(asked_by="downrange import --format"))
    tracks = Tracks()
    tracks.take_samples(LOG_VEHICLE, log.samples)
    if not tracks.vehicles:
        raise ArchiveError(str(path), "holds no row that can be read: there is nothing to report")
    bad = len(log.samples.bad_rows)
    remarks = (*((f"{plural(bad, 'line')} could not be read.",) if bad else ()), *log.notes)
    about = About(path.name, "", f"{path.name}, read as {log.format}", time.time_ns(), has_date=False, remarks=remarks)
    events = [event_of(each, path.name) for each in detect(log.samples)]
    return build_report(about, tracks, events, Books())


def event_of(detected: Detected, flight: str) -> Event:
    """Return an event of a log as one of the line."""
    return Event(
        type=f"downrange.flight.{detected.type}",
        run="file",
        flight=flight,
        vehicle=LOG_VEHICLE,
        ordinal=detected.ordinal,
        revision=detected.revision,
        status=detected.status,
        t_ns=round(detected.t_event_s * NS_PER_S),
        t_sigma_s=detected.sigma_s,
        detected_ns=round(detected.t_detected_s * NS_PER_S),
        values=dict(detected.values),
        evidence=Evidence(detector="detect", detector_version=1),
    )


@dataclass(slots=True)
class _Read:
    """One pass over the raw records of a recording."""

    recording: Recording
    decoder: Decoder
    engine: Engine | None
    tracks: Tracks = field(default_factory=Tracks)
    events: list[Event] = field(default_factory=list)
    unknown_dictionaries: set[str] = field(default_factory=set)
    unreadable: int = 0
    _quality: dict[tuple[str, ...], QualityRecord] = field(default_factory=dict)
    recount: Recount = field(init=False)

    def __post_init__(self) -> None:
        self.recount = Recount(self.recording.run, self.recording.flight, self.decoder)

    def all(self) -> None:
        folder = self.recording.folder
        for record in read_stream(folder, Stream.TELEMETRY):
            self._telemetry(record.value or b"", record.headers, {f"telemetry-{record.partition}": record.offset})
        if self.engine is not None:
            self.events += self.engine.settle().events
        for record in read_stream(folder, Stream.REJECTED):
            self.recount.take_rejected(record.value, record.headers)
            self._rejected(record.value or b"", record.headers)
        for record in read_stream(folder, Stream.QUALITY):
            kind = _KINDS.get(dict(record.headers).get("type", b""))
            if kind is not None:
                try:
                    self._keep([kind.model_validate_json(record.value or b"")])
                except ValidationError:
                    self.unreadable += 1

    def links(self) -> list[LinkState]:
        return [record for record in self._quality.values() if isinstance(record, LinkState)]

    def remarks(self) -> Iterable[str]:
        if self.recording.run == IMPORTED_RUN:
            yield "An imported log tells no date: its zero stands at 2025-01-01 unless the import was given another."
        healed = sum(isinstance(each, GapRecord) and each.state == "healed" for each in self._quality.values())
        if healed:
            yield f"{plural(healed, 'gap')} healed later: those packets came late, and are in the curves."
        if self.unreadable:
            yield f"{plural(self.unreadable, 'record')} could not be read."
        if self.unknown_dictionaries:
            yield f"Not decoded, for their dictionary is not known: {', '.join(sorted(self.unknown_dictionaries))}."

    def _telemetry(self, value: bytes, headers: tuple[tuple[str, bytes], ...], offsets: dict[str, int]) -> None:
        self.recount.take_telemetry(value, headers)
        try:
            reading = read_telemetry(value, headers, self.decoder)
            if self.engine is not None:
                output = advance(self.engine, reading, offsets)
                self.events += output.events
                self._keep(output.quality)
        except InputError:
            self.unreadable += 1
            return
        if isinstance(reading, Packets):
            if reading.dictionary is None:
                self.unknown_dictionaries.add(reading.message.dictionary or "without a name")
                return
            for frame in reading.frames:
                self.tracks.take(frame, reading.dictionary)

    def _rejected(self, value: bytes, headers: tuple[tuple[str, bytes], ...]) -> None:
        if self.engine is None:
            return
        try:
            refused = read_rejected(value, headers, self.decoder)
        except InputError:
            return
        if refused is not None:
            advance(self.engine, refused, {})

    def _keep(self, records: Iterable[QualityRecord]) -> None:
        self._quality.update({(record.type, *record.identity): record for record in records if record.type in _KEPT})


_KINDS: Final[dict[bytes, type[QualityRecord]]] = {kind.type.encode(): kind for kind in (LinkState, GapRecord)}
_KEPT: Final = frozenset(kind.decode() for kind in _KINDS)


def _books(settings: Settings, recording: Recording, read: _Read) -> Books:
    """Return the books as the archive proves them; what InfluxDB has is taken as the auditor told it."""
    recount = read.recount
    recounted = {(row.vehicle, row.packet): row for row in recount.rows()}
    told = recorded_ledger(recording)
    has_ledger = bool(told)
    if not has_ledger and read.engine is not None:
        told = {(row.vehicle, row.packet): row for row in read.engine.ledger()}
    stored = {key: row.stored for key, row in told.items() if row.stored is not None}
    is_audited = has_ledger and stored.keys() == told.keys()
    gaps = {key: recount.gaps(*key) for key in recounted}
    newest_ns = recount.as_of_ns
    is_flying = time.time_ns() - newest_ns < settings.audit.quiet_s * NS_PER_S
    verdict = judge(
        Counts(
            recounted,
            stored if is_audited else None,
            recount.unique(),
            told,
            gaps,
            recount.unreadable,
            flying=is_flying,
        )
    )
    missing = sorted(
        (
            Missing(vehicle, packet, gap.packets, _seconds(gap.after_ns), gap.before_ns / NS_PER_S)
            for (vehicle, packet), each in gaps.items()
            for gap in each
        ),
        key=lambda gap: (-gap.length_s, -gap.packets, gap.end_s),
    )
    remarks = tuple(_rests_on(recording, has_ledger, is_audited))
    is_import = recording.run == IMPORTED_RUN
    return Books(verdict.rows, verdict.complaints, tuple(missing), remarks, of_log=is_import)


def _rests_on(recording: Recording, has_ledger: bool, is_audited: bool) -> Iterable[str]:
    yield "Counted again from the raw records of the archive" + (
        " and held against the ledger that the line told." if has_ledger else "; no ledger was recorded."
    )
    if recording.run == IMPORTED_RUN:
        yield "Of an imported log: what was not logged, nobody counts."
    elif is_audited:
        yield "InfluxDB as the auditor counted it last."
    else:
        yield "What InfluxDB has was not counted: ask downrange ledger."


def _seconds(t_ns: int | None) -> float | None:
    return None if t_ns is None else t_ns / NS_PER_S
