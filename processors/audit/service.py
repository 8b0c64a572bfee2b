"""Service `audit`: holds every flight's ledger against InfluxDB and the archive."""

from __future__ import annotations

from processors.audit.desk import Rules
from processors.audit.look import Looker
from processors.audit.stage import Auditor
from processors.influx.reader import open_reader
from runtime.consumer import consume
from runtime.kafka import ensure_topics, open_producer
from runtime.registry import registry_of
from runtime.service import Scope
from runtime.settings import Settings


async def run(settings: Settings, scope: Scope) -> None:
    """Audit until asked to stop.

    Raises
    ------
    SettingsError
        If InfluxDB does not let us read.
    FatalError
        If Kafka is not reached in time.
    """
    folder, influx = settings.archive.dir, settings.influx
    rules = Rules(settings.audit.quiet_s, settings.audit.every_s, settings.audit.patience_s)
    async with open_reader(influx) as reader:
        scope.log.info("auditing", archive=str(folder), influx="no token" if reader is None else influx.url)
        await ensure_topics(settings.kafka, scope.log, settings.service.connect_timeout_s)
        async with open_producer(settings.kafka, "downrange-audit") as producer:
            looker = Looker(folder, registry_of(settings.service), reader)
            await consume(settings, scope, Auditor(looker, producer, rules, scope, settings.kafka), gives_up=True)
