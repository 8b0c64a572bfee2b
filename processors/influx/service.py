"""Service `store`: telemetry, events, quality records and deliveries to InfluxDB."""

from __future__ import annotations

import pyarrow as pa

from processors.influx.encoder import Encoder
from processors.influx.stage import InfluxStage
from processors.influx.writer import open_writer
from runtime.consumer import consume
from runtime.kafka import ensure_topics, open_producer
from runtime.service import Scope
from runtime.settings import Settings
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry


async def run(settings: Settings, scope: Scope) -> None:
    """Write until asked to stop.

    Raises
    ------
    FatalError
        If InfluxDB or Kafka is not reached in time, or a setting is wrong.
    """
    # Arrow's own pools keep what they once had
    pa.set_memory_pool(pa.system_memory_pool())
    service = settings.service
    folders = () if service.dictionary_dir is None else (service.dictionary_dir,)
    encoder = Encoder(Decoder(Registry(folders, service.dictionary)), settings.influx.batch_lines)
    scope.health.starting("influx")
    async with open_writer(settings.influx) as writer:
        await scope.unless_stopped(writer.connect(scope, service.connect_timeout_s))
        if scope.stop.is_set():
            return
        scope.health.well("influx")
        await ensure_topics(settings.kafka, scope.log, service.connect_timeout_s)
        async with open_producer(settings.kafka, "downrange-store") as producer:
            stage = InfluxStage(writer, producer, encoder, scope.health, scope.stop, scope.log)
            await consume(settings, scope, stage, gives_up=True)
