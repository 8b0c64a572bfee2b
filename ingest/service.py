"""The ingest service: from the MQTT broker to Kafka."""

from __future__ import annotations

from ingest.bridge import Bridge
from ingest.examiner import Examiner
from ingest.limits import check_limits
from runtime.kafka import ensure_topics, open_producer
from runtime.mqtt import Client, stay_connected
from runtime.service import Scope
from runtime.settings import Settings
from telemetry.decoder import Decoder
from telemetry.dictionary import Registry


async def run(settings: Settings, scope: Scope) -> None:
    """Carry messages until the service is asked to stop.

    Raises
    ------
    FatalError
        If MQTT or Kafka is not reached within `connect_timeout_s` at the start, or Kafka's topics take smaller records
        than the settings say.
    """
    scope.health.starting("kafka")
    scope.health.starting("mqtt")
    folder = settings.service.dictionary_dir
    decoder = Decoder(Registry((folder,) if folder else (), settings.service.dictionary))
    await ensure_topics(settings.kafka, scope.log, settings.service.connect_timeout_s)
    await check_limits(settings.kafka)
    async with open_producer(settings.kafka, settings.ingest.client_id) as producer:
        scope.health.well("kafka")
        shared = settings.ingest.shared
        examiner = Examiner(decoder, settings.kafka.max_request_bytes, shared=shared)
        bridge = Bridge(producer, examiner, scope, shared=shared)
        client = Client(settings.mqtt, settings.ingest.client_id, persistent=True)
        await stay_connected(client, bridge.run, scope.log, settings.service.connect_timeout_s, scope.stop)
