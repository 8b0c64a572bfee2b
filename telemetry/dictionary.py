"""A vehicle type's dictionary: the only list of its packets and channels, read from one YAML file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from telemetry.channels import Channel
from telemetry.errors import DictionaryError
from telemetry.topics import NAME_RULE
from telemetry.yaml_source import Location, YamlSource

BUILT_IN_DIR = Path(__file__).parent / "dictionaries"
MAX_APID = 2046


PacketName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


def _wrong(at: Location, message: str) -> PydanticCustomError:
    """Return an error of the whole dictionary that points at one place in it."""
    return PydanticCustomError("dictionary", "{message}", {"message": message, "at": at})


class TimeCode(BaseModel):
    """CCSDS unsegmented time code (CCSDS 301.0-B, 3.2): agency epoch, implicit preamble."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: AwareDatetime
    coarse_octets: Annotated[int, Field(ge=1, le=4)]
    fine_octets: Annotated[int, Field(ge=0, le=3)]

    @property
    def octets(self) -> int:
        """Length of the time field."""
        return self.coarse_octets + self.fine_octets


class Packet(BaseModel):
    """One packet type: an APID and its channels in their order on the wire."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    apid: Annotated[int, Field(ge=0, le=MAX_APID)]
    rate_hz: Annotated[float, Field(gt=0)]
    description: str
    channels: Annotated[tuple[Channel, ...], Field(min_length=1)]
    vehicles: tuple[str, ...] | None = None
    sent_counter: str | None = None

    def channel(self, name: str) -> Channel:
        """Return the channel of that name; KeyError if there is none."""
        for channel in self.channels:
            if channel.name == name:
                return channel
        raise KeyError(name)


class Dictionary(BaseModel):
    """Everything there is to know about a vehicle type's telemetry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=f"^{NAME_RULE.pattern}$")]
    version: Annotated[int, Field(ge=1, le=65535)]
    vehicle_class: str
    description: str
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
            for i, channel in enumerate(packet.channels):
                if channel.name in names:
                    msg = f"channel {channel.name!r} stands in packet {names[channel.name]!r} already; rename one"
                    raise _wrong(("packets", name, "channels", i, "name"), msg)
                names[channel.name] = name
        for name, packet in self.packets.items():
            if packet.sent_counter is not None and packet.sent_counter not in names:
                msg = f"{packet.sent_counter!r} is no channel of this dictionary; name one that counts packets sent"
                raise _wrong(("packets", name, "sent_counter"), msg)
        return self

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
        return (self.time.epoch - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1) * 1000


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
        place = first.get("ctx", {}).get("at", first["loc"])
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
