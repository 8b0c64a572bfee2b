"""A vehicle type's dictionary: the only list of its packets and channels, read from one YAML file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from telemetry.channels import Channel
from telemetry.derived import Derived
from telemetry.errors import DictionaryError
from telemetry.packet_type import MAX_APID, Packet
from telemetry.quantity import Quantity
from telemetry.raw import OCTET
from telemetry.time_code import TimeCode
from telemetry.topics import NAME_RULE
from telemetry.yaml_source import Location, YamlSource

__all__ = ["BUILT_IN_DIR", "MAX_APID", "Dictionary", "Packet", "Registry", "built_in", "load_dictionary"]

BUILT_IN_DIR = Path(__file__).parent / "dictionaries"
FLIGHT_PHASE: Final = "flight_phase"
MOST_PACKET_OCTETS: Final = 65_542
OVERHEAD_OCTETS: Final = 8
VERSION_MARK: Final = "@"


PacketName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def _wrong(at: Location, message: str) -> PydanticCustomError:
    """Return an error of the whole dictionary that points at one place in it."""
    return PydanticCustomError("dictionary", "{message}", {"message": message, "at": at})


class Dictionary(BaseModel):
    """Everything there is to know about a vehicle type's telemetry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=f"^{NAME_RULE.pattern}$")]
    version: Annotated[int, Field(ge=1, le=65535)]
    vehicle_class: str
    description: str
    version_channel: str | None = None
    time: TimeCode
    packets: Annotated[dict[PacketName, Packet], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        apids: dict[int, str] = {}
        names: dict[str, str] = {}
        for name, packet in self.packets.items():
            earlier = apids.setdefault(packet.apid, name)
            if earlier != name:
                raise _wrong(
                    ("packets", name, "apid"), f"packet {earlier!r} has APID {packet.apid} too; choose another"
                )
            for at, quantity in _quantities(name, packet):
                if quantity.name in names:
                    msg = f"channel {quantity.name!r} stands in packet {names[quantity.name]!r} already; rename one"
                    raise _wrong((*at, "name"), msg)
                names[quantity.name] = name
        for name, packet in self.packets.items():
            if packet.sent_counter is not None and packet.sent_counter not in {c.name for _, c in self.channels()}:
                msg = f"{packet.sent_counter!r} is no channel of this dictionary; name one that counts packets sent"
                raise _wrong(("packets", name, "sent_counter"), msg)
        return self

    @model_validator(mode="after")
    def _on_the_wire(self) -> Self:
        for name, packet in self.packets.items():
            if packet.bits % OCTET:
                missing = OCTET - packet.bits % OCTET
                msg = f"the channels have {packet.bits} bits, a packet ends on an octet; add {{raw: spare{missing}}}"
                raise _wrong(("packets", name, "channels"), msg)
            octets = OVERHEAD_OCTETS + self.time.octets + packet.field_octets
            if octets > MOST_PACKET_OCTETS:
                msg = f"a packet of {octets} octets, a space packet has at most {MOST_PACKET_OCTETS}; split it"
                raise _wrong(("packets", name, "channels"), msg)
        return self

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        phases = set(self.phases)
        for name, packet in self.packets.items():
            for at, quantity in _quantities(name, packet):
                for i, limit in enumerate(quantity.limits):
                    if not phases.issuperset(limit.phases):
                        known = ", ".join(self.phases) or f"none: add a channel {FLIGHT_PHASE} with labels"
                        msg = f"{min(set(limit.phases) - phases)!r} is no phase; the labels of {FLIGHT_PHASE} are {known}"
                        raise _wrong((*at, "limits", i, "phases"), msg)
                if isinstance(quantity, Derived):
                    numbers = {c.name for c in packet.channels if c.kind in {"float", "int"}}
                    for parameter, source in quantity.of.items():
                        if source not in numbers:
                            msg = f"{source!r} is no measured number of packet {name!r}; name a channel that is"
                            raise _wrong((*at, "of", parameter), msg)
        if self.version_channel is not None:
            found = next((c for _, c in self.channels() if c.name == self.version_channel), None)
            if found is None or found.kind != "int" or found.raw.kind != "unsigned":
                msg = f"{self.version_channel!r} is no channel with an unsigned raw type and nothing else; name one"
                raise _wrong(("version_channel",), msg)
            if self.version > found.raw.bounds[1]:
                msg = f"version {self.version} does not fit {found.raw}; give {self.version_channel!r} more bits"
                raise _wrong(("version_channel",), msg)
        return self

    @property
    def reference(self) -> str:
        """Name and version: what a message's header says.

        Examples
        --------
        >>> built_in("yuanxing-1").reference
        'yuanxing-1@1'
        """
        return f"{self.name}{VERSION_MARK}{self.version}"

    @functools.cached_property
    def phases(self) -> tuple[str, ...]:
        """The labels of the channel `flight_phase`; none without one."""
        found = next((channel for _, channel in self.channels() if channel.name == FLIGHT_PHASE), None)
        return tuple((found.labels or {}).values()) if found is not None else ()

    def by_apid(self, apid: int) -> tuple[str, Packet] | None:
        """Return name and definition of the packet type with that APID."""
        return next(((name, packet) for name, packet in self.packets.items() if packet.apid == apid), None)

    def channels(self) -> Iterator[tuple[str, Channel]]:
        """Yield (packet name, channel) for every channel."""
        for name, packet in self.packets.items():
            for channel in packet.channels:
                yield name, channel

    @property
    def epoch_ns(self) -> int:
        """The time code's epoch as Unix time in nanoseconds."""
        return self.time.epoch_ns


def _quantities(name: str, packet: Packet) -> Iterator[tuple[Location, Quantity]]:
    """Yield every channel and derived channel with its place in the file."""
    for i, field in enumerate(packet.fields):
        if isinstance(field, Channel):
            yield ("packets", name, "channels", i), field
    for i, derived in enumerate(packet.derived):
        yield ("packets", name, "derived", i), derived


def load_dictionary(path: Path) -> Dictionary:
    """Read and check a dictionary file.

    Raises
    ------
    DictionaryError
        If the file cannot be read or is wrong; it names file and line.
    """
    source = YamlSource(path)
    try:
        return Dictionary.model_validate(source.content)
    except ValidationError as error:
        first = error.errors()[0]
        place = source.path_of(first.get("ctx", {}).get("at", first["loc"]))
        where = ".".join(str(step) for step in place) or "the file"
        detail = f"{where}: {_complaint(first)}"
        raise source.error(place, detail) from error


def _complaint(details: ErrorDetails) -> str:
    match details["type"]:
        case "extra_forbidden":
            return "there is no such key; remove it or mend its spelling"
        case "missing":
            return "is missing; add it"
    message = details["msg"].removeprefix("Value error, ")
    given = details["input"]
    return f"{message}, not {given!r}" if isinstance(given, str | int | float) else message


@functools.cache
def built_in(name: str) -> Dictionary:
    """Return a dictionary that comes with Downrange, by name.

    Raises
    ------
    DictionaryError
        If there is none of that name.
    """
    path = BUILT_IN_DIR / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in BUILT_IN_DIR.glob("*.yaml")))
        raise DictionaryError(str(path), 0, f"no dictionary {name!r}; there are: {known}")
    return load_dictionary(path)


