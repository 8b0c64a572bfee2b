"""Names and addresses: MQTT topics, Kafka topics, keys and partitions."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from enum import StrEnum

from telemetry.errors import AddressError, Reason

ROOT = "downrange/v1"
LIVE_RUN = "live"
NAME_RULE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TOPIC_LEVELS = 7


class KafkaTopic(StrEnum):
    """The topics of the line; docs/design.md says what each keeps and how long."""

    TELEMETRY = "downrange.telemetry"
    REJECTED = "downrange.rejected"
    EVENTS = "downrange.events"
    QUALITY = "downrange.quality"
    STATE = "downrange.state"
    DELIVERIES = "downrange.deliveries"
    LIMITS = "downrange.limits"
    COMMANDS = "downrange.commands"

    @property
    def compacted(self) -> bool:
        """Whether Kafka keeps only the last record of each key."""
        return self in {KafkaTopic.STATE, KafkaTopic.DELIVERIES, KafkaTopic.LIMITS}


class Kind(StrEnum):
    """The last level of an MQTT topic: what a station publishes, and what it is told."""

    TELEMETRY = "tm"
    LINK = "link"
    ACK = "ack"


def check_name(name: str, what: str) -> str:
    """Return `name` if it may stand in a topic, a key and a folder.

    Raises
    ------
    AddressError
        If it does not follow the naming rule.
    """
    if NAME_RULE.fullmatch(name) is None or ".." in name:
        msg = (
            f"{what} {name[:80]!r} is not a name: use 1 to 64 letters, digits, '.', '_' or '-', first a letter or digit"
        )
        raise AddressError(Reason.BAD_TOPIC, msg)
    return name


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message belongs: one vehicle of one flight in one run, heard by one station."""

    run: str
    flight: str
    vehicle: str
    station: str

    def __post_init__(self) -> None:
        for what in ("run", "flight", "vehicle", "station"):
            check_name(getattr(self, what), what)

    def topic(self, kind: Kind) -> str:
        """Return the MQTT topic.

        Examples
        --------
        >>> Address("live", "YX1-7", "ship", "haiyang").topic(Kind.TELEMETRY)
        'downrange/v1/live/YX1-7/ship/haiyang/tm'
        """
        return f"{ROOT}/{self.run}/{self.flight}/{self.vehicle}/{self.station}/{kind.value}"

    @property
    def key(self) -> str:
        """The Kafka key of everything that belongs to this flight."""
        return flight_key(self.run, self.flight)


def flight_key(run: str, flight: str) -> str:
    """Return the Kafka key of a flight."""
    return f"{run}/{flight}"


def parse_topic(topic: str) -> tuple[Address, Kind]:
    """Read an MQTT topic.

    Raises
    ------
    AddressError
        If it is not `downrange/v1/{run}/{flight}/{vehicle}/{station}/{tm|link|ack}`.
    """
    levels = topic.split("/")
    if len(levels) != TOPIC_LEVELS or not topic.startswith(f"{ROOT}/"):
        msg = f"topic {topic[:200]!r} is not {ROOT}/RUN/FLIGHT/VEHICLE/STATION/tm"
        raise AddressError(Reason.BAD_TOPIC, msg)
    try:
        kind = Kind(levels[-1])
    except ValueError:
        msg = f"topic {topic[:200]!r} ends in {levels[-1][:80]!r}, not in tm, link or ack"
        raise AddressError(Reason.BAD_TOPIC, msg) from None
    return Address(*levels[2:6]), kind


def partition_of(key: str, partitions: int) -> int:
    """Return the partition of a flight's records: the same on every topic, in every client and version.

    CRC-32 (ISO-HDLC, as in zlib) of the key modulo the number of partitions. Computed here rather than by a client
    library, so that all topics agree even where the record's own key is longer than the flight's.
    """
    return zlib.crc32(key.encode()) % partitions
