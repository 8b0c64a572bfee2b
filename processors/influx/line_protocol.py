"""InfluxDB line protocol: whole columns at once for telemetry, one point at a time for the rest. Pure.

Source of the syntax: InfluxDB v2 documentation, "Line protocol".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from processors.influx.counted import SEQUENCE_COUNT, counted_field
from telemetry.channels import Channel
from telemetry.columns import join_columns
from telemetry.derived import Derived
from telemetry.dictionary import Packet
from telemetry.frames import Frame
from telemetry.raw import parse_raw

FieldValue = float | int | str | bool | None
# an Arrow array of strings; the published type stubs refuse plain strings among the arguments of Arrow's functions
Lines = Any
_join_rows: Any = pc.binary_join_element_wise

FLOAT32: Final = parse_raw("f32")
UNSIGNED64: Final = parse_raw("u64")
_NAME_ESCAPES: Final = str.maketrans({",": "\\,", " ": "\\ ", "=": "\\=", "\n": "\\n"})
# a newline ends a line for everyone who splits a body, so it is written as two characters
_TEXT_ESCAPES: Final = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\\\n"})


@dataclass(frozen=True, slots=True)
class Block:
    """A body to post: `count` lines, each ended by a newline."""

    body: bytes
    count: int

    def lines(self) -> list[bytes]:
        """Return the lines without their newlines."""
        return [line for line in self.body.split(b"\n") if line]


def series_prefix(measurement: str, tags: Mapping[str, str]) -> str:
    """Return measurement and tags, sorted as InfluxDB likes them; a tag without value is left out.

    Examples
    --------
    >>> series_prefix("nav", {"vehicle": "ship", "run": "live", "flight": "YX1-7"})
    'nav,flight=YX1-7,run=live,vehicle=ship'
    """
    named = [
        f"{key.translate(_NAME_ESCAPES)}={tags[key].translate(_NAME_ESCAPES)}" for key in sorted(tags) if tags[key]
    ]
    return ",".join([measurement.translate(_NAME_ESCAPES), *named])


def point_line(measurement: str, tags: Mapping[str, str], fields: Mapping[str, FieldValue], t_ns: int) -> str | None:
    r"""Return one line with its newline; None if no field has a value.

    Examples
    --------
    >>> point_line("links", {"run": "live"}, {"state": "aos", "since_ns": 5, "signal_dbm": None}, 7)
    'links,run=live state="aos",since_ns=5i 7\n'
    """
    texts = [f"{_name(name)}={text}" for name, value in fields.items() if (text := _literal(value))]
    return f"{series_prefix(measurement, tags)} {','.join(texts)} {t_ns}\n" if texts else None


def _name(text: str) -> str:
    return text.translate(_NAME_ESCAPES)


def _literal(value: FieldValue) -> str:
    """Return a field's value; empty for none, and for what InfluxDB cannot store: NaN and infinities."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    return f'"{value.translate(_TEXT_ESCAPES)}"' if value is not None else ""


def packet_lines(measurement: str, packet: Packet, tags: Mapping[str, str], frames: Sequence[Frame]) -> Lines:
    """Return the lines of one packet type of one vehicle.

    Parameters
    ----------
    measurement
        Name of the packet type.
    packet
        Its definition: enumerations become their labels, integers `i`, floats and bools themselves.
    tags
        The series.
    frames
        Frames of that packet, in order of arrival.

    Returns
    -------
    Lines
        Strings, each with its newline. A field that is no finite number is left out; a point that could then not be
        counted has its sequence count instead, see `counted_field`.
        What stands twice, as from two stations, stands here once: InfluxDB would overwrite the point with itself.
    """
    t_ns = _joined([frame.t_ns for frame in frames])
    joined = join_columns([frame.columns for frame in frames])
    counts = _joined([frame.counts for frame in frames])
    prefixes = [series_prefix(measurement, tags)]
    return series_lines(packet, prefixes, np.zeros(t_ns.size, np.int64), counts, t_ns, joined)


