"""Which channels of an airframe measure its motion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from processors.airframe import LOG_TIME, Airframe

HEIGHT: Final = "altitude_m"
PRESSURE: Final = "pressure_pa"
CLIMB: Final = "vertical_speed_m_s"
SPEED: Final = "speed_m_s"
PULL: Final = "acceleration_m_s2"
MEASURES: Final = (HEIGHT, PRESSURE, CLIMB, SPEED, PULL)


@dataclass(frozen=True, slots=True)
class Roles:
    """Where motion is measured.

    Parameters
    ----------
    packet
        The packet type that has it.
    time
        The channel with the time of measurement of a log's rows; none where a packet's own time says it.
    channels
        Of `MEASURES`, those that the packet has.
    """

    packet: str
    time: str | None
    channels: tuple[str, ...]

    @classmethod
    def of(cls, airframe: Airframe) -> Roles | None:
        """Return the roles of an airframe; None if it measures neither height nor speed.

        Examples
        --------
        >>> from telemetry.dictionary import built_in
        >>> Roles.of(Airframe("stage1", built_in("webcast")))
        Roles(packet='kinematics', time=None, channels=('altitude_m', 'speed_m_s'))
        """
        packet = next((airframe.packet_of[name] for name in MEASURES if name in airframe.packet_of), None)
        if packet is None:
            return None
        channels = tuple(name for name in MEASURES if airframe.packet_of.get(name) == packet)
        time = LOG_TIME if airframe.packet_of.get(LOG_TIME) == packet else None
        return cls(packet, time, channels)
