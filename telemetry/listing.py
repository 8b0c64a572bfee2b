"""A dictionary as rows for readers: where each field lies, how long it is, what its value means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from telemetry.calibration import Calibration, Polynomial, Table
from telemetry.channels import Channel
from telemetry.dictionary import Dictionary
from telemetry.quantity import Quantity
from telemetry.raw import OCTET
from telemetry.xtce.units import SPELLED

HEADER_OCTETS: Final = 6
CRC_OCTETS: Final = 2
MOST_POINTS: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A field of a packet, or a derived channel.

    Parameters
    ----------
    at
        First bit, from the packet's first; None for a derived channel.
    bits
        Length; 0 for a derived channel.
    name, raw, unit, calibration, range, limits, description
        As text, empty where there is none.
    """

    at: int | None
    bits: int
    name: str
    raw: str
    unit: str
    calibration: str
    range: str
    limits: str
    description: str

    @property
    def offset(self) -> str:
        """First octet and bit, from 0, most significant bit first.

        Examples
        --------
        >>> Row(107, 3, "", "u3", "", "", "", "", "").offset
        '13.3'
        """
        return "" if self.at is None else f"{self.at // OCTET}.{self.at % OCTET}"


@dataclass(frozen=True, slots=True)
class PacketFigures:
    """What a packet costs."""

    octets: int
    bits_per_s: float


def rows_of(dictionary: Dictionary, packet: str) -> list[Row]:
    """Return the rows of a packet: header, time, fields, CRC, then what is derived."""
    definition = dictionary.packets[packet]
    time = dictionary.time
    rows = [_plain(0, HEADER_OCTETS * OCTET, "", "primary header, CCSDS 133.0-B")]
    at = HEADER_OCTETS * OCTET
    rows.append(_plain(at, time.octets * OCTET, "", f"generation time, {time.code}"))
    at += time.octets * OCTET
    for field in definition.fields:
        if isinstance(field, Channel):
            rows.append(_channel(at, field))
        else:
            rows.append(_plain(at, field.raw.bits, str(field.raw), field.description or "spare"))
        at += field.raw.bits
    rows.append(_plain(at, CRC_OCTETS * OCTET, "u16", "CRC-16/CCITT-FALSE"))
    for derived in definition.derived:
        of = ", ".join(derived.of.values())
        how = f"{derived.function}({of})"
        rows.append(
            Row(
                None,
                0,
                derived.name,
                "",
                SPELLED.get(derived.unit or "", ""),
                how,
                _range(derived),
                _limits(derived),
                derived.description,
            )
        )
    return rows


def figures_of(dictionary: Dictionary, packet: str) -> PacketFigures:
    """Return a packet's length, and the bit rate at its nominal rate.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> figures_of(built_in("webcast"), "kinematics")
    PacketFigures(octets=23, bits_per_s=5520.0)
    """
    definition = dictionary.packets[packet]
    octets = HEADER_OCTETS + dictionary.time.octets + definition.field_octets + CRC_OCTETS
    return PacketFigures(octets, octets * OCTET * definition.rate_hz)


def time_text(dictionary: Dictionary) -> str:
    """Return the time code in words."""
    time = dictionary.time
    epoch = time.epoch if isinstance(time.epoch, str) else time.epoch.isoformat().replace("+00:00", "Z")
    if time.day_octets:
        parts = f"{time.day_octets} octets of days, 4 of milliseconds, then {time.submillisecond}"
    else:
        parts = f"{time.coarse_octets} octets of seconds, {time.fine_octets} of their fraction"
    scale = f", counted as {time.scale}" if time.scale else ""
    preamble = f", P-field {time.p_field.hex()} before it" if time.preamble else ""
    return f"{time.code.value.upper()} from {epoch}{scale}: {parts}{preamble}"


def _plain(at: int, bits: int, raw: str, description: str) -> Row:
    return Row(at, bits, "", raw, "", "", "", "", description)


def _channel(at: int, channel: Channel) -> Row:
    meaning = _labels(channel.labels) if channel.labels is not None else calibration_text(channel.calibration)
    span, limits = _range(channel), _limits(channel)
    raw, unit = str(channel.raw), channel.unit if channel.kind in {"int", "float"} else None
    return Row(
        at, channel.raw.bits, channel.name, raw, SPELLED.get(unit or "", ""), meaning, span, limits, channel.description
    )


def calibration_text(calibration: Calibration | None) -> str:
    """Return a calibration as a formula of the raw value x.

    Examples
    --------
    >>> calibration_text(Polynomial((-40.0, 0.5))), calibration_text(Polynomial((0.0, 0.0, 2.0)))
    ('-40 + 0.5 x', '2 x^2')
    """
    match calibration:
        case None:
            return ""
        case Polynomial():
            powers = ("", " x", *(f" x^{i}" for i in range(2, len(calibration.coefficients))))
            terms = [f"{c:.12g}{power}" for c, power in zip(calibration.coefficients, powers, strict=False) if c]
            return " + ".join(terms).replace("+ -", "- ")
        case Table():
            shown = ", ".join(f"{x:g}: {y:g}" for x, y in calibration.table[:MOST_POINTS])
            more = f", ... {len(calibration.table)} points" if len(calibration.table) > MOST_POINTS else ""
            return f"{calibration.interpolation} {shown}{more}"
    return calibration.expression


def _labels(labels: dict[int, str]) -> str:
    return ", ".join(f"{code} {label}" for code, label in labels.items())


def _range(quantity: Quantity) -> str:
    return "" if quantity.range is None else f"{quantity.range[0]:.12g} to {quantity.range[1]:.12g}"


def _limits(quantity: Quantity) -> str:
    said = []
    for limit in quantity.limits:
        side, threshold = (">", limit.above) if limit.above is not None else ("<", limit.below)
        phases = f" in {', '.join(limit.phases)}" if limit.phases else ""
        several = max(limit.raise_count, limit.clear_count) > 1
        counts = f" after {limit.raise_count} and {limit.clear_count} samples" if several else ""
        said.append(f"{limit.level} {side} {threshold:.12g}, clear {limit.clear:.12g}{counts}{phases}")
    if quantity.stale_after_s is not None:
        said.append(f"stale after {quantity.stale_after_s:.12g} s")
    return "; ".join(said)
