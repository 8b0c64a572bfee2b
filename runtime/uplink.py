"""A station's way into the line: publishes, keeps what is not confirmed end to end, and sends it again until it is.

An `Uplink` is one MQTT connection for one vehicle of one flight, heard by one station: a connection has one will.
A flight's uplink is one for all of them, without a will: it keeps their messages in one order, which a replay wants.

The session is not persistent: all that it could keep is acknowledgements, and what they would settle is sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from structlog.typing import FilteringBoundLogger

from runtime.mqtt import Client, Will, stay_connected
from runtime.outbox import Outbox, Pace, Tally
from runtime.settings import MqttSettings
from runtime.spool import Store
from telemetry.errors import leaves_of
from telemetry.link import WILL, LinkReport
from telemetry.message import JSON, Message
from telemetry.topics import ROOT, Address, Kind

FULL_WORTH_TELLING_S: Final = 1.0

__all__ = ["Outbox", "Pace", "Tally", "Uplink", "open_flight_uplink", "open_uplink"]


class Uplink(Outbox):
    """Sends one station's messages of one vehicle; made by `open_uplink`."""

    def __init__(self, address: Address, store: Store, log: FilteringBoundLogger, pace: Pace) -> None:
        super().__init__(address.topic(Kind.TELEMETRY), address.topic(Kind.ACK), store, log, pace)
        self.address = address

    async def send(self, message: Message) -> None:
        """Keep a message and send it when its turn comes; see `Outbox`."""
        if message.address != self.address:
            msg = f"a message of {message.address} on the uplink of {self.address}"
            raise ValueError(msg)
        await super().send(message)

    async def report(self, report: LinkReport) -> None:
        """Send a link report, in order with the telemetry; if the store was full since the last one, it says so."""
        full_s = self.full_s()
        if full_s >= FULL_WORTH_TELLING_S:
            report = report.model_copy(update={"full_s": round(full_s, 1)})
        payload = report.model_dump_json(exclude_none=True).encode()
        await self.send(Message(self.address, Kind.LINK, payload, report.ert_ns or 0, content_type=JSON))


@asynccontextmanager
async def open_uplink(
    settings: MqttSettings,
    address: Address,
    store: Store,
    log: FilteringBoundLogger,
    *,
    connect_timeout_s: float = 60.0,
    pace: Pace | None = None,
) -> AsyncIterator[Uplink]:
    """Open an uplink; it connects, and connects again, in the background.

    At the end it takes leave of the broker without its will and without waiting: `drained` is the way to wait. What is
    not settled stays in the store.

    Raises
    ------
    FatalError
        If there is no first connection to the broker within `connect_timeout_s`; the body is cancelled.
    """
    uplink = Uplink(address, store, log, pace or Pace())
    client = Client(
        settings,
        f"downrange-station-{address.run}-{address.flight}-{address.vehicle}-{address.station}",
        Will(address.topic(Kind.LINK), WILL.model_dump_json(exclude_none=True).encode()),
    )
    async with _kept_open(uplink, client, log, connect_timeout_s):
        yield uplink


@asynccontextmanager
async def open_flight_uplink(
    settings: MqttSettings,
    key: str,
    store: Store,
    log: FilteringBoundLogger,
    *,
    connect_timeout_s: float = 60.0,
    pace: Pace | None = None,
) -> AsyncIterator[Outbox]:
    """Open one uplink for all stations and vehicles of a flight, as a replay needs it: one connection keeps one order.

    Parameters
    ----------
    key
        `{run}/{flight}`.

    Raises
    ------
    FatalError
        As `open_uplink`.
    """
    name = f"{ROOT}/{key}"
    uplink = Outbox(name, f"{name}/+/+/{Kind.ACK.value}", store, log, pace or Pace())
    client = Client(settings, f"downrange-flight-{key.replace('/', '-')}")
    async with _kept_open(uplink, client, log, connect_timeout_s):
        yield uplink


@asynccontextmanager
async def _kept_open(
    uplink: Outbox, client: Client, log: FilteringBoundLogger, connect_timeout_s: float
) -> AsyncIterator[None]:
    try:
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(
                stay_connected(client, uplink.run, log, connect_timeout_s), name=client.identifier
            )
            yield
            sending.cancel()
    except BaseExceptionGroup as error:
        leaves = leaves_of(error)
        raise leaves[0] if len(leaves) == 1 else error from error
