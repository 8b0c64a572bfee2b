"""How times, values and events are written in a report. Pure."""

from __future__ import annotations

from typing import Final

from downrange.report.model import Happening, Raised
from telemetry.vocabulary import CargoEvent

MINUTES_FROM_S: Final = 600.0
HOUR_S: Final = 3600
MINUTE_S: Final = 60.0
FINE_SIGMA_S: Final = 0.1
WHOLE_SIGMA_FROM_S: Final = 10.0
WHOLE_FROM: Final = 1000.0
UNITS: Final[dict[str, tuple[str, float, str]]] = {
    # ending of the name: unit, from which size on the thousandfold is written, and its name
    "_m_s2": ("m/s²", 1e30, ""),
    "_m_s": ("m/s", 1e4, "km/s"),
    "_m": ("m", 1e4, "km"),
    "_pa": ("Pa", 1e3, "kPa"),
    "_kg": ("kg", 1e4, "t"),
    "_deg_s": ("°/s", 1e30, ""),
    "_deg": ("°", 1e30, ""),
    "_k": ("K", 1e30, ""),
    "_v": ("V", 1e30, ""),
    "_n": ("N", 1e3, "kN"),
    "_percent": ("%", 1e30, ""),
    "_s": ("s", 1e30, ""),
    "_rpm": ("rpm", 1e30, ""),
}
# what says most of an event; places stand on maps
FIRST: Final[tuple[str, ...]] = ("altitude_m", "speed_m_s", "vertical_speed_m_s", "dynamic_pressure_pa", "downrange_m")
LEFT_OUT: Final = frozenset({"latitude_deg", "longitude_deg"})
MOST_VALUES: Final = 4
TOLD_BY_UNIT: Final = {"altitude_m": "altitude", "speed_m_s": "speed", "dynamic_pressure_pa": "dynamic pressure"}
CARGO: Final = frozenset(event.value for event in CargoEvent)


def clock(t_s: float) -> str:
    """Return a time since T0.

    Examples
    --------
    >>> clock(-2.417), clock(158.72), clock(1548.56), clock(7384.31)
    ('T-2.42', 'T+158.72', 'T+25:48.6', 'T+2:03:04.3')
    """
    sign, size = "-" if t_s < 0 else "+", abs(t_s)
    if size < MINUTES_FROM_S:
        return f"T{sign}{size:.2f}"
    whole, tenth = divmod(round(size * 10), 10)
    minutes, seconds = divmod(whole, 60)
    if whole < HOUR_S:
        return f"T{sign}{minutes}:{seconds:02d}.{tenth}"
    return f"T{sign}{minutes // 60}:{minutes % 60:02d}:{seconds:02d}.{tenth}"


def duration(length_s: float) -> str:
    """Return a length of time.

    Examples
    --------
    >>> duration(4.25), duration(95.0), duration(7384.0)
    ('4.2 s', '1 min 35 s', '2 h 3 min')
    """
    if length_s < MINUTE_S:
        return f"{length_s:.1f} s"
    whole = round(length_s)
    if whole < HOUR_S:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // 60} min"


def plural(count: int, noun: str) -> str:
    """Return a count and its noun.

    Examples
    --------
    >>> plural(1, "hole"), plural(1200, "hole")
    ('1 hole', '1,200 holes')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def sigma(sigma_s: float) -> str:
    """Return an uncertainty, as finely as it matters.

    Examples
    --------
    >>> sigma(0.0144), sigma(0.322), sigma(12.3), sigma(0.0002)
    ('± 0.014', '± 0.32', '± 12', '± 0.000')
    """
    if sigma_s < FINE_SIGMA_S:
        return f"± {sigma_s:.3f}"
    return f"± {sigma_s:.0f}" if sigma_s >= WHOLE_SIGMA_FROM_S else f"± {sigma_s:.2f}"


def measured_name(channel: str) -> str:
    """Return the name of a channel without its unit.

    Examples
    --------
    >>> measured_name("axial_acceleration_m_s2")
    'axial acceleration'
    """
    return channel.removesuffix(_ending(channel)).replace("_", " ")


def _ending(name: str) -> str:
    return next((each for each in sorted(UNITS, key=len, reverse=True) if name.endswith(each)), "")


def value_text(name: str, value: float | str | bool) -> str:
    """Return a value with its unit, as its name says it.

    Examples
    --------
    >>> value_text("altitude_m", 62148.56), value_text("speed_m_s", 40.757), value_text("station", "perth")
    ('altitude 62.1 km', 'speed 40.8 m/s', 'station perth')
    """
    word = measured_name(name)
    if isinstance(value, bool | str):
        return f"{word} {value}" if isinstance(value, str) else f"{word} {'yes' if value else 'no'}"
    unit, thousand_from, big_unit = UNITS.get(_ending(name), ("", 1e30, ""))
    if abs(value) >= thousand_from:
        value, unit = value / 1000.0, big_unit
    text = f"{value:,.0f}" if abs(value) >= WHOLE_FROM or float(value).is_integer() else f"{value:.3g}"
    return f"{word} {text} {unit}".replace(" °", "°").rstrip()


def values_text(happening: Happening, *, brief: bool = False) -> str:
    """Return the values of an event that say most; `brief` leaves out names that units tell."""
    values = happening.event.values
    if brief and (told := [name for name in TOLD_BY_UNIT if name in values]):
        return ", ".join(value_text(name, values[name]).removeprefix(f"{TOLD_BY_UNIT[name]} ") for name in told)
    names = [name for name in FIRST if name in values]
    names += [name for name in values if name not in FIRST and name not in LEFT_OUT]
    return ", ".join(value_text(name, values[name]) for name in names[:MOST_VALUES])


def event_name(happening: Happening) -> str:
    """Return the name of an event: a second of its kind is numbered, and cargo's are told from the vehicle's."""
    event = happening.event
    name = event.name.replace("_", " ")
    name = f"cargo {name}" if event.type in CARGO else name
    return name if event.ordinal == 0 else f"{name} {event.ordinal + 1}"


def status_text(happening: Happening, *, brief: bool = False) -> str:
    """Return status and revision in a word or two."""
    event = happening.event
    return event.status if event.revision == 0 else f"{event.status}{' r' if brief else ', rev. '}{event.revision}"


def raised_text(raised: Raised) -> str:
    """Return what a limit said."""
    if raised.side == "stale":
        return f"{measured_name(raised.channel)} said nothing new"
    if raised.value is None or raised.threshold is None:
        return f"{measured_name(raised.channel)} {raised.side} its limit"
    return f"{value_text(raised.channel, raised.value)} {raised.side} {raised.threshold:,.6g}"
