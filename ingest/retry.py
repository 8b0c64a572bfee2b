"""What becomes of refused octets that are examined again with today's dictionaries. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from ingest.examiner import Examined, Examiner
from ingest.refused import RESIDUE, RESIDUE_OF, RETRIED, RefusedRecord
from runtime.kafka import Headers, Outgoing
from runtime.mqtt import Inbound
from telemetry.decoder import Decoder
from telemetry.dictionary import VERSION_MARK
from telemetry.errors import InputError, Reason
from telemetry.message import DICTIONARY, ERT_NS, RETRY_OF, RETRY_PACKET, RETRY_REASON, SENT_NS, message_from_kafka
from telemetry.quality import UNKNOWN_PACKET
from telemetry.refused import claim_of
from telemetry.topics import KafkaTopic, Kind

LINE_PROTOCOL: Final = "application/vnd.influx.line-protocol"
MENDABLE: Final = frozenset(
    {
        Reason.BAD_LENGTH,
        Reason.BAD_CRC,
        Reason.BAD_HEADER,
        Reason.BAD_TIME,
        Reason.BAD_JSON,
        Reason.UNKNOWN_APID,
        Reason.UNKNOWN_DICTIONARY,
        Reason.UNKNOWN_CONTENT_TYPE,
        Reason.UNKNOWN_VERSION,
        Reason.TOO_LARGE,
    }
)
"""What is found in the octets, where another dictionary, or another Downrange, may find nothing wrong."""
OTHER_VERSION: Final = frozenset({Reason.UNKNOWN_APID, Reason.BAD_LENGTH, Reason.BAD_JSON})
"""What octets look like that were written by a newer version than the one that they were checked by."""


@dataclass(frozen=True, slots=True)
class Retry:
    """What becomes of a refused record.

    Parameters
    ----------
    record
        The record.
    telemetry
        What is good of it now, with its original times; none if nothing is.
    residue
        What is bad all the same of a record that is partly good: refused records of their own.
    mark
        Says on `downrange.rejected` that the record is through; to be sent when the others are safe.
    packets
        How many packets are good.
    why
        Why it stays, or its residue does; empty if all of it is through.
    """

    record: RefusedRecord
    telemetry: Outgoing | None = None
    residue: tuple[Outgoing, ...] = field(default=())
    mark: Outgoing | None = None
    packets: int = 0
    why: str = ""


class Retrier:
    """Examines refused records as ingest examines messages.

    Parameters
    ----------
    decoder
        Knows today's dictionaries.
    most_octets
        The largest record that Kafka takes.
    """

    def __init__(self, decoder: Decoder, most_octets: int) -> None:
        self._decoder = decoder
        self._examiner = Examiner(decoder, most_octets)

    def retry(self, record: RefusedRecord) -> Retry:
        """Return what becomes of a record; nothing raises."""
        why = _hopeless(record)
        if why:
            return Retry(record, why=why)
        found = self._examined(record, record.text(DICTIONARY))
        name, mark, _ = record.text(DICTIONARY).partition(VERSION_MARK)
        if mark and not _good(found) and record.text("reason") in OTHER_VERSION:
            # ingest names the version that it knew; the octets may be of one that has been added since
            newest = self._examined(record, name)
            found = newest if _good(newest) else found
        still = [one for one in found.records if one.topic is KafkaTopic.REJECTED]
        why = "; ".join(dict.fromkeys(_reason_of(one) for one in still))
        if not _good(found):
            return Retry(record, why=why)
        good = found.records[0]
        return Retry(
            record,
            replace(good, headers=[*good.headers, *self._retry_headers(record)]),
            tuple(_as_residue(one, record, f"{at}/{len(still)}") for at, one in enumerate(still, start=1)),
            _mark(record),
            self._packets_of(good),
            why,
        )

    def _examined(self, record: RefusedRecord, dictionary: str) -> Examined:
        message = message_from_kafka(b"", record.headers.items())
        inbound = Inbound(
            record.text("topic") or message.topic,
            record.octets,
            {ERT_NS: record.text(ERT_NS), SENT_NS: record.text(SENT_NS), DICTIONARY: dictionary},
            message.content_type,
            b"",
            retain=False,
            packet_id=None,
        )
        return self._examiner.examine(inbound, message.ingest_ns)

    def _retry_headers(self, record: RefusedRecord) -> Headers:
        message = message_from_kafka(record.octets, record.headers.items())
        # the books count a record in parts by its first part, which is no packet
        claim = claim_of(message, record.headers, self._decoder.dictionary_of(message))
        return [
            (RETRY_OF, record.id.encode()),
            (RETRY_PACKET, (claim if record.parts == 1 else UNKNOWN_PACKET).encode()),
            (RETRY_REASON, record.headers.get("reason", b"")),
        ]

    def _packets_of(self, good: Outgoing) -> int:
        found = self._decoder.inspect(message_from_kafka(good.value, good.headers))
        return sum(len(frame.counts) for frame in found.frames)


def _hopeless(record: RefusedRecord) -> str:
    """Return why no dictionary can mend a record; empty if one may."""
    reason = record.text("reason")
    if record.damage:
        return f"{record.damage}: what is left of it can be seen with `downrange rejected show`"
    if record.text("content-type") == LINE_PROTOCOL:
        return "a line that InfluxDB refused: its packet is in downrange.telemetry; let `store` read it again"
    if reason not in MENDABLE:
        return f"{reason}: not a matter of the octets and the dictionaries; put it right where it came from"
    try:
        message = message_from_kafka(b"", record.headers.items())
    except InputError:
        return f"{reason}: not telemetry"
    return "" if message.kind is Kind.TELEMETRY else f"{reason}: a link report, which no dictionary describes"


def _good(found: Examined) -> bool:
    return bool(found.records) and found.records[0].topic is KafkaTopic.TELEMETRY


def _reason_of(refused: Outgoing) -> str:
    headers = dict(refused.headers)
    return b": ".join((headers["reason"], headers["detail"])).decode("utf-8", "replace")


def _as_residue(refused: Outgoing, record: RefusedRecord, number: str) -> Outgoing:
    named: Headers = [(RESIDUE_OF, record.id.encode()), (RESIDUE, number.encode())]
    return replace(refused, headers=[*refused.headers, *named])


def _mark(record: RefusedRecord) -> Outgoing:
    """Return the record that says that another one is through; it has no `kind`, so nobody takes it for telemetry."""
    where: Headers = [(name, record.headers[name]) for name in ("run", "flight", "vehicle", "station")]
    return Outgoing(KafkaTopic.REJECTED, record.key, b"", [*where, (RETRY_OF, record.id.encode()), (RETRIED, b"yes")])
