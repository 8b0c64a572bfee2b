"""The services there are: what each does in one line, and where it lives."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from runtime.service import Run


@dataclass(frozen=True, slots=True)
class Service:
    """A service that `downrange run NAME` starts.

    Parameters
    ----------
    name
        Its name on the command line, in logs and in metrics.
    purpose
        One line of help.
    module
        The module with `async def run(settings, scope)`; loaded only when it is started, so that help stays fast.
    """

    name: str
    purpose: str
    module: str

    def load(self) -> Run:
        """Import the service and return its entry."""
        return cast("Run", import_module(self.module).run)


SERVICES: dict[str, Service] = {
    service.name: service
    for service in (
        Service("ingest", "MQTT to Kafka: every packet acknowledged only when Kafka has it.", "ingest.service"),
        Service("detect", "Telemetry to flight, cargo and link events, and the ledger.", "processors.detect.service"),
        Service("store", "Telemetry and events to InfluxDB.", "processors.influx.service"),
        Service("record", "Everything as it came to the archive on disk.", "processors.archive.service"),
        Service("audit", "The ledger held against InfluxDB and the archive.", "processors.audit.service"),
        Service("track", "Deliveries, the customers' page and API.", "tracking.service"),
    )
}
