"""Flights of which some comes late: held up, dumped, shuffled, twice; and what is known of them in the end."""

from __future__ import annotations

import functools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from detection import DECODER, NS, T0_NS, Flown, Known, detect, final, messages_of, new_engine, transmitter
from numpy.typing import NDArray
from quality.simulated import Lean

from processors.frames import join_frames
from simulator.faults.notation import parse_fault
from simulator.radio.downlink import COARSEST_BUNDLE_S, in_line, make_links, ticks
from simulator.radio.stations import load_stations
from simulator.simulate import simulate
from telemetry.events import Event
from telemetry.frames import Frame
from telemetry.link import LinkReport
from telemetry.message import Message
from telemetry.topics import Kind

# a tenth of what a time may be wrong by is no news; the rest is for rounding
NEWS_SIGMAS = 0.1001
FIRST_S, LAST_S = -16.0, 105.0
# what comes late must have come this long before the end, so that a re-run is due
LAST_HURT_S = 76.0
LONGEST_DELAY_S = 12.0
# a hole of less than a second is given up after 15 s; who alone heard what lies in it must have brought it by then
SOON_S, LONG_S = 14.0, 2.5


@dataclass(frozen=True)
class Hole:
    """What a station heard between two mission times comes at a third; of all stations if it names none."""

    first_s: float
    last_s: float
    back_s: float
    station: str | None = None

    def covers(self, message: Message) -> bool:
        """Whether a message is held up."""
        t_s = mission_s(message.ert_ns)
        return self.first_s < t_s < self.last_s and self.station in {None, message.address.station}


def mission_s(t_ns: int) -> float:
    return (t_ns - T0_NS) / NS


@functools.cache
def heard(stations: tuple[str, ...]) -> tuple[Message, ...]:
    """Return what stations send of a hop, from before ignition to after the descent has begun, as it comes."""
    return tuple(
        message
        for message in messages_of(transmitter("hop"))
        if FIRST_S < mission_s(message.ert_ns) < LAST_S and message.address.station in stations
    )


def hurt(messages: Sequence[Message], seed: int) -> list[Message]:
    """Return the messages with dumps, some overtaken by others, some twice; all of them come."""
    chance = np.random.default_rng(seed)
    stations = sorted({message.address.station for message in messages})
    holes: list[Hole] = []
    for _ in range(int(chance.integers(0, 4))):
        first_s = float(chance.uniform(FIRST_S, LAST_HURT_S - 6.0))
        last_s = min(
            first_s + float(chance.choice([0.3, 1.0, 3.0, 10.0, 30.0]) * chance.uniform(0.5, 1.5)), LAST_HURT_S
        )
        station = str(chance.choice([*stations, ""])) or None
        holes.append(Hole(first_s, last_s, last_s + float(chance.uniform(0.5, LONGEST_DELAY_S)), station))
    shuffled = float(chance.choice([0.0, 0.05]))
    backwards, by_its_own_time = chance.random(2) < 0.5
    coming: list[tuple[float, int, Message]] = []
    for place, message in enumerate(messages):
        at_s = due_s = mission_s(message.ert_ns)
        if message.kind is Kind.TELEMETRY:
            covering = [hole for hole in holes if hole.covers(message)]
            at_s = max([due_s, *(hole.back_s for hole in covering)])
            if due_s < LAST_HURT_S and chance.random() < shuffled:
                at_s += float(chance.uniform(0.0, LONGEST_DELAY_S))
            everybodys = [hole for hole in covering if hole.station is None or len(stations) == 1]
            if not any(hole.last_s - hole.first_s > LONG_S for hole in everybodys):
                at_s = min(at_s, due_s + SOON_S)
        late = at_s > due_s
        # a ring on board sends again, a station sends what it heard then
        sent = message if by_its_own_time else replace(message, ert_ns=message.ert_ns + round((at_s - due_s) * NS))
        order = -place if late and backwards else place
        coming.append((at_s, order, sent))
        if chance.random() < 0.02:
            coming.append((at_s + 0.1, order, sent))
    return [message for _, _, message in sorted(coming, key=lambda one: one[:2])]


