"""A vehicle type's dictionary: the only list of its packets and channels, read from one YAML file."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from telemetry.channels import Channel
from telemetry.checked_yaml import checked
from telemetry.consistency import check_derived, check_lengths, check_names, check_phases, check_version, phases_of
from telemetry.errors import DictionaryError
from telemetry.packet_type import MAX_APID, Packet
from telemetry.time_code import TimeCode
from telemetry.topics import NAME_RULE
from telemetry.vocabulary import VehicleClass
from telemetry.yaml_source import YamlSource

__all__ = ["BUILT_IN_DIR", "MAX_APID", "Dictionary", "Packet", "Registry", "built_in", "load_dictionary"]

BUILT_IN_DIR = Path(__file__).parent / "dictionaries"
VERSION_MARK: Final = "@"


VehicleName = Annotated[str, Field(pattern=f"^{NAME_RULE.pattern}$")]
PacketName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class Dictionary(BaseModel):
    """Everything there is to know about a vehicle type's telemetry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=f"^{NAME_RULE.pattern}$")]
    version: Annotated[int, Field(ge=1, le=65535)]
    vehicle_class: str
    description: str
    vehicle_classes: dict[VehicleName, VehicleClass] = {}
    version_channel: str | None = None
    time: TimeCode
    packets: Annotated[dict[PacketName, Packet], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        check_names(self.packets)
        check_lengths(self.packets, self.time.octets)
        check_phases(self.packets)
        check_derived(self.packets)
        check_version(self.packets, self.version, self.version_channel)
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

    def version_complaint(self, packet: str, said: int) -> str:
        """Return what is wrong with a packet that says another version, and what to do."""
        return (
            f"{packet} says version {said} of dictionary {self.name!r}, this is version {self.version}: "
            f"put version {said} beside it into a folder of DOWNRANGE_DICTIONARY_DIR, then send the octets again"
        )

    @property
    def phases(self) -> tuple[str, ...]:
        """The labels of the channel `flight_phase`; none without one."""
        return phases_of(self.packets)

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


def load_dictionary(path: Path) -> Dictionary:
    """Read and check a dictionary file.

    Raises
    ------
    DictionaryError
        If the file cannot be read or is wrong; it names file and line.
    """
    return checked(Dictionary, path)


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
    """Dictionaries by name and version.

    Parameters
    ----------
    folders
        Folders with `*.yaml` dictionaries; they are read once, here. Two files may have one name and differ in version.
    default
        Name of the dictionary of messages that name none.
    """

    def __init__(self, folders: tuple[Path, ...] = (), default: str = "yuanxing-1") -> None:
        self._known: dict[str, Dictionary] = {}
        for folder in (BUILT_IN_DIR, *folders):
            if not folder.is_dir():
                raise DictionaryError(str(folder), 0, "is no folder; name one that holds dictionaries (*.yaml)")
            for path in sorted(folder.glob("*.yaml")):
                dictionary = load_dictionary(path)
                if dictionary.reference in self._known:
                    msg = (
                        f"name: there is a dictionary {dictionary.name!r} already of version {dictionary.version}; "
                        "choose another name or version"
                    )
                    raise YamlSource(path).error(("name",), msg)
                self._known[dictionary.reference] = dictionary
        self._newest: dict[str, Dictionary] = {}
        for dictionary in sorted(self._known.values(), key=lambda dictionary: dictionary.version):
            self._newest[dictionary.name] = dictionary
        if default not in self._newest:
            msg = f"the default dictionary {default!r} is none of: {', '.join(self.names())}"
            raise DictionaryError(str(folders[0] if folders else BUILT_IN_DIR), 0, msg)
        self.default = default

    def get(self, reference: str | None) -> Dictionary | None:
        """Return a dictionary by `name@version`, or its newest version by name; None if it is unknown.

        Without a reference it is the default one.
        """
        wanted = reference or self.default
        return self._newest.get(wanted) or self._known.get(wanted)

    def names(self) -> tuple[str, ...]:
        """Return the known names, sorted."""
        return tuple(sorted(self._newest))

    def versions(self, name: str) -> tuple[int, ...]:
        """Return the known versions of a dictionary, sorted; none if the name is unknown."""
        return tuple(sorted(each.version for each in self._known.values() if each.name == name))

    def dictionaries(self) -> tuple[Dictionary, ...]:
        """Return all dictionaries in all their versions, by reference."""
        return tuple(self._known.values())

    def missing(self, reference: str) -> str | None:
        """Return what to say of a reference whose name is known and whose version is not; None of any other."""
        name, mark, version = reference.partition(VERSION_MARK)
        if not mark or name not in self._newest or reference in self._known:
            return None
        known = ", ".join(str(each) for each in self.versions(name))
        return (
            f"dictionary {name!r} is known in version {known}, not in {version[:20]}, which the vehicle or its station "
            "says: put that one beside it into DOWNRANGE_DICTIONARY_DIR, then send the octets again"
        )