class Registry:
    """The dictionaries that a service knows, by name: the built-in ones and those of extra folders.

    Parameters
    ----------
    folders
        Folders with `*.yaml` dictionaries; they are read once, here.
    default
        Name of the dictionary of messages that name none.
    """

    def __init__(self, folders: tuple[Path, ...] = (), default: str = "yuanxing-1") -> None:
        self._by_name: dict[str, Dictionary] = {}
        for folder in (BUILT_IN_DIR, *folders):
            if not folder.is_dir():
                raise DictionaryError(str(folder), 0, "is no folder; name one that holds dictionaries (*.yaml)")
            for path in sorted(folder.glob("*.yaml")):
                dictionary = load_dictionary(path)
                if dictionary.name in self._by_name:
                    msg = f"name: there is a dictionary {dictionary.name!r} already; choose another name"
                    raise YamlSource(path).error(("name",), msg)
                self._by_name[dictionary.name] = dictionary
        if default not in self._by_name:
            msg = f"the default dictionary {default!r} is none of: {', '.join(sorted(self._by_name))}"
            raise DictionaryError(str(folders[0] if folders else BUILT_IN_DIR), 0, msg)
        self.default = default

    def get(self, name: str | None) -> Dictionary | None:
        """Return a dictionary by name, the default one for None, or None if it is unknown."""
        return self._by_name.get(name or self.default)

    def names(self) -> tuple[str, ...]:
        """Return the known names, sorted."""
        return tuple(sorted(self._by_name))
