"""Line protocol for InfluxDB: ours by the column, influxdb-client's `Point` and plain f-strings by the row, in one run.

Packets of real flights, calibrated, derived channels included. Ours begins with columns, as the decoder leaves them;
the others with Python values of their rows, which are made for them beforehand, rounded as ours rounds them. All three
make the same points: before anything is timed each line is read back and compared. CPU time of one process, the best
of several rounds.
"""

from __future__ import annotations

import argparse
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from bench.kit import NS, Table, machine, options, publish, say
from bench.load import groups_of
from influxdb_client.client.write.point import Point
from numpy.typing import NDArray

from processors.influx.encoder import Encoder, Readable
from processors.influx.line_protocol import FLOAT32, Lines, pack, series_lines, series_prefix
from processors.influx.survivor import slices
from telemetry.channels import Channel
from telemetry.columns import Columns, join_columns
from telemetry.decoder import Decoder
from telemetry.derived import Derived
from telemetry.dictionary import Packet, Registry
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.topics import Address, Kind

BEGIN_NS: Final = 1_800_000_000 * NS
PHASES_S: Final = [-5.0, 60.0, 120.0, 200.0]
BATCH_LINES: Final = 5000
BODY_OCTETS: Final = 2**20
FIELDS: Final = 40
TARGET: Final = 100_000
# influxdb-client declares types and leaves its functions without
POINT: Final[Any] = Point
FIELD: Final = re.compile(r'([^=,]+)=("(?:[^"\\]|\\.)*"|[^,]*)')

Value = float | int | bool | str
Tags = dict[str, str]
Row = tuple[str, Tags, str, list[tuple[str, Value]], int]
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Heap:
    """Packets of one type, of as many vehicles as a slice of records holds, which is how `store` encodes them."""

    name: str
    packet: Packet
    tags: list[Tags]
    which: NDArray[np.int64]
    counts: NDArray[np.int64]
    t_ns: NDArray[np.int64]
    columns: Columns

    def lines(self) -> Lines:
        """Return the lines as `store` makes them."""
        prefixes = [series_prefix(self.name, tags) for tags in self.tags]
        return series_lines(self.packet, prefixes, self.which, self.counts, self.t_ns, self.columns)

    def rows(self) -> Iterable[Row]:
        """Yield the points as Python values; what is no finite number is left out."""
        columns = [(quantity.name, plain(quantity, self.columns[quantity.name])) for quantity in self.packet.quantities]
        for row, (number, t_ns) in enumerate(zip(self.which.tolist(), self.t_ns.tolist(), strict=True)):
            fields = [(name, values[row]) for name, values in columns]
            known = [(name, value) for name, value in fields if isinstance(value, str) or math.isfinite(value)]
            tags = self.tags[number]
            yield self.name, tags, series_prefix(self.name, tags), known, t_ns


def plain(quantity: Channel | Derived, values: NDArray[Any]) -> list[Value]:
    """Return a column as Python values: labels as text, what 32 bits say with as few digits as that takes."""
    labels = quantity.labels if isinstance(quantity, Channel) else None
    if labels is not None:
        return [labels.get(int(value), str(value)) for value in values]
    if not isinstance(quantity, Channel) or (quantity.raw == FLOAT32 and quantity.calibration is None):
        return [float(str(value)) for value in values.astype(np.float32)]
    return list(values.tolist())


def heard(flights: int, seconds: float) -> list[Message]:
    """Return what one station of each vehicle brings of a fleet in real time, in order."""
    groups = groups_of(len(PHASES_S), BEGIN_NS, seconds, PHASES_S)
    found: list[tuple[float, Message]] = []
    for flight in range(flights):
        each, first = groups[flight % len(groups)], dict[str, str]()
        for due_s, message in zip(each.due_s, each.messages, strict=True):
            vehicle, station = message.address.vehicle, message.address.station
            if message.kind is Kind.TELEMETRY and first.setdefault(vehicle, station) == station:
                address = Address("live", f"F{flight}", vehicle, station)
                found.append((due_s, replace(message, address=address)))
    return [message for _, message in sorted(found, key=lambda one: one[0])]


def heaps(messages: Iterable[Message], decoder: Decoder) -> list[Heap]:
    """Return messages decoded, by packet type, everything computed."""
    frames: dict[tuple[str, str], list[tuple[Tags, Frame]]] = {}
    packets: dict[tuple[str, str], Packet] = {}
    for message in messages:
        dictionary = decoder.dictionary_of(message)
        if dictionary is None:
            raise ValueError(f"no dictionary {message.dictionary}")
        address = message.address
        tags = {"run": address.run, "flight": address.flight, "vehicle": address.vehicle}
        for frame in decoder.decode(message).frames:
            key = (dictionary.reference, frame.packet)
            packets[key] = dictionary.packets[frame.packet]
            frames.setdefault(key, []).append((tags, frame))
    found = []
    for key, some in frames.items():
        known: dict[frozenset[tuple[str, str]], int] = {}
        numbers = [known.setdefault(frozenset(tags.items()), len(known)) for tags, _ in some]
        columns: Mapping[str, NDArray[Any]] = join_columns([frame.columns for _, frame in some])
        found.append(
            Heap(
                key[1],
                packets[key],
                [dict(tags) for tags in known],
                np.repeat(numbers, [len(frame) for _, frame in some]),
                np.concatenate([frame.counts for _, frame in some]),
                np.concatenate([frame.t_ns for _, frame in some]),
                {name: columns[name] for name in columns},
            )
        )
    return found


