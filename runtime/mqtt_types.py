"""What goes through an MQTT connection, who opens it, and how it fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from runtime.settings import MqttSettings
from telemetry.errors import FatalError, TransientError


class MqttLostError(TransientError):
    """There is no connection to the broker, or no longer; what was not confirmed end to end has to be sent again."""


class MqttRefusedError(FatalError):
    """The broker does not let this client in."""


class Inbound(NamedTuple):
    """A message that came from the broker.

    Parameters
    ----------
    topic, payload, properties, content_type, correlation, retain
        As published; of a user property that is there twice, the last; empty where there is none.
    packet_id
        What `Connection.acknowledge` acknowledges; None for QoS 0.
    """

    topic: str
    payload: bytes
    properties: Mapping[str, str]
    content_type: str
    correlation: bytes
    retain: bool
    packet_id: int | None


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when it loses us without farewell; JSON."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """Who connects, and how.

    Parameters
    ----------
    settings
        The broker.
    identifier
        The MQTT client id; two connections with the same one throw each other out.
    will
        Published by the broker when it loses us.
    persistent
        Whether the broker keeps the subscriptions and unacknowledged messages of this id for `session_expiry_s`.
    """

    settings: MqttSettings
    identifier: str
    will: Will | None = None
    persistent: bool = False

    @property
    def address(self) -> str:
        """Where the broker should be."""
        return f"{self.settings.host}:{self.settings.port}"
