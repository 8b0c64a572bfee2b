"""Service `detect`: telemetry to events, ledger rows and link states."""

from __future__ import annotations

from processors.detect.stage import DetectStage
from runtime.consumer import consume
from runtime.kafka import ensure_topics, open_producer
from runtime.service import Scope
from runtime.settings import Settings
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry


async def run(settings: Settings, scope: Scope) -> None:
    """Detect until asked to stop.

    Raises
    ------
    FatalError
        If Kafka is not reached in time, or a setting or dictionary is wrong.
    """
    service = settings.service
    folders = () if service.dictionary_dir is None else (service.dictionary_dir,)
    decoder = Decoder(Registry(folders, service.dictionary))
    await ensure_topics(settings.kafka, scope.log, service.connect_timeout_s)
    async with open_producer(settings.kafka, "downrange-detect") as producer:
        await consume(settings, scope, DetectStage(settings, producer, decoder, scope.health, scope.log, scope.stop))
