"""Flights of which some comes late: held up, dumped, shuffled, twice; and what is known of them in the end."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from detection import NS, T0_NS, Known, messages_of, transmitter

from telemetry.message import Message
from telemetry.topics import Kind

# a tenth of what a time may be wrong by is no news; the rest is for rounding
NEWS_SIGMAS = 0.1001
FIRST_S, LAST_S = -16.0, 105.0
# what comes late must have come this long before the end, so that a re-run is due
LAST_HURT_S = 76.0
LONGEST_DELAY_S = 12.0


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
            at_s = max([due_s, *(hole.back_s for hole in holes if hole.covers(message))])
            if due_s < LAST_HURT_S and chance.random() < shuffled:
                at_s += float(chance.uniform(0.0, LONGEST_DELAY_S))
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
