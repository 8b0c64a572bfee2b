"""One telemetry or link message on its way through the line, and its form as MQTT properties and as a Kafka record."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from telemetry.errors import PacketError, Reason
from telemetry.topics import Address, Kind

SPACE_PACKETS: Final = "application/vnd.ccsds.space-packets"
JSON: Final = "application/json"
ERT_NS: Final = "ert_ns"
SENT_NS: Final = "sent_ns"
INGEST_NS: Final = "ingest_ns"
DICTIONARY: Final = "dictionary"
RETRY_OF: Final = "retry_of"
RETRY_PACKET: Final = "retry_packet"
RETRY_REASON: Final = "retry_reason"
RETRIED: Final = (RETRY_OF, RETRY_PACKET, RETRY_REASON)
MAX_NS: Final = (1 << 63) - 1
LASTING: Final = ("run", "flight", "vehicle", "station", "kind", "content-type", DICTIONARY)
KNOWN_LINKS: Final = 4096
# longer headers are nobody's, and not worth their memory
KNOWN_OCTETS: Final = 512

KafkaHeaders = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """A payload with its address and its times.

    Parameters
    ----------
    address, kind
        Where it belongs; `kind` is telemetry or link.
    payload
        The octets, as they came.
    ert_ns
        Earth receive time stamped by the station, Unix ns; a will has none and carries 0.
    sent_ns
        Wall clock of the publisher, for latency figures only; 0 if unknown.
    ingest_ns
        Wall clock of ingest; 0 before.
    content_type
        `SPACE_PACKETS` or `JSON`.
    dictionary
        Name of the dictionary; empty for a service's default.
    correlation
        The station's own number of this message; empty if it wants no end-to-end acknowledgement.
    retry_of
        Which record of `downrange.rejected` these packets were in before a retry, `{partition}-{offset}`; empty for
        all that came by itself.
    retry_packet, retry_reason
        Under which packet type, or `?`, and under which reason the books counted that record; empty without `retry_of`.
    """

    address: Address
    kind: Kind
    payload: bytes
    ert_ns: int
    sent_ns: int = 0
    ingest_ns: int = 0
    content_type: str = SPACE_PACKETS
    dictionary: str = ""
    correlation: bytes = b""
    retry_of: str = ""
    retry_packet: str = ""
    retry_reason: str = ""

    @property
    def topic(self) -> str:
        """The MQTT topic."""
        return self.address.topic(self.kind)

    def user_properties(self) -> list[tuple[str, str]]:
        """Return the MQTT user properties."""
        named = [(ERT_NS, str(self.ert_ns)), (SENT_NS, str(self.sent_ns))]
        return [*named, (DICTIONARY, self.dictionary)] if self.dictionary else named

    def kafka_headers(self) -> KafkaHeaders:
        """Return the headers of the Kafka record; the value is the payload, the key `address.key`."""
        before, after = _lasting_headers(self.address, self.kind, self.content_type, self.dictionary)
        headers = [
            *before,
            (ERT_NS, b"%d" % self.ert_ns),
            (SENT_NS, b"%d" % self.sent_ns),
            (INGEST_NS, b"%d" % self.ingest_ns),
            *after,
        ]
        if self.retry_of:
            texts = {RETRY_OF: self.retry_of, RETRY_PACKET: self.retry_packet, RETRY_REASON: self.retry_reason}
            headers += [(name, text.encode()) for name, text in texts.items()]
        return headers


@functools.lru_cache(KNOWN_LINKS)
def _lasting_headers(
    address: Address, kind: Kind, content_type: str, dictionary: str
) -> tuple[KafkaHeaders, KafkaHeaders]:
    """Return what is the same for all messages of a link, before the times and behind them."""
    before = {
        "run": address.run,
        "flight": address.flight,
        "vehicle": address.vehicle,
        "station": address.station,
        "kind": kind.value,
    }
    after = {"content-type": content_type, DICTIONARY: dictionary}
    return [(k, v.encode()) for k, v in before.items()], [(k, v.encode()) for k, v in after.items()]


def message_from_kafka(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Message:
    """Read a record of `downrange.telemetry`; Kafka lets a value or a header be null, which is read as empty.

    Raises
    ------
    PacketError
        If a header is missing or wrong.
    AddressError
        If a name in the headers is none.
    """
    named = {name: octets or b"" for name, octets in headers}
    try:
        lasting = tuple([named[name] for name in LASTING])
        link = _known_link(*lasting) if sum(map(len, lasting)) <= KNOWN_OCTETS else _link(*lasting)
        times = (_ns_of(named, ERT_NS), _ns_of(named, SENT_NS), _ns_of(named, INGEST_NS))
        address, kind, content_type, dictionary = link
        if RETRY_OF not in named:
            return Message(address, kind, value or b"", *times, content_type, dictionary)
        retried = [named.get(name, b"").decode("utf-8", "replace") for name in RETRIED]
        return Message(address, kind, value or b"", *times, content_type, dictionary, b"", *retried)
    except KeyError as error:
        raise PacketError(Reason.BAD_PROPERTY, f"the record has no header {error}") from error
    except ValueError as error:
        raise PacketError(Reason.BAD_PROPERTY, f"header kind: {error}") from error


def _link(*octets: bytes) -> tuple[Address, Kind, str, str]:
    """Return what is the same for all messages of a link."""
    run, flight, vehicle, station, kind, content_type, dictionary = (one.decode("utf-8", "replace") for one in octets)
    return Address(run, flight, vehicle, station), Kind(kind), content_type, dictionary


_known_link = functools.lru_cache(KNOWN_LINKS)(_link)


def _ns_of(named: Mapping[str, bytes], name: str) -> int:
    octets = named.get(name, b"0")
    if octets.isdigit() and len(octets) < len(str(MAX_NS)):
        return int(octets)
    return read_ns({name: octets.decode("utf-8", "replace")}, name)


def read_ns(properties: Mapping[str, str], name: str) -> int:
    """Read a time in ns from named texts; absent is 0.

    Raises
    ------
    PacketError
        If it is there and no whole number of nanoseconds between 0 and 2**63.
    """
    text = properties.get(name, "0")
    if not text.isascii() or not text.isdigit() or len(text) > len(str(MAX_NS)) or int(text) > MAX_NS:
        raise PacketError(Reason.BAD_PROPERTY, f"{name} is {text[:40]!r}, not a time in ns")
    return int(text)
