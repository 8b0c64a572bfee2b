"""Telegraf as a bridge from MQTT to Kafka, in the fastest configuration found that loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from downrange.stack.native import SCRIPTS_DIR
from downrange.stack.process import Process, start_process
from telemetry.topics import ROOT

TOPIC = "telegraf"
# `string` cuts NULs and blanks off both ends of a payload; `base64` keeps all octets, as text that is a third longer
KINDS = ("string", "base64")

CONFIG = """
[agent]
  interval = "1s"
  flush_interval = "200ms"
  metric_batch_size = 1000
  metric_buffer_limit = 200000
  omit_hostname = true
  logfile = ""

[[inputs.mqtt_consumer]]
  servers = ["tcp://{mqtt}"]
  topics = ["{root}/+/+/+/+/tm"]
  qos = 1
  persistent_session = true
  client_id = "{client_id}"
  max_undelivered_messages = 10000
  data_format = "value"
  data_type = "{kind}"

[[outputs.kafka]]
  brokers = ["{kafka}"]
  version = "3.6.0"
  topic = "{topic}"
  routing_tag = "topic"
  required_acks = -1
  max_retry = 10
  compression_codec = {codec}
  max_message_bytes = 1000000
  data_format = "template"
  template = '{{{{ .Field "value" }}}}'
"""


@asynccontextmanager
async def telegraf(
    folder: Path, mqtt_url: str, bootstrap: str, client_id: str, *, kind: str, compression: str
) -> AsyncIterator[Process]:
    """Run it; it says nothing when it is ready, so ask the broker for its session."""
    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 -- nothing runs beside it
    text = CONFIG.format(
        mqtt=urlsplit(mqtt_url).netloc,
        kafka=bootstrap,
        root=ROOT,
        client_id=client_id,
        topic=TOPIC,
        kind=kind,
        codec={"none": 0, "zstd": 4}[compression],
    )
    (folder / "telegraf.conf").write_text(text)
    command = ["bash", str(SCRIPTS_DIR / "servers.sh"), "start", "telegraf", str(folder), "1"]
    async with start_process("telegraf", command, log=folder / "telegraf.log") as process:
        yield process
