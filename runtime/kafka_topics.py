"""The topics of the line on a Kafka cluster: waited for, made where missing, checked."""

from __future__ import annotations

import asyncio
from typing import Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    AuthenticationFailedError,
    InvalidReplicationFactorError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from structlog.typing import FilteringBoundLogger

from runtime.backoff import backoff_delays_s
from runtime.kafka_client import client_options
from runtime.settings import KafkaSettings
from telemetry.errors import FatalError
from telemetry.topics import KafkaTopic

# whoever restores reads a compacted topic from its beginning: small segments, so that little waits for the cleaner
COMPACTED: Final = {
    "cleanup.policy": "compact",
    "segment.bytes": str(16 * 1024 * 1024),
    "min.cleanable.dirty.ratio": "0.1",
}


async def ensure_topics(settings: KafkaSettings, log: FilteringBoundLogger, timeout_s: float) -> None:
    """Wait for the cluster and make the topics that are missing.

    Raises
    ------
    FatalError
        If the cluster is not reached in time, or a topic has another number of partitions than the settings say.
    """
    bad: Exception | None = None
    try:
        async with asyncio.timeout(timeout_s):
            for delay_s in backoff_delays_s():
                try:
                    await _make_topics(settings)
                except (KafkaError, OSError) as error:
                    bad = error
                    log.warning(
                        "Kafka unreachable",
                        bootstrap=settings.bootstrap,
                        set=_setting_behind(error),
                        error=str(error) or repr(error),
                        again_in_s=round(delay_s, 1),
                    )
                    await asyncio.sleep(delay_s)
                else:
                    return
    except TimeoutError as error:
        why = f" ({bad})" if bad is not None else ""
        msg = f"no Kafka at {settings.bootstrap} within {timeout_s:g} s{why}: start it, or set {_setting_behind(bad)}"
        raise FatalError(msg) from error


def _setting_behind(error: Exception | None) -> str:
    """Return the variable that an operator would look at first."""
    if isinstance(error, InvalidReplicationFactorError):
        return "DOWNRANGE_KAFKA_REPLICATION"
    if isinstance(error, AuthenticationFailedError | SaslAuthenticationFailed | TopicAuthorizationFailedError):
        return "DOWNRANGE_KAFKA_USERNAME"
    return "DOWNRANGE_KAFKA_BOOTSTRAP"


async def _make_topics(settings: KafkaSettings) -> None:
    admin = AIOKafkaAdminClient(**client_options(settings))
    try:
        await admin.start()
        response = await admin.create_topics([_new_topic(topic, settings) for topic in KafkaTopic])
        for topic, code, *_ in response.topic_errors:
            error = for_code(code)
            if code and error is not TopicAlreadyExistsError:
                raise error(topic)
        for described in await admin.describe_topics([topic.value for topic in KafkaTopic]):
            if described["error_code"]:
                # made a moment ago, by us or by another service, and not yet known to every broker
                raise for_code(described["error_code"])(described["topic"])
            found = len(described["partitions"])
            if found != settings.partitions:
                msg = (
                    f"topic {described['topic']} has {found} partitions, DOWNRANGE_KAFKA_PARTITIONS says "
                    f"{settings.partitions}: a flight's records would be split; set it to {found}"
                )
                raise FatalError(msg)
    finally:
        await admin.close()


def _new_topic(topic: KafkaTopic, settings: KafkaSettings) -> NewTopic:
    # whoever restores reads a compacted topic from its beginning: small segments, so that little waits for the cleaner
    compacted = {
        "cleanup.policy": "compact",
        "segment.bytes": str(16 * 1024 * 1024),
        "min.cleanable.dirty.ratio": "0.1",
    }
    configs = compacted if topic.compacted else {"cleanup.policy": "delete", "retention.ms": "-1"}
    if topic is KafkaTopic.TELEMETRY:
        # when Kafka had it, which only Kafka knows: the latency of stage `kafka`
        configs["message.timestamp.type"] = "LogAppendTime"
    if topic in {KafkaTopic.TELEMETRY, KafkaTopic.QUALITY}:
        configs["retention.ms"] = str(7 * 24 * 3600 * 1000)
    if topic is KafkaTopic.REJECTED:
        configs["retention.ms"] = str(28 * 24 * 3600 * 1000)
    return NewTopic(topic.value, settings.partitions, settings.replication, topic_configs=configs)
