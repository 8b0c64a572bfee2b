"""Records as the engine takes them: what is refused, and what refused octets claim to be."""

from __future__ import annotations

import pytest
from flown import fly

from processors.detect.reading import Packets, Refused, Report, read_rejected, read_telemetry
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.errors import InputError, Reason
from telemetry.json_codec import encode_json
from telemetry.message import JSON, Message
from telemetry.packets import PacketLayout
from telemetry.topics import Kind

DECODER = Decoder(Registry())
SENT = list(fly("F", 1, stations=["a"]))
HEARD = next(message for message in SENT if message.kind is Kind.TELEMETRY)
BEAT = next(message for message in SENT if message.kind is Kind.LINK)


def packet(apid: int = 100) -> bytes:
    layout = PacketLayout(Registry().get("yuanxing-1"))  # type: ignore[arg-type]  # it is built in
    return HEARD.payload[: layout.octets(apid)]


def refused(octets: bytes, content_type: str = HEARD.content_type, **headers: bytes) -> Refused | None:
    message = Message(
        HEARD.address, Kind.TELEMETRY, octets, HEARD.ert_ns, content_type=content_type, dictionary="yuanxing-1"
    )
    return read_rejected(octets, [*message.kafka_headers(), *headers.items()], DECODER)


def test_telemetry_and_reports_are_told_apart() -> None:
    packets = read_telemetry(HEARD.payload, HEARD.kafka_headers(), DECODER)
    assert isinstance(packets, Packets)
    assert [frame.packet for frame in packets.frames] == ["nav", "propulsion", "cargo", "health"]
    assert packets.refusals == ()
    report = read_telemetry(BEAT.payload, BEAT.kafka_headers(), DECODER)
    assert isinstance(report, Report)
    assert report.report.state == "aos"


@pytest.mark.parametrize(
    ("value", "reason"), [(b"{}", Reason.BAD_JSON), (b"\xff", Reason.BAD_JSON), (b'{"state":"up"}', Reason.BAD_JSON)]
)
def test_a_link_report_that_is_none_is_refused(value: bytes, reason: Reason) -> None:
    with pytest.raises(InputError) as caught:
        read_telemetry(value, BEAT.kafka_headers(), DECODER)
    assert caught.value.reason is reason


@pytest.mark.parametrize("headers", [[], [("run", b"live")], [(name, b"..") for name, _ in HEARD.kafka_headers()]])
def test_a_record_without_its_headers_is_refused(headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(InputError):
        read_telemetry(HEARD.payload, headers, DECODER)


def test_bad_octets_are_refused_alone() -> None:
    broken = HEARD.payload[:40] + bytes([HEARD.payload[40] ^ 1]) + HEARD.payload[41:]
    packets = read_telemetry(broken, HEARD.kafka_headers(), DECODER)
    assert isinstance(packets, Packets)
    assert [refusal.reason for refusal in packets.refusals] == [Reason.BAD_CRC]
    assert sum(len(frame) for frame in packets.frames) == 75


@pytest.mark.parametrize(
    ("octets", "claimed"),
    [
        (packet(), "nav"),
        (packet()[:-1] + b"?", "nav"),
        (packet()[:-1], "?"),
        (b"\xff" * 90, "?"),
        (b"\x08\x64", "?"),
        (b"", "?"),
    ],
)
def test_refused_octets_are_the_packet_that_they_credibly_claim_to_be(octets: bytes, claimed: str) -> None:
    found = refused(octets)
    assert found is not None
    assert found.packet == claimed


@pytest.mark.parametrize(
    ("octets", "claimed"),
    [
        (encode_json("nav", 1, 2, {}), "nav"),
        (encode_json("nothing", 1, 2, {}), "?"),
        (b"[1]", "?"),
        (b'{"packet": ["nav"]}', "?"),
        (b"{", "?"),
        (b"[" * 100_000, "?"),
    ],
)
def test_refused_json_names_its_packet(octets: bytes, claimed: str) -> None:
    found = refused(octets, JSON)
    assert found is not None
    assert found.packet == claimed


def test_octets_that_were_kept_in_parts_are_one_refusal() -> None:
    assert refused(b"noise", part=b"1/3") is not None
    assert refused(b"noise", part=b"2/3") is None


def test_refused_lines_of_a_sink_are_no_packets() -> None:
    headers = [("run", b"live"), ("flight", b"F"), ("vehicle", b"ship"), ("reason", b"field-conflict")]
    with pytest.raises(InputError):
        read_rejected(b"nav,run=live alt=1", headers, DECODER)
