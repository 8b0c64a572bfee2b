"""A message is decoded by the dictionary and the content type that it names; what it cannot name is refused whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from telemetry.codec import PacketCodec
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry, built_in
from telemetry.errors import Reason
from telemetry.json_codec import encode_json
from telemetry.message import JSON, Message
from telemetry.topics import Address, Kind

ERT_NS = 1_790_000_000 * 10**9
DECODER = Decoder(Registry(default="webcast"))
ROW = {"speed_m_s": np.array([3.0]), "altitude_m": np.array([4.0])}
PAYLOAD = PacketCodec(built_in("webcast")).encode("kinematics", np.array([1]), np.array([ERT_NS]), ROW)
MESSAGE = Message(Address("live", "YX1-7", "ship", "haiyang"), Kind.TELEMETRY, PAYLOAD, ERT_NS)


@pytest.mark.parametrize("dictionary", ["", "webcast"])
def test_packets_are_read_by_the_named_dictionary_or_the_default(dictionary: str) -> None:
    (frame,) = DECODER.decode(replace(MESSAGE, dictionary=dictionary)).frames
    assert (frame.vehicle, frame.station, frame.packet) == ("ship", "haiyang", "kinematics")
    assert frame.columns["altitude_m"].tolist() == [4.0]


def test_inspecting_leaves_the_columns_out() -> None:
    inspected = DECODER.inspect(MESSAGE)
    assert [(len(frame), dict(frame.columns)) for frame in inspected.frames] == [(1, {})]


def test_json_is_read_too() -> None:
    payload = encode_json("kinematics", 1, ERT_NS, {"altitude_m": 4})
    for read in (DECODER.decode, DECODER.inspect):
        (frame,) = read(replace(MESSAGE, payload=payload, content_type=JSON)).frames
        assert frame.counts.tolist() == [1]


@pytest.mark.parametrize(
    ("message", "reason", "words"),
    [
        (replace(MESSAGE, payload=b""), Reason.BAD_LENGTH, "empty"),
        (replace(MESSAGE, dictionary="apollo"), Reason.UNKNOWN_DICTIONARY, "none of: log, webcast, yuanxing-1"),
        (replace(MESSAGE, dictionary="x" * 10_000), Reason.UNKNOWN_DICTIONARY, "none of"),
        (replace(MESSAGE, content_type="text/plain"), Reason.UNKNOWN_CONTENT_TYPE, "'text/plain'"),
        (replace(MESSAGE, content_type=""), Reason.UNKNOWN_CONTENT_TYPE, "''"),
        (replace(MESSAGE, dictionary="yuanxing-1"), Reason.UNKNOWN_APID, "200"),
        (replace(MESSAGE, content_type=JSON), Reason.BAD_JSON, "JSON"),
    ],
)
def test_what_cannot_be_decoded_is_refused_whole(message: Message, reason: Reason, words: str) -> None:
    for decoded in (DECODER.decode(message), DECODER.inspect(message)):
        assert decoded.frames == ()
        (refusal,) = decoded.refusals
        assert (refusal.start, refusal.stop) == (0, len(message.payload))
        assert refusal.reason is reason
        assert words in refusal.detail
        assert len(refusal.detail) < 500
