"""MQTT 5 connections over aiomqtt: one `async with` is one connection, and what it promises ends with it.

The contract:

- Inside `async with connect(...)` the connection stands. When it is lost, the body is cancelled and `MqttLostError` is
  raised; then nothing that was published and not answered end to end may be taken as delivered, and no packet id may be
  acknowledged any more: the broker sends those messages again on the next connection of the session.
- `stay_connected` runs a body on one connection after the other, with back-off and jitter between them. Before the
  first connection it gives up after `connect_timeout_s` with a `FatalError` that says what to set; then it never does.
- Messages come in order of arrival, QoS 0 and 1 alike, and are acknowledged by the body only.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import aiomqtt
from structlog.typing import FilteringBoundLogger

from runtime.backoff import backoff_delays_s
from runtime.mqtt_client import SteadyClient
from runtime.mqtt_types import Client, Inbound, MqttLostError, MqttRefusedError, Will
from runtime.service import first_of
from runtime.tls import tls_context
from telemetry.errors import DownrangeError, FatalError, leaves_of
from telemetry.message import JSON

__all__ = [
    "ATTEMPT_S",
    "Client",
    "Connection",
    "Inbound",
    "MqttLostError",
    "MqttRefusedError",
    "Will",
    "connect",
    "stay_connected",
]

T = TypeVar("T")
ATTEMPT_S: Final = 10.0
STABLE_S: Final = 5.0
BRIEF_CONNECTIONS: Final = 3
REFUSED_CREDENTIALS: Final = ("BAD_USER_NAME_OR_PASSWORD", "NOT_AUTHORIZED")


class Connection:
    """An open connection; made by `connect`."""

    def __init__(self, client: SteadyClient, *, session_present: bool) -> None:
        self._client = client
        self.session_present = session_present

    async def subscribe(self, topic_filter: str, *, no_local: bool = False) -> None:
        """Subscribe at QoS 1, without retained messages; on a session that has the subscription it changes nothing.

        Parameters
        ----------
        topic_filter
            What to receive.
        no_local
            Ask the broker to leave out what this connection publishes itself; not all brokers do.

        Raises
        ------
        FatalError
            If the broker does not allow it.
        """
        try:
            await self._client.subscribe(
                topic_filter,
                max_qos=aiomqtt.QoS.AT_LEAST_ONCE,
                no_local=no_local,
                retain_handling=aiomqtt.RetainHandling.SEND_NEVER,
            )
        except aiomqtt.NegativeAckError as error:
            msg = (
                f"the broker refuses the subscription {topic_filter!r} ({error}): allow it in the broker's access rules"
            )
            raise FatalError(msg) from error
        except (OSError, aiomqtt.ConnectError, aiomqtt.ProtocolError) as error:
            raise MqttLostError(str(error)) from error

    async def unsubscribe(self, topic_filter: str) -> None:
        """End a subscription; what the broker has dealt to this session already still comes."""
        try:
            await self._client.unsubscribe(topic_filter)
        except (OSError, aiomqtt.ConnectError, aiomqtt.ProtocolError, aiomqtt.NegativeAckError) as error:
            raise MqttLostError(str(error)) from error

    async def receive(self, limit: int) -> list[Inbound]:
        """Wait for messages and return up to `limit` of them in order of arrival."""
        return [
            Inbound(
                packet.topic,
                packet.payload,
                dict(packet.user_properties),
                packet.content_type or "",
                packet.correlation_data or b"",
                packet.retain,
                packet.packet_id,
            )
            for packet in await self._client.take(limit)
        ]

    async def acknowledge(self, messages: Sequence[Inbound]) -> None:
        """Send the PUBACKs of messages in order of arrival; out of order, some brokers end the connection."""
        try:
            await self._client.acknowledge(m.packet_id for m in messages if m.packet_id is not None)
        except (OSError, aiomqtt.ConnectError) as error:
            raise MqttLostError(str(error)) from error

    async def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        content_type: str | None = None,
        correlation: bytes | None = None,
        properties: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Write a QoS 1 message; returns before the broker's PUBACK, which would prove nothing."""
        try:
            await self._client.publish_soon(
                topic,
                payload,
                content_type=content_type,
                correlation_data=correlation,
                user_properties=list(properties),
            )
        except (OSError, aiomqtt.ConnectError) as error:
            raise MqttLostError(str(error)) from error


@asynccontextmanager
async def connect(client: Client, log: FilteringBoundLogger, within_s: float = ATTEMPT_S) -> AsyncIterator[Connection]:
    """Connect within a time, and disconnect at the end; a body that ends with an exception leaves the will.

    Raises
    ------
    MqttLostError
        If the broker cannot be reached, or the connection is lost while the body runs (which is then cancelled).
    MqttRefusedError
        If the broker refuses user name and password, or its certificate is not to be trusted.
    """
    steady = _steady(client, log)
    granted = await _open(steady, client, within_s)
    failed = False
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_raise_when_lost(steady), name=f"mqtt watch {client.identifier}")
            yield Connection(steady, session_present=granted.session_present)
            watch.cancel()
    except BaseExceptionGroup as error:
        failed = True
        raise _one_of(error) from error
    finally:
        await steady.close(with_will=failed)


