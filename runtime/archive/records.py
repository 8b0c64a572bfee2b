"""An archived record, and columns of many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

FIELDS: Final[list[pa.Field[Any]]] = [
    pa.field("partition", pa.int32(), nullable=False),
    pa.field("offset", pa.int64(), nullable=False),
    pa.field("timestamp_ms", pa.int64(), nullable=False),
    pa.field("key", pa.binary()),
    pa.field("headers", pa.list_(pa.struct([pa.field("name", pa.string()), pa.field("value", pa.binary())]))),
    pa.field("value", pa.binary()),
]
SCHEMA: Final = pa.schema(FIELDS)


@dataclass(frozen=True, slots=True)
class Archived:
    """A Kafka record as it was, under the names that Kafka's client gives it; `timestamp` is Kafka's, ms since 1970."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    value: bytes | None

    @property
    def identity(self) -> tuple[int, int, int]:
        """Partition, offset and time: another cluster may have given out the same offset, at another time."""
        return (self.partition, self.offset, self.timestamp)

    @property
    def order(self) -> tuple[int, int]:
        """Sorts records of one partition."""
        return (self.offset, self.timestamp)


def to_table(records: Sequence[Archived]) -> pa.Table:
    """Return records, or the Kafka client's own, as columns of `SCHEMA`."""
    headers = [tuple(record.headers) for record in records]
    starts = [0]
    for named in headers:
        starts.append(starts[-1] + len(named))
    flat = [pair for named in headers for pair in named]
    pairs: Any = pa.StructArray.from_arrays(
        [pa.array([name for name, _ in flat], pa.string()), pa.array([value for _, value in flat], pa.binary())],
        fields=list(SCHEMA.field("headers").type.value_type),
    )
    columns: list[pa.Array[Any]] = [
        pa.array([record.partition for record in records], pa.int32()),
        pa.array([record.offset for record in records], pa.int64()),
        pa.array([record.timestamp for record in records], pa.int64()),
        pa.array([record.key for record in records], pa.binary()),
        pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pairs),
        pa.array([record.value for record in records], pa.binary()),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def from_batch(batch: pa.RecordBatch) -> Iterator[Archived]:
    """Yield the records of columns of `SCHEMA`."""
    headers: Any = batch.column("headers")
    pairs = headers.flatten()
    names, values = pairs.field(0).to_pylist(), pairs.field(1).to_pylist()
    plain = [batch.column(name).to_pylist() for name in ("partition", "offset", "timestamp_ms", "key", "value")]
    at = 0
    for size, partition, offset, timestamp, key, value in zip(headers.value_lengths().to_pylist(), *plain, strict=True):
        stop = at + (size or 0)
        named = tuple(zip(names[at:stop], values[at:stop], strict=True))
        at = stop
        yield Archived(partition, offset, timestamp, key, named, value)
