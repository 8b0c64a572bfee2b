"""What a table's headings say: which quantity a column holds, in which unit, and how it came about. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ingest.importers.units import factor, unit_of_heading

_WORDS: Final = re.compile(r"[a-z]+")
# where a word ends in camelCase
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# a quantity's words, and the SI unit as names of channels end
QUANTITIES: Final[dict[str, tuple[str, frozenset[str]]]] = {
    "time": ("s", frozenset({"time", "t", "timestamp", "clock", "met", "elapsed", "uptime", "ts"})),
    "pressure": ("pa", frozenset({"pressure", "press", "pres", "p"})),
    "altitude": ("m", frozenset({"altitude", "alt", "height"})),
    "acceleration": ("m_s2", frozenset({"acceleration", "accel", "acc"})),
    "speed": ("m_s", frozenset({"speed", "velocity", "veloc", "vel"})),
}
# what was worked out from measurements, or is none of the rocket's own height along its way
WORKED_OUT: Final = frozenset(
    {
        *(
            "filtered",
            "filt",
            "filter",
            "kalman",
            "kf",
            "fused",
            "smoothed",
            "est",
            "estimate",
            "estimated",
            "inertial",
        ),
        *("integrated", "predicted", "prediction", "simulated", "max", "maximum", "min", "minimum", "apogee", "peak"),
        *("target", "total", "lateral", "horizontal", "inertial"),
    }
)
# a level, unless the height is one over it
LEVELS: Final = frozenset({"ground", "pad", "base", "launch"})
OVER: Final = frozenset({"above", "over", "agl"})
SATELLITE: Final = frozenset({"gps", "gnss", "ublox", "nmea"})


@dataclass(frozen=True, slots=True)
class Heading:
    """One column's.

    Parameters
    ----------
    text
        As it stands there.
    at
        Its place, from 0.
    quantity, unit
        Of `QUANTITIES`, and a unit of it; None if it does not say.
    words
        Those of its name, in lower case.
    """

    text: str
    at: int
    quantity: str | None
    unit: str | None
    words: frozenset[str]


def heading_of(text: str, at: int) -> Heading:
    """Return what a heading says; a unit stands in brackets, or behind the name: an underscore, a blank, a capital.

    Examples
    --------
    >>> [heading_of(each, 0).unit for each in ("Baro_Altitude_AGL_(feet)", "time_s", "Pressure mbar", "Alt", "vel_m_s")]
    ['feet', 's', 'mbar', None, 'm/s']
    >>> heading_of("timestampMs", 0).unit, heading_of("pressurePa", 0).unit, heading_of("GPSAlt", 0).unit
    ('ms', 'pa', None)
    >>> heading_of("p_hPa", 0).unit, heading_of("pressurehPa", 0).unit
    ('hpa', None)
    """
    name, unit = unit_of_heading(text)
    humped, _ = unit_of_heading(_HUMP.sub("_", text))
    words = _WORDS.findall(humped)
    # the word that says most stands last: pressure altitude is one, and so is altitude above ground
    quantity = next(
        (each for word in reversed(words) for each, (_, known) in QUANTITIES.items() if word in known), None
    )
    if quantity is not None:
        si = QUANTITIES[quantity][0]
        unit = _known(si, unit) if unit is not None else _behind(si, name) or _behind_hump(si, humped)
    return Heading(text, at, quantity, unit, frozenset(words))


def is_measured(heading: Heading) -> bool:
    """Return whether a column holds what an instrument on the rocket's axis has measured, as far as its name says.

    Examples
    --------
    >>> names = ("Altitude above ground (m)", "Ground altitude (m)", "GPS Alt (m)")
    >>> [is_measured(heading_of(each, 0)) for each in names]
    [True, False, False]
    """
    if heading.words & (WORKED_OUT | SATELLITE):
        return False
    return not heading.words & LEVELS or bool(heading.words & OVER)


def _known(si: str, unit: str) -> str | None:
    try:
        factor(si, unit)
    except ValueError:
        return None
    return unit


def _behind(si: str, name: str) -> str | None:
    """Return the unit that a name ends with: altitude_ft, vel_m_s, time ms."""
    parts = re.split(r"[_ ]+", name)
    for count in (2, 1):
        if len(parts) > count:
            unit = _known(si, "/".join(parts[-count:]))
            if unit is not None:
                return unit
    return None


def _behind_hump(si: str, name: str) -> str | None:
    """Return the unit behind the last hump of camelCase, unless the letter before it may be a part of it: hPa."""
    unit = _behind(si, name)
    before = name.removesuffix(unit or "").rstrip("_")
    return None if unit is None or _known(si, before[-1:] + unit) else unit
