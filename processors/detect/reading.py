"""Records of the line as the engine takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationError

from processors.engine import Engine
from processors.output import Output
from telemetry.decoder import Decoder
from telemetry.dictionary import Dictionary
from telemetry.errors import InputError, PacketError, Reason
from telemetry.events import Event
from telemetry.frames import Decoded, Frame, Refusal
from telemetry.limit_command import LimitCommand
from telemetry.link import LinkReport
from telemetry.message import Message, message_from_kafka
from telemetry.refused import claim_of
from telemetry.topics import Kind

ORIGIN: Final = "origin"
RETRIED: Final = re.compile(r"[0-9]{1,9}-[0-9]{1,18}")
Headers = Iterable[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Packets:
    """A telemetry message, decoded; the dictionary is none when the message names one that is not known."""

    message: Message
    frames: tuple[Frame, ...]
    refusals: tuple[Refusal, ...]
    dictionary: Dictionary | None


@dataclass(frozen=True, slots=True)
class Report:
    """A link message, decoded."""

    message: Message
    report: LinkReport


@dataclass(frozen=True, slots=True)
class Refused:
    """A record of `downrange.rejected` that was telemetry: the packet type that it claims to be, or `?`, and why.

    `origin` is what detection writes of a record that it refused itself, see `processors.detect.intake`; else empty.
    """

    message: Message
    packet: str
    reason: str
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A record of `downrange.commands`."""

    command: LimitCommand


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing has come of the flight for so long that what waits for more of a dump waits no longer.

    When that is, is the service's decision, by the clock on the wall. So it stands in the evidence of what it led to,
    with the offset of the telemetry before it, and is taken at the same place again after a crash.
    """


Reading = Packets | Report | Refused | Asked | Silence


def read_telemetry(value: bytes, headers: Headers, decoder: Decoder) -> Packets | Report:
    """Read a record of `downrange.telemetry`.

    Raises
    ------
    PacketError
        If a header, or a link report, is wrong.
    AddressError
        If a name in the headers is none.
    """
    read = read_message(value, headers)
    return read if isinstance(read, Report) else packets_of(read, decoder.decode(read), decoder)


def read_message(value: bytes, headers: Headers) -> Message | Report:
    """Read a record of `downrange.telemetry` as `read_telemetry` does, but leave packets undecoded.

    Raises
    ------
    PacketError, AddressError
        As of `read_telemetry`.
    """
    message = message_from_kafka(value, headers)
    if message.retry_of and not RETRIED.fullmatch(message.retry_of):
        raise PacketError(Reason.BAD_PROPERTY, f"retry_of is {message.retry_of[:40]!r}, not a partition and an offset")
    if message.kind is not Kind.LINK:
        return message
    try:
        return Report(message, LinkReport.model_validate_json(value))
    except ValidationError as error:
        raise PacketError(Reason.BAD_JSON, f"not a link report: {error.errors()[0]['msg']}") from error


def packets_of(message: Message, decoded: Decoded, decoder: Decoder) -> Packets:
    """Return the reading of a telemetry message that is decoded."""
    return Packets(message, decoded.frames, decoded.refusals, decoder.dictionary_of(message))


def read_rejected(value: bytes, headers: Headers, decoder: Decoder) -> Refused | None:
    """Read a record of `downrange.rejected`; None if it was no telemetry, or is a further part of what was counted.

    Raises
    ------
    PacketError
        If a header is wrong: then it is no refused message, but a refused line or event of some sink.
    AddressError
        If a name in the headers is none.
    """
    named = list(headers)
    message = message_from_kafka(value, named)
    part = dict(named).get("part", b"1/1")
    if message.kind is not Kind.TELEMETRY or not part.startswith(b"1/"):
        return None
    texts = dict(named)
    reason = texts.get("reason", b"").decode("utf-8", "replace")
    origin = texts.get(ORIGIN, b"").decode("ascii", "replace")
    return Refused(message, claim_of(message, texts, decoder.dictionary_of(message)), reason, origin)


def read_command(value: bytes, key: str) -> Asked:
    """Read a record of `downrange.commands`.

    Raises
    ------
    InputError
        If it is no command, or of another flight than its key.
    """
    try:
        command = LimitCommand.model_validate_json(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise InputError(Reason.BAD_JSON, f"not a command: {where}: {first['msg']}".replace(": :", ":")) from error
    if command.key != key:
        raise InputError(Reason.BAD_PROPERTY, f"a command of {command.key} stands under the key {key[:140]!r}")
    return Asked(command)


def advance(engine: Engine, reading: Reading, offsets: dict[str, int], *, look: bool = True) -> Output:
    """Let an engine take a reading; without `look`, detectors need not look at it yet.

    Raises
    ------
    InputError
        If it is a command that can do nothing.
    """
    match reading:
        case Packets(message, frames, _, dictionary):
            if dictionary is None:
                return Output()
            return engine.take_frames(message, frames, dictionary, offsets, look=look)
        case Report(message, report):
            return engine.take_report(message, report, offsets)
        case Asked(command):
            return engine.take_command(command, offsets)
        case Refused(message, packet, reason):
            engine.take_refusal(message.address.vehicle, packet, reason)
            return Output()
        case Silence():
            output = engine.settle()
            output.events = [_told_in_silence(event, offsets) for event in output.events]
            return output


def _told_in_silence(event: Event, offsets: dict[str, int]) -> Event:
    evidence = event.evidence.model_copy(update={"silent": True, "topic_offsets": offsets})
    return event.model_copy(update={"evidence": evidence})
