"""The rows about the vehicles: channels, units and limits come from the dictionaries. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.channels import aggregates, grafana_unit, interval
from dashboards.influxql import Target, select, select_each_interval
from dashboards.panels import chart, figure, states, track_map
from telemetry.channels import Channel
from telemetry.dictionary import Dictionary, Packet

KM: Final = "suffix: km"
PHASE_COLOURS: Final = (
    "blue",
    "orange",
    "purple",
    "yellow",
    "red",
    "light-blue",
    "dark-orange",
    "light-green",
    "green",
)
ALL_WELL: Final = {"true": "green", "false": "red"}
ON_OFF: Final = {"true": "blue", "false": "#6e6e6e"}
# counters and clocks: for the ledger, not for the eye
NOT_MEASURED: Final = ("_sent_count", "_version_count", "_frames_count", "_time_s")
MAP_INTERVAL: Final = "1s"


@dataclass(frozen=True, slots=True)
class Vehicles:
    """The dictionaries that flights on this dashboard may use, the first of them in full.

    Parameters
    ----------
    dictionaries
        The first fills every row; of the others only channels of the same name appear, in the flight overview.
    """

    dictionaries: tuple[Dictionary, ...]

    def packet(self, name: str) -> Packet:
        """Return a packet of the first dictionary."""
        return self.dictionaries[0].packets[name]

    def find(self, channel: str) -> tuple[list[str], Packet, Channel]:
        """Return the measurements that have the channel, and its first definition.

        Raises
        ------
        KeyError
            If no dictionary has it: a panel that would stay empty for ever.
        """
        found = [
            (name, packet, each)
            for dictionary in self.dictionaries
            for name, packet in dictionary.packets.items()
            for each in packet.channels
            if each.name == channel
        ]
        if not found:
            raise KeyError(channel)
        return [name for name, _, _ in found], found[0][1], found[0][2]


def flight_row(vehicles: Vehicles) -> list[Builder[Panel]]:
    """Return the flight overview: where it is, how fast, and what it did."""
    phases = vehicles.find("flight_phase")[2].labels or {}
    colours = dict(zip(phases.values(), itertools.cycle(PHASE_COLOURS), strict=False))
    return [
        _figure(vehicles, "mission_time_s", "T+", "dthms"),
        _figure(vehicles, "flight_phase", "Phase", "none", words=True),
        _figure(vehicles, "altitude_m", "Altitude", "lengthm", decimals=1),
        _figure(vehicles, "speed_m_s", "Speed", "velocityms", decimals=0),
        _figure(vehicles, "vertical_speed_m_s", "Vertical speed", "velocityms", decimals=0),
        _figure(vehicles, "downrange_m", "Downrange", KM, scale=" / 1000", decimals=1),
        states(
            "Flight phase",
            [Target(select_each_interval(['last("flight_phase")'], vehicles.find("flight_phase")[0], ["vehicle"]))],
            colours,
            interval=interval(vehicles.find("flight_phase")[1]),
            span=24,
            height=4,
            description="As the flight computers see it. Blank: nothing was heard.",
        ),
        _curve(vehicles, "Altitude", ["altitude_m"]),
        _curve(vehicles, "Speed", ["speed_m_s"]),
        _curve(vehicles, "Vertical speed", ["vertical_speed_m_s"]),
        _curve(vehicles, "Downrange", ["downrange_m"], unit=KM, scale=" / 1000"),
        _map(vehicles),
        _curve(vehicles, "Dynamic pressure", ["dynamic_pressure_pa"], span=12),
        _curve(vehicles, "Specific force", ["axial_acceleration_m_s2", "lateral_acceleration_m_s2"], span=12),
    ]


def propulsion_row(vehicles: Vehicles) -> list[Builder[Panel]]:
    """Return engines and tanks."""
    return [
        _curve(vehicles, "Chamber pressure", ["chamber_pressure_pa"]),
        _curve(vehicles, "Thrust", ["thrust_n"]),
        _curve(vehicles, "Throttle, commanded", ["throttle_percent"]),
        _curve(vehicles, "Engines running", ["engines_running_count"]),
        _curve(vehicles, "Propellant", ["propellant_mass_kg"]),
        _curve(vehicles, "Oxidizer tank", ["oxidizer_tank_pressure_pa"]),
        _curve(vehicles, "Fuel tank", ["fuel_tank_pressure_pa"]),
        _curve(vehicles, "Propellant temperatures", ["oxidizer_temperature_k", "fuel_temperature_k"]),
        _curve(vehicles, "Turbopump", ["turbopump_speed_rpm"]),
        _curve(vehicles, "Gimbal", ["gimbal_pitch_deg", "gimbal_yaw_deg"]),
    ]


def packet_row(vehicles: Vehicles, name: str, switches_title: str, colours: Mapping[str, str]) -> list[Builder[Panel]]:
    """Return a panel for every measured channel of a packet, with its limits, and one for its switches and states."""
    packet = vehicles.packet(name)
    measured = [c for c in packet.channels if c.kind in {"float", "int"} and not c.name.endswith(NOT_MEASURED)]
    switches = [c for c in packet.channels if c.kind in {"bool", "label"} and c.name != "flight_phase"]
    targets = [
        Target(
            select_each_interval([f'last("{switch.name}")'], [name], ["vehicle"]),
            alias=f"$tag_vehicle {_words(switch)}",
            ref=_letter(place),
        )
        for place, switch in enumerate(switches)
    ]
    board = states(switches_title, targets, colours, interval=interval(packet), span=24, height=5)
    return [board, *(_curve(vehicles, _words(channel).capitalize(), [channel.name]) for channel in measured)]


def _figure(
    vehicles: Vehicles,
    channel: str,
    title: str,
    unit: str,
    *,
    scale: str = "",
    decimals: int | None = None,
    words: bool = False,
) -> Builder[Panel]:
    measurements, _, _ = vehicles.find(channel)
    query = select([f'last("{channel}"){scale}'], measurements, ["vehicle"])
    return figure(title, unit, Target(query), span=4, decimals=decimals, words=words)


def _curve(
    vehicles: Vehicles, title: str, names: Sequence[str], *, unit: str | None = None, scale: str = "", span: int = 8
) -> Builder[Panel]:
    targets: list[Target] = []
    for name in names:
        measurements, _, channel = vehicles.find(name)
        for aggregate in aggregates(channel):
            query = select_each_interval([f'{aggregate}("{name}"){scale}'], measurements, ["vehicle"])
            extra = "" if len(names) == 1 else f" {_words(channel)}"
            extra += "" if aggregate == "mean" else f", {aggregate}."
            targets.append(Target(query, alias=f"$tag_vehicle{extra}", ref=_letter(len(targets))))
    _, packet, first = vehicles.find(names[0])
    return chart(
        title,
        unit or grafana_unit(first),
        targets,
        interval=interval(packet),
        span=span,
        description=_description([vehicles.find(name)[2] for name in names]),
        limits=first.limits,
    )


def _map(vehicles: Vehicles) -> Builder[Panel]:
    measurements, _, _ = vehicles.find("latitude_deg")
    columns = {"latitude": "latitude_deg", "longitude": "longitude_deg", "altitude": "altitude_m"}
    expressions = [f'last("{channel}") AS "{heading}"' for heading, channel in columns.items()]
    query = select_each_interval(expressions, measurements, ["vehicle"], fill="none")
    return track_map("Ground track", Target(query, alias=None), interval=MAP_INTERVAL, span=16, height=7)


def _description(channels: Sequence[Channel]) -> str:
    texts = []
    for channel in channels:
        text = f"{channel.name}: {channel.description}."
        if channel.limits:
            text += " A value of an interval is its extreme, so that no limit passed is averaged away."
        if channel.stale_after_s is not None:
            text += f" Stale after {channel.stale_after_s:g} s without a value."
        texts.append(text)
    return "\n\n".join(texts)


def _words(channel: Channel) -> str:
    stem = channel.name.removesuffix(f"_{channel.unit}") if channel.unit is not None else channel.name
    return stem.replace("_", " ")


def _letter(place: int) -> str:
    return chr(ord("A") + place)
