"""Where the servers of a stack are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of one stack; those of InfluxDB are None where there is none.

    Parameters
    ----------
    mqtt_url
        As `mqtt://127.0.0.1:PORT`.
    kafka_bootstrap
        As `127.0.0.1:PORT`.
    influx_url, influx_token, influx_org, influx_bucket
        InfluxDB 2.x.
    """

    mqtt_url: str
    kafka_bootstrap: str
    influx_url: str | None = None
    influx_token: str | None = None
    influx_org: str | None = None
    influx_bucket: str | None = None
