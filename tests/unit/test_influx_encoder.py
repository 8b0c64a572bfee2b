from __future__ import annotations

from collections.abc import Iterable

from detection import NS, T0_NS
from ingesting import nav

from processors.influx.encoder import Encoder, Readable
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry
from telemetry.message import Message
from telemetry.topics import Address, Kind


def lines(encoder: Encoder, messages: Iterable[Message]) -> list[bytes]:
    return [line for block in encoder.blocks(Readable([*messages], [])) for line in block.lines()]


def message(flight: str, station: str, payload: bytes) -> Message:
    return Message(Address("live", flight, "ship", station), Kind.TELEMETRY, payload, T0_NS, dictionary="yuanxing-1")


def test_what_a_second_station_brings_is_written_once_in_one_batch_and_in_the_next() -> None:
    encoder = Encoder(Decoder(Registry()), 5000)
    first, second = nav(0, 1, t_ns=T0_NS), nav(1, 1, t_ns=T0_NS + NS)
    assert len(lines(encoder, [message("F", "a", first), message("F", "b", first)])) == 1
    found = lines(encoder, [message("F", "b", first + second), message("F", "a", second)])
    assert [int(line.rpartition(b" ")[2]) for line in found] == [T0_NS + NS]


def test_another_flight_is_not_taken_for_a_copy_and_each_line_has_its_own_tags() -> None:
    encoder = Encoder(Decoder(Registry()), 5000)
    found = lines(encoder, [message(flight, "a", nav(0, 2)) for flight in ("F", "G")])
    assert [line.split(b" ")[0] for line in found] == [b"nav,flight=%s,run=live,vehicle=ship" % f for f in (b"F", b"G")]


def test_after_a_rebalance_everything_is_written_again() -> None:
    encoder = Encoder(Decoder(Registry()), 5000)
    some = [message("F", "a", nav(0, 1))]
    assert len(lines(encoder, some)) == 1
    assert not lines(encoder, some)
    encoder.forget()
    assert len(lines(encoder, some)) == 1
