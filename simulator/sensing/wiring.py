"""Which true quantity stands behind a channel, and how it becomes the channel's values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulator.quantities import CATALOGUE, Quantity, nearest
from simulator.quantities.board import counted
from simulator.quantities.units import Conversion, conversion
from telemetry.channels import Channel
from telemetry.dictionary import Dictionary
from telemetry.errors import FlightError
from telemetry.sensor import Sensor

IDEAL: Final = Sensor()
SAME: Final = Conversion()
NO_CODE: Final = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Wire:
    """A channel and what is behind it.

    Parameters
    ----------
    channel, sensor
        As in the dictionary; a channel without sensor is measured without errors.
    quantity
        What it measures.
    conversion
        From the quantity's unit to the channel's.
    codes
        The dictionary's code of each of the quantity's labels, where it has one.
    """

    channel: Channel
    sensor: Sensor
    quantity: Quantity
    conversion: Conversion = SAME
    codes: NDArray[np.int64] | None = None

    @property
    def is_number(self) -> bool:
        """Whether it has errors, a range and a unit."""
        return self.channel.kind in {"float", "int"}

    def values(self, given: NDArray[Any]) -> NDArray[Any]:
        """Turn the quantity's values into the channel's: its unit, its codes, or its text.

        Raises
        ------
        FlightError
            If the dictionary has no code for a label that comes up.
        """
        match self.channel.kind:
            case "label":
                return self._coded(given.astype(np.int64))
            case "text" | "octets":
                return self._spelled(given)
            case "bool":
                return given.astype(np.bool_)
        return self.conversion.of(given)

    def _coded(self, given: NDArray[np.int64]) -> NDArray[np.int64]:
        codes = np.array(sorted(self.channel.labels or {})) if self.codes is None else self.codes
        coded = codes[given]
        if np.any(coded == NO_CODE):
            unknown = sorted({self.quantity.labels[i] for i in np.unique(given[coded == NO_CODE])})
            raise FlightError(
                f"channel {self.channel.name!r}: the flight is {', '.join(unknown)} at times, which the channel has no "
                f"label for; add it to {', '.join((self.channel.labels or {}).values())} "
                f"(the simulator's are {', '.join(self.quantity.labels)})"
            )
        return np.asarray(coded)

    def _spelled(self, given: NDArray[Any]) -> NDArray[Any]:
        if self.quantity.kind == "nothing":
            return np.full(given.shape, b"" if self.channel.kind == "octets" else "")
        return np.array(self.quantity.labels)[given] if self.quantity.labels else given


def wire(dictionary: Dictionary, packet: str, channel: Channel) -> Wire:
    """Find what a channel measures.

    Raises
    ------
    FlightError
        If the simulator knows no such quantity, or if it cannot become this channel.
    """
    sensor = channel.sensor or IDEAL
    own = "dictionary_version_count" if channel.name == dictionary.version_channel else channel.name
    name = sensor.measures or own
    where = f"dictionary {dictionary.name}: channel {channel.name!r} of packet {packet!r}"
    counts = [each for each, made in dictionary.packets.items() if made.sent_counter == channel.name]
    if counts and sensor.measures is None:
        meaning = f"Packets of type {counts[0]} made so far"
        return Wire(channel, sensor, Quantity("sent_count", meaning, partial(counted, packet=counts[0])))
    quantity = CATALOGUE.get(name)
    if quantity is None:
        raise FlightError(
            f"{where} measures {name!r}, which the simulator does not know; nearest: {nearest(name)}. Name one in its "
            "`sensor: {measures: ...}`; `downrange simulate --quantities` lists all, `nothing` leaves it at zero"
        )
    return _joined(where, Wire(channel, sensor, quantity))


def _joined(where: str, plain: Wire) -> Wire:
    """Complete a wire with what turns its quantity into its channel."""
    channel, quantity = plain.channel, plain.quantity
    if quantity.kind == "nothing":
        return plain
    said = f"{where} measures {quantity.name!r}"
    match channel.kind:
        case "float" | "int":
            if quantity.unit is None:
                raise FlightError(f"{said}, a {quantity.kind}: give the channel labels or make it a bool")
            how = conversion(quantity.unit, channel.unit or "")
            if how is None:
                raise FlightError(f"{said}: {quantity.unit} cannot become {channel.unit}; mend the unit in its name")
            return Wire(channel, plain.sensor, quantity, how)
        case "label" if quantity.kind in {"label", "bool"}:
            code_of = {label: code for code, label in (channel.labels or {}).items()}
            codes = np.array([code_of.get(label, NO_CODE) for label in quantity.labels])
            if np.all(codes == NO_CODE):
                raise FlightError(f"{said}, which is one of {', '.join(quantity.labels)}: label its codes so")
            return Wire(channel, plain.sensor, quantity, codes=codes)
        case "text" if quantity.kind in {"label", "text"}:
            return plain
        case "bool" if quantity.kind == "bool":
            return plain
    unit = quantity.unit or quantity.kind
    raise FlightError(f"{said}, a {unit}, which a channel of kind {channel.kind} cannot say")
