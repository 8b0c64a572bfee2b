"""What a stretch of flight says when it is run again, compared with what had been told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from processors.detector import Finding, Found, Source
from processors.late.segment import Segment, Telling
from processors.teller import RETRACTED, Completed, Said, Teller
from telemetry.events import Event

Place = tuple[int, Finding]


@dataclass(slots=True)
class Old:
    """An event that was told of in the stretch: first and last word of it there."""

    first: Telling
    last: Telling


@dataclass(slots=True, eq=False)
class New:
    """One happening that the re-run speaks of.

    Parameters
    ----------
    source
        Its detector.
    was
        What had been told of it before the stretch; none if nothing was.
    ordinal
        Of its event; none as long as it has none.
    words
        What would have been told, and in which segment.
    """

    source: Source
    was: Finding | None = None
    ordinal: int | None = None
    words: list[Place] = field(default_factory=list)

    @property
    def last(self) -> Finding:
        """The last word."""
        return self.words[-1][1]

    def hear(self, segment: int, finding: Finding) -> None:
        """Take the next finding about it, if it is one that is told."""
        before = self.last if self.words else self.was
        if finding.status == RETRACTED if before is None else not Said.of(before).is_news(finding):
            return
        self.words.append((segment, finding))


def revise(
    segments: Sequence[Segment],
    found: Sequence[Iterable[Found]],
    teller: Teller,
    vehicle: str,
    by: Completed,
    named: Callable[[str], Source | None],
) -> list[Event]:
    """Tell what a re-run changes, and put what it found in the place of what had been told.

    What was found again is silent, or the next revision of its event if it says something else; what is new is told,
    what is not found again is retracted, or told again as it was before the stretch. The same happening is what its
    detector gives the same number before the stretch; else what is of the same type and nearest in time.

    Parameters
    ----------
    segments
        Of the stretch, in order.
    found
        What was found in each.
    teller, vehicle
        Who tells, and of what.
    by
        The message that set the re-run off.
    named
        Returns the detector of a name.
    """
    olds = _olds(segments)
    for old in olds.values():
        if old.first.was is None:
            teller.bind(vehicle, old.last.finding, None)
    news = _news(found, teller, vehicle, olds)
    spoken = {(new.last.type, new.ordinal) for new in news}
    unheard = {event: old for event, old in olds.items() if event not in spoken}
    _pair([new for new in news if new.ordinal is None], {e: o for e, o in unheard.items() if o.first.was is None})
    for segment in segments:
        segment.tellings.clear()
    spoken = {(new.last.type, new.ordinal) for new in news}
    events = [
        _take_back(segments[0], old, teller, vehicle, by, named)
        for event, old in unheard.items()
        if event not in spoken
    ]
    events += [_tell(segments, new, teller, vehicle, by) for new in sorted(news, key=lambda one: one.last.t_ns)]
    return [event for event in events if event is not None]


def _take_back(
    segment: Segment, old: Old, teller: Teller, vehicle: str, by: Completed, named: Callable[[str], Source | None]
) -> Event | None:
    """Tell of an event that was not found again that it was none, or what had been told of it before the stretch."""
    source = named(old.last.source)
    if source is None:
        return None
    last = old.first.was or replace(old.last.finding, status=RETRACTED, occurrence=None)
    if old.first.was is None:
        segment.tellings.append(Telling(source.name, last, old.last.ordinal, None))
    return teller.revise(vehicle, source, last, old.last.ordinal, by)


def _tell(segments: Sequence[Segment], new: New, teller: Teller, vehicle: str, by: Completed) -> Event | None:
    """Tell of what was found; what takes back that which was never told is nothing."""
    if new.ordinal is None:
        if new.last.status == RETRACTED:
            return None
        new.ordinal = teller.next_ordinal(vehicle, new.last.type)
    event = teller.revise(vehicle, new.source, new.last, new.ordinal, by)
    teller.bind(vehicle, new.last, new.ordinal)
    was = new.was
    for at, finding in new.words:
        segments[at].tellings.append(Telling(new.source.name, finding, new.ordinal, was))
        was = finding
    return event


def _olds(segments: Iterable[Segment]) -> dict[tuple[str, int], Old]:
    olds: dict[tuple[str, int], Old] = {}
    for segment in segments:
        for telling in segment.tellings:
            if telling.event in olds:
                olds[telling.event].last = telling
            else:
                olds[telling.event] = Old(telling, telling)
    return olds


def _news(
    found: Sequence[Iterable[Found]], teller: Teller, vehicle: str, olds: dict[tuple[str, int], Old]
) -> list[New]:
    """Return the happenings of which a re-run tells something."""
    news: dict[tuple[str, int | None, int], New] = {}
    alone = 0
    for at, some in enumerate(found):
        for source, finding in some:
            alone += finding.occurrence is None
            key = (finding.type, finding.occurrence, alone if finding.occurrence is None else 0)
            if key not in news:
                ordinal = teller.ordinal_of(vehicle, finding)
                old = None if ordinal is None else olds.get((finding.type, ordinal))
                was = teller.said(vehicle, finding.type, ordinal) if old is None else old.first.was
                news[key] = New(source, was, ordinal)
            news[key].hear(at, finding)
    return [new for new in news.values() if new.words]


def _pair(news: Sequence[New], olds: dict[tuple[str, int], Old]) -> None:
    """Give new happenings the ordinals of old ones: of one type, the nearest in time first, the retracted last."""
    possible = [
        (
            RETRACTED in {new.last.status, old.last.finding.status},
            abs(new.last.t_ns - old.last.finding.t_ns),
            at,
            event,
        )
        for at, new in enumerate(news)
        for event, old in olds.items()
        if event[0] == new.last.type
    ]
    taken: set[tuple[str, int]] = set()
    for _, _, at, event in sorted(possible):
        if news[at].ordinal is None and event not in taken:
            news[at].ordinal = event[1]
            taken.add(event)
