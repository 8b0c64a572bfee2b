"""From a telemetry message to what tracking wants of it: a position now and then, the container's condition always."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from telemetry.decoder import Decoder
from telemetry.dictionary import Packet, Registry
from telemetry.frames import Frame
from telemetry.link import LinkReport
from telemetry.message import SPACE_PACKETS, Message
from telemetry.topics import Kind
from tracking.condition import CHANNELS, SWITCHES, Condition, condition_of
from tracking.motion import Position, Sample

POSITION_CHANNELS: Final = tuple(name for name in Position.model_fields if name != "t_ns")
CONDITION_CHANNELS: Final = frozenset(CHANNELS) | frozenset(SWITCHES)


class Sampler:
    """Reads samples from messages of any known dictionary, by the names of channels.

    Parameters
    ----------
    registry
        The dictionaries.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._decoder = Decoder(registry)

    def sample(self, message: Message, *, with_position: bool) -> Sample | None:
        """Return what a message shows; octets that are no packet show nothing (ingest has kept them with their reason).

        Parameters
        ----------
        message
            Telemetry, or a link report.
        with_position
            Whether its position is wanted; leaving it out saves decoding.

        Returns
        -------
        Sample | None
            None for a report without a time, which is a station's last will.
        """
        if message.kind is Kind.LINK:
            ert_ns = _reported_ns(message.payload)
            return None if ert_ns is None else Sample(ert_ns, message.ingest_ns, is_telemetry=False)
        position: Position | None = None
        condition: Condition | None = None
        for frame, packet in self._frames(message, with_position=with_position):
            names = {channel.name for channel in packet.channels}
            if with_position and not names.isdisjoint(POSITION_CHANNELS):
                found = position_of(frame, packet)
                position = found if position is None or found.t_ns > position.t_ns else position
            if not names.isdisjoint(CONDITION_CHANNELS):
                shown = condition_of(frame, packet)
                condition = shown if condition is None else condition.join(shown)
        return Sample(message.ert_ns, message.ingest_ns, is_telemetry=True, position=position, condition=condition)

    def _frames(self, message: Message, *, with_position: bool) -> Iterator[tuple[Frame, Packet]]:
        dictionary = self._registry.get(message.dictionary)
        if dictionary is None:
            return
        if message.content_type != SPACE_PACKETS:
            for frame in self._decoder.decode(message).frames:
                yield frame, dictionary.packets[frame.packet]
            return
        codec, address = self._decoder.codec_of(dictionary), message.address
        wanted = CONDITION_CHANNELS | frozenset(POSITION_CHANNELS if with_position else ())
        for run in codec.layout.split(message.payload)[0]:
            packet = dictionary.packets[run.packet]
            if wanted.isdisjoint(channel.name for channel in packet.channels):
                continue
            octets = message.payload[run.start : run.stop]
            for frame in codec.decode(octets, address.vehicle, address.station, message.ert_ns).frames:
                yield frame, packet


def position_of(frame: Frame, packet: Packet) -> Position:
    """Return the position that the newest row of a frame shows; a value outside its channel's range shows nothing."""
    newest = int(frame.t_ns.argmax())
    shown: dict[str, float] = {}
    for channel in packet.channels:
        if channel.name in POSITION_CHANNELS:
            value = float(frame.columns[channel.name][newest])
            low, high = channel.range or (-math.inf, math.inf)
            if math.isfinite(value) and low <= value <= high:
                shown[channel.name] = round(value, 5)
    return Position.model_validate({"t_ns": int(frame.t_ns[newest]), **shown})


def _reported_ns(payload: bytes) -> int | None:
    try:
        return LinkReport.model_validate_json(payload).ert_ns
    except ValidationError:
        return None
