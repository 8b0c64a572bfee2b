"""What must agree between the parts of a dictionary; each mistake points at its place in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pydantic_core import PydanticCustomError

from telemetry.channels import Channel
from telemetry.packet_type import Packet
from telemetry.quantity import Quantity
from telemetry.raw import OCTET
from telemetry.vocabulary import FlightPhase
from telemetry.yaml_source import Location

FLIGHT_PHASE: Final = "flight_phase"
MOST_PACKET_OCTETS: Final = 65_542
HEADER_AND_CRC_OCTETS: Final = 8

Packets = Mapping[str, Packet]


def wrong(at: Location, message: str) -> PydanticCustomError:
    """Return an error of the whole dictionary that points at one place in it."""
    return PydanticCustomError("dictionary", "{message}", {"message": message, "at": at})


def channels_of(packets: Packets) -> dict[str, Channel]:
    """Return all measured channels by name."""
    return {channel.name: channel for packet in packets.values() for channel in packet.channels}


def phases_of(packets: Packets) -> tuple[str, ...]:
    """Return the labels of the channel `flight_phase`; without one the phases that events tell."""
    found = channels_of(packets).get(FLIGHT_PHASE)
    return tuple(FlightPhase) if found is None else tuple((found.labels or {}).values())


def check_names(packets: Packets) -> None:
    """Refuse an APID or a channel's name that stands twice, and a counter that is no channel."""
    apids: dict[int, str] = {}
    names: dict[str, str] = {}
    for name, packet in packets.items():
        earlier = apids.setdefault(packet.apid, name)
        if earlier != name:
            raise wrong(("packets", name, "apid"), f"packet {earlier!r} has APID {packet.apid} too; choose another")
        for at, quantity in _quantities(name, packet):
            if quantity.name in names:
                msg = f"channel {quantity.name!r} stands in packet {names[quantity.name]!r} already; rename one"
                raise wrong((*at, "name"), msg)
            names[quantity.name] = name
    channels = channels_of(packets)
    for name, packet in packets.items():
        if packet.sent_counter is not None and packet.sent_counter not in channels:
            msg = f"{packet.sent_counter!r} is no channel of this dictionary; name one that counts packets sent"
            raise wrong(("packets", name, "sent_counter"), msg)


def check_lengths(packets: Packets, time_octets: int) -> None:
    """Refuse a packet that does not end on an octet, or is longer than a space packet can be."""
    for name, packet in packets.items():
        at = ("packets", name, "channels")
        if packet.bits % OCTET:
            missing = OCTET - packet.bits % OCTET
            msg = f"the channels have {packet.bits} bits, a packet ends on an octet; add {{raw: spare{missing}}}"
            raise wrong(at, msg)
        octets = HEADER_AND_CRC_OCTETS + time_octets + packet.field_octets
        if octets > MOST_PACKET_OCTETS:
            raise wrong(at, f"the packet has {octets} octets, a space packet at most {MOST_PACKET_OCTETS}; split it")


def check_phases(packets: Packets) -> None:
    """Refuse a limit in a phase that there is not."""
    phases = phases_of(packets)
    has_channel = FLIGHT_PHASE in channels_of(packets)
    source = f"the labels of {FLIGHT_PHASE}" if has_channel else "the phases that events tell"
    known = ", ".join(phases) or "none: give it labels"
    for at, quantity in _all_quantities(packets):
        for i, limit in enumerate(quantity.limits):
            unknown = [phase for phase in limit.phases if phase not in phases]
            if unknown:
                msg = f"{unknown[0]!r} is no phase; {source} are {known}"
                raise wrong((*at, "limits", i, "phases"), msg)


def check_derived(packets: Packets) -> None:
    """Refuse a derived channel of what its own packet does not measure."""
    for name, packet in packets.items():
        numbers = {channel.name for channel in packet.channels if channel.kind in {"float", "int"}}
        for i, derived in enumerate(packet.derived):
            for parameter, source in derived.of.items():
                if source not in numbers:
                    msg = f"{source!r} is no measured number of packet {name!r}; name a channel that is"
                    raise wrong(("packets", name, "derived", i, "of", parameter), msg)


def check_version(packets: Packets, version: int, version_channel: str | None) -> None:
    """Refuse a version channel that cannot say the version."""
    if version_channel is None:
        return
    at = ("version_channel",)
    found = channels_of(packets).get(version_channel)
    if found is None or found.kind != "int" or found.raw.kind != "unsigned":
        raise wrong(at, f"{version_channel!r} is no unsigned channel without calibration and labels; name one that is")
    if version > found.raw.bounds[1]:
        raise wrong(at, f"version {version} does not fit {found.raw}; give {version_channel!r} more bits")


def _all_quantities(packets: Packets) -> Iterable[tuple[Location, Quantity]]:
    return (each for name, packet in packets.items() for each in _quantities(name, packet))


def _quantities(name: str, packet: Packet) -> Iterator[tuple[Location, Quantity]]:
    """Yield every channel and derived channel with its place in the file."""
    for i, field in enumerate(packet.fields):
        if isinstance(field, Channel):
            yield ("packets", name, "channels", i), field
    for i, derived in enumerate(packet.derived):
        yield ("packets", name, "derived", i), derived
