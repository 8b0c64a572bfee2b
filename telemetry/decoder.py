"""The one way from a message to frames: picks the dictionary and the codec that the message names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary, Registry
from telemetry.errors import Reason
from telemetry.frames import Decoded, Refusal
from telemetry.heap import Bundle
from telemetry.json_codec import JsonCodec
from telemetry.message import JSON, SPACE_PACKETS, Message
from telemetry.survey import PacketSurveyor, Surveyed, surveyed


@dataclass(frozen=True, slots=True)
class _Codecs:
    packets: PacketCodec
    json: JsonCodec
    surveyor: PacketSurveyor


class Decoder:
    """Decodes telemetry messages of any known dictionary and content type.

    Parameters
    ----------
    registry
        The dictionaries.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self._codecs: dict[str, _Codecs] = {}
        for dictionary in registry.dictionaries():
            packets = PacketCodec(dictionary)
            self._codecs[dictionary.reference] = _Codecs(packets, JsonCodec(dictionary), PacketSurveyor(packets))

    def dictionary_of(self, message: Message) -> Dictionary | None:
        """Return the dictionary that the message names, or None if it is unknown."""
        return self.registry.get(message.dictionary)

    def codec_of(self, dictionary: Dictionary) -> PacketCodec:
        """Return the codec of a dictionary of the registry."""
        return self._codecs[dictionary.reference].packets

    def decode(self, message: Message) -> Decoded:
        """Decode a telemetry message to frames; what cannot be decoded is refused with its reason, never raised."""
        return self._read(message, with_columns=True)

    def decode_all(self, messages: Sequence[Message]) -> list[Decoded]:
        """Decode some messages, each as `decode` does, but what is alike in them together: much faster than one by one.

        Their octets stay in memory while anybody keeps a frame of one of them.
        """
        together: dict[str, list[int]] = {}
        for at, message in enumerate(messages):
            codecs = self._codecs_of(message)
            if codecs is not None and message.content_type == SPACE_PACKETS and message.payload:
                together.setdefault(codecs.packets.dictionary.reference, []).append(at)
        found: dict[int, Decoded] = {}
        for reference, places in together.items():
            some = [messages[at] for at in places]
            bundles = [Bundle(one.payload, one.address.vehicle, one.address.station, one.ert_ns) for one in some]
            found |= zip(places, self._codecs[reference].packets.decode_all(bundles), strict=True)
        return [found[at] if at in found else self.decode(message) for at, message in enumerate(messages)]

    def inspect(self, message: Message) -> Decoded:
        """Check a telemetry message; its frames carry counts and times, and no columns when it holds space packets."""
        return self._read(message, with_columns=False)

    def survey(self, message: Message) -> Surveyed:
        """Check a telemetry message as `inspect` does, and tell only which counts it holds: several times faster."""
        codecs = self._codecs_of(message)
        if codecs is None or message.content_type != SPACE_PACKETS or not message.payload:
            return surveyed(self.inspect(message))
        return codecs.surveyor.survey(message.payload, message.ert_ns)

    def _read(self, message: Message, *, with_columns: bool) -> Decoded:
        codecs = self._codecs_of(message)
        payload, address = message.payload, message.address
        if not payload:
            return _refused(message, Reason.BAD_LENGTH, "the payload is empty")
        if codecs is None:
            return _refused(message, *self._unknown(message.dictionary))
        if message.content_type == JSON:
            return codecs.json.decode(payload, address.vehicle, address.station, message.ert_ns)
        if message.content_type != SPACE_PACKETS:
            detail = f"{message.content_type[:80]!r} is neither {SPACE_PACKETS} nor {JSON}"
            return _refused(message, Reason.UNKNOWN_CONTENT_TYPE, detail)
        read = codecs.packets.decode if with_columns else codecs.packets.inspect
        return read(payload, address.vehicle, address.station, message.ert_ns)

    def _codecs_of(self, message: Message) -> _Codecs | None:
        codecs = self._codecs.get(message.dictionary)
        if codecs is not None:
            return codecs
        # a name without version, or none at all
        dictionary = self.dictionary_of(message)
        return None if dictionary is None else self._codecs[dictionary.reference]

    def _unknown(self, reference: str) -> tuple[Reason, str]:
        missing = self.registry.missing(reference)
        if missing is not None:
            return Reason.UNKNOWN_VERSION, missing
        known = ", ".join(self.registry.names())
        return Reason.UNKNOWN_DICTIONARY, f"dictionary {reference[:80]!r} is none of: {known}"


def _refused(message: Message, reason: Reason, detail: str) -> Decoded:
    return Decoded((), (Refusal(0, len(message.payload), reason, detail),))
