"""One vehicle as its detectors see it: which channels it sends, and in which packets."""

from __future__ import annotations

from typing import Final

from processors.extents import Block
from telemetry.channels import Channel
from telemetry.derived import Derived
from telemetry.dictionary import Dictionary

LOG_TIME: Final = "log_time_s"


class Airframe:
    """A vehicle of a dictionary.

    Parameters
    ----------
    vehicle
        Its name; packets that the dictionary keeps for other vehicles are left out.
    dictionary
        Its dictionary.

    Examples
    --------
    >>> from telemetry.dictionary import built_in
    >>> booster = Airframe("booster", built_in("yuanxing-1"))
    >>> sorted(booster.rates_hz), booster.packet_of["altitude_m"]
    (['health', 'nav', 'propulsion'], 'nav')
    """

    def __init__(self, vehicle: str, dictionary: Dictionary) -> None:
        self.vehicle = vehicle
        self.dictionary = dictionary
        self.rates_hz: dict[str, float] = {}
        self.packet_of: dict[str, str] = {}
        self.channels: dict[str, Channel | Derived] = {}
        self.blocks: dict[str, Block] = {}
        for name, packet in dictionary.packets.items():
            if packet.vehicles is None or vehicle in packet.vehicles:
                self.rates_hz[name] = packet.rate_hz
                self.blocks[name] = Block(packet.quantities)
                for channel in packet.quantities:
                    self.packet_of[channel.name] = name
                    self.channels[channel.name] = channel
        self.is_log = LOG_TIME in self.channels
        self.vehicle_class = dictionary.vehicle_classes.get(vehicle, dictionary.vehicle_class)
