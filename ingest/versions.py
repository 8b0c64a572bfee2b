"""Which version of its dictionary each vehicle has on board, as its packets said last. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

from telemetry.decoder import Decoder
from telemetry.dictionary import VERSION_MARK
from telemetry.message import Message
from telemetry.survey import Surveyed

MOST_VEHICLES: Final = 10_000


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
        self._said: OrderedDict[tuple[str, str, str, str], int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._said)

    def survey(self, message: Message) -> tuple[Message, Surveyed]:
        """Return the message, naming name and version of its dictionary, and what it holds."""
        named = self._decoder.dictionary_of(message)
        if named is None:
            return message, self._decoder.survey(message)
        address = message.address
        key = (address.run, address.flight, address.vehicle, named.name)
        version = self._said.get(key, named.version)
        tried = self._decoder.registry.get(f"{named.name}{VERSION_MARK}{version}") or named
        message = replace(message, dictionary=tried.reference)
        found = self._decoder.survey(message)
        if found.version is not None:
            version = found.version
            if version != self._said.get(key, named.version):
                self._remember(key, version)
        if version == tried.version:
            return message, found
        message = replace(message, dictionary=f"{named.name}{VERSION_MARK}{version}")
        return message, self._decoder.survey(message)

    def _remember(self, key: tuple[str, str, str, str], version: int) -> None:
        self._said[key] = version
        self._said.move_to_end(key)
        if len(self._said) > MOST_VEHICLES:
            self._said.popitem(last=False)
