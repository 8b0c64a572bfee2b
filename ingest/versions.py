"""Which version of its dictionary each vehicle has on board, as its packets said last. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from telemetry.decoder import Decoder
from telemetry.dictionary import VERSION_MARK, Dictionary
from telemetry.message import Message
from telemetry.survey import Surveyed
from telemetry.topics import Address

MOST_VEHICLES: Final = 10_000
Key = tuple[str, str, str, str]


class VersionsOnBoard:
    """Surveys messages by the version of the dictionary that the vehicle says it has on board.

    Only some packets say the version, so what a vehicle said last holds for all its packets until it says another: a
    known version is used, and an unknown one refuses all of them, whatever they are. Before a vehicle has said anything
    the version counts that its station names, or the newest.

    Parameters
    ----------
    decoder
        Knows the dictionaries.
    """

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._said: OrderedDict[Key, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._said)

    def reference(self, address: Address, named: str) -> str:
        """Return name and version of the dictionary by which a vehicle's packets are read.

        Parameters
        ----------
        address
            Whose.
        named
            What its station names, with version or without; returned as it is if it is not known.
        """
        dictionary = self._decoder.registry.get(named)
        return named if dictionary is None else self._tried(_key(address, dictionary), dictionary).reference

    def survey(self, message: Message) -> tuple[Message, Surveyed]:
        """Return the message, naming name and version of its dictionary, and what it holds."""
        named = self._decoder.dictionary_of(message)
        if named is None:
            return message, self._decoder.survey(message)
        key = _key(message.address, named)
        tried = self._tried(key, named)
        if tried.reference != message.dictionary:
            message = replace(message, dictionary=tried.reference)
        found = self._decoder.survey(message)
        known = self._said.get(key, named.version)
        version = known if found.version is None else found.version
        if version != known:
            self._remember(key, version)
        if version == tried.version:
            return message, found
        message = replace(message, dictionary=f"{named.name}{VERSION_MARK}{version}")
        return message, self._decoder.survey(message)

    def _tried(self, key: Key, named: Dictionary) -> Dictionary:
        """Return the version that the vehicle said last, if it is known; else the one that is named."""
        version = self._said.get(key, named.version)
        if version == named.version:
            return named
        return self._decoder.registry.get(f"{named.name}{VERSION_MARK}{version}") or named

    def _remember(self, key: Key, version: int) -> None:
        self._said[key] = version
        self._said.move_to_end(key)
        if len(self._said) > MOST_VEHICLES:
            self._said.popitem(last=False)


def _key(address: Address, named: Dictionary) -> Key:
    return address.run, address.flight, address.vehicle, named.name
