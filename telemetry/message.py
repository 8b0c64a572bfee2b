"""One telemetry or link message on its way through the line, and its form as MQTT properties and as a Kafka record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from telemetry.errors import PacketError, Reason
from telemetry.topics import Address, Kind

SPACE_PACKETS: Final = "application/vnd.ccsds.space-packets"
JSON: Final = "application/json"
ERT_NS: Final = "ert_ns"
SENT_NS: Final = "sent_ns"
DICTIONARY: Final = "dictionary"
RETRY_OF: Final = "retry_of"
RETRY_PACKET: Final = "retry_packet"
RETRY_REASON: Final = "retry_reason"
MAX_NS: Final = (1 << 63) - 1

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
        texts = {
            "run": self.address.run,
            "flight": self.address.flight,
            "vehicle": self.address.vehicle,
            "station": self.address.station,
            "kind": self.kind.value,
            ERT_NS: str(self.ert_ns),
            SENT_NS: str(self.sent_ns),
            "ingest_ns": str(self.ingest_ns),
            "content-type": self.content_type,
            DICTIONARY: self.dictionary,
        }
        if self.retry_of:
            texts |= {RETRY_OF: self.retry_of, RETRY_PACKET: self.retry_packet, RETRY_REASON: self.retry_reason}
        return [(name, text.encode()) for name, text in texts.items()]


def message_from_kafka(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Message:
    """Read a record of `downrange.telemetry`; Kafka lets a value or a header be null, which is read as empty.

    Raises
    ------
    PacketError
        If a header is missing or wrong.
    AddressError
        If a name in the headers is none.
    """
    texts = {name: (octets or b"").decode("utf-8", "replace") for name, octets in headers}
    try:
        address = Address(texts["run"], texts["flight"], texts["vehicle"], texts["station"])
        return Message(
            address,
            Kind(texts["kind"]),
            value or b"",
            read_ns(texts, ERT_NS),
            read_ns(texts, SENT_NS),
            read_ns(texts, "ingest_ns"),
            texts["content-type"],
            texts[DICTIONARY],
            retry_of=texts.get(RETRY_OF, ""),
            retry_packet=texts.get(RETRY_PACKET, ""),
            retry_reason=texts.get(RETRY_REASON, ""),
        )
    except KeyError as error:
        raise PacketError(Reason.BAD_PROPERTY, f"the record has no header {error}") from error
    except ValueError as error:
        raise PacketError(Reason.BAD_PROPERTY, f"header kind: {error}") from error


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
