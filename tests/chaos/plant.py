"""The whole line as processes, each pair of them with a proxy of its own between."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
from chaos.part import Part, Say
from proxy import Proxy, proxied
from pydantic import SecretStr

from downrange.line import RUN_SERVICE
from downrange.services import SERVICES
from downrange.stack import native
from downrange.stack.process import free_port
from downrange.stack.ready import influx_answers, kafka_answers, mqtt_answers
from runtime.settings import InfluxSettings, KafkaSettings, MqttSettings, Settings, TrackSettings

READY_WITHIN_S: Final = 180.0
ASK_EVERY_S: Final = 0.2
PARTITIONS: Final = 4
STATION: Final = "from chaos.station import main; import sys; sys.exit(main())"
SERVERS: Final = ("mosquitto", "kafka", "influxdb")
TESTS: Final = Path(__file__).parents[1]
# a cut that nobody is told of is noticed by what does not come: sooner than in production, so that a run has an end
NOTICE: Final = {"DOWNRANGE_MQTT_KEEP_ALIVE_S": "5", "DOWNRANGE_INFLUX_TIMEOUT_S": "10"}
# a line that is dead for minutes has not fallen silent: what the undisturbed flight says is said without that
PATIENT: Final = {"DOWNRANGE_DETECT_SETTLE_S": "3600"}


@dataclass(slots=True)
class Plant:
    """Everything that runs.

    Parameters
    ----------
    folder
        Data and logs.
    settings
        How the harness reaches the servers, past all proxies.
    parts
        By name.
    proxies
        By the pair that they stand between, `ingest-kafka`.
    """

    folder: Path
    settings: Settings
    parts: dict[str, Part] = field(default_factory=dict)
    proxies: dict[str, Proxy] = field(default_factory=dict)
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    health: dict[str, str] = field(default_factory=dict)

    def start(self, part: Part) -> None:
        """Start a part, and keep it running."""
        self.parts[part.name] = part
        self.tasks[part.name] = asyncio.create_task(part.keep_running(), name=part.name)

    def failed(self) -> None:
        """Raise what a keeper of a part raised, if any did."""
        for task in self.tasks.values():
            if task.done() and not task.cancelled():
                task.result()

    async def stop(self, names: Sequence[str]) -> dict[str, int | None]:
        """Stop parts with SIGTERM, one after the other; returns their exit codes."""
        return {name: await self.parts[name].stop(self.tasks.pop(name)) for name in names if name in self.tasks}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the servers listen, and Kafka for each of its clients."""

    mosquitto: int = field(default_factory=free_port)
    kafka: int = field(default_factory=free_port)
    influxdb: int = field(default_factory=free_port)
    track: int = field(default_factory=free_port)
    kafka_of: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in SERVICES})


@asynccontextmanager
async def open_plant(folder: Path, say: Say) -> AsyncIterator[Plant]:
    """Start the servers and the services and wait until all are well once; at the end stop what still runs."""
    await native.install(*SERVERS)
    ports, influx_data = Ports(), folder / "influxdb"
    influx_data.mkdir(parents=True)
    token = native.kept_token(influx_data)
    plant = Plant(folder, _settings(ports, token, folder))
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_stop_all, plant)
        kafka_proxies = {
            name: await stack.enter_async_context(proxied("127.0.0.1", port)) for name, port in ports.kafka_of.items()
        }
        plant.proxies |= {f"{name}-kafka": proxy for name, proxy in kafka_proxies.items()}
        plant.proxies["ingest-mosquitto"] = await stack.enter_async_context(proxied("127.0.0.1", ports.mosquitto))
        for name in ("store", "audit"):
            plant.proxies[f"{name}-influxdb"] = await stack.enter_async_context(proxied("127.0.0.1", ports.influxdb))
        await _start_servers(plant, ports, token, say)
        say("mosquitto, Kafka and InfluxDB are up")
        for name in SERVICES:
            _start_service(plant, name, token, say)
        await _until("the services are well", lambda: _all_well(plant))
        say(f"{', '.join(SERVICES)} are well")
        yield plant


def station_part(plant: Plant, name: str, arguments: Sequence[str], port: int, say: Say) -> Part:
    """Return a ground station's process; it reaches the broker by a port of its own."""
    environment = {
        **_clean_environment(),
        **NOTICE,
        **PATIENT,
        "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]),
        "DOWNRANGE_MQTT_URL": f"mqtt://127.0.0.1:{port}",
    }
    command = [sys.executable, "-c", STATION, *arguments]
    return Part(name, command, environment, plant.folder / "logs" / f"{name}.log", say, ends=True)


