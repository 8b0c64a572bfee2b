"""The whole line for one job: brokers, services, and the settings that reach them."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
from pydantic import SecretStr

from downrange.stack.addresses import Addresses
from downrange.stack.embedded import embedded_stack
from downrange.stack.names import StackName
from downrange.stack.native import native_stack
from downrange.stack.process import Process, free_port, start_process
from downrange.stack.ready import influx_answers
from runtime.settings import InfluxSettings, KafkaSettings, MqttSettings, Settings, environment_of, read_settings
from telemetry.errors import FatalError

READY_WITHIN_S: Final = 60.0
ASK_EVERY_S: Final = 0.1
STOP_WITHIN_S: Final = 25.0
# nobody waits for the auditor of a line that is there for one flight
JOB_QUIET_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Line:
    """A running line.

    Parameters
    ----------
    settings
        What this process needs to reach it.
    addresses
        Where its servers are; None when they are not ours.
    services
        The running services by name.
    """

    settings: Settings
    addresses: Addresses | None
    services: Mapping[str, Process]

    async def watch(self) -> None:
        """Return never, unless a service ends by itself.

        Raises
        ------
        FatalError
            With the service's name and its last log lines.
        """
        waits = [asyncio.create_task(process.wait(), name=name) for name, process in self.services.items()]
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
        name = done.pop().get_name()
        msg = f"service {name} ended by itself:\n{self.services[name].tail()}"
        raise FatalError(msg)


Say = Callable[[str], None]


@asynccontextmanager
async def open_line(
    stack: StackName, services: Sequence[str], work_dir: Path, archive_dir: Path, track_port: int, say: Say
) -> AsyncIterator[Line]:
    """Start brokers and services, wait until every service says that it is well, and stop all of it at the end.

    Parameters
    ----------
    stack
        Which brokers; with `none` the environment's, and no services are started.
    services
        Names of the services to start; `store` is left out where no InfluxDB answers.
    work_dir
        For the servers' data and everyone's logs.
    archive_dir
        Where `record` writes.
    track_port
        Port of the tracking page; 0 for a free one.
    say
        Told what is being waited for.

    Raises
    ------
    FatalError
        If a server or a service does not come up; with its last log lines.
    """
    if stack is StackName.NONE:
        yield Line(read_settings(), None, {})
        return
    async with AsyncExitStack() as stacked:
        started_s = time.monotonic()
        open_stack = embedded_stack if stack is StackName.EMBEDDED else native_stack
        addresses = await stacked.enter_async_context(open_stack(work_dir / "servers"))
        say(f"brokers up after {time.monotonic() - started_s:.1f} s")
        settings = _settings(addresses, archive_dir, track_port or free_port())
        has_influx = await _has_influx(addresses, settings, say)
        if not has_influx:
            # empty counts as not set, also where the caller's environment has one
            settings = replace(settings, influx=settings.influx.model_copy(update={"token": None}))
        token = {} if has_influx else {"DOWNRANGE_INFLUX_TOKEN": ""}
        environment = {**os.environ, **environment_of(settings), **token, "DOWNRANGE_LOG_FORMAT": "json"}
        processes: dict[str, Process] = {}
        health: dict[str, str] = {}
        for name in services:
            if name == "store" and not has_influx:
                continue
            port = free_port()
            health[name] = f"http://127.0.0.1:{port}/healthz"
            processes[name] = await stacked.enter_async_context(
                start_process(
                    name,
                    [sys.executable, "-c", RUN_SERVICE, "run", name],
                    log=work_dir / "logs" / f"{name}.log",
                    env={**environment, "DOWNRANGE_HEALTH_PORT": str(port)},
                    stop_within_s=STOP_WITHIN_S,
                )
            )
        line = Line(settings, addresses, processes)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(line.watch(), name="watch services")
            await _all_well(health, processes)
            watching.cancel()
        say(f"{', '.join(processes)} up after {time.monotonic() - started_s:.1f} s")
        yield line


# the console script beside this interpreter may be another installation's; this is certainly ours
RUN_SERVICE: Final = "from downrange.cli import main; main()"


def _settings(addresses: Addresses, archive_dir: Path, track_port: int) -> Settings:
    """Return the caller's settings with this stack's addresses in place of theirs."""
    theirs = read_settings()
    influx = theirs.influx
    if addresses.influx_url is not None:
        influx = InfluxSettings(
            url=addresses.influx_url,
            token=SecretStr(addresses.influx_token or ""),
            org=addresses.influx_org or influx.org,
            bucket=addresses.influx_bucket or influx.bucket,
        )
    return replace(
        theirs,
        mqtt=MqttSettings(url=addresses.mqtt_url),
        # the embedded broker knows no idempotent producers: there, identities alone tell duplicates
        kafka=KafkaSettings(bootstrap=addresses.kafka_bootstrap, idempotent=addresses.influx_url is not None),
        influx=influx,
        archive=theirs.archive.model_copy(update={"dir": archive_dir}),
        audit=theirs.audit.model_copy(update={"quiet_s": min(theirs.audit.quiet_s, JOB_QUIET_S)}),
        track=theirs.track.model_copy(update={"host": "127.0.0.1", "port": track_port}),
    )


async def _has_influx(addresses: Addresses, settings: Settings, say: Say) -> bool:
    """Whether there is an InfluxDB to write to: the stack's own, or the caller's if it answers."""
    if addresses.influx_url is not None:
        return True
    if settings.influx.token is None:
        return False
    if await influx_answers(settings.influx.url):
        return True
    say(f"no InfluxDB answers at {settings.influx.url} (DOWNRANGE_INFLUX_URL): flying without it")
    return False


async def _all_well(health: Mapping[str, str], processes: Mapping[str, Process]) -> None:
    waiting = dict(health)
    try:
        async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
            while waiting:
                for name, url in list(waiting.items()):
                    try:
                        async with session.get(url) as response:
                            if response.status == HTTPStatus.OK:
                                del waiting[name]
                    except aiohttp.ClientError:
                        continue
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError as error:
        said = "\n".join(f"{name}:\n{processes[name].tail()}" for name in waiting)
        msg = f"not well within {READY_WITHIN_S:g} s: {', '.join(waiting)}\n{said}"
        raise FatalError(msg) from error
