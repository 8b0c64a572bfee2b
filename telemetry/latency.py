"""Records of stages' latencies: what a service tells, and what that of several members adds up to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from telemetry.histogram import Histogram
from telemetry.quality import StageLatency

SHARES: Final = (0.5, 0.95, 0.99)
# in the order in which a message passes them
STAGES: Final[dict[str, str]] = {
    "ert": "generation to receipt, by the data's own times; of a message, its oldest packet",
    "ingest": "the station's sending to ingest",
    "produce": "ingest to the time that Kafka's client gave the record",
    "kafka": "ingest to the time at which Kafka appended the record",
    "detect": "ingest until what it led to was safe on Kafka",
    "store": "ingest until InfluxDB had it",
    "track": "ingest until its deliveries were up to date",
}


def stage_latency(
    whose: tuple[str, str, str], as_of_ns: int, service: str, stage: str, since_ns: int, histogram: Histogram
) -> StageLatency:
    """Return the record of a histogram filled since `since_ns`, Unix ns; `whose` is run, flight and vehicle."""
    run, flight, vehicle = whose
    p50_s, p95_s, p99_s = histogram.quantiles_s(SHARES)
    return StageLatency(
        run=run,
        flight=flight,
        vehicle=vehicle,
        as_of_ns=as_of_ns,
        service=service,
        stage=stage,
        since_ns=since_ns,
        messages=histogram.total,
        p50_s=round(p50_s, 6),
        p95_s=round(p95_s, 6),
        p99_s=round(p99_s, 6),
        max_s=histogram.max_s,
        histogram=histogram.text(),
    )


def added_up(records: Iterable[StageLatency]) -> list[StageLatency]:
    """Return one record a vehicle and stage, of all members that told of it; the last of each identity counts.

    A record without a histogram, from before there were any, is left out: it spoke of a few seconds only.

    Raises
    ------
    PacketError
        If a histogram is none.
    """
    last = {record.identity: record for record in records if record.histogram}
    parts: dict[tuple[str, str, str, str], list[StageLatency]] = {}
    for record in last.values():
        parts.setdefault((record.run, record.flight, record.vehicle, record.stage), []).append(record)
    found: list[StageLatency] = []
    for (run, flight, vehicle, stage), some in parts.items():
        whole = Histogram()
        for record in some:
            whole.merge(Histogram.from_text(record.histogram))
        service = ", ".join(sorted({record.service for record in some}))
        as_of_ns, since_ns = max(record.as_of_ns for record in some), min(record.since_ns for record in some)
        found.append(stage_latency((run, flight, vehicle), as_of_ns, service, stage, since_ns, whole))
    order = {stage: place for place, stage in enumerate(STAGES)}
    return sorted(found, key=lambda record: (record.vehicle, order.get(record.stage, len(order)), record.stage))
