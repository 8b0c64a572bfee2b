"""A dictionary's reference in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from telemetry.dictionary import Dictionary
from telemetry.listing import Row, figures_of, rows_of, time_text

FIELDS: Final = ("octet.bit", "bits", "channel", "raw", "unit", "value", "range", "limits", "description")
MADE_BY: Final = "Made by `downrange dictionary docs`; change the dictionary, not this page."
PACKETS_ARE: Final = "Packets are CCSDS 133.0-B space packets, big-endian, bits most significant first."
DERIVED: Final = ("channel", "unit", "computed by", "range", "limits", "description")


def reference_of(dictionary: Dictionary) -> str:
    """Return the reference of all packets and channels.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> reference_of(built_in("webcast")).splitlines()[0]
    '# webcast, version 1'
    """
    parts = [
        f"# {_cell(dictionary.name)}, version {dictionary.version}",
        _cell(dictionary.description),
        f"Vehicle class {_cell(dictionary.vehicle_class)}. {MADE_BY}",
        f"{PACKETS_ARE} Time: {time_text(dictionary)}.",
        _summary(dictionary),
        *(_packet(dictionary, name) for name in dictionary.packets),
    ]
    return "\n\n".join(parts) + "\n"


def _summary(dictionary: Dictionary) -> str:
    rows = []
    total = 0.0
    for name, packet in dictionary.packets.items():
        figures = figures_of(dictionary, name)
        total += figures.bits_per_s
        vehicles = ", ".join(packet.vehicles) if packet.vehicles else "all"
        cells = (
            f"[{name}](#{name})",
            packet.apid,
            f"{packet.rate_hz:g}",
            figures.octets,
            f"{figures.bits_per_s:,.0f}",
            vehicles,
        )
        rows.append([str(cell) for cell in cells] + [packet.description])
    rows.append(["all", "", "", "", f"{total:,.0f}", "", ""])
    return _table(("packet", "APID", "rate Hz", "octets", "bit/s", "vehicles", "description"), rows)


def _packet(dictionary: Dictionary, name: str) -> str:
    packet, rows = dictionary.packets[name], rows_of(dictionary, name)
    said = [f"## {name}", _cell(packet.description)]
    if packet.sent_counter is not None:
        said.append(f"The channel `{packet.sent_counter}` counts how many of these were made.")
    said.append(_table(FIELDS, [_field(row) for row in rows if row.at is not None]))
    derived = [row for row in rows if row.at is None]
    if derived:
        said.append("Derived from these:")
        cells = [
            [_code(row.name), row.unit, _code(row.calibration), row.range, row.limits, row.description]
            for row in derived
        ]
        said.append(_table(DERIVED, cells))
    return "\n\n".join(said)


def _field(row: Row) -> list[str]:
    meaning = [_code(row.name), row.raw, row.unit, row.calibration, row.range, row.limits, row.description]
    return [row.offset, str(row.bits), *meaning]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    """Return text that ends no cell and begins no tag."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
