"""The broker's configuration of docker-compose.yml, its secrets and its access rules, in a real mosquitto."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import structlog

from downrange.stack.process import free_port
from runtime.mqtt import Client, Connection, MqttLostError, MqttRefusedError, connect
from runtime.settings import MqttSettings

ROOT = Path(__file__).parents[2]
LOG = structlog.get_logger()
TIMEOUT_S = 20
STATIONS = ("haiyang", "sydney")


def with_mosquitto() -> dict[str, str]:
    """Return an environment that finds mosquitto and its tools: the machine's, or those that deploy/native unpacked."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "downrange"
    root = Path(os.environ.get("DOWNRANGE_CACHE_DIR", cache)) / "mosquitto" / "root"
    programs = [os.environ["PATH"], "/usr/sbin", "/usr/local/sbin", f"{root}/usr/sbin", f"{root}/usr/bin"]
    environment = {**os.environ, "PATH": ":".join(programs)}
    if shutil.which("mosquitto", path=":".join(programs[:3])) is None:
        libraries = [*root.glob("usr/lib/*"), *root.glob("lib/*"), os.environ.get("LD_LIBRARY_PATH", "")]
        environment["LD_LIBRARY_PATH"] = ":".join(map(str, libraries))
    return environment


@dataclass(frozen=True, slots=True)
class Broker:
    """A running broker and the passwords that `make-secrets.sh` gave out."""

    url: str
    passwords: dict[str, str]
    ca_file: Path | None = None

    @asynccontextmanager
    async def entering(self, account: str, password: str | None = None) -> AsyncIterator[Connection]:
        settings = MqttSettings.model_validate(
            {
                "url": self.url,
                "username": account,
                "password": password or self.passwords[account],
                "ca_file": self.ca_file,
            }
        )
        async with connect(Client(settings, f"test-{account}"), LOG) as connection:
            yield connection

    async def attempt(self, account: str, topic: str) -> None:
        """Publish what must not be published; some versions of mosquitto end the connection for it."""
        with contextlib.suppress(MqttLostError):
            async with self.entering(account) as connection:
                await connection.publish(topic, b"not mine to say")


def make_certificates(folder: Path) -> None:
    environment = {**with_mosquitto(), "DOWNRANGE_SECRETS_DIR": str(folder)}
    subprocess.run([str(ROOT / "deploy/make-tls.sh"), "127.0.0.1"], env=environment, capture_output=True, check=True)