def _settings(ports: Ports, token: str, folder: Path) -> Settings:
    settings = Settings(
        mqtt=MqttSettings(url=f"mqtt://127.0.0.1:{ports.mosquitto}"),
        kafka=KafkaSettings(bootstrap=f"127.0.0.1:{ports.kafka}", partitions=PARTITIONS),
        influx=InfluxSettings(
            url=f"http://127.0.0.1:{ports.influxdb}", token=SecretStr(token), org=native.ORG, bucket=native.BUCKET
        ),
    )
    archive = settings.archive.model_copy(update={"dir": folder / "archive"})
    return replace(settings, archive=archive, track=TrackSettings(port=ports.track))


async def _start_servers(plant: Plant, ports: Ports, token: str, say: Say) -> None:
    too = " ".join(
        f"{name.upper()}:{port}:{plant.proxies[f'{name}-kafka'].port}" for name, port in ports.kafka_of.items()
    )
    environment = {**os.environ, "KAFKA_JVM": "-XX:TieredStopAtLevel=1", "KAFKA_LISTENERS_TOO": too}
    for server in SERVERS:
        port = getattr(ports, server)
        script, data = str(native.SCRIPTS_DIR / "servers.sh"), str(plant.folder / server)
        command = ["bash", script, "start", server, data, str(port)]
        plant.start(Part(server, command, environment, plant.folder / "logs" / f"{server}.log", say))
    url = plant.settings.influx.url
    await _until("mosquitto answers", lambda: mqtt_answers(ports.mosquitto))
    await _until("Kafka answers", lambda: kafka_answers(ports.kafka))
    await _until("InfluxDB answers", lambda: influx_answers(url))
    await native._set_up(url, token)


def _start_service(plant: Plant, name: str, token: str, say: Say) -> None:
    port = free_port()
    plant.health[name] = f"http://127.0.0.1:{port}/healthz"
    influx = plant.proxies.get(f"{name}-influxdb", plant.proxies["store-influxdb"])
    environment = {
        **_clean_environment(),
        **NOTICE,
        **PATIENT,
        "DOWNRANGE_HEALTH_PORT": str(port),
        "DOWNRANGE_LOG_FORMAT": "json",
        "DOWNRANGE_MQTT_URL": f"mqtt://127.0.0.1:{plant.proxies['ingest-mosquitto'].port}",
        "DOWNRANGE_KAFKA_BOOTSTRAP": f"127.0.0.1:{plant.proxies[f'{name}-kafka'].port}",
        "DOWNRANGE_KAFKA_PARTITIONS": str(PARTITIONS),
        "DOWNRANGE_INFLUX_URL": f"http://127.0.0.1:{influx.port}",
        "DOWNRANGE_INFLUX_TOKEN": token,
        "DOWNRANGE_INFLUX_ORG": native.ORG,
        "DOWNRANGE_INFLUX_BUCKET": native.BUCKET,
        "DOWNRANGE_ARCHIVE_DIR": str(plant.folder / "archive"),
        "DOWNRANGE_AUDIT_QUIET_S": "5",
        "DOWNRANGE_TRACK_PORT": str(plant.settings.track.port),
    }
    command = [sys.executable, "-c", RUN_SERVICE, "run", name]
    plant.start(Part(name, command, environment, plant.folder / "logs" / f"{name}.log", say))


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("DOWNRANGE_")}


async def _all_well(plant: Plant) -> bool:
    plant.failed()
    async with aiohttp.ClientSession() as session:
        for url in plant.health.values():
            try:
                async with session.get(url) as response:
                    if response.status != HTTPStatus.OK:
                        return False
            except aiohttp.ClientError:
                return False
    return True


async def _until(what: str, answers: Callable[[], Awaitable[bool]]) -> None:
    try:
        async with asyncio.timeout(READY_WITHIN_S):
            while not await answers():  # noqa: ASYNC110 -- what is waited for is another process
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError as error:
        msg = f"not after {READY_WITHIN_S:g} s: {what}; see the logs"
        raise TimeoutError(msg) from error


async def _stop_all(plant: Plant) -> None:
    """Stop everybody, clients before servers."""
    await plant.stop([name for name in reversed(plant.parts) if name not in SERVERS])
    await plant.stop(SERVERS)
