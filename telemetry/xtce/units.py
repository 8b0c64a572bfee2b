"""Units as XTCE documents spell them, and as our channel names do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# ours -> what a document says
SPELLED: Final[dict[str, str]] = {
    **{unit: unit for unit in ("m", "km", "s", "ns", "kg", "deg", "rad", "rpm", "g")},
    "m_s": "m/s",
    "m_s2": "m/s^2",
    "deg_s": "deg/s",
    "rad_s": "rad/s",
    "kg_s": "kg/s",
    "kg_m3": "kg/m^3",
    "w_m2": "W/m^2",
    "pa": "Pa",
    "k": "K",
    "n": "N",
    "v": "V",
    "a": "A",
    "w": "W",
    "j": "J",
    "hz": "Hz",
    "dbm": "dBm",
    "percent": "%",
    "count": "count",
    "number": "1",
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """How a value in a foreign unit becomes one in ours: value * factor + offset."""

    unit: str
    factor: float = 1.0
    offset: float = 0.0

    @property
    def is_same(self) -> bool:
        """Whether the number stays as it is."""
        return self.factor == 1.0 and self.offset == 0.0


_SAME: Final[dict[str, tuple[str, ...]]] = {
    "m": ("meter", "meters", "metre", "metres"),
    "s": ("sec", "secs", "second", "seconds"),
    "ns": ("nanosecond", "nanoseconds"),
    "deg": ("degree", "degrees", "°"),
    "rad": ("radian", "radians"),
    "m_s": ("m.s-1", "mps", "meters/second", "m s-1", "m/sec"),
    "m_s2": ("m/s2", "m/s/s", "m.s-2", "m/s**2", "m/sec^2"),
    "deg_s": ("deg/sec", "degrees/second", "dps", "°/s"),
    "rad_s": ("rad/sec", "radians/second"),
    "k": ("kelvin", "kelvins"),
    "pa": ("pascal", "pascals"),
    "v": ("volt", "volts", "vdc"),
    "a": ("amp", "amps", "ampere", "amperes"),
    "w": ("watt", "watts"),
    "n": ("newton", "newtons"),
    "j": ("joule", "joules"),
    "hz": ("hertz",),
    "kg": ("kilogram", "kilograms"),
    "km": ("kilometer", "kilometers", "kilometre", "kilometres"),
    "percent": ("pct", "percentage", "percent"),
    "count": ("counts", "cnt", "dn", "packets", "bytes", "octets", "bits"),
    "number": ("none", "unitless", "dimensionless", "n/a", "-", "mach"),
    "kg_m3": ("kg/m3",),
    "w_m2": ("w/m2",),
}
_SCALED: Final[dict[str, Conversion]] = {
    "degc": Conversion("k", 1.0, 273.15),
    "celsius": Conversion("k", 1.0, 273.15),
    "°c": Conversion("k", 1.0, 273.15),
    "deg c": Conversion("k", 1.0, 273.15),
    "deg_c": Conversion("k", 1.0, 273.15),
    "kpa": Conversion("pa", 1e3),
    "hpa": Conversion("pa", 1e2),
    "mbar": Conversion("pa", 1e2),
    "bar": Conversion("pa", 1e5),
    "mpa": Conversion("pa", 1e6),
    "mv": Conversion("v", 1e-3),
    "millivolts": Conversion("v", 1e-3),
    "kv": Conversion("v", 1e3),
    "ma": Conversion("a", 1e-3),
    "milliamps": Conversion("a", 1e-3),
    "ua": Conversion("a", 1e-6),
    "mw": Conversion("w", 1e-3),
    "kw": Conversion("w", 1e3),
    "kn": Conversion("n", 1e3),
    "ms": Conversion("s", 1e-3),
    "msec": Conversion("s", 1e-3),
    "milliseconds": Conversion("s", 1e-3),
    "us": Conversion("s", 1e-6),
    "min": Conversion("s", 60.0),
    "minutes": Conversion("s", 60.0),
    "h": Conversion("s", 3600.0),
    "hours": Conversion("s", 3600.0),
    "cm": Conversion("m", 1e-2),
    "mm": Conversion("m", 1e-3),
    "ft": Conversion("m", 0.3048),
    "km/s": Conversion("m_s", 1e3),
    "km/h": Conversion("m_s", 1 / 3.6),
    "khz": Conversion("hz", 1e3),
    "mhz": Conversion("hz", 1e6),
    "ghz": Conversion("hz", 1e9),
    "t": Conversion("kg", 1e3),
}


def conversion_of(spelled: str) -> Conversion | None:
    """Return how a unit of a document becomes one of ours, or None if it is not known.

    A unit is looked up as it stands first, because case may tell mega from milli; then without case.

    Examples
    --------
    >>> conversion_of("m/s^2"), conversion_of("degC"), conversion_of("furlong")
    (Conversion(unit='m_s2', factor=1.0, offset=0.0), Conversion(unit='k', factor=1.0, offset=273.15), None)
    """
    text = spelled.strip()
    by_case = {
        "MPa": Conversion("pa", 1e6),
        "mPa": Conversion("pa", 1e-3),
        "MW": Conversion("w", 1e6),
        "MV": Conversion("v", 1e6),
    }
    if text in by_case:
        return by_case[text]
    for ours, said in SPELLED.items():
        if text == said:
            return Conversion(ours)
    lower = text.lower()
    for ours, said in SPELLED.items():
        if lower in {said.lower(), ours}:
            return Conversion(ours)
    for ours, names in _SAME.items():
        if lower in names:
            return Conversion(ours)
    return _SCALED.get(lower)
