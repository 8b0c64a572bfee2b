"""Whether two runs of a flight found the same events. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from telemetry.cuc import NS_PER_S
from telemetry.events import Event
from telemetry.vocabulary import ACTS, WATCH_EVENTS, short_name

Identity = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Difference:
    """An event that both runs have, and the fields in which they differ: name to (original, replayed)."""

    identity: Identity
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs' events, matched by vehicle, type, ordinal and revision.

    Parameters
    ----------
    equal
        Found in both, with the same time, uncertainty, status and values.
    differing
        Found in both, but not the same.
    missing
        Found in the original only.
    extra
        Found in the replay only.
    """

    equal: list[Identity] = field(default_factory=list)
    differing: list[Difference] = field(default_factory=list)
    missing: list[Identity] = field(default_factory=list)
    extra: list[Identity] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether nothing differs; two runs without any event say nothing and are not the same."""
        return bool(self.equal) and not (self.differing or self.missing or self.extra)

    def to_text(self) -> str:
        """Return the report, a line for each event that is not equal."""
        counts = f"{len(self.equal)} equal, {len(self.differing)} differing"
        lines = [f"events: {counts}, {len(self.missing)} missing, {len(self.extra)} extra"]
        lines += [f"  missing    {_name(identity)}" for identity in self.missing]
        lines += [f"  extra      {_name(identity)}" for identity in self.extra]
        for difference in self.differing:
            lines.append(f"  differing  {_name(difference.identity)}")
            lines += [f"    {name}: {_pair(name, pair)}" for name, pair in difference.fields.items()]
        return "\n".join(lines)


def compare_events(original: Iterable[Event], replayed: Iterable[Event]) -> Comparison:
    """Compare the events of two runs of one flight.

    When an event was detected and where its evidence stands in Kafka may differ: that is the line's doing, not the
    flight's. A time, a value, an uncertainty or a status may not. What people did about limits is not compared: they
    did it on one run, and it is not flown again.
    """
    before = {event.identity_in_flight: event for event in original if event.type not in ACTS}
    after = {event.identity_in_flight: event for event in replayed if event.type not in ACTS}
    comparison = Comparison(
        missing=[identity for identity in before if identity not in after],
        extra=[identity for identity in after if identity not in before],
    )
    for identity in before.keys() & after.keys():
        fields = _differences(before[identity], after[identity])
        if fields:
            comparison.differing.append(Difference(identity, fields))
        else:
            comparison.equal.append(identity)
    comparison.differing.sort(key=lambda difference: before[difference.identity].t_ns)
    comparison.equal.sort(key=lambda identity: before[identity].t_ns)
    return comparison


def _differences(one: Event, other: Event) -> dict[str, tuple[Any, Any]]:
    pairs: dict[str, tuple[Any, Any]] = {
        name: (getattr(one, name), getattr(other, name)) for name in ("t_ns", "t_sigma_s", "status")
    }
    for name in dict.fromkeys([*one.values, *other.values]):
        pairs[f"values.{name}"] = (one.values.get(name), other.values.get(name))
    return {name: pair for name, pair in pairs.items() if not _same(*pair)}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    return bool(one == other)


def _name(identity: Identity) -> str:
    vehicle, event_type, ordinal, revision = identity
    numbered = f" #{ordinal + 1}" if ordinal else ""
    name = event_type.removeprefix("downrange.") if event_type in WATCH_EVENTS else short_name(event_type)
    return f"{vehicle} {name}{numbered}{f' revision {revision}' if revision else ''}"


def _pair(name: str, pair: tuple[Any, Any]) -> str:
    if name == "t_ns":
        return f"{(pair[1] - pair[0]) / NS_PER_S:+.9f} s ({pair[0]} ns, replayed {pair[1]} ns)"
    return f"{pair[0]}, replayed {pair[1]}"
