"""Whether two runs of a flight found the same events. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from telemetry.cuc import NS_PER_S
from telemetry.events import Event
from telemetry.vocabulary import ACTS, WATCH_EVENTS, short_name

Identity = tuple[str, str, int, int]
Kind = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """An event that both runs have, and the fields in which they differ: name to (original, replayed)."""

    identity: Identity
    fields: dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs' final events, and beside them what was said on the way there.

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
    revisions_equal
        Superseded revisions and retractions that both told.
    revisions_missing, revisions_extra
        Those that only one told. They make no difference: what was told before late data came depends on when it came.
    """

    equal: list[Identity] = field(default_factory=list)
    differing: list[Difference] = field(default_factory=list)
    missing: list[Identity] = field(default_factory=list)
    extra: list[Identity] = field(default_factory=list)
    revisions_equal: list[Identity] = field(default_factory=list)
    revisions_missing: list[Identity] = field(default_factory=list)
    revisions_extra: list[Identity] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Whether no final event differs; two runs without any event say nothing and are not the same."""
        return bool(self.equal) and not (self.differing or self.missing or self.extra)

    def to_text(self) -> str:
        """Return the report, a line for each event that is not equal, and for each revision only one run told."""
        counts = f"{len(self.equal)} equal, {len(self.differing)} differing"
        lines = [f"events: {counts}, {len(self.missing)} missing, {len(self.extra)} extra"]
        lines += [f"  missing    {_name(identity)}" for identity in self.missing]
        lines += [f"  extra      {_name(identity)}" for identity in self.extra]
        for difference in self.differing:
            lines.append(f"  differing  {_name(difference.identity)}")
            lines += [f"    {name}: {_pair(name, pair)}" for name, pair in difference.fields.items()]
        if self.revisions_equal or self.revisions_missing or self.revisions_extra:
            only = f"{len(self.revisions_missing)} told by the original only, {len(self.revisions_extra)} by the replay"
            lines.append(f"revised or taken back on the way: {len(self.revisions_equal)} equal, {only}")
            lines += [f"  original   {_name(identity)}" for identity in self.revisions_missing]
            lines += [f"  replay     {_name(identity)}" for identity in self.revisions_extra]
        return "\n".join(lines)


def compare_events(original: Iterable[Event], replayed: Iterable[Event]) -> Comparison:
    """Compare the events of two runs of one flight.

    What counts are the final events: the last revision of each, unless it takes the event back. Of a vehicle and type,
    those at the same time are the same event, then those with the same ordinal: an ordinal says in which order events
    were first told, and a false one that was taken back had one too.

    When an event was detected and where its evidence stands in Kafka may differ: that is the line's doing, not the
    flight's. A time, a value, an uncertainty or a status may not. What people did about limits is not compared: they
    did it on one run, and it is not flown again.
    """
    before, said_before = _final([event for event in original if event.type not in ACTS])
    after, said_after = _final([event for event in replayed if event.type not in ACTS])
    comparison = Comparison()
    for kind in dict.fromkeys([*before, *after]):
        pairs, missing, extra = _paired(before.get(kind, []), after.get(kind, []))
        comparison.missing.extend(event.identity_in_flight for event in missing)
        comparison.extra.extend(event.identity_in_flight for event in extra)
        for one, other in pairs:
            fields = _differences(one, other)
            if fields:
                comparison.differing.append(Difference(one.identity_in_flight, fields))
            else:
                comparison.equal.append(one.identity_in_flight)
    for one_said in said_before:
        same = one_said in said_after and not _differences(said_before[one_said], said_after[one_said])
        (comparison.revisions_equal if same else comparison.revisions_missing).append(one_said)
    equal = frozenset(comparison.revisions_equal)
    comparison.revisions_extra.extend(identity for identity in said_after if identity not in equal)
    return comparison


def _final(events: Iterable[Event]) -> tuple[dict[Kind, list[Event]], dict[Identity, Event]]:
    """Return what stands in the end by vehicle and type, and all else that was said; each in order of time."""
    ordered = sorted(events, key=lambda event: (event.t_ns, event.ordinal, event.revision))
    last: dict[tuple[Kind, int], int] = {}
    for event in ordered:
        whose = (_kind(event), event.ordinal)
        last[whose] = max(event.revision, last.get(whose, 0))
    final: dict[Kind, list[Event]] = {}
    said: dict[Identity, Event] = {}
    for event in ordered:
        if event.is_standing and event.revision == last[_kind(event), event.ordinal]:
            final.setdefault(_kind(event), []).append(event)
        else:
            said[event.identity_in_flight] = event
    return final, said


def _paired(
    before: Sequence[Event], after: Sequence[Event]
) -> tuple[list[tuple[Event, Event]], list[Event], list[Event]]:
    """Return the events of one kind that are the same in both runs, and those that only one has."""
    pairs: list[tuple[Event, Event]] = []
    ours, theirs = list(before), list(after)
    for same in (_same_time, _same_ordinal):
        for one in tuple(ours):
            other = next((each for each in theirs if same(one, each)), None)
            if other is not None:
                pairs.append((one, other))
                ours.remove(one)
                theirs.remove(other)
    return sorted(pairs, key=lambda pair: pair[0].t_ns), ours, theirs


def _same_time(one: Event, other: Event) -> bool:
    return one.t_ns == other.t_ns


def _same_ordinal(one: Event, other: Event) -> bool:
    return one.ordinal == other.ordinal


def _kind(event: Event) -> Kind:
    return (event.vehicle, event.type)


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