@pytest.fixture(scope="module")
def secrets(mqtt_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    assert mqtt_url, "asked for because it installs mosquitto where there is none"
    folder = tmp_path_factory.mktemp("secrets")
    environment = {
        **with_mosquitto(),
        "DOWNRANGE_ENV_FILE": str(folder / ".env"),
        "DOWNRANGE_SECRETS_DIR": str(folder),
    }
    make = [str(ROOT / "deploy/make-secrets.sh"), *STATIONS]
    said = subprocess.run(make, env=environment, capture_output=True, text=True, check=True).stdout
    again = subprocess.run(make, env=environment, capture_output=True, text=True, check=True).stdout
    assert again.splitlines() == [f"{station} has a password already" for station in STATIONS]
    make_certificates(folder)
    passwords = dict(line.split(": ") for line in said.splitlines())
    variables = dict(line.split("=", 1) for line in (folder / ".env").read_text().splitlines())
    for account in ("ingest", "replay", "simulator", "health"):
        passwords[account] = variables[f"MQTT_{account.upper()}_PASSWORD"]
    assert (folder / ".env").stat().st_mode & 0o077 == 0
    assert folder.stat().st_mode & 0o077 == 0
    hashes = (folder / "mosquitto.passwd").read_text()
    assert not any(password in hashes for password in passwords.values())
    return folder, passwords


@asynccontextmanager
async def running(shape: str, secrets: tuple[Path, dict[str, str]], tmp_path: Path) -> AsyncIterator[Broker]:
    """Run what the container runs, with its paths moved into `tmp_path` and its port to a free one."""
    folder, passwords = secrets
    port = free_port()
    moved = {
        "/run/secrets/": f"{folder}/",
        "/mosquitto/config/": f"{tmp_path}/config/",
        "/mosquitto/data/": f"{tmp_path}/data/",
        "/tmp/": f"{tmp_path}/run/",  # noqa: S108 -- the container's own, in memory
        "listener 1883": f"listener {port} 127.0.0.1",
        "listener 8883": f"listener {port} 127.0.0.1",
        "persistence true": f"persistence true\nuser {getpass.getuser()}\nsys_interval 1",
    }
    for name in ("config", "data", "run"):
        (tmp_path / name).mkdir()
    for source in (ROOT / "deploy/mosquitto").iterdir():
        text = re.sub("|".join(map(re.escape, moved)), lambda match: moved[match[0]], source.read_text())
        (tmp_path / "config" / source.name).write_text(text)
    process = await asyncio.create_subprocess_exec("sh", str(tmp_path / "config/start.sh"), shape, env=with_mosquitto())
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    assert process.returncode is None, "mosquitto does not take its configuration"
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        scheme, ca_file = ("mqtts", folder / "mqtt-ca.pem") if shape == "tls" else ("mqtt", None)
        yield Broker(f"{scheme}://127.0.0.1:{port}", passwords, ca_file)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture(params=["plain", "tls"])
async def broker(
    request: pytest.FixtureRequest, secrets: tuple[Path, dict[str, str]], tmp_path: Path
) -> AsyncIterator[Broker]:
    async with running(request.param, secrets, tmp_path) as found:
        yield found


async def heard(connection: Connection, count: int) -> list[str]:
    """Wait for `count` messages and return their topics."""
    topics: list[str] = []
    async with asyncio.timeout(TIMEOUT_S):
        while len(topics) < count:
            messages = await connection.receive(count)
            await connection.acknowledge(messages)
            topics += [message.topic for message in messages]
    return topics


def topic(station: str, kind: str, run: str = "live") -> str:
    return f"downrange/v1/{run}/YX1-7/ship/{station}/{kind}"


@pytest.mark.parametrize("shared", ["", "$share/ingest/"])
async def test_a_station_speaks_under_its_own_name_only(broker: Broker, shared: str) -> None:
    async with broker.entering("ingest") as ingest, AsyncExitStack() as entered:
        for kind in ("tm", "link"):
            await ingest.subscribe(f"{shared}downrange/v1/+/+/+/+/{kind}")
        for forbidden in (topic("sydney", "tm"), topic("sydney", "link"), topic("haiyang", "ack"), "elsewhere"):
            await broker.attempt("haiyang", forbidden)
        haiyang = await entered.enter_async_context(broker.entering("haiyang"))
        await haiyang.publish(topic("haiyang", "tm"), b"mine")
        await haiyang.publish(topic("haiyang", "link"), b"mine")
        assert sorted(await heard(ingest, 2)) == [topic("haiyang", "link"), topic("haiyang", "tm")]


async def test_a_station_hears_only_what_became_of_its_own(broker: Broker) -> None:
    async with (
        broker.entering("ingest") as ingest,
        broker.entering("haiyang") as haiyang,
        broker.entering("sydney") as sydney,
    ):
        await haiyang.subscribe("downrange/v1/#")
        await ingest.subscribe("downrange/v1/+/+/+/+/tm")
        await sydney.publish(topic("sydney", "tm"), b"telemetry")
        assert await heard(ingest, 1) == [topic("sydney", "tm")]
        await ingest.publish(topic("sydney", "ack"), b"{}")
        await ingest.publish(topic("haiyang", "ack"), b"{}")
        assert await heard(haiyang, 1) == [topic("haiyang", "ack")]


async def test_a_replay_never_speaks_in_the_live_run(broker: Broker) -> None:
    async with broker.entering("ingest") as ingest, AsyncExitStack() as entered:
        await ingest.subscribe("downrange/v1/+/+/+/+/tm")
        for forbidden in (topic("haiyang", "tm"), topic("replay", "tm")):
            await broker.attempt("replay", forbidden)
        replay = await entered.enter_async_context(broker.entering("replay"))
        await replay.publish(topic("haiyang", "tm", run="replay-1"), b"again")
        assert await heard(ingest, 1) == [topic("haiyang", "tm", run="replay-1")]


async def test_a_simulated_flight_speaks_for_every_station(broker: Broker) -> None:
    async with broker.entering("ingest") as ingest, broker.entering("simulator") as simulator:
        await ingest.subscribe("downrange/v1/+/+/+/+/tm")
        for station in STATIONS:
            await simulator.publish(topic(station, "tm"), b"simulated")
        assert await heard(ingest, 2) == [topic(station, "tm") for station in STATIONS]


async def test_nobody_comes_in_without_a_name_or_with_a_wrong_password(broker: Broker) -> None:
    with pytest.raises(MqttRefusedError, match="DOWNRANGE_MQTT_PASSWORD"):
        async with broker.entering("haiyang", "wrong"):
            pass
    anonymous = MqttSettings(url=broker.url, ca_file=broker.ca_file)
    with pytest.raises(MqttRefusedError, match="DOWNRANGE_MQTT_USERNAME"):
        async with connect(Client(anonymous, "test-nobody"), LOG):
            pass


async def test_a_broker_with_a_certificate_of_somebody_else_is_not_talked_to(
    secrets: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    make_certificates(tmp_path / "stranger")
    async with running("tls", secrets, tmp_path) as broker:
        own, port = broker.ca_file, broker.url.rpartition(":")[2]
        # another authority, the system's, and the right one for another name: the certificate says 127.0.0.1 only
        cases = [
            (tmp_path / "stranger/mqtt-ca.pem", broker.url),
            (None, broker.url),
            (own, f"mqtts://localhost:{port}"),
        ]
        for ca_file, url in cases:
            with pytest.raises(MqttRefusedError, match=r"certificate .* not to be trusted .* DOWNRANGE_MQTT_CA_FILE"):
                async with replace(broker, ca_file=ca_file, url=url).entering("ingest"):
                    pass


async def test_the_health_account_sees_that_the_broker_lives_and_nothing_else(broker: Broker) -> None:
    async with broker.entering("health") as health, broker.entering("haiyang") as haiyang:
        await health.subscribe("#")
        await health.subscribe("$SYS/#")
        await haiyang.publish(topic("haiyang", "tm"), b"telemetry")
        assert await heard(health, 1) == ["$SYS/broker/uptime"]
