"""A log in SI columns becomes a recording of the built-in dictionary `log`, which can be replayed and detected on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest.importers.csv_log import LONGEST_LINE, ImportOptions, flight_name
from ingest.importers.log import Log
from ingest.importers.recording import ImportResult, Sink, install
from ingest.importers.source import octets_of
from runtime.archive.catalog import IMPORTED_RUN
from runtime.settings import ArchiveSettings
from telemetry.codec import OLDEST_NS, PacketCodec
from telemetry.cuc import NS_PER_S
from telemetry.dictionary import Dictionary, built_in
from telemetry.errors import ArchiveError, PacketError, Reason
from telemetry.message import Message
from telemetry.samples import Samples
from telemetry.topics import Address, Kind, partition_of

DICTIONARY: Final = "log"
PACKET: Final = "samples"
TIME: Final = "log_time_s"
DEFAULTS: Final = ImportOptions(dictionary=DICTIONARY, vehicle="vehicle", station="log")
BUNDLE_NS: Final = NS_PER_S
BUNDLE_OCTETS: Final = 256 * 1024
# the dictionary's time code counts in 2^-24 s, which is 60 ns
STEP_NS: Final = 120


@dataclass(frozen=True, slots=True)
class _Aside:
    """A row whose time cannot be recorded: its place among the rows, and why."""

    row: int
    reason: str


def import_log(
    log: Log, archive: ArchiveSettings, partitions: int, options: ImportOptions | None = None
) -> ImportResult:
    """Write a log into the archive; its rows keep their order, lines that are none are its rejected stream.

    Packet times only go on: each is the latest of the log so far, or a little more, so that nothing on the way changes
    the order of the rows. A row's own time is its channel `log_time_s`.

    Parameters
    ----------
    log
        As `open_log` returns it.
    archive
        Where to.
    partitions
        Partitions of a Kafka topic, for the recording to look like a recorder's.
    options
        Names and the time of the log's zero; the dictionary is always `log`.

    Raises
    ------
    ArchiveError
        If another recording of that name is in the way, or the disk does not take it.
    AddressError
        If a name is none.
    """
    chosen = options or DEFAULTS
    flight = chosen.flight or flight_name(log.path)
    address = Address(IMPORTED_RUN, flight, chosen.vehicle, chosen.station)
    result = ImportResult(address.run, flight, archive.dir / address.run / flight)
    t0_ns = round(chosen.t0.timestamp()) * NS_PER_S + chosen.t0.microsecond * 1000
    dictionary = built_in(DICTIONARY)
    kept, aside = _recordable(log.samples.t_ns, t0_ns, dictionary)
    try:
        result.folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{flight}-", dir=result.folder.parent) as temporary:
            new = result.folder.parent / temporary / flight
            sink = Sink(new, address, partition_of(address.key, partitions), archive.part_bytes, result)
            for message in _messages(log.samples.select(kept), address, dictionary, t0_ns):
                sink.message(message)
            for bad in log.samples.bad_rows:
                for octets in _pieces(octets_of(bad.text)):
                    sink.bad_row(bad.line, octets, PacketError(Reason.BAD_ROW, bad.reason))
            for each in aside:
                octets = _cells(log.samples, each.row)
                sink.bad_row(int(log.lines[each.row]), octets, PacketError(Reason.BAD_ROW, each.reason))
            sink.close()
            result.packets = int(kept.size)
            if not result.packets:
                raise ArchiveError(str(log.path), "holds no row whose time can be recorded: give the right --t0")
            install(new, result)
    except OSError as error:
        raise ArchiveError(str(result.folder), f"cannot be written ({error}): nothing was imported") from error
    return result


def _recordable(t_ns: NDArray[np.int64], t0_ns: int, dictionary: Dictionary) -> tuple[NDArray[np.intp], list[_Aside]]:
    """Return the rows whose time can be recorded, and those whose cannot."""
    kept: list[int] = []
    aside: list[_Aside] = []
    latest = None
    for row, t in enumerate(t_ns.tolist()):
        if not dictionary.epoch_ns <= t0_ns + t < dictionary.time.last_ns:
            aside.append(_Aside(row, f"{t / NS_PER_S:g} s from the log's zero lies outside the dictionary's time code"))
        # far ahead it would hold all packets that follow at its time
        elif latest is not None and abs(t - latest) > OLDEST_NS:
            aside.append(_Aside(row, "its time is more than 7 days from the latest row above"))
        else:
            kept.append(row)
            latest = t if latest is None else max(latest, t)
    return np.array(kept, dtype=np.intp), aside


def _messages(samples: Samples, address: Address, dictionary: Dictionary, t0_ns: int) -> Iterator[Message]:
    """Yield messages of about a second each."""
    if not len(samples):
        return
    codec = PacketCodec(dictionary)
    definition = dictionary.packets[PACKET]
    most = max(1, BUNDLE_OCTETS // codec.layout.octets(definition.apid))
    packet_ns = _rising(samples.t_ns)
    absent = np.full(len(samples), np.nan)
    columns = {channel.name: samples.columns.get(channel.name, absent) for channel in definition.channels}
    columns[TIME] = samples.t_ns / NS_PER_S
    start = 0
    while start < len(samples):
        stop = int(np.searchsorted(packet_ns, packet_ns[start] + BUNDLE_NS))
        stop = min(max(stop, start + 1), start + most)
        part = slice(start, stop)
        t_ns = packet_ns[part] + t0_ns
        cut = {name: values[part] for name, values in columns.items()}
        payload = codec.encode(PACKET, np.arange(start, stop), t_ns, cut)
        yield Message(address, Kind.TELEMETRY, payload, int(t_ns[-1]), dictionary=dictionary.reference)
        start = stop


def _rising(t_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the nearest times, shape (n,), that rise from row to row by more than the time code can tell apart.

    Examples
    --------
    >>> _rising(np.array([0, 500, 500, 100, 900])).tolist()
    [0, 500, 620, 740, 900]
    """
    steps = np.arange(t_ns.size) * STEP_NS
    return np.maximum.accumulate(np.maximum.accumulate(t_ns) - steps) + steps


def _pieces(octets: bytes) -> Iterator[bytes]:
    """Yield octets in parts that one record takes."""
    for start in range(0, max(len(octets), 1), LONGEST_LINE):
        yield octets[start : start + LONGEST_LINE]


def _cells(samples: Samples, row: int) -> bytes:
    """Return what a row says, for its record among the rejected."""
    values = ", ".join(f"{name}={values[row]:.17g}" for name, values in samples.columns.items())
    return f"t_s={samples.t_ns[row] / NS_PER_S:.17g}, {values}".encode()
