"""How a flight in memory takes what comes, and people's acts again: what its engine says, kept or left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from processors.detect.flight import Flight
from processors.detect.intake import Arrival, kept
from processors.detect.outbox import Findings
from processors.detect.reading import Silence
from processors.detect.shard import command_offset, telemetry_offset
from processors.detect.told import Told
from processors.engine import Engine
from runtime.aside import Aside
from telemetry.decoder import Decoder
from telemetry.errors import InputError, InternalError
from telemetry.topics import KafkaTopic, flight_key

# taken again one by one when one of them breaks an engine
TOGETHER: Final = 64


@dataclass(frozen=True, slots=True)
class Said:
    """Where what the engines of a partition say goes; events that stand on the topic already are left out once each."""

    partition: int
    known: set[str]
    findings: Findings

    def keep(self, told: Told) -> None:
        """Keep what an engine said."""
        for event in told.events:
            if event.id in self.known:
                self.known.discard(event.id)
            else:
                self.findings.events.append((self.partition, event))
        self.findings.records += told.records


@dataclass(frozen=True, slots=True)
class Taking:
    """Lets flights take what comes; a reading that breaks an engine is kept, and the engine as it was before.

    Parameters
    ----------
    decoder
        Reads telemetry again on the way back.
    hold_ns
        Of the reorder hold.
    aside
        Takes note of what broke an engine.
    """

    decoder: Decoder
    hold_ns: int
    aside: Aside

    def new_engine(self, key: str) -> Engine:
        """Return the engine of a flight of which nothing is known."""
        run, _, flight = key.partition("/")
        return Engine(run, flight, self.decoder.registry, self.hold_ns)

    def take(self, flight: Flight, arrival: Arrival, offsets: dict[str, int], said: Said) -> None:
        """Let a flight take a reading, given the offsets that are its evidence."""
        try:
            told = flight.take(arrival.reading, offsets)
        except InternalError as error:
            flight.go_back(self.new_engine(arrival.key), self.decoder)
            self.aside.note(arrival.topic, f"{arrival.topic}-{arrival.partition}-{arrival.offset}", error)
            said.findings.records += kept(arrival, error)
        except InputError as error:
            said.findings.records += kept(arrival, error)
        else:
            said.keep(told)

    def take_records(self, flight: Flight, arrivals: Sequence[Arrival], said: Said) -> None:
        """Let a flight take what was read of records that follow one another."""
        for at in range(0, len(arrivals), TOGETHER):
            together = arrivals[at : at + TOGETHER]
            if len(together) == 1 or flight.acts or not self._take_together(flight, together, said):
                for arrival in together:
                    self.take_record(flight, arrival, said)

    def _take_together(self, flight: Flight, arrivals: Sequence[Arrival], said: Said) -> bool:
        """Let a flight take readings before its detectors look; returns whether that went well, else nothing was taken.

        Which of them broke the engine is only known when each is taken for itself.
        """
        seen = {step: list(place) for step, place in flight.refused_at.items()}
        news = [arrival for arrival in arrivals if flight.is_news(arrival.reading)]
        try:
            answers, rest = flight.take_all([(arrival.reading, arrival.offsets) for arrival in news])
        except InternalError:
            flight.go_back(self.new_engine(arrivals[0].key), self.decoder)
            flight.refused_at = seen
            return False
        for arrival, answer in zip(news, answers, strict=True):
            if isinstance(answer, InputError):
                said.findings.records += kept(arrival, answer)
            else:
                said.keep(answer)
        said.keep(rest)
        for arrival in arrivals:
            self._note(flight, arrival)
        return True

    def take_record(self, flight: Flight, arrival: Arrival, said: Said) -> None:
        """Let a flight take what was read of a record, after the acts of people that came before it the first time."""
        self.redo(flight, said)
        if flight.is_news(arrival.reading):
            self.take(flight, arrival, arrival.offsets, said)
        self._note(flight, arrival)

    def _note(self, flight: Flight, arrival: Arrival) -> None:
        flight.note_begin(arrival.topic, arrival.offset)
        flight.next_offsets[arrival.topic] = arrival.offset + 1
        flight.dirty, flight.told = True, False

    def settle(self, flight: Flight, said: Said) -> None:
        """Let a flight that has fallen silent see the late rows that wait for more; nothing happens where none do."""
        if not flight.engine.is_waiting:
            return
        topic = KafkaTopic.TELEMETRY.value
        flight.dirty, flight.told = True, False
        try:
            place = {f"{topic}-{said.partition}": flight.next_offsets.get(topic, 0) - 1}
            said.keep(flight.take(Silence(), place))
        except InternalError as error:
            key = flight_key(flight.engine.run, flight.engine.flight)
            flight.go_back(self.new_engine(key), self.decoder)
            self.aside.note(topic, f"late rows of {key}", error)

    def redo(self, flight: Flight, said: Said) -> None:
        """Do again what was done behind the snapshot, by people or in silence, at its place in the telemetry."""
        read = flight.next_offsets.get(KafkaTopic.TELEMETRY.value, 0)
        while flight.acts and telemetry_offset(flight.acts[0]) < read:
            event = flight.acts.pop(0)
            if event.evidence.silent:
                # what lies further back is in the snapshot
                if telemetry_offset(event) == read - 1:
                    self.settle(flight, said)
                continue
            flight.next_offsets[KafkaTopic.COMMANDS.value] = command_offset(event) + 1
            flight.dirty = True
            try:
                said.keep(flight.redo(event))
            except InternalError as error:
                flight.go_back(self.new_engine(flight_key(event.run, event.flight)), self.decoder)
                self.aside.note(KafkaTopic.EVENTS.value, f"the act {event.id}", error)
