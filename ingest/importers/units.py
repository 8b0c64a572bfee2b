"""Units of logs and how they become SI. Pure.

Exact by definition: international foot 0.3048 m, mile 1609.344 m, nautical mile 1852 m (knot), standard gravity
9.80665 m/s2, standard atmosphere 101325 Pa, pound-force per square inch from 0.45359237 kg; inch and millimetre of
mercury at 0 C (13595.1 kg/m3), as in NIST SP 811, appendix B.8.
"""

from __future__ import annotations

import re
from typing import Final

from telemetry.samples import CHANNELS

FOOT_M: Final = 0.3048
MILE_M: Final = 1609.344
GRAVITY_M_S2: Final = 9.80665
MERCURY_PA_MM: Final = 13_595.1 * GRAVITY_M_S2 / 1000.0
SQUARE_INCH_M2: Final = 0.0254**2

UNITS: Final[dict[str, dict[str, float]]] = {
    "s": {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0},
    "m": {"m": 1.0, "km": 1000.0, "cm": 0.01, "mm": 0.001, "ft": FOOT_M, "mi": MILE_M},
    "m_s": {
        "m/s": 1.0,
        "km/s": 1000.0,
        "km/h": 1 / 3.6,
        "ft/s": FOOT_M,
        "mph": MILE_M / 3600.0,
        "kn": 1852.0 / 3600.0,
    },
    "m_s2": {"m/s2": 1.0, "g": GRAVITY_M_S2, "mg": GRAVITY_M_S2 / 1000.0, "ft/s2": FOOT_M},
    "pa": {
        "pa": 1.0,
        "hpa": 100.0,
        "kpa": 1000.0,
        "mbar": 100.0,
        "bar": 1e5,
        "atm": 101_325.0,
        "psi": 0.45359237 * GRAVITY_M_S2 / SQUARE_INCH_M2,
        "mmhg": MERCURY_PA_MM,
        "inhg": MERCURY_PA_MM * 25.4,
    },
}
ALIASES: Final = {
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "millis": "ms",
    "milliseconds": "ms",
    "µs": "us",
    "microseconds": "us",
    "feet": "ft",
    "foot": "ft",
    "'": "ft",
    "meters": "m",
    "metres": "m",
    "fps": "ft/s",
    "kph": "km/h",
    "kmh": "km/h",
    "knots": "kn",
    "kt": "kn",
    "mps": "m/s",
    "m/s/s": "m/s2",
    "m/s^2": "m/s2",
    "m/s²": "m/s2",
    "ft/s^2": "ft/s2",
    "ft/s²": "ft/s2",
    "gee": "g",
    "gs": "g",
    "mb": "mbar",
    "millibar": "mbar",
}

SI_OF_CHANNEL: Final = {
    name: next(si for si in ("m_s2", "m_s", "m", "pa") if name.endswith(f"_{si}")) for name in CHANNELS
}
_BRACKETED: Final = re.compile(r"[(\[]\s*([^)\]]+?)\s*[)\]]")


def factor(si: str, unit: str) -> float:
    """Return by what a value is multiplied to become SI.

    Parameters
    ----------
    si
        The SI unit, as names of channels end: `m`, `m_s`, `m_s2`, `pa`, `s`.
    unit
        The unit as people write it.

    Raises
    ------
    ValueError
        If there is no such unit of that quantity; it lists those there are.

    Examples
    --------
    >>> factor("m", "feet"), round(factor("m_s", "km/h"), 4), factor("pa", "mbar")
    (0.3048, 0.2778, 100.0)
    """
    known = UNITS[si]
    plain = unit.strip().lower().replace("·", "").replace(" ", "")
    found = known.get(ALIASES.get(plain, plain))
    if found is None:
        raise ValueError(f"unit {unit!r} is none of {', '.join(known)}")
    return found


def unit_of_heading(heading: str) -> tuple[str, str | None]:
    """Return a column's name without its unit, and the unit in brackets if there is one.

    Examples
    --------
    >>> unit_of_heading("Altitude [km]"), unit_of_heading("velocity")
    (('altitude', 'km'), ('velocity', None))
    """
    found = _BRACKETED.search(heading)
    name = _BRACKETED.sub("", heading).strip(' "#\t').lower()
    return name, found.group(1) if found else None
