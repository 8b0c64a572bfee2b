"""The books of whole flights whose computer restarts, or whose clock steps."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from detection import DECODER, NS, T0_NS, Flown, messages_of, new_engine, take, transmitter

from processors.airframe import Airframe
from processors.books.vehicle import VehicleBooks
from simulator.faults.notation import parse_fault
from simulator.simulate import simulate
from telemetry.dictionary import built_in
from telemetry.frames import Frame
from telemetry.message import Message
from telemetry.quality import LedgerRow
from telemetry.topics import Kind

DICTIONARY = built_in("yuanxing-1")
REBOOT_S = 4
REBOOTS_NS = tuple(T0_NS + at_s * NS for at_s in (10, 40))


@functools.cache
def heard() -> list[tuple[Message, tuple[Frame, ...]]]:
    """Return a flight's messages before a count wraps, decoded."""
    messages = [message for message in messages_of(transmitter("hop")) if message.ert_ns < T0_NS + 120 * NS]
    return [(message, DECODER.decode(message).frames if message.kind is Kind.TELEMETRY else ()) for message in messages]


@functools.cache
def made_before() -> dict[tuple[str, int], int]:
    """Return the count of each packet type at which each reboot begins."""
    first: dict[tuple[str, int], int] = {}
    for _, frames in heard():
        for frame in frames:
            for i, at_ns in enumerate(REBOOTS_NS):
                later = frame.counts[frame.t_ns >= at_ns]
                if later.size:
                    key = (frame.packet, i)
                    first[key] = min(first.get(key, 1 << 14), int(later.min()))
    return first


def restarted(frame: Frame) -> Frame | None:
    """Return what a vehicle sends that makes nothing for some seconds after each reboot, and then counts anew."""
    silent = np.zeros(len(frame), dtype=bool)
    counts, columns = frame.counts.copy(), dict(frame.columns.items())
    told = {p.sent_counter: n for n, p in DICTIONARY.packets.items() if p.sent_counter in columns}
    for name in told:
        columns[name] = np.array(columns[name], dtype=np.int64)
    for i, at_ns in enumerate(REBOOTS_NS):
        silent |= (frame.t_ns >= at_ns) & (frame.t_ns < at_ns + REBOOT_S * NS)
        after = frame.t_ns >= at_ns + REBOOT_S * NS
        counts[after] = frame.counts[after] - begins(frame.packet, i)
        for name, packet in told.items():
            columns[name][after] = frame.columns[name][after] - begins(packet, i)
    kept = replace(frame, counts=counts, columns=columns).select(~silent)
    return kept if len(kept) else None


def begins(packet: str, reboot: int) -> int:
    """Return the count, in the undisturbed flight, of the first packet that is made after a reboot."""
    rate_hz = DICTIONARY.packets[packet].rate_hz
    return made_before()[packet, reboot] + round(REBOOT_S * rate_hz)


def disturbed() -> Iterator[tuple[Message, tuple[Frame, ...]]]:
    for message, frames in heard():
        kept = tuple(one for one in map(restarted, frames) if one is not None)
        if kept or message.kind is Kind.LINK:
            yield message, kept


@functools.cache
def rebooted() -> Flown:
    flown = Flown(new_engine())
    for message, frames in disturbed():
        if message.kind is Kind.LINK:
            take(flown.engine, message)
        else:
            dictionary = DECODER.dictionary_of(message)
            assert dictionary is not None
            output = flown.engine.take_frames(message, frames, dictionary, {})
            flown.quality += output.quality
    return flown


def test_after_a_reboot_counts_go_on_and_nothing_is_taken_for_a_loss() -> None:
    undisturbed = Flown(new_engine())
    for message, _ in heard():
        take(undisturbed.engine, message)
    whole = {row.packet: row for row in undisturbed.engine.ledger()}
    rows = {row.packet: row for row in rebooted().engine.ledger()}
    for packet, row in rows.items():
        rate_hz = DICTIONARY.packets[packet].rate_hz
        assert row.balanced, row.imbalances
        assert row.resets == len(REBOOTS_NS), packet
        assert row.sent == whole[packet].sent - len(REBOOTS_NS) * round(REBOOT_S * rate_hz)
        assert row.missing <= whole[packet].missing
        assert row.late <= whole[packet].late + 2


def test_a_recount_without_an_engine_says_the_same() -> None:
    books, refused = VehicleBooks(), dict[str, Counter[str]]()
    books.admit(Airframe("ship", DICTIONARY))
    for message, frames in disturbed():
        for frame in frames:
            books.take(message.address.station, frame)
    rows = {row.packet: row for row in rebooted().engine.ledger()}
    for row in books.rows(("live", "F", "ship"), 0, refused):
        told = rows[row.packet].model_copy(
            update={"as_of_ns": 0, "detected": None, "held": None, "rerun": None, "late": 0}
        )
        assert row == told


@pytest.mark.parametrize("by_s", [-5.0, -70.0, 0.9])
def test_a_clock_that_steps_on_board_costs_no_packet_its_place(by_s: float) -> None:
    sent = simulate("hop", 7, T0_NS, faults=(parse_fault(f"clock_jump@20,by_s={by_s}"),))
    engine = new_engine()
    for i, message in enumerate(messages_of(sent)):
        take(engine, message)
        assert i % 25 or [row.imbalances for row in engine.ledger() if not row.balanced] == []
    rows: dict[str, LedgerRow] = {row.packet: row for row in engine.ledger()}
    for packet, count in sent.sent("ship").items():
        assert (rows[packet].sent, rows[packet].resets) == (count, 0)
        assert rows[packet].missing <= 2 + 0.001 * count
