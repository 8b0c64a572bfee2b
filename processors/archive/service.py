"""Service `record`: everything as it came, to the archive on disk."""

from __future__ import annotations

import tempfile

import pyarrow as pa

from processors.archive.stage import Recorder
from runtime.consumer import consume
from runtime.service import Scope
from runtime.settings import Settings
from telemetry.errors import SettingsError


async def run(settings: Settings, scope: Scope) -> None:
    """Record until asked to stop.

    Raises
    ------
    SettingsError
        If the archive's folder cannot be written.
    FatalError
        If Kafka is not reached in time.
    """
    # Arrow's own pools keep what they once had
    pa.set_memory_pool(pa.system_memory_pool())
    folder = settings.archive.dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        msg = f"cannot write to {folder} ({error.strerror}): set DOWNRANGE_ARCHIVE_DIR to a folder that you own"
        raise SettingsError(msg) from error
    scope.log.info("recording", folder=str(folder))
    await consume(settings, scope, Recorder(settings.archive, scope.stop, scope.log), gives_up=True)
