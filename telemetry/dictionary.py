"""A vehicle type's dictionary: the only list of its packets and channels, read from one YAML file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from telemetry.channels import Channel
from telemetry.errors import DictionaryError

BUILT_IN_DIR = Path(__file__).parent / "dictionaries"
MAX_APID = 2046


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

    name: str
    version: Annotated[int, Field(ge=1, le=65535)]
    vehicle_class: str
    description: str
    time: TimeCode
    packets: Annotated[dict[str, Packet], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        apids: dict[int, str] = {}
        names: dict[str, str] = {}
        for packet_name, packet in self.packets.items():
            if packet.apid in apids:
                msg = f"packets {apids[packet.apid]!r} and {packet_name!r} both have APID {packet.apid}"
                raise ValueError(msg)
            apids[packet.apid] = packet_name
            for channel in packet.channels:
                if channel.name in names:
                    earlier = names[channel.name]
                    msg = f"channel {channel.name!r} stands in {earlier!r} and in {packet_name!r}: names are unique"
                    raise ValueError(msg)
                names[channel.name] = packet_name
        for packet_name, packet in self.packets.items():
            if packet.sent_counter is not None and packet.sent_counter not in names:
                msg = (
                    f"packet {packet_name!r}: its sent_counter {packet.sent_counter!r} is no channel of this dictionary"
                )
                raise ValueError(msg)
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
        return int((self.time.epoch - datetime.fromisoformat("1970-01-01T00:00:00+00:00")).total_seconds()) * 10**9


def load_dictionary(path: Path) -> Dictionary:
    """Read and check a dictionary file.

    Raises
    ------
    DictionaryError
        If the file cannot be read or is wrong; it names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as error:
        raise DictionaryError(str(path), 0, f"cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise DictionaryError(str(path), mark.line + 1 if mark else 0, str(problem)) from error
    try:
        return Dictionary.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        detail = f"{where}: {first['msg'].removeprefix('Value error, ')}"
        raise DictionaryError(str(path), _line_of(root, first["loc"]), detail) from error


def _line_of(node: yaml.Node | None, location: tuple[int | str, ...]) -> int:
    """Return the line of the deepest node on the way to `location` that exists."""
    line = node.start_mark.line + 1 if node is not None else 0
    for step in location:
        following: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            following = next((value for key, value in node.value if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            following = node.value[step]
        if following is None:
            break
        node = following
        line = node.start_mark.line + 1
    return line


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
        found = [load_dictionary(path) for folder in (BUILT_IN_DIR, *folders) for path in sorted(folder.glob("*.yaml"))]
        self._by_name = {dictionary.name: dictionary for dictionary in found}
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
