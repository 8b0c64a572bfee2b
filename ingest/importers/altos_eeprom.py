"""`.eeprom` files of Altus Metrum flight computers: a JSON header, then the flash memory in hex. Pure.

Records are 16 octets, 32 on TeleMega and EasyMega: type, checksum, tick (u16, 1/100 s, wraps after 655 s), then by
type; little-endian; 0x5a and all octets add up to 0 modulo 256. `F` begins a flight: its tick is the time zero, and
it has the accelerometer's reading on the pad. `A` has the barometer's raw counts and the acceleration along the
rocket. Voltages, states and satellites are passed over. Source: AltosLib's AltosEepromRecord and its kin (Altus
Metrum, GPL-2), read for their facts only; one TeleMega record gives what AltosUI's own CSV has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ingest.importers.ms5607 import Barometer
from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from ingest.importers.units import GRAVITY_M_S2
from telemetry.errors import ArchiveError
from telemetry.samples import BadRow, Samples

NAME: Final = "altos-eeprom"
WHAT: Final = ".eeprom of an Altus Metrum flight computer"
NS_PER_TICK: Final = 10**7
FLIGHT, SENSOR = ord("F"), ord("A")
CHECKSUM: Final = 0x5A
ERASED: Final = 0xFF
# what AltosLib writes for a setting that the device does not have
NONE: Final = 0x7FFFFFFF

Octets = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A family of log formats: octets of a record, and where the acceleration stands in one; None without a sensor."""

    octets: int
    accel_at: int | None
    count_octets: int


MEGA: Final = _Kind(32, 30, 4)
METRUM: Final = _Kind(16, 12, 4)
MINI: Final = _Kind(16, None, 3)
# AltosLib's AO_LOG_FORMAT numbers
KINDS: Final = {
    **dict.fromkeys((5, 10, 15, 16, 19, 21), MEGA),
    7: METRUM,
    **dict.fromkeys((6, 8, 12, 14), MINI),
}


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    start = source.text[:65_536]
    if start.lstrip().startswith("{") and '"log_format"' in start and '"ms5607"' in start:
        return "a JSON header with log_format and ms5607"
    old = start.startswith(("Config version:", "Config version ")) or "\nlog-format " in start
    return "a text header with a configuration" if old else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the sensor records.

    Raises
    ------
    ArchiveError
        If the header is none, or belongs to a device whose records are not known.
    """
    del options
    header, body_line = _header(source)
    kind = KINDS.get(header.get("log_format", 0))
    if kind is None:
        detail = f"log_format {header.get('log_format')!r} is not one of {', '.join(map(str, KINDS))}"
        raise ArchiveError(str(source.path), f"{detail}: open it in AltosUI and export CSV")
    try:
        barometer = Barometer.of(header.get("ms5607") or {})
    except (ValueError, AttributeError) as error:
        raise ArchiveError(str(source.path), f"{error}: open it in AltosUI and export CSV") from error
    records, lines, bad = _records(source, body_line, kind.octets)
    flights = np.flatnonzero(records[:, 0] == FLIGHT)
    t_ns = _times(records, flights)
    sensor = records[:, 0] == SENSOR
    notes = [f"{len(records) - int(sensor.sum()) - len(flights):,} records of other types passed over"]
    if len(flights) > 1:
        notes.append(f"{len(flights)} flights begin in it: the time counts from the first")
    samples = records[sensor]
    pressure, temperature = (_little(samples, 4 + i * kind.count_octets, kind.count_octets) for i in (0, 1))
    columns = {"pressure_pa": barometer.pressure_pa(pressure, temperature)}
    counts_per_g = _counts_per_g(header)
    if kind.accel_at is not None and counts_per_g is not None and len(flights):
        ground = _signed16(records[flights[:1]], 6)[0]
        columns["acceleration_m_s2"] = (ground - _signed16(samples, kind.accel_at)) / counts_per_g * GRAVITY_M_S2
    elif kind.accel_at is not None:
        notes.append("no acceleration: its calibration, or the record that begins the flight, is missing")
    return Reading(Samples(t_ns[sensor], columns), lines[sensor], tuple(bad), tuple(notes))


def _header(source: Source) -> tuple[dict[str, Any], int]:
    """Return the header and the line, from 1, behind it."""
    text = "\n".join(source.lines)
    start = len(text) - len(text.lstrip())
    try:
        header, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        detail = "has no JSON header, as AltosUI writes since version 1.8: open it in a newer AltosUI and export CSV"
        raise ArchiveError(str(source.path), detail) from error
    if not isinstance(header, dict) or not isinstance(header.get("log_format"), int):
        raise ArchiveError(str(source.path), "its header has no log_format: open it in AltosUI and export CSV")
    return header, text.count("\n", 0, end) + 2


def _records(source: Source, first: int, size: int) -> tuple[Octets, NDArray[np.int64], list[BadRow]]:
    """Return the good records, shape (n, size), the line of each, and what is none."""
    good: list[bytes] = []
    numbers: list[int] = []
    bad: list[BadRow] = []
    for number, line in enumerate(source.lines[first - 1 :], first):
        if not line or line.isspace():
            continue
        try:
            octets = bytes.fromhex(line)
        except ValueError:
            bad.append(BadRow(number, line, "holds what is no hex"))
            continue
        whole = len(octets) - len(octets) % size
        if whole < len(octets):
            bad.append(BadRow(number, octets[whole:].hex(" "), f"{len(octets) - whole} octets of a record of {size}"))
        good.append(octets[:whole])
        numbers.extend([number] * (whole // size))
    every = np.frombuffer(b"".join(good), dtype=np.uint8).reshape(-1, size)
    lines = np.array(numbers, dtype=np.int64)
    wrong = (every.sum(axis=1, dtype=np.int64) + CHECKSUM) % 256 != 0
    erased = (every == ERASED).all(axis=1)
    bad.extend(
        BadRow(int(lines[i]), every[i].tobytes().hex(" "), "its checksum is wrong")
        for i in np.flatnonzero(wrong & ~erased).tolist()
    )
    keep = ~wrong & ~erased
    return every[keep], lines[keep], sorted(bad, key=lambda row: row.line)


def _times(records: Octets, flights: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the times of records, shape (n,): the 16 bits of the ticks go on, or back, by the shorter way."""
    ticks = _little(records, 2, 2)
    steps = np.diff(ticks, prepend=ticks[:1])
    wide = np.cumsum((steps + 0x8000) % 0x10000 - 0x8000)
    zero = wide[flights[0]] if len(flights) else 0
    return np.asarray((wide - zero) * NS_PER_TICK)


def _counts_per_g(header: dict[str, Any]) -> float | None:
    """Return by how much the reading falls for one g more; None if the header does not say."""
    plus, minus = header.get("accel_cal_plus"), header.get("accel_cal_minus")
    if not isinstance(plus, int) or not isinstance(minus, int) or NONE in {plus, minus} or plus == minus:
        return None
    return (minus - plus) / 2.0


def _little(records: Octets, at: int, octets: int) -> NDArray[np.int64]:
    """Return unsigned little-endian numbers, shape (n,)."""
    return sum(
        (records[:, at + i].astype(np.int64) << (8 * i) for i in range(octets)), np.zeros(len(records), np.int64)
    )


def _signed16(records: Octets, at: int) -> NDArray[np.int64]:
    return (_little(records, at, 2) + 0x8000) % 0x10000 - 0x8000