def differences(known: Sequence[Known], whole: Sequence[Known]) -> list[str]:
    """Return what differs of what is known of two flights in the end, but for times by which nothing is new."""
    if [one[:2] for one in known] != [one[:2] for one in whole]:
        return [f"{[one[:2] for one in known]} is not {[one[:2] for one in whole]}"]
    return [
        f"{one} is not {other}"
        for one, other in zip(known, whole, strict=True)
        if abs(one[2] - other[2]) > NEWS_SIGMAS * other[3] * NS or one[4:] != other[4:]
    ]


def received(preset: str, faults: str, until_s: float = math.inf) -> list[Message]:
    """Return what stations send of a flight with faults, up to a mission time, as it comes."""
    flown = simulate(preset, 7, T0_NS, faults=tuple(parse_fault(fault) for fault in faults.split()))
    sent = Lean(flown.flight, flown.dictionary, 7, flown.t0_ns)
    links = make_links(sent, load_stations(sent.flight.preset.stations), "live", "F")
    return [one for one in in_line(ticks(sent, links, COARSEST_BUNDLE_S)) if (one.ert_ns - sent.t0_ns) / NS < until_s]


def known_at_last(messages: Sequence[Message]) -> tuple[list[Known], Flown]:
    """Return what is known in the end of messages as they come, when nothing more does."""
    flown = detect(messages)
    flown.events += flown.engine.settle().events
    return final(flown.events), flown


def known_in_time(messages: Sequence[Message], set_back_s: float = 0.0) -> list[Known]:
    """Return what is known in the end if each packet of these comes once, in order, when it is made.

    With `set_back_s` the clock on board was set back by so much once; no type of packet has had a turn of counts then.
    """
    like = next(message for message in messages if message.kind is Kind.TELEMETRY)
    dictionary = DECODER.dictionary_of(like)
    assert dictionary is not None
    vehicles, rows = sorted({one.address.vehicle for one in messages}), _rows_of(messages)
    engine, events = new_engine(), list[Event]()
    if set_back_s:
        rows = [each.select(np.argsort(each.counts)) for each in rows]
    due = [each.t_ns + _late_ns(each, set_back_s) for each in rows]
    for second in range(min(int(each.t_ns[0]) for each in rows) // NS, max(one.ert_ns for one in messages) // NS + 1):
        ert_ns = (second + 1) * NS
        for vehicle in vehicles:
            address = replace(like.address, vehicle=vehicle, station="whole")
            message = replace(like, address=address, ert_ns=ert_ns)
            frames = [
                _between(each, due_ns, ert_ns - NS, ert_ns)
                for each, due_ns in zip(rows, due, strict=True)
                if each.vehicle == vehicle
            ]
            events += engine.take_frames(message, [one for one in frames if len(one)], dictionary, {}).events
            beat = LinkReport(state="aos", reason="heartbeat", ert_ns=ert_ns, signal_dbm=-90.0)
            events += engine.take_report(replace(message, kind=Kind.LINK), beat, {}).events
    return final([*events, *engine.settle().events])


def _rows_of(messages: Sequence[Message]) -> list[Frame]:
    """Return every packet once, in order of time: one frame a vehicle and packet type."""
    heard: dict[tuple[str, str], list[Frame]] = defaultdict(list)
    for message in messages:
        if message.kind is Kind.TELEMETRY:
            for frame in DECODER.decode(message).frames:
                heard[frame.vehicle, frame.packet] += [frame] if len(frame) else []
    found: list[Frame] = []
    for frames in heard.values():
        joined = replace(join_frames(frames), station="whole")
        ordered = joined.select(np.lexsort((joined.counts, joined.t_ns)))
        again = (np.diff(ordered.t_ns) == 0) & (np.diff(ordered.counts) == 0)
        found.append(ordered.select(np.concatenate([[True], ~again])))
    return found


def _late_ns(rows: Frame, set_back_s: float) -> NDArray[np.int64]:
    """Return by how much each packet was made later than it says, shape (n,)."""
    fell = np.concatenate([[False], np.diff(rows.t_ns) < 0])
    return np.cumsum(fell) * round(set_back_s * NS)


def _between(rows: Frame, due_ns: NDArray[np.int64], first_ns: int, last_ns: int) -> Frame:
    return replace(rows.select(slice(*np.searchsorted(due_ns, [first_ns, last_ns]))), ert_ns=last_ns)
