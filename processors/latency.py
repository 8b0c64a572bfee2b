"""How long messages took from one place of the line to the next, by the clock on the wall."""

from __future__ import annotations

from dataclasses import dataclass, field

from telemetry.quality import StageLatency

NS_PER_S = 10**9
MOST_SAMPLES = 10_000


@dataclass(slots=True)
class Latencies:
    """Latencies of one flight since they were last told, by vehicle and stage, in seconds.

    Examples
    --------
    >>> latencies = Latencies()
    >>> latencies.add("ship", "detect", 1_000_000_000, 1_250_000_000)
    >>> latencies.take("live", "YX1-7", 0)[0].p50_s
    0.25
    """

    samples: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, vehicle: str, stage: str, from_ns: int, to_ns: int) -> None:
        """Take one message's way; a time of 0 is none."""
        if from_ns and to_ns:
            taken = self.samples.setdefault((vehicle, stage), [])
            if len(taken) < MOST_SAMPLES:
                taken.append((to_ns - from_ns) / NS_PER_S)

    def take(self, run: str, flight: str, as_of_ns: int) -> list[StageLatency]:
        """Return one record a vehicle and stage, and forget the samples."""
        records = [
            StageLatency(
                run=run,
                flight=flight,
                vehicle=vehicle,
                as_of_ns=as_of_ns,
                stage=stage,
                messages=len(taken),
                p50_s=round(_quantile(taken, 0.5), 6),
                p99_s=round(_quantile(taken, 0.99), 6),
                max_s=round(max(taken), 6),
            )
            for (vehicle, stage), taken in self.samples.items()
        ]
        self.samples.clear()
        return records


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
