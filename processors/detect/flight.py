"""A flight in memory: its engine, and the way back to where the engine was before a message that breaks it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast

import msgpack

from processors.detect.reading import Packets, Reading, Refused, Report, advance
from processors.detect.told import Told, told
from processors.engine import Engine
from processors.output import Output
from telemetry.decoder import Decoder
from telemetry.errors import InputError, InternalError, PacketError, Reason
from telemetry.events import Event

# between two snapshots: so many messages, or so many octets of them, are taken again when one breaks the engine
MOST_STEPS: Final = 256
MOST_STEP_OCTETS: Final = 256 * 1024
ORIGIN_RULE: Final = re.compile(r"(read|engine)-([0-9]{1,18})-([0-9]{1,9})")


@dataclass(slots=True)
class Flight:
    """A flight; records before `next_offsets` are in its engine already.

    An engine that raises something unexpected is left half advanced. So its last snapshot is kept in memory (`base`,
    none for a new engine) with what it has taken since (`steps`), and `go_back` makes it anew.

    `acts` are events of people's commands, and of silences, that stand on the topic already and are not in the engine
    yet: each is done again at the place in the telemetry where it was done first. `refused_at` says which refusals by
    detection itself are counted already; `turn`, under which keys the next snapshot's parts are written.

    `begins` says where the flight begins on Kafka: the offset of its first record of each input topic, and from where
    its events stand on theirs. Whoever cannot read the snapshot reads the flight again from there. It is empty where
    nobody knows.
    """

    engine: Engine
    next_offsets: dict[str, int]
    base: bytes | None = None
    steps: list[tuple[Reading | Event, dict[str, int]]] = field(default_factory=list)
    acts: list[Event] = field(default_factory=list)
    refused_at: dict[str, list[int]] = field(default_factory=dict)
    begins: dict[str, int] = field(default_factory=dict)
    step_octets: int = 0
    turn: int = 0
    touched_s: float = 0.0
    dirty: bool = False
    told: bool = True

    @property
    def is_done(self) -> bool:
        """Whether all is told that can be said if nothing more comes."""
        return self.told and not self.engine.is_waiting

    def note_begin(self, topic: str, offset: int) -> None:
        """Take note of a record of a topic, if it is known that none of the flight stands before it."""
        if self.begins:
            self.begins.setdefault(topic, offset)

    def is_news(self, reading: Reading) -> bool:
        """Return whether a reading is yet to be counted: after a crash detection refuses again what it has refused.

        What it refuses itself it refuses in order of offset, and a second time only from an earlier one on. What it
        could not read and what broke an engine are written apart, each in order.
        """
        origin = ORIGIN_RULE.fullmatch(reading.origin) if isinstance(reading, Refused) else None
        if origin is None:
            return True
        step, offset, start = origin.group(1), int(origin.group(2)), int(origin.group(3))
        if [offset, start] <= self.refused_at.get(step, [-1, 0]):
            return False
        self.refused_at[step] = [offset, start]
        return True

    def take(self, reading: Reading, offsets: dict[str, int]) -> Told:
        """Let the engine take a reading, and return what it said.

        Raises
        ------
        InputError
            If the engine refuses it: a command that can do nothing, a report whose time is not believed, a vehicle or
            station too many.
        InternalError
            If the engine broke: `go_back`, and keep the reading where it can be looked at.
        """
        self._check_room(reading)
        try:
            said = told(advance(self.engine, reading, offsets))
        except InputError:
            self._remember(reading, offsets)
            raise
        except Exception as error:
            raise InternalError(error) from error
        self._remember(reading, offsets)
        return said

    def take_all(self, readings: Sequence[tuple[Reading, dict[str, int]]]) -> tuple[list[Told | InputError], Told]:
        """Let the engine take readings one after another before its detectors look, which is cheaper.

        Returns what it said of each, or why it refused it; and what it said in the end.

        Raises
        ------
        InternalError
            If the engine broke, on whichever: `go_back`, and let it `take` each for itself.
        """
        answers: list[Told | InputError] = []
        try:
            for reading, offsets in readings:
                try:
                    self._check_room(reading)
                    answers.append(told(advance(self.engine, reading, offsets, look=False)))
                except InputError as error:
                    answers.append(error)
            rest = told(self.engine.look())
        except Exception as error:
            raise InternalError(error) from error
        for reading, offsets in readings:
            self._keep(reading, offsets)
        self._snapshot_if_due()
        return answers, rest

    def _check_room(self, reading: Reading) -> None:
        if isinstance(reading, Packets | Report):
            address = reading.message.address
            if not self.engine.has_room(address.vehicle, address.station):
                detail = f"the flight has more vehicles, or {address.vehicle} more stations, than are kept in memory"
                raise PacketError(Reason.TOO_MANY, detail)

    def redo(self, event: Event) -> Told:
        """Let the engine take somebody's act that was told before.

        Raises
        ------
        InternalError
            As of `take`.
        """
        try:
            said = told(self.engine.redo(event))
        except Exception as error:
            raise InternalError(error) from error
        self._remember(event, {})
        return said

    def tell(self) -> Told:
        """Return what has changed in the books and links since it was last told.

        Raises
        ------
        InternalError
            As of `take`.
        """
        try:
            return told(Output(quality=self.engine.quality()))
        except Exception as error:
            raise InternalError(error) from error

    def go_back(self, new: Engine, decoder: Decoder) -> None:
        """Put the engine to where it was before the reading that broke it, given a new one.

        What it takes again it says again, to nobody. The next time it costs no more than a snapshot.
        """
        if self.base is not None:
            new.restore(self.base)
        for step, offsets in self.steps:
            if isinstance(step, Event):
                new.redo(step)
                continue
            reading = replace(step, frames=decoder.decode(step.message).frames) if isinstance(step, Packets) else step
            with suppress(InputError):
                advance(new, reading, offsets, look=False)
        new.look()
        self.engine = new
        self.snapshot()

    def snapshot(self) -> bytes:
        """Return the engine's state, from which it can go on."""
        self.base = self.engine.snapshot()
        self.steps.clear()
        self.step_octets = 0
        return self.base

    def _remember(self, step: Reading | Event, offsets: dict[str, int]) -> None:
        self._keep(step, offsets)
        self._snapshot_if_due()

    def _keep(self, step: Reading | Event, offsets: dict[str, int]) -> None:
        if isinstance(step, Packets):
            self.step_octets += len(step.message.payload)
            # the octets are a tenth of what is decoded from them
            step = Packets(step.message, (), (), step.dictionary)
        self.steps.append((step, offsets))

    def _snapshot_if_due(self) -> None:
        if len(self.steps) >= MOST_STEPS or self.step_octets >= MOST_STEP_OCTETS:
            self.snapshot()


def pack_flight(flight: Flight, events_offset: int) -> bytes:
    """Return a flight's record of `downrange.state`."""
    content = [flight.next_offsets, events_offset, flight.snapshot(), flight.refused_at, flight.begins]
    return cast("bytes", msgpack.packb(content))


def unpack_flight(value: bytes, engine: Engine) -> Flight:
    """Restore a flight into a new engine.

    Raises
    ------
    PacketError
        If the snapshot is of another version, or names a dictionary that is not known.
    InternalError
        If it is of another shape. The engine is of no use then.
    """
    try:
        next_offsets, _, snapshot, refused_at, begins = cast("list[Any]", msgpack.unpackb(value))
        engine.restore(snapshot)
    except PacketError:
        raise
    except Exception as error:
        raise InternalError(error) from error
    return Flight(engine, next_offsets, snapshot, refused_at=refused_at, begins=begins)
