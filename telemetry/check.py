"""Everything that is wrong with a dictionary file, and what is allowed but worth a look."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from telemetry.calibration import Polynomial
from telemetry.channels import Channel
from telemetry.checked_yaml import mistakes_of
from telemetry.consistency import check_derived, check_lengths, check_names, check_phases, check_version
from telemetry.dictionary import Dictionary
from telemetry.errors import DictionaryError
from telemetry.packet_type import Packet
from telemetry.quantity import Quantity
from telemetry.time_code import TimeCode
from telemetry.yaml_source import Location, YamlSource

NS_PER_YEAR: Final = 365 * 86_400 * 10**9
SHORT_YEARS: Final = 10


@dataclass(frozen=True, slots=True)
class Warned:
    """Something worth a look, with its line in the file."""

    line: int
    detail: str


@dataclass(frozen=True, slots=True)
class Checked:
    """A dictionary file as it was found.

    Parameters
    ----------
    dictionary
        None if there are mistakes.
    mistakes
        All that were found; mending some may uncover more.
    warnings
        Of a file without mistakes.
    """

    dictionary: Dictionary | None
    mistakes: tuple[DictionaryError, ...]
    warnings: tuple[Warned, ...]


def check_file(path: Path, now_ns: int) -> Checked:
    """Check a dictionary file.

    Parameters
    ----------
    path
        The file.
    now_ns
        Unix time, against which tables with a date are held.
    """
    try:
        source = YamlSource(path)
    except DictionaryError as error:
        return Checked(None, (error,), ())
    try:
        dictionary = Dictionary.model_validate(source.content)
    except ValidationError as error:
        found = mistakes_of(source, error.errors())
        found += [more for more in _inconsistent(source) if str(more) not in {str(one) for one in found}]
        return Checked(None, tuple(sorted(found, key=lambda each: each.line)), ())
    warnings = (Warned(source.line_of(place), detail) for place, detail in _warnings(dictionary, now_ns))
    return Checked(dictionary, (), tuple(sorted(warnings, key=lambda each: each.line)))


def _inconsistent(source: YamlSource) -> list[DictionaryError]:
    """Return the first mistake of each kind between parts that are sound by themselves."""
    content = source.content if isinstance(source.content, dict) else {}
    try:
        packets = TypeAdapter(dict[str, Packet]).validate_python(content.get("packets"))
        octets = TimeCode.model_validate(content.get("time")).octets
    except ValidationError:
        return []
    version, channel = content.get("version"), content.get("version_channel")
    checks: list[Callable[[], None]] = [
        partial(check_names, packets),
        partial(check_lengths, packets, octets),
        partial(check_phases, packets),
        partial(check_derived, packets),
    ]
    if isinstance(version, int) and (channel is None or isinstance(channel, str)):
        checks.append(partial(check_version, packets, version, channel))
    return [mistake for check in checks for mistake in _mistake(source, check)]


def _mistake(source: YamlSource, check: Callable[[], None]) -> list[DictionaryError]:
    try:
        check()
    except PydanticCustomError as error:
        details = InitErrorDetails(type=error, loc=(), input=None)
        return mistakes_of(source, ValidationError.from_exception_data("dictionary", [details]).errors())
    return []


def _warnings(dictionary: Dictionary, now_ns: int) -> Iterator[tuple[Location, str]]:
    time = dictionary.time
    expired = time.zero.leap.warning(now_ns) if time.zero.leap is not None else None
    if expired is not None:
        yield ("time",), expired
    if time.last_ns - now_ns < SHORT_YEARS * NS_PER_YEAR:
        years = (time.last_ns - now_ns) / NS_PER_YEAR
        yield ("time",), f"the time code's last second comes in {years:.1f} years; give it more octets or a later epoch"
    for name, packet in dictionary.packets.items():
        at: Location = ("packets", name)
        if packet.sent_counter is None:
            yield at, f"packet {name!r} has no sent_counter: packets lost at the end of a flight are not noticed"
        spare = packet.bits - sum(channel.raw.bits for channel in packet.channels)
        if spare:
            yield (*at, "channels"), f"packet {name!r} has {spare} spare bits"
        for i, field in enumerate(packet.fields):
            if isinstance(field, Channel):
                yield from (((*at, "channels", i), said) for said in (*_of_quantity(field), *_of_channel(field)))
        for i, derived in enumerate(packet.derived):
            yield from (((*at, "derived", i), said) for said in _of_quantity(derived))


def _of_quantity(quantity: Quantity) -> Iterator[str]:
    if not quantity.description.strip():
        yield f"channel {quantity.name!r} has no description"
    for limit in quantity.limits:
        threshold: Any = limit.above if limit.above is not None else limit.below
        if quantity.range is not None and not quantity.range[0] <= threshold <= quantity.range[1]:
            yield f"channel {quantity.name!r}: the {limit.level} limit at {threshold:g} lies outside the range"
        if limit.clear == threshold:
            yield f"channel {quantity.name!r}: the {limit.level} limit clears where it is raised and will flutter"


def _of_channel(channel: Channel) -> Iterator[str]:
    if channel.range is None or not channel.raw.is_whole or not isinstance(channel.calibration, Polynomial | None):
        return
    if channel.calibration is not None and not channel.calibration.is_linear:
        return
    c0, c1 = channel.calibration.coefficients[:2] if channel.calibration is not None else (0.0, 1.0)
    low, high = sorted(c0 + c1 * bound for bound in channel.raw.bounds)
    if channel.range[0] < low or channel.range[1] > high:
        yield f"channel {channel.name!r}: {channel.raw} can say {low:g} to {high:g} only, the range is wider"