def series_lines(
    packet: Packet,
    prefixes: Sequence[str],
    which: NDArray[np.int64],
    counts: NDArray[np.int64],
    t_ns: NDArray[np.int64],
    joined: Mapping[str, NDArray[Any]],
) -> Lines:
    """Return the lines of one packet type of any number of vehicles; they cost by the column, not by the vehicle.

    Parameters
    ----------
    packet
        Its definition.
    prefixes
        Measurement and tags of each series, from `series_prefix`.
    which
        Index of each row's prefix, shape (n,).
    counts, t_ns, joined
        Sequence counts, times and columns, shape (n,) each.
    """
    columns = {q.name: joined[q.name] for q in packet.quantities}
    # what is derived is known as far as that is from which it is derived
    finite = [np.isfinite(columns[c.name]).all() for c in packet.channels if c.kind == "float"]
    if all(finite):
        keep = _last_of_each(which, t_ns)
        if keep.size < t_ns.size:
            t_ns, which, counts = t_ns[keep], which[keep], counts[keep]
            columns = {name: column[keep] for name, column in columns.items()}
    fields = [_field(q, columns[q.name]) for q in packet.quantities]
    counted = counted_field(packet)
    if counted not in columns or packet.channel(counted).kind == "float":
        # asked of the field and not of the value: what is finite in 64 bits may not be in the 32 that are written
        names = [q.name for q in packet.quantities]
        there = _known(fields[names.index(counted)]) if counted in columns else np.zeros(t_ns.size, np.bool_)
        if not there.all():
            fields.append(_join_rows(f"{SEQUENCE_COUNT}=", pa.array(counts, mask=there).cast(pa.string()), "i", ""))
    # Arrow leaves out a row in which everything is null; there is none
    joined_fields = _join_rows(*fields, ",", null_handling="skip")
    times = _join_rows(pa.array(t_ns).cast(pa.string()), "\n", "")
    prefix = prefixes[0] if len(prefixes) == 1 else pa.array(prefixes).take(pa.array(which, pa.int64()))
    return _join_rows(prefix, joined_fields, times, " ")


def _joined(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(columns) if len(columns) > 1 else columns[0]


def _known(lines: Lines) -> NDArray[np.bool_]:
    return np.asarray(lines.is_valid().to_numpy(zero_copy_only=False), np.bool_)


def _last_of_each(which: NDArray[np.int64], t_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of the last row of each time of each series, in order of rows."""
    order = np.lexsort((t_ns, which))
    last = np.ones(t_ns.size, np.bool_)
    last[:-1] = (np.diff(t_ns[order]) != 0) | (np.diff(which[order]) != 0)
    return np.sort(order[last])


def _field(quantity: Channel | Derived, values: NDArray[Any]) -> Lines:
    """Return `name=value` of each row; null where there is no finite number. Octets stand there in hex."""
    name = _name(quantity.name)
    if not isinstance(quantity, Channel) or quantity.kind == "float":
        if not isinstance(quantity, Channel) or (quantity.raw == FLOAT32 and quantity.calibration is None):
            with np.errstate(over="ignore"):
                values = values.astype(np.float32)  # half the text, and all that the raw type can say
        return _join_rows(f"{name}=", pa.array(values, mask=~np.isfinite(values)).cast(pa.string()), "")
    if quantity.kind == "int":
        suffix = "u" if quantity.raw == UNSIGNED64 else "i"
        return _join_rows(f"{name}=", pa.array(values).cast(pa.string()), suffix, "")
    if quantity.kind == "bool":
        texts, which = ["false", "true"], values.astype(np.int64)
    else:
        if quantity.kind == "octets":
            values = np.array([bytes(value).hex() for value in values.tolist()], dtype=np.str_)
        found, which = np.unique(values, return_inverse=True)
        labels = quantity.labels
        texts = [_literal(str(one) if labels is None else labels.get(int(one), str(one))) for one in found]
    return pa.array([f"{name}={text}" for text in texts]).take(pa.array(which, pa.int64()))


def pack(arrays: Iterable[Lines], max_lines: int, max_octets: int) -> Iterator[Block]:
    """Put lines into bodies of at most `max_lines` lines and, unless one line alone is longer, `max_octets` octets."""
    pieces: list[bytes] = []
    count = octets = 0
    for array in arrays:
        if not len(array):
            continue
        offsets = np.frombuffer(array.buffers()[1], dtype=np.int32)[array.offset : array.offset + len(array) + 1]
        data = memoryview(array.buffers()[2] or b"")
        at = 0
        while at < len(array):
            fits = int(np.searchsorted(offsets, offsets[at] + max_octets - octets, side="right")) - 1
            stop = min(len(array), at + max_lines - count, max(fits, at if pieces else at + 1))
            if stop > at:
                pieces.append(bytes(data[offsets[at] : offsets[stop]]))
                octets += int(offsets[stop] - offsets[at])
                count += stop - at
                at = stop
            if at < len(array) and pieces:
                yield Block(b"".join(pieces), count)
                pieces, count, octets = [], 0, 0
    if pieces:
        yield Block(b"".join(pieces), count)