async def stay_connected(
    client: Client,
    use: Callable[[Connection], Awaitable[T]],
    log: FilteringBoundLogger,
    connect_timeout_s: float,
    stop: asyncio.Event | None = None,
) -> T | None:
    """Run `use` on a connection, and again on the next one when it is lost, until it returns.

    Parameters
    ----------
    client
        Who connects.
    use
        What to do with a connection; cancelled when it is lost.
    log
        Told of every connection and every failure, with the address and what to set.
    connect_timeout_s
        How long to try for the first connection.
    stop
        Once set, a lost connection is not replaced: returns None. `use` has to look at it by itself.

    Raises
    ------
    FatalError
        If there is no first connection within `connect_timeout_s`, or the broker refuses our credentials on the first.
    """
    loop = asyncio.get_running_loop()
    give_up_at, delays = loop.time() + connect_timeout_s, backoff_delays_s()
    never, brief = asyncio.Event(), 0
    while stop is None or not stop.is_set():
        began_at: float | None = None
        try:
            async with connect(client, log, min(ATTEMPT_S, give_up_at - loop.time())) as connection:
                began_at = loop.time()
                give_up_at = float("inf")
                log.info("MQTT connected", address=client.address, client_id=client.identifier)
                return await use(connection)
        except (MqttLostError, MqttRefusedError) as error:
            if isinstance(error, MqttRefusedError) and give_up_at < float("inf"):
                raise
            if began_at is not None and loop.time() - began_at > STABLE_S:
                delays, brief = backoff_delays_s(), 0
            elif began_at is not None:
                brief += 1
            hint = {}
            if brief >= BRIEF_CONNECTIONS or "SESSION_TAKEN_OVER" in str(error):
                # not every broker says so: the other one reconnects too, and each throws the other out
                hint["hint"] = f"does another client use the client id {client.identifier!r}? Each needs its own"
            delay_s = min(next(delays), max(give_up_at - loop.time(), 0))
            log.warning(
                "MQTT connection lost" if began_at is not None else "MQTT broker unreachable",
                address=client.address,
                set="DOWNRANGE_MQTT_URL",
                error=str(error),
                again_in_s=round(delay_s, 1),
                **hint,
            )
            if loop.time() >= give_up_at:
                found = f"no MQTT broker at {client.address} within {connect_timeout_s:g} s"
                msg = f"{found}: start it, or set DOWNRANGE_MQTT_URL"
                raise FatalError(msg) from error
            await first_of(asyncio.sleep(delay_s), stop or never)
    return None


def _steady(client: Client, log: FilteringBoundLogger) -> SteadyClient:
    settings, will = client.settings, client.will

    def on_refused(topic: str, reason: str) -> None:
        log.error(
            "the broker refuses to take a message", topic=topic, reason=reason, remedy="its access rules and limits"
        )

    options: dict[str, Any] = {
        "hostname": settings.host,
        "port": settings.port,
        "identifier": client.identifier,
        "username": settings.username,
        "password": settings.password.get_secret_value().encode() if settings.password is not None else None,
        "clean_start": not client.persistent,
        "session_expiry_interval": settings.session_expiry_s if client.persistent else 0,
        "keep_alive": settings.keep_alive_s,
        "receive_max": settings.receive_maximum,
    }
    if settings.tls:
        options["ssl_context"] = tls_context(settings.ca_file, "DOWNRANGE_MQTT_CA_FILE")
    if will is not None:
        options["will"] = aiomqtt.Will(
            will.topic, payload=will.payload, qos=aiomqtt.QoS.AT_LEAST_ONCE, content_type=JSON
        )
    return SteadyClient(on_refused, **options)


async def _open(steady: SteadyClient, client: Client, within_s: float) -> aiomqtt.ConnAckPacket:
    try:
        async with asyncio.timeout(within_s):
            # aiomqtt's own connect blocks the loop: ask first, without blocking, whether anybody listens
            _, probe = await asyncio.open_connection(client.settings.host, client.settings.port)
            probe.transport.abort()
            return await steady.open()
    except aiomqtt.NegativeAckError as error:
        if any(name in str(error) for name in REFUSED_CREDENTIALS):
            found = f"the MQTT broker at {client.address} refuses us ({error})"
            msg = f"{found}: set DOWNRANGE_MQTT_USERNAME and DOWNRANGE_MQTT_PASSWORD"
            raise MqttRefusedError(msg) from error
        raise MqttLostError(str(error)) from error
    except ssl.SSLCertVerificationError as error:
        found = f"the certificate of the MQTT broker at {client.address} is not to be trusted ({error.verify_message})"
        msg = f"{found}: set DOWNRANGE_MQTT_CA_FILE to its authority's, and DOWNRANGE_MQTT_URL to the name in it"
        raise MqttRefusedError(msg) from error
    except TimeoutError as error:
        raise MqttLostError(f"no answer within {within_s:.1f} s") from error
    except aiomqtt.ConnectError as error:
        raise MqttLostError("the broker closed the connection at once: does it speak MQTT 5?") from error
    except (OSError, aiomqtt.ProtocolError) as error:
        raise MqttLostError(str(error)) from error


async def _raise_when_lost(steady: SteadyClient) -> None:
    raise MqttLostError(await steady.lost())


def _one_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return what the body raised, or the loss of the connection; a group only if it cannot be told in one."""
    leaves = leaves_of(group)
    telling = [leaf for leaf in leaves if not isinstance(leaf, MqttLostError)]
    if not telling:
        return leaves[0]
    return telling[0] if len(telling) == 1 or isinstance(telling[0], DownrangeError) else group
