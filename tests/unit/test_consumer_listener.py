"""Partitions change hands between two batches, never within one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from runtime.consumer import _Listener
from runtime.kafka import Partition

ONE, TWO, THREE = (Partition("downrange.telemetry", number) for number in (1, 2, 3))


@dataclass
class Pauses:
    """What of a consumer the listener touches."""

    paused: set[Partition] = field(default_factory=set)

    def pause(self, *partitions: Partition) -> None:
        self.paused |= set(partitions)

    def resume(self, *partitions: Partition) -> None:
        self.paused -= set(partitions)


def listening(consumer: Any) -> _Listener:
    return _Listener(consumer)


async def test_partitions_are_given_back_when_the_batch_in_hand_is_done() -> None:
    listener = listening(Pauses())
    listener.on_partitions_assigned({ONE, TWO})
    listener.restored()
    async with listener.lock:
        revoking = asyncio.ensure_future(listener.on_partitions_revoked({ONE, TWO}))
        for _ in range(10):
            await asyncio.sleep(0)
        assert not revoking.done()
        assert listener.owned == {ONE, TWO}
    await revoking
    assert (listener.owned, listener.gone) == (frozenset(), frozenset({ONE, TWO}))


async def test_new_partitions_are_held_back_until_they_are_restored() -> None:
    consumer = Pauses()
    listener = listening(consumer)
    listener.on_partitions_assigned({ONE, TWO})
    assert (listener.owned, listener.arrived, consumer.paused) == (frozenset(), frozenset({ONE, TWO}), {ONE, TWO})
    assert listener.arrival.is_set()
    listener.restored()
    assert (listener.owned, listener.arrived, consumer.paused) == (frozenset({ONE, TWO}), frozenset(), set())
    assert not listener.arrival.is_set()


async def test_what_was_never_restored_is_not_given_up() -> None:
    listener = listening(Pauses())
    listener.on_partitions_assigned({ONE})
    listener.restored()
    listener.on_partitions_assigned({TWO})
    await listener.on_partitions_revoked({ONE, TWO, THREE})
    assert (listener.owned, listener.arrived, listener.gone) == (frozenset(), frozenset(), frozenset({ONE}))


async def test_a_member_without_partitions_waits() -> None:
    listener = listening(Pauses())
    listener.on_partitions_assigned(set())
    assert not listener.arrival.is_set()
