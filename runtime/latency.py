"""How long messages took from one place of the line to the next: counted a batch at a time, told now and then."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from prometheus_client import REGISTRY
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from runtime.kafka import Outgoing
from telemetry.histogram import US_PER_S, Histogram
from telemetry.latency import stage_latency
from telemetry.message import Message
from telemetry.quality import StageLatency
from telemetry.topics import KafkaTopic, flight_key

NS_PER_US: Final = 1_000
US_PER_MS: Final = 1_000
NS_PER_MS: Final = 1_000_000
TELL_S: Final = 5.0
IDLE_S: Final = 1.0
FORGET_S: Final = 600.0
BOUNDS_S: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 25.0, 60.0),
)
LABELS: Final = ("service", "stage")
Whose = tuple[str, str, str]


class Handled(NamedTuple):
    """A message that a service is done with.

    Parameters
    ----------
    message
        With its own times.
    oldest_ns
        Generation time of its oldest packet; 0 if that was not looked at.
    logged_ms, appended
        Time of its Kafka record, 0 if that was not looked at, and whether it is the broker's, who appended it, or only
        that of the client that handed it over.
    """

    message: Message
    oldest_ns: int = 0
    logged_ms: int = 0
    appended: bool = False


@dataclass(slots=True)
class _Way:
    """Of one vehicle: how long its messages took for each stage since this member began to look after it."""

    since_ns: int
    as_of_ns: int = 0
    touched_s: float = 0.0
    told_s: float = float("-inf")
    is_told: bool = True
    stages: dict[str, Histogram] = field(default_factory=dict)


class Latencies:
    """The latencies of one service.

    A member that restarts, or takes a flight over, begins a histogram of its own, with its own `since_ns`; what the one
    before has told stays, and `telemetry.latency.added_up` counts both. A message that is handled again after a crash
    counts again: it did take so long. A retried one is left out, since its `ingest_ns` is from before it was refused.

    Parameters
    ----------
    service
        Its name, which is the name of its own stage too: from `ingest_ns` until it was done.
    """

    def __init__(self, service: str) -> None:
        self.service = service
        self._ways: dict[Whose, _Way] = {}
        self._gone: dict[str, Histogram] = {}
        EXPORTED.members.add(self)

    def take(self, handled: Iterable[Handled], now_ns: int, now_s: float) -> None:
        """Count messages that were done at `now_ns`, Unix; `now_s` is of the clock that only goes forward."""
        service = self.service
        times: dict[Whose, dict[str, list[int]]] = {}
        for message, oldest_ns, logged_ms, appended in handled:
            ingest_ns, address = message.ingest_ns, message.address
            if not ingest_ns or message.retry_of:
                continue
            whose = (address.run, address.flight, address.vehicle)
            stages = times.get(whose)
            if stages is None:
                stages = times[whose] = {"ert": [], "ingest": [], "produce": [], "kafka": [], service: []}
                self._touch(whose, now_ns, now_s)
            way = self._ways[whose]
            way.as_of_ns = max(way.as_of_ns, message.ert_ns)
            stages[service].append((now_ns - ingest_ns) // NS_PER_US)
            if oldest_ns:
                stages["ert"].append((message.ert_ns - oldest_ns) // NS_PER_US)
            if logged_ms:
                # both cut to whole milliseconds, as the record's time is: else a short way would be one back in time
                waited_us = (logged_ms - ingest_ns // NS_PER_MS) * US_PER_MS
                stages["kafka" if appended else "produce"].append(waited_us)
                if message.sent_ns:
                    stages["ingest"].append((ingest_ns - message.sent_ns) // NS_PER_US)
        for whose, stages in times.items():
            histograms = self._ways[whose].stages
            for stage, times_us in stages.items():
                if times_us:
                    histograms.setdefault(stage, Histogram()).add(times_us)

    def due(self, now_s: float, *, everything: bool = False) -> list[Outgoing]:
        """Return the records that are to be told: of a vehicle every 5 s, and once when it has fallen silent."""
        records: list[Outgoing] = []
        for whose, way in list(self._ways.items()):
            idle_s = now_s - way.touched_s
            if not way.is_told and (everything or now_s - way.told_s >= TELL_S or idle_s >= IDLE_S):
                way.told_s, way.is_told = now_s, True
                for stage, histogram in way.stages.items():
                    told = stage_latency(whose, way.as_of_ns, self.service, stage, way.since_ns, histogram)
                    records.append(_outgoing(told))
            elif idle_s >= FORGET_S:
                _add(self._gone, self._ways.pop(whose).stages)
        return records

    def totals(self) -> dict[str, Histogram]:
        """Return a histogram a stage, of all flights since this member began."""
        found: dict[str, Histogram] = {}
        for stages in (self._gone, *(way.stages for way in self._ways.values())):
            _add(found, stages)
        return found

    def _touch(self, whose: Whose, now_ns: int, now_s: float) -> None:
        way = self._ways.get(whose)
        if way is None:
            way = self._ways[whose] = _Way(now_ns)
        way.touched_s, way.is_told = now_s, False


class _Exported(Collector):
    """`downrange_stage_latency_seconds`, made of the same histograms when it is asked for: a message pays nothing."""

    def __init__(self) -> None:
        self.members: weakref.WeakSet[Latencies] = weakref.WeakSet()

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Yield the metric."""
        totals: dict[str, dict[str, Histogram]] = {}
        for member in self.members:
            _add(totals.setdefault(member.service, {}), member.totals())
        family = HistogramMetricFamily(
            "downrange_stage_latency_seconds", "How long messages took for a stage of the line", labels=LABELS
        )
        for service, stages in totals.items():
            for stage, histogram in stages.items():
                counts = zip(BOUNDS_S, histogram.counts_up_to(BOUNDS_S), strict=True)
                buckets = [(f"{bound:g}", float(count)) for bound, count in counts]
                buckets.append(("+Inf", float(histogram.total)))
                family.add_metric([service, stage], buckets, histogram.total_us / US_PER_S)
        yield family


EXPORTED: Final = _Exported()
REGISTRY.register(EXPORTED)


def _add(to: dict[str, Histogram], stages: dict[str, Histogram]) -> None:
    for stage, histogram in stages.items():
        to.setdefault(stage, Histogram()).merge(histogram)


def _outgoing(record: StageLatency) -> Outgoing:
    headers = [("type", record.type.encode()), ("run", record.run.encode()), ("flight", record.flight.encode())]
    key = flight_key(record.run, record.flight)
    return Outgoing(KafkaTopic.QUALITY, key, record.model_dump_json().encode(), headers)
