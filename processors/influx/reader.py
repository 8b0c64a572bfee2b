"""Asks InfluxDB 2.x how much of a flight it holds."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import aiohttp
from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync
from influxdb_client.rest import ApiException

from processors.influx.counted import Asked, count_query, read_counts
from runtime.settings import InfluxSettings
from telemetry.errors import SettingsError, TransientError

REFUSALS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}


class InfluxReader:
    """Counts points of one bucket.

    Parameters
    ----------
    client
        An open client.
    settings
        The bucket and where it is.
    """

    def __init__(self, client: InfluxDBClientAsync, settings: InfluxSettings) -> None:
        self._api: Any = client.api_client  # the client's is untyped
        self._settings = settings

    async def counts(
        self, run: str, flight: str, asked: Sequence[Asked], first_ns: int, last_ns: int
    ) -> Counter[tuple[str, str]]:
        """Return how many points there are of each vehicle and packet type, between two times, both included.

        Raises
        ------
        TransientError
            If InfluxDB does not answer.
        SettingsError
            If the token may not read, or there is no such bucket.
        """
        if not asked:
            return Counter()
        query = count_query(run, flight, asked, first_ns, last_ns)
        settings = self._settings
        try:
            async with asyncio.timeout(settings.timeout_s):
                response = await self._api.call_api(
                    "/query",
                    "POST",
                    query_params={"db": settings.bucket, "q": query, "epoch": "ns"},
                    header_params={"Accept": "application/json"},
                    _preload_content=False,
                )
                async with response:
                    status, body = response.status, await response.read()
        except (ApiException, aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientError(f"InfluxDB at {settings.url}: {str(error) or repr(error)}") from error
        if status in REFUSALS:
            remedy = "set DOWNRANGE_INFLUX_TOKEN to one that may read, and DOWNRANGE_INFLUX_BUCKET"
            raise SettingsError(
                f"InfluxDB at {settings.url} does not let us read bucket {settings.bucket!r} ({status}): {remedy}"
            )
        if status != HTTPStatus.OK:
            raise TransientError(f"InfluxDB at {settings.url} answered {status}: {body[:200].decode(errors='replace')}")
        return read_counts(json.loads(body), asked)


@asynccontextmanager
async def open_reader(settings: InfluxSettings) -> AsyncIterator[InfluxReader | None]:
    """Open a reader; None without a token, since then there is no InfluxDB to ask."""
    if settings.token is None:
        yield None
        return
    timeout_ms = int(settings.timeout_s * 1000)
    async with InfluxDBClientAsync(
        settings.url, settings.token.get_secret_value(), settings.org, timeout=timeout_ms
    ) as client:
        yield InfluxReader(client, settings)
