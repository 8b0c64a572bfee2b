"""What ingest counts."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

RECEIVED: Final = Counter("downrange_ingest_received_total", "MQTT messages received", ["kind"])
RECEIVED_OCTETS: Final = Counter("downrange_ingest_received_octets_total", "Octets of their payloads")
FORWARDED: Final = Counter(
    "downrange_ingest_forwarded_total", "Messages of which something went to downrange.telemetry"
)
REJECTED: Final = Counter("downrange_ingest_rejected_total", "Refusals kept in downrange.rejected", ["reason"])
WINDOW: Final = Gauge("downrange_ingest_window", "Messages taken in and not acknowledged yet")
ACK_LATENCY: Final = Histogram(
    "downrange_ingest_ack_latency_seconds",
    "From taking a batch of messages in to their PUBACK, once a batch",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0),
)
STATIONS_FULL_S: Final = Counter(
    "downrange_ingest_stations_full_seconds_total", "For how long stations say that they could take nothing in"
)
UNACKNOWLEDGED_TRIES: Final = Counter("downrange_ingest_retries_total", "Batches that Kafka did not take, tried again")
