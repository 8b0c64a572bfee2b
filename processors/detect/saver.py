"""Saving what detection knows: the flights that have changed, then the checkpoint that says that they are there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from processors.detect.flight import Flight, pack_flight
from processors.detect.shard import BEGINS, CHECKPOINT_KEY, UNTOLD, Shard, pack_checkpoint
from processors.detect.snapshot_parts import split_snapshot
from runtime.kafka import Headers, Producer
from telemetry.errors import PacketError
from telemetry.topics import KafkaTopic

FLIGHT: Final[Headers] = [("kind", b"flight")]
PART: Final[Headers] = [("kind", b"part")]
CHECKPOINT: Final[Headers] = [("kind", b"checkpoint")]


class Saver:
    """Writes the state of partitions to `downrange.state`.

    Parameters
    ----------
    producer
        Takes the records.
    log
        The service's logger.
    """

    def __init__(self, producer: Producer, log: FilteringBoundLogger) -> None:
        self._producer = producer
        self._log = log

    async def save(self, moved: Mapping[int, Shard]) -> list[int]:
        """Save partitions; returns those of which everything is safe. Their `saved` says so then.

        Raises
        ------
        TransientError
            If nobody knows; call again.
        """
        complete = await self._save_flights(moved)
        kind, topic = CHECKPOINT, KafkaTopic.STATE
        reached = {number: shard.checkpoint for number, shard in complete.items()}
        futures = [
            await self._producer.send(
                topic, CHECKPOINT_KEY, pack_checkpoint(shard.checkpoint), kind, flight=shard.route
            )
            for shard in complete.values()
        ]
        await self._producer.acknowledged(futures)
        for number, shard in complete.items():
            shard.saved = reached[number]
            for flight in shard.flights.values():
                flight.turn ^= flight.dirty
                flight.dirty = False
        return list(complete)

    async def _save_flights(self, moved: Mapping[int, Shard]) -> dict[int, Shard]:
        futures: list[asyncio.Future[Any]] = []
        complete: dict[int, Shard] = {}
        for number, shard in moved.items():
            dirty = {key: flight for key, flight in shard.flights.items() if flight.dirty}
            try:
                for key, flight in dirty.items():
                    futures += await self._save_flight(key, flight, shard.at.events_offset)
            except PacketError as error:
                # without all snapshots the checkpoint must stay: more is read again after a crash
                self._log.error("snapshots not saved", partition=number, error=str(error))
            else:
                complete[number] = shard
        await self._producer.acknowledged(futures)
        return complete

    async def _save_flight(self, key: str, flight: Flight, events_offset: int) -> list[asyncio.Future[Any]]:
        parts, head = split_snapshot(key, pack_flight(flight, events_offset), flight.turn)
        sent = [
            await self._producer.send(KafkaTopic.STATE, name, part, PART, flight=key) for name, part in parts.items()
        ]
        if parts:
            # a record without its parts must never be the last of its key
            await self._producer.acknowledged(sent)
        headers = [*FLIGHT, (BEGINS, json.dumps(flight.begins).encode()), *([] if flight.is_done else [(UNTOLD, b"")])]
        return [await self._producer.send(KafkaTopic.STATE, key, head, headers)]
