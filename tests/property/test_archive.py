"""However a recorder is cut off and begins again, the archive gives each record once, in order."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from processors.archive.holding import PartRules
from processors.archive.stage import Recorder
from runtime.archive.layout import Stream
from runtime.archive.reader import read_stream
from runtime.archive.records import Archived
from runtime.logs import logger
from runtime.settings import ArchiveSettings

FLIGHTS = ("live/A", "live/B", "replay-1/A")
RECORD = st.tuples(st.sampled_from(FLIGHTS), st.binary(max_size=40))
# how many records are read at once, and whether the process is killed before it writes, after it, or not at all
TURN = st.tuples(st.integers(1, 9), st.sampled_from(["killed", "written", "committed"]))


class Kafka:
    """One partition of one topic, and what a group has committed of it."""

    tp = TopicPartition("downrange.telemetry", 4)

    def __init__(self, contents: list[tuple[str, bytes]]) -> None:
        self.log = [
            Archived(4, offset, 1_000 + offset, key.encode(), (("kind", b"tm"),), value)
            for offset, (key, value) in enumerate(contents)
        ]
        self.committed = 0


async def live_once(kafka: Kafka, root: Path, turns: list[tuple[int, str]], part_octets: int) -> list[tuple[int, str]]:
    """Record until killed; returns the turns that are left."""
    stop = asyncio.Event()
    recorder = Recorder(ArchiveSettings(dir=root, part_bytes=1024, part_age_s=1e9), stop, logger("test"))
    recorder._held.rules = PartRules(part_octets, 1e9, 1e9)
    await recorder.assigned(frozenset([kafka.tp]))
    at = kafka.committed
    while at < len(kafka.log):
        count, fate = turns.pop(0) if turns else (len(kafka.log), "committed")
        batch = {kafka.tp: kafka.log[at : at + count]}
        at += count
        if not turns and at >= len(kafka.log):
            stop.set()
        due = recorder.advance(await recorder.decode(batch))
        if fate == "killed":
            break
        await recorder.produce(due)
        await recorder.flush()
        if fate == "written":
            break
        kafka.committed = (await recorder.save()).get(kafka.tp, kafka.committed)
    return turns


@given(st.lists(RECORD, max_size=60), st.lists(TURN, max_size=12), st.integers(1, 200))
def test_each_record_once_in_order_however_the_recorder_dies(
    contents: list[tuple[str, bytes]], turns: list[tuple[int, str]], part_octets: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        kafka = Kafka(contents)
        while turns:
            turns = asyncio.run(live_once(kafka, root, turns, part_octets))
            if kafka.committed == len(kafka.log):
                break
        asyncio.run(live_once(kafka, root, [], part_octets))
        for flight in FLIGHTS:
            found = list(read_stream(root / flight, Stream.TELEMETRY))
            assert found == [record for record in kafka.log if record.key == flight.encode()]
