"""A message that breaks the encoder of InfluxDB's lines costs no other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
import pytest
from detection import DECODER, messages_of, transmitter

from processors.influx.encoder import Encoder, Readable
from processors.influx.line_protocol import Lines
from processors.influx.survivor import Survivor, slices
from telemetry.errors import Reason
from telemetry.message import Message
from telemetry.topics import Kind


@pytest.fixture(scope="module")
def heard() -> list[Message]:
    return [message for message in messages_of(transmitter("hop")) if message.kind is Kind.TELEMETRY][:40]


def test_of_a_slice_all_lines_come_but_those_of_what_breaks(heard: list[Message]) -> None:
    poison = {heard[3].ert_ns, heard[17].ert_ns}
    forgotten: list[int] = []

    def make(messages: Sequence[Message]) -> Iterable[Lines]:
        for message in messages:
            yield pa.array([f"{message.ert_ns}\n"])
            if message.ert_ns in poison:
                raise ArithmeticError

    survivor = Survivor(make, lambda: forgotten.append(1))
    lines = [line for array in survivor.lines(heard) for line in array.to_pylist()]
    assert lines == [f"{message.ert_ns}\n" for message in heard if message.ert_ns not in poison]
    assert [message.ert_ns for message, _ in survivor.broken] == sorted(poison)
    assert {error.reason for _, error in survivor.broken} == {Reason.INTERNAL_ERROR}
    assert len(forgotten) == 3, "the slice, and each of the two"


def test_a_message_that_was_half_encoded_is_not_taken_for_written(heard: list[Message]) -> None:
    undisturbed = lines_of(Encoder(DECODER, 5000), heard)
    encoder = Encoder(DECODER, 5000)
    make, first = encoder.survivor.lines, True

    def breaks_once(messages: Sequence[Message]) -> Iterable[Lines]:
        nonlocal first
        lines = make(messages)
        if first:
            first = False
            raise ArithmeticError
        return lines

    encoder.survivor = Survivor(breaks_once, encoder.forget)
    assert lines_of(encoder, heard) == undisturbed
    assert not encoder.survivor.broken


def lines_of(encoder: Encoder, messages: list[Message]) -> list[bytes]:
    return sorted({line for block in encoder.blocks(Readable(messages, [])) for line in block.lines()})


def test_slices_hold_every_message_in_order(heard: list[Message]) -> None:
    assert [message for part in slices(heard * 40) for message in part] == heard * 40
    assert len(list(slices(heard * 40))) > 1