def by_column(some: Iterable[Heap]) -> list[bytes]:
    """Return request bodies as `store` makes them."""
    return [block.body for block in pack((heap.lines() for heap in some), BATCH_LINES, BODY_OCTETS)]


def by_point(rows: Iterable[Row]) -> list[str]:
    """Return the lines as influxdb-client makes them."""
    lines = []
    for name, tags, _, fields, t_ns in rows:
        point = POINT(name)
        for tag, text in tags.items():
            point.tag(tag, text)
        for field, value in fields:
            point.field(field, value)
        lines.append(point.time(t_ns).to_line_protocol())
    return lines


def by_string(rows: Iterable[Row]) -> list[str]:
    """Return the lines as a loop over rows and fields makes them, names and tags escaped beforehand."""
    return [
        f"{prefix} {','.join([f'{n}={literal(v)}' for n, v in fields])} {t_ns}" for _, _, prefix, fields, t_ns in rows
    ]


def literal(value: Value) -> str:
    kind = type(value)
    if kind is float:
        return repr(value)
    if kind is int:
        return f"{value}i"
    if kind is bool:
        return "true" if value else "false"
    return f'"{value}"'


def read(lines: Iterable[str]) -> dict[tuple[str, str], dict[str, Value]]:
    """Return what lines say."""
    found: dict[tuple[str, str], dict[str, Value]] = {}
    for line in lines:
        series, rest = line.split(" ", 1)
        fields, t_ns = rest.rsplit(" ", 1)
        found[series, t_ns] = {
            name: text if text[0] == '"' or text[-1] == "i" or text in {"true", "false"} else float(text)
            for name, text in FIELD.findall(fields)
        }
    return found


def best_s(work: Work, rounds: int) -> float:
    """Return the CPU time of one call."""
    found = []
    for _ in range(rounds):
        began_s = time.process_time()
        work()
        found.append(time.process_time() - began_s)
    return min(found)


def compare(flights: int, seconds: float, rounds: int) -> list[Table]:
    """Run everything."""
    say("encoding what the stations hear")
    decoder, messages = Decoder(Registry()), heard(flights, seconds)
    some = [heap for part in slices(messages) for heap in heaps(part, decoder)]
    rows = [row for heap in some for row in heap.rows()]
    fields = sum(len(row[3]) for row in rows)
    say(f"comparing {len(rows):,} points")
    ours = read(line for body in by_column(some) for line in body.decode().splitlines())
    for other in (by_point, by_string):
        if read(other(rows)) != ours:
            raise SystemExit(f"{other.__name__} makes other points than series_lines")
    say("measuring")
    table = Table(
        f"(d) Line protocol: {len(rows):,} points, {fields:,} fields",
        ("encoder", "points/s", "fields/s", f"points/s of {FIELDS} fields", "ns a field", "times Point"),
    )
    point_s = best_s(lambda: by_point(rows), max(rounds // 2, 1))
    ways: list[tuple[str, float]] = [
        ("Downrange, columns to bodies", best_s(lambda: by_column(some), rounds)),
        ("Downrange, packets to bodies (decoding, copies left out)", best_s(lambda: whole(decoder, messages), rounds)),
        ("f-strings", best_s(lambda: by_string(rows), rounds)),
        ("influxdb-client's Point", point_s),
    ]
    for name, took_s in ways:
        rate = fields / took_s
        table.add(name, len(rows) / took_s, rate, rate / FIELDS, took_s / fields * 1e9, point_s / took_s)
    table.notes.append(f"{flights} flights, {seconds:.0f} s, on {machine()}. All ways make the same points.")
    table.notes.append(f"Target: {TARGET:,} points/s of {FIELDS} fields.")
    return [table, sizes(decoder, messages, rounds)]


def whole(decoder: Decoder, messages: list[Message]) -> list[bytes]:
    """Return bodies of messages."""
    return [block.body for block in Encoder(decoder, BATCH_LINES).blocks(Readable(messages, []))]


def sizes(decoder: Decoder, messages: list[Message], rounds: int) -> Table:
    """Return what a field costs in slices of several sizes: a column has a price, however short it is."""
    table = Table(
        "(d) Downrange, columns to lines, by the size of a slice", ("messages", "points of a type", "ns a field")
    )
    for size in (10, 50, 200, 1000):
        some = [heap for at in range(0, len(messages), size) for heap in heaps(messages[at : at + size], decoder)]
        fields = sum(heap.t_ns.size * len(heap.columns) for heap in some)
        took_s = best_s(lambda: by_column(some), rounds)  # noqa: B023 -- called before the next one is made
        table.add(size, sum(heap.t_ns.size for heap in some) / len(some), took_s / fields * 1e9)
    return table


def main() -> None:
    """Measure and print."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--flights", type=int)
        parser.add_argument("--seconds", type=float)

    chosen = options(__doc__, add)
    flights = chosen.flights or (20 if chosen.quick else 40)
    seconds = chosen.seconds or (4.0 if chosen.quick else 10.0)
    publish(compare(flights, seconds, 3 if chosen.quick else 7), as_json=chosen.json)


if __name__ == "__main__":
    main()
