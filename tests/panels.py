"""Mission control's dashboard, asked of InfluxDB as Grafana asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import aiohttp
from servers.provide import Influx

from dashboards.mission_control import build


@dataclass(frozen=True, slots=True)
class Asked:
    """A server with one flight in it.

    Parameters
    ----------
    session, influx
        The server.
    run, flight, from_ms, to_ms
        What a visitor has chosen.
    """

    session: aiohttp.ClientSession
    influx: Influx
    run: str
    flight: str
    from_ms: int
    to_ms: int

    async def __call__(self, query: str, finest_ms: int = 1000) -> list[dict[str, Any]]:
        """Return the series of the answer."""
        words = {
            "$timeFilter": f"time >= {self.from_ms}ms and time <= {self.to_ms}ms",
            "$__interval_ms": str(finest_ms),
            "$__interval": f"{finest_ms}ms",
            "/^$run$/": f"/^{re.escape(self.run)}$/",
            "/^$flight$/": f"/^{re.escape(self.flight)}$/",
            "$run": self.run,
            "$flight": self.flight,
        }
        for word, meaning in words.items():
            query = query.replace(word, meaning)
        assert "$" not in query.replace("$/", "")
        form = {"q": query, "db": self.influx.bucket, "epoch": "ms"}
        async with self.session.post("/query", data=form) as response:
            answer = await response.json()
        assert response.status == 200, (query, answer)
        (result,) = answer["results"]
        assert "error" not in result, (query, result)
        found: list[dict[str, Any]] = result.get("series", [])
        return found


def panels() -> list[dict[str, Any]]:
    return [panel for panel in build()["panels"] if panel["type"] != "row"]


def milliseconds(interval: str | None) -> int:
    if interval is None:
        return 1000
    return int(interval[:-2]) if interval.endswith("ms") else 1000 * int(interval[:-1])


def values(series: list[dict[str, Any]]) -> list[Any]:
    """Every value of an answer except its times."""
    return [value for each in series for row in each["values"] for value in row[1:] if value is not None]
