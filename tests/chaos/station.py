"""A ground station's process: its receiver is a recording on disk, its way into the line the project's own uplink.

`python -m chaos.station SPOOLS START_S SPEED RECORDING...`, MQTT settings from the environment. What it has handed to
its spool it has sent, so after kill -9 it goes on with the first message that its spool never took. It ends with 0 when
the line has confirmed everything.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from chaos.recording import read_recording

from runtime.logs import configure_logs, logger
from runtime.service import EXIT_FATAL
from runtime.settings import Settings, read_settings
from runtime.spool import open_disk_spool
from runtime.uplink import open_uplink
from telemetry.errors import FatalError, TransientError, leaves_of

SPOOL_OCTETS = 256 * 1024 * 1024
PATIENCE_S = 30.0


async def listen(settings: Settings, spools: Path, start_s: float, speed: float, recorded: Path) -> None:
    """Send one recording, each message when its time has come, until the line has confirmed all of it."""
    address, messages = await asyncio.to_thread(read_recording, recorded)
    log = logger("station").bind(station=address.station, flight=address.flight)
    timeout_s = settings.service.connect_timeout_s
    with open_disk_spool(spools, address, SPOOL_OCTETS) as spool:
        log.info("listening", taken=spool.last, unconfirmed=len(spool), of=len(messages))
        async with open_uplink(settings.mqtt, address, spool, log, connect_timeout_s=timeout_s) as uplink:
            for due_s, message in messages[spool.last :]:
                await asyncio.sleep(max(start_s + due_s / speed - time.time(), 0))
                await uplink.send(message)
            while len(spool):
                try:
                    await uplink.drained(PATIENCE_S)
                except TransientError as error:
                    log.warning("not confirmed yet", error=str(error))
            log.info("confirmed", resent=uplink.tally.resent)


async def run(settings: Settings, spools: Path, start_s: float, speed: float, recordings: list[Path]) -> None:
    """Listen to several vehicles at once."""
    async with asyncio.TaskGroup() as group:
        for recording in recordings:
            group.create_task(listen(settings, spools, start_s, speed, recording))


def main() -> int:
    """Run the station; 2 when the broker was not found in time, as a service does."""
    spools, start_s, speed, *recordings = sys.argv[1:]
    settings = read_settings()
    configure_logs(settings.service)
    try:
        asyncio.run(run(settings, Path(spools), float(start_s), float(speed), [Path(each) for each in recordings]))
    except BaseExceptionGroup as error:
        fatal = [leaf for leaf in leaves_of(error) if isinstance(leaf, FatalError)]
        if not fatal:
            raise
        logger("station").error("cannot run", error=str(fatal[0]))
        return EXIT_FATAL
    return 0


if __name__ == "__main__":
    sys.exit(main())
