"""What becomes of one MQTT message: the records that keep it, and what its station may be told. Pure."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from ingest.rejects import UNPLACED, rejected_records
from ingest.versions import VersionsOnBoard
from runtime.kafka import Outgoing
from runtime.mqtt import Inbound
from telemetry.acks import RefusedOctets, SafeRange, SettledMessage
from telemetry.decoder import Decoder
from telemetry.errors import AddressError, PacketError, Reason
from telemetry.frames import Refusal
from telemetry.link import LinkReport
from telemetry.message import DICTIONARY, ERT_NS, JSON, SENT_NS, SPACE_PACKETS, Message, read_ns
from telemetry.refused import packet_of_refused
from telemetry.survey import Surveyed
from telemetry.topics import Address, KafkaTopic, Kind, parse_topic

KNOWN_TOPICS: Final = 4096
HEADER_OCTETS: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Examined:
    """What becomes of a message.

    Parameters
    ----------
    kind
        Telemetry or link; None if the topic does not tell.
    records
        What Kafka has to keep before the message may be acknowledged, in order.
    reasons
        Why octets were refused, once a refusal.
    ack_topic
        Where its station waits for the end-to-end acknowledgement; empty if nobody does.
    settled
        What the acknowledgement says.
    full_s
        How long its station says that its store was full.
    """

    kind: Kind | None
    records: tuple[Outgoing, ...]
    reasons: tuple[Reason, ...]
    ack_topic: str
    settled: SettledMessage | None
    full_s: float = 0.0


class Examiner:
    """Examines messages, one by one; keeps nothing between them but the versions that vehicles say.

    Parameters
    ----------
    decoder
        Knows the dictionaries.
    most_octets
        The largest record that Kafka takes, headers included. A larger payload is refused (`too-large`) and kept in
        parts: stations send less in one message, and two records of one payload would break its place in the order.
    shared
        Whether other members examine some of a vehicle's messages.
    """

    def __init__(self, decoder: Decoder, most_octets: int, *, shared: bool = False) -> None:
        self._decoder = decoder
        self._versions = VersionsOnBoard(decoder, shared=shared)
        self._most_octets = most_octets - HEADER_OCTETS

    def examine(self, inbound: Inbound, ingest_ns: int) -> Examined:
        """Examine a message that came at `ingest_ns`; what is wrong with it becomes a record, never an exception."""
        try:
            address, kind, ack_topic = _place(inbound.topic)
        except AddressError as error:
            message = self._message(UNPLACED, Kind.TELEMETRY, inbound, ingest_ns, _times_or_0(inbound))
            return self._judged(inbound, replace(message, correlation=b""), None, "", _nothing(inbound, error))
        try:
            times_ns = self._check(kind, inbound)
        except PacketError as error:
            message = self._message(address, kind, inbound, ingest_ns, _times_or_0(inbound))
            return self._judged(inbound, message, kind, ack_topic, _nothing(inbound, error))
        message = self._message(address, kind, inbound, ingest_ns, times_ns)
        try:
            if kind is Kind.LINK:
                message, full_s = _with_report(message, inbound)
                return replace(self._judged(inbound, message, kind, ack_topic, Surveyed((), ())), full_s=full_s)
            message, found = self._versions.survey(message)
        except PacketError as error:
            found = _nothing(inbound, error)
        return self._judged(inbound, message, kind, ack_topic, found)

    def _message(
        self, address: Address, kind: Kind, inbound: Inbound, ingest_ns: int, times_ns: tuple[int, int]
    ) -> Message:
        """Return the message as far as it can be told."""
        # the record names the dictionary that it was checked against: others may have another default
        named = inbound.properties.get(DICTIONARY) or self._decoder.registry.default
        return Message(
            address,
            kind,
            inbound.payload,
            *times_ns,
            ingest_ns,
            inbound.content_type or (JSON if kind is Kind.LINK else SPACE_PACKETS),
            self._versions.reference(address, named) if kind is Kind.TELEMETRY else named,
            inbound.correlation,
        )

    def _check(self, kind: Kind, inbound: Inbound) -> tuple[int, int]:
        """Refuse a message for what is around its payload; returns its times of receipt and of sending."""
        if kind is Kind.TELEMETRY and ERT_NS not in inbound.properties:
            raise PacketError(Reason.BAD_PROPERTY, f"the user property {ERT_NS} is missing: when was it received?")
        times_ns = read_ns(inbound.properties, ERT_NS), read_ns(inbound.properties, SENT_NS)
        if inbound.retain:
            detail = "telemetry must not be retained: the broker would hand it to every later subscriber as new"
            raise PacketError(Reason.BAD_PROPERTY, detail)
        if len(inbound.payload) > self._most_octets:
            detail = f"a payload of {len(inbound.payload)} octets, the line carries {self._most_octets} in one message"
            raise PacketError(Reason.TOO_LARGE, detail)
        return times_ns

    def _judged(
        self,
        inbound: Inbound,
        message: Message,
        kind: Kind | None,
        ack_topic: str,
        found: Surveyed,
    ) -> Examined:
        refusals = found.refusals
        records: list[Outgoing] = []
        if found.ranges or (kind is Kind.LINK and not refusals):
            good = _without(message.payload, refusals)
            records.append(Outgoing(KafkaTopic.TELEMETRY, message.address.key, good, message.kafka_headers()))
        for refusal in refusals:
            octets = message.payload[refusal.start : refusal.stop]
            claim = packet_of_refused(replace(message, payload=octets), self._decoder.dictionary_of(message))
            records += rejected_records(
                message, inbound.topic, octets, refusal.reason, refusal.detail, self._most_octets, claim
            )
        reasons = tuple(refusal.reason for refusal in refusals)
        if not message.correlation:
            return Examined(kind, tuple(records), reasons, "", None)
        settled = SettledMessage(
            correlation=message.correlation.hex(), stored=_stored(found), refused=_summed(refusals)
        )
        return Examined(kind, tuple(records), reasons, ack_topic, settled)


@functools.lru_cache(KNOWN_TOPICS)
def _place(topic: str) -> tuple[Address, Kind, str]:
    address, kind = parse_topic(topic)
    return address, kind, address.topic(Kind.ACK)


def _times_or_0(inbound: Inbound) -> tuple[int, int]:
    """Return the times of a message that is refused; one that cannot be read is 0."""
    return _ns_or_0(inbound, ERT_NS), _ns_or_0(inbound, SENT_NS)


def _ns_or_0(inbound: Inbound, name: str) -> int:
    try:
        return read_ns(inbound.properties, name)
    except PacketError:
        return 0


def _with_report(message: Message, inbound: Inbound) -> tuple[Message, float]:
    """Check a link report and take its time where the message has none; says too how long the station was full."""
    try:
        report = LinkReport.model_validate_json(message.payload)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "the payload"
        raise PacketError(Reason.BAD_JSON, f"{where}: {first['msg']}") from error
    if report.ert_ns is None and report.reason != "will":
        raise PacketError(Reason.BAD_JSON, f"ert_ns: a {report.reason} has a time")
    timed = message if ERT_NS in inbound.properties else replace(message, ert_ns=report.ert_ns or 0)
    return timed, report.full_s or 0.0


def _nothing(inbound: Inbound, error: AddressError | PacketError) -> Surveyed:
    return Surveyed((), (Refusal(0, len(inbound.payload), error.reason, error.detail),))


def _without(payload: bytes, refusals: tuple[Refusal, ...]) -> bytes:
    """Return the payload without what is refused; the very same octets if nothing is."""
    if not refusals:
        return payload
    starts = [0, *(refusal.stop for refusal in refusals)]
    stops = [*(refusal.start for refusal in refusals), len(payload)]
    return b"".join(payload[start:stop] for start, stop in zip(starts, stops, strict=True))


def _stored(found: Surveyed) -> tuple[SafeRange, ...]:
    return tuple(SafeRange(packet=counts.packet, first=counts.first, last=counts.last) for counts in found.ranges)


def _summed(refusals: tuple[Refusal, ...]) -> tuple[RefusedOctets, ...]:
    """Return the refused octets by reason, with the first detail of each: a megabyte of rubbish fits into an answer."""
    octets: dict[Reason, int] = {}
    details: dict[Reason, str] = {}
    for refusal in refusals:
        octets[refusal.reason] = octets.get(refusal.reason, 0) + refusal.stop - refusal.start
        details.setdefault(refusal.reason, refusal.detail)
    return tuple(
        RefusedOctets(octets=octets[reason], reason=reason, detail=detail) for reason, detail in details.items()
    )
