"""Which version of its dictionary each vehicle has on board, as its packets said last. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from telemetry.decoder import Decoder
from telemetry.dictionary import VERSION_MARK, Dictionary
from telemetry.errors import PacketError, Reason
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
    shared
        Whether other members of a shared subscription get some of a vehicle's messages. Then this one may not have
        heard what the vehicle said: where a dictionary is known in several versions and the station names none, a
        message is refused (`unknown-version`) rather than read by a guess, until the vehicle has said its version here.
    """

    def __init__(self, decoder: Decoder, *, shared: bool = False) -> None:
        self._decoder = decoder
        self._shared = shared
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
        if dictionary is None:
            return named
        key = _key(address, dictionary)
        if named == dictionary.name and self._would_guess(key, dictionary):
            return named
        return self._tried(key, dictionary).reference

    def survey(self, message: Message) -> tuple[Message, Surveyed]:
        """Return the message, naming name and version of its dictionary, and what it holds.

        Raises
        ------
        PacketError
            If the version would be a guess (`unknown-version`).
        """
        named = self._decoder.dictionary_of(message)
        if named is None:
            return message, self._decoder.survey(message)
        key = _key(message.address, named)
        guessed = VERSION_MARK not in message.dictionary and self._would_guess(key, named)
        tried = self._tried(key, named)
        if tried.reference != message.dictionary:
            message = replace(message, dictionary=tried.reference)
        found = self._decoder.survey(message)
        known = self._said.get(key, named.version)
        version = known if found.version is None else found.version
        if guessed and found.version is None:
            detail = (
                f"several members of ingest share the work, and this one has not heard which version of {named.name!r} "
                f"the vehicle has on board: let its station name it, as {named.reference}"
            )
            raise PacketError(Reason.UNKNOWN_VERSION, detail)
        if version != known or guessed:
            self._remember(key, version)
        if version == tried.version:
            return message, found
        message = replace(message, dictionary=f"{named.name}{VERSION_MARK}{version}")
        return message, self._decoder.survey(message)

    def _would_guess(self, key: Key, named: Dictionary) -> bool:
        """Return whether the version would be guessed that another member may know."""
        return self._shared and key not in self._said and len(self._decoder.registry.versions(named.name)) > 1

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
