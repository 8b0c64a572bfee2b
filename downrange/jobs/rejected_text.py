"""What `downrange rejected` shows of refused records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from ingest.refused import Marks, RefusedRecord
    from telemetry.decoder import Decoder

MS_PER_S: Final = 1000
NS_PER_S: Final = 10**9
DUMPED_OCTETS: Final = 512
NAMED_HEADERS: Final = ("run", "flight", "vehicle", "station", "packet", "reason", "detail")
HEADINGS: Final = ("id", "refused", "flight", "vehicle", "station", "reason", "packet", "octets", "detail")


def row_of(record: RefusedRecord, *, through: bool) -> dict[str, Any]:
    """Return what a list says of a record."""
    named = {name: record.text(name) for name in NAMED_HEADERS}
    state = {"octets": len(record.octets), "parts": record.parts, "damage": record.damage, "retried": through}
    return {
        "id": record.id,
        "refused_ms": record.timestamp_ms,
        "ert_ns": _number(record.text("ert_ns")),
        **named,
        **state,
    }


def summary_of(count: int, by_reason: Mapping[str, int], retried: int) -> str:
    """Return one line about all of them.

    Examples
    --------
    >>> summary_of(12, {"bad-crc": 10, "unknown-apid": 2}, 3)
    '12 refused records: 10 bad-crc, 2 unknown-apid; 3 more were brought through by a retry'
    """
    reasons = ", ".join(f"{number:,} {reason or 'without reason'}" for reason, number in by_reason.items())
    through = f"; {retried:,} more were brought through by a retry" if retried else ""
    return f"{count:,} refused record{'' if count == 1 else 's'}{': ' + reasons if reasons else ''}{through}"


def table_of(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return refused records as a table, one line each."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for heading in HEADINGS:
        narrow = heading != "detail"
        table.add_column(heading, justify="right" if heading == "octets" else "left", no_wrap=narrow)
    for row in rows:
        said = (row["detail"], row["damage"], "brought through" if row["retried"] else "")
        table.add_row(
            *(Text(text) for text in (row["id"], _clock_ms(row["refused_ms"]), f"{row['run']}/{row['flight']}")),
            *(Text(row[name]) for name in ("vehicle", "station", "reason", "packet")),
            f"{row['octets']:,}",
            Text("; ".join(text for text in said if text)),
            style="dim" if row["retried"] else "",
        )
    return table


def content_of(record: RefusedRecord, marks: Marks, decoder: Decoder, most_octets: int) -> dict[str, Any]:
    """Return everything there is to say of a record, for people and for programs."""
    # loaded here, so that `downrange --help` does not wait for Kafka's client
    from ingest.dissect import dissected
    from ingest.retry import Retrier
    from telemetry.errors import InputError
    from telemetry.message import message_from_kafka

    try:
        packets = dissected(message_from_kafka(record.octets, record.headers.items()), decoder)
    except InputError:
        packets = []
    today = Retrier(decoder, most_octets).retry(record)
    return {
        **row_of(record, through=record.id in marks.retried),
        "headers": {name: record.text(name) for name in record.headers},
        "packets": packets,
        "today": {"good_packets": today.packets, "why": today.why},
        "hex": record.octets.hex(),
    }


def printed(content: Mapping[str, Any], octets: bytes) -> str:
    """Return the content as lines for people."""
    from ingest.dissect import hex_dump

    lines = [f"{content['id']}  {content['reason']}: {content['detail']}", ""]
    lines.append(f"  {'refused':<14} {_clock_ms(content['refused_ms'])}")
    if content["ert_ns"]:
        lines.append(f"  {'received':<14} {_clock_ns(content['ert_ns'])}")
    named = [(name, text) for name, text in content["headers"].items() if name not in {"reason", "detail"} and text]
    lines += [f"  {name:<14} {text}" for name, text in named]
    digest = content["damage"] or "put together, the digest fits"
    lines += [f"  {'parts':<14} {content['parts']}: {digest}"] if content["parts"] > 1 else []
    lines.append(f"  {'today':<14} {_verdict(content)}")
    lines += ["", f"{len(octets):,} octets", *hex_dump(octets, DUMPED_OCTETS)]
    for packet in content["packets"]:
        lines += ["", *_packet_lines(packet)]
    return "\n".join(lines)


def _verdict(content: Mapping[str, Any]) -> str:
    if content["retried"]:
        return "a retry has brought it through"
    good, why = content["today"]["good_packets"], content["today"]["why"]
    if not good:
        return f"stays: {why}"
    return f"a retry brings {good} packets through" + (f"; the rest stays: {why}" if why else "")


def _packet_lines(packet: Mapping[str, Any]) -> list[str]:
    if "json" in packet:
        return [f"JSON: {packet.get('wrong') or 'well formed'}"]
    if "apid" not in packet:
        return [f"at {packet['at']}: {packet['wrong']}"]
    name = packet["packet"] or "not in the dictionary"
    said = f"APID {packet['apid']} ({name}), count {packet['count']}, {packet['octets']} octets, CRC {packet['crc']}"
    lines = [f"at {packet['at']}: {said}"]
    if "t_ns" in packet:
        lines.append(f"  generated {_clock_ns(packet['t_ns'])}")
    if packet.get("wrong"):
        lines.append(f"  {packet['wrong']}")
    return [*lines, *(f"  {channel:<40} {_value(value)}" for channel, value in packet.get("channels", {}).items())]


def _value(value: object) -> str:
    return "-" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _clock_ms(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / MS_PER_S, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _clock_ns(t_ns: int) -> str:
    try:
        moment = datetime.fromtimestamp(t_ns // NS_PER_S, UTC)
    except (ValueError, OverflowError):
        return f"{t_ns} ns"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{t_ns % NS_PER_S:09d}Z"
