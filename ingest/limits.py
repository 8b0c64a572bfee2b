"""Kafka's limit on records against ours, compared before anything is read: no setting may lose a message later."""

from __future__ import annotations

from typing import Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from runtime.kafka import client_options
from runtime.settings import KafkaSettings
from telemetry.errors import SettingsError
from telemetry.topics import KafkaTopic

WRITTEN: Final = (KafkaTopic.TELEMETRY, KafkaTopic.REJECTED)
LIMIT: Final = "max.message.bytes"


async def check_limits(settings: KafkaSettings) -> None:
    """Compare the largest record that the topics take with the settings'.

    A broker that does not tell its limit is taken at its word when it refuses.

    Raises
    ------
    SettingsError
        If a topic takes less.
    """
    admin = AIOKafkaAdminClient(**client_options(settings))
    await admin.start()
    try:
        # all settings of a topic: the embedded broker closes the connection when asked for one by name
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic.value) for topic in WRITTEN]
        found = [limit for response in await admin.describe_configs(resources) for limit in _limits(response)]
    finally:
        await admin.close()
    for topic, limit in found:
        if limit < settings.max_request_bytes:
            msg = (
                f"topic {topic} takes records of up to {limit} octets, DOWNRANGE_KAFKA_MAX_REQUEST_BYTES is "
                f"{settings.max_request_bytes}: lower it to {limit}, or raise the topic's {LIMIT}"
            )
            raise SettingsError(msg)


def _limits(response: object) -> list[tuple[str, int]]:
    resources = getattr(response, "resources", ())
    return [
        (str(name), int(entry[1]))
        for _, _, _, name, entries in resources
        for entry in entries
        if entry[0] == LIMIT and entry[1]
    ]
