"""From what was measured, what was told and what was counted to a report. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from downrange.report.model import Books, Craft, FlightReport, Happening, Raised, Span
from downrange.report.phases import OVER, PAD, phases_of
from downrange.report.tracks import NS_PER_S, Tracks, heard_between
from downrange.report.words import clock, duration, plural
from telemetry.events import Event
from telemetry.quality import LinkState
from telemetry.vocabulary import ChannelEvent, FlightEvent, LimitEvent, LinkEvent

FLIGHT_EVENTS: Final = frozenset(event.value for event in FlightEvent)
ELSEWHERE: Final = frozenset(event.value for kind in (LimitEvent, ChannelEvent, LinkEvent) for event in kind)
BEGINS_LIMIT: Final = frozenset({LimitEvent.RAISED.value, ChannelEvent.STALE.value})
ENDS_LIMIT: Final = frozenset({LimitEvent.CLEARED.value, ChannelEvent.FRESH.value})
# so much of the flight's length is shown before T0 and after the last event, and at least so long
MARGIN_SHARE: Final = 0.25
LEAST_MARGIN_S: Final = 30.0
MOST_HOLES: Final = 3


@dataclass(frozen=True, slots=True)
class About:
    """Whose report it is, and when it is made.

    Parameters
    ----------
    flight, run
        Which; no run for a file.
    source
        Where the data and the events are from, in words.
    made_ns
        When, Unix ns.
    has_date
        Whether the data's times are dates; a log counts from its own zero.
    remarks
        What the reader of the data has to say: rows that could not be read, records that are none.
    """

    flight: str
    run: str
    source: str
    made_ns: int
    has_date: bool = True
    remarks: tuple[str, ...] = field(default=())


def build_report(
    about: About, tracks: Tracks, events: Iterable[Event], books: Books, links: Sequence[LinkState] = ()
) -> FlightReport:
    """Return the report of a flight, whatever it was read from.

    Parameters
    ----------
    about
        Whose.
    tracks
        What was measured, of at least one vehicle.
    events
        Every revision of every event, in the order in which they were told.
    books
        Its `missing` with times since the epoch of `tracks`, in seconds; they are counted from T0 here.
    links
        The last state of each link.
    """
    told = list(events)
    liftoff_ns = _liftoff_ns(told)
    zero_ns = liftoff_ns if liftoff_ns is not None else min(tracks.heard_ns(name)[0] for name in tracks.vehicles)
    happenings, all_limits = _happenings(told, zero_ns), _limits(told, zero_ns)
    crafts = tuple(_craft(name, tracks, happenings, zero_ns) for name in tracks.vehicles)
    heard = heard_between(tracks, tracks.vehicles, zero_ns)
    shown = _shown(heard, happenings, crafts)
    zero_s = zero_ns / NS_PER_S
    missing = tuple(
        replace(each, start_s=None if each.start_s is None else each.start_s - zero_s, end_s=each.end_s - zero_s)
        for each in books.missing
    )
    counted = replace(books, missing=missing)
    zero = _zero(about, zero_ns, liftoff_ns)
    dictionaries = ", ".join(dict.fromkeys(craft.dictionary for craft in crafts if craft.dictionary))
    facts = (
        *((("vehicles", ", ".join(tracks.vehicles)), ("dictionary", dictionaries)) if dictionaries else ()),
        ("T0", zero),
        ("duration", duration(heard.end_s - heard.start_s)),
        ("source", about.source),
        ("made", f"{datetime.fromtimestamp(about.made_ns // NS_PER_S, UTC):%Y-%m-%d %H:%M:%S} UTC"),
    )
    unknown = (*about.remarks, *_unknown(tracks, crafts, happenings, heard, shown))
    return FlightReport(
        about.flight,
        about.run,
        facts,
        zero,
        crafts,
        shown,
        tuple(each for each in happenings if each.event.type not in ELSEWHERE),
        all_limits,
        counted,
        tuple(sorted(links, key=lambda link: (link.vehicle, link.station))),
        unknown,
    )


def _liftoff_ns(events: Iterable[Event]) -> int | None:
    last = {event.identity_in_flight[:3]: event for event in events if event.type == FlightEvent.LIFTOFF}
    return min((event.t_ns for event in last.values() if event.status != "retracted"), default=None)


def _happenings(events: Iterable[Event], zero_ns: int) -> tuple[Happening, ...]:
    """Return the last revision of each event with when its first was told, or told again after it was taken back."""
    revisions: dict[tuple[str, str, int], list[Event]] = {}
    for event in events:
        revisions.setdefault(event.identity_in_flight[:3], []).append(event)
    found: list[Happening] = []
    for each in revisions.values():
        each.sort(key=lambda event: event.revision)
        last = each[-1]
        taken_back = [at for at, event in enumerate(each[:-1]) if event.status == "retracted"]
        first = each[taken_back[-1] + 1] if taken_back else each[0]
        known_after_s = (first.detected_ns - last.t_ns) / NS_PER_S
        found.append(Happening(last, (last.t_ns - zero_ns) / NS_PER_S, known_after_s, len(each)))
    return tuple(sorted(found, key=lambda happening: (happening.t_s, happening.event.vehicle)))


def _limits(events: Iterable[Event], zero_ns: int) -> tuple[Raised, ...]:
    beginning: dict[tuple[str, ...], Raised] = {}
    found: list[Raised] = []
    for event in sorted(events, key=lambda each: each.t_ns):
        if event.type not in BEGINS_LIMIT | ENDS_LIMIT or event.status == "retracted":
            continue
        stale = event.type in {ChannelEvent.STALE.value, ChannelEvent.FRESH.value}
        level, side = ("stale", "stale") if stale else (str(event.values.get(name, "")) for name in ("level", "side"))
        key = (event.vehicle, str(event.values.get("channel", "")), level, side)
        at_s = (event.t_ns - zero_ns) / NS_PER_S
        earlier = beginning.pop(key, None)
        if earlier is not None:
            found.append(replace(earlier, end_s=at_s))
        if event.type in BEGINS_LIMIT:
            value, threshold = (_number(event.values.get(name)) for name in ("value", "limit"))
            beginning[key] = Raised(*key, start_s=at_s, end_s=None, value=value, threshold=threshold)
    return tuple(sorted((*found, *beginning.values()), key=lambda each: (each.start_s, each.vehicle, each.channel)))


def _number(value: float | str | bool | None) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _craft(name: str, tracks: Tracks, happenings: Iterable[Happening], zero_ns: int) -> Craft:
    heard = heard_between(tracks, [name], zero_ns)
    mine = [each for each in happenings if each.event.vehicle == name]
    phases = phases_of(mine, heard, tracks.plan(name))
    return Craft(name, tracks.dictionaries(name), tracks.traces(name, zero_ns), phases, heard)


def _shown(heard: Span, happenings: Iterable[Happening], crafts: Iterable[Craft]) -> Span:
    """Return what the axis holds: an hour on the pad, or afloat, must not press the flight into a corner."""
    flown = [each.t_s for each in happenings if each.event.type in FLIGHT_EVENTS and each.event.status != "retracted"]
    if not flown:
        return heard
    first_s, last_s = min(flown), max(flown)
    margin_s = max(MARGIN_SHARE * (last_s - first_s), LEAST_MARGIN_S)
    start_s, end_s = heard.start_s, heard.end_s
    if all(craft.phases[0].name == PAD for craft in crafts):
        start_s = max(start_s, first_s - margin_s)
    if all(craft.phases[-1].name in OVER for craft in crafts):
        end_s = min(end_s, last_s + margin_s)
    return Span(min(start_s, first_s), max(end_s, last_s))


def _zero(about: About, zero_ns: int, liftoff_ns: int | None) -> str:
    what = "liftoff" if liftoff_ns is not None else "the first data: no liftoff was found"
    if about.has_date:
        t_ms = zero_ns // 10**6
        return f"{datetime.fromtimestamp(t_ms // 1000, UTC):%Y-%m-%d %H:%M:%S}.{t_ms % 1000:03d} UTC, {what}"
    return f"{zero_ns / NS_PER_S:.3f} s of the log's clock, {what}"


def _unknown(
    tracks: Tracks, crafts: Sequence[Craft], happenings: Sequence[Happening], heard: Span, shown: Span
) -> tuple[str, ...]:
    said: list[str] = []
    if not any(each.event.type in FLIGHT_EVENTS for each in happenings):
        said.append("No flight event was found.")
    for status in ("provisional", "retracted"):
        count = sum(each.event.status == status for each in happenings)
        if count:
            said.append(f"{plural(count, f'{status} event')} marked so.")
    before_s, after_s = shown.start_s - heard.start_s, heard.end_s - shown.end_s
    for length_s, where in ((before_s, "before"), (after_s, "after")):
        if length_s > 1.0:
            said.append(f"{duration(length_s)} of data {where} what is drawn.")
    for craft in crafts:
        said += [
            f"{craft.name}: {quantity} was not measured."
            for quantity in ("altitude", "speed", "acceleration")
            if quantity not in craft.traces
        ]
        said += [
            f"{craft.name}: {quantity} was not measured; drawn is the {trace.source}."
            for quantity, trace in craft.traces.items()
            if trace.derived
        ]
        said += _said_of_holes(craft)
    said += [
        f"{vehicle}: {plural(count, 'value')} of {channel} out of range, not drawn."
        for (vehicle, channel), count in sorted(tracks.out_of_range.items())
    ]
    return tuple(said)


def _said_of_holes(craft: Craft) -> list[str]:
    """Return where a vehicle's curves have holes: the longest, and how many there are in all."""
    said: list[str] = []
    told: tuple[Span, ...] = ()
    for quantity in craft.traces:
        holes = craft.unmeasured(quantity)
        if not holes or holes == told:
            continue
        told = holes
        longest = sorted(sorted(holes, key=lambda hole: hole.start_s - hole.end_s)[:MOST_HOLES])
        where = ", ".join(f"{duration(hole.end_s - hole.start_s)} from {clock(hole.start_s)}" for hole in longest)
        more = f", and {plural(len(holes) - MOST_HOLES, 'shorter hole')}" if len(holes) > MOST_HOLES else ""
        said.append(f"{craft.name}: no {quantity} for {where}{more}.")
    return said
