"""The row about links: who hears whom, how well, what each station brings, and how much of it arrives. Pure."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.influxql import Target, select, select_each_interval
from dashboards.panels import chart, grid, states
from dashboards.vehicle import Vehicles

LINK_COLOURS: Final = {"aos": "green", "los": "red"}
BEST_COLOURS: Final = {"true": "green", "false": "transparent"}
# a station reports once a second: a longer silence is shown as one
LINK_INTERVAL: Final = "2s"
RATE_INTERVAL: Final = "2s"
SOURCE_FIELDS: Final = ("state", "best", "why_best", "frames", "first", "share", "only")

SOURCE_COLUMNS: Final = {
    "vehicle": ("Vehicle", "string"),
    "station": ("Station", "string"),
    "state": ("Link", "string"),
    "best": ("Best source", "none"),
    "why_best": ("Because of", "string"),
    "frames": ("Packets", "none"),
    "first": ("Came from it first", "none"),
    "share": ("Share", "percentunit"),
    "only": ("Only it had", "none"),
}
HEARD_COLUMNS: Final = {
    "Time": ("Last sample", "dateTimeFromNow"),
    "vehicle": ("Vehicle", "string"),
}


def link_row(vehicles: Vehicles) -> list[Builder[Panel]]:
    """Return who hears whom, how well, and how much of the dictionary's rate arrives."""
    packets = vehicles.dictionaries[0].packets
    arriving = [
        Target(
            select_each_interval(
                [f'count("{packet.channels[0].name}") * {100_000 / packet.rate_hz:g} / $__interval_ms'],
                [name],
                ["vehicle"],
                fill="0",
            ),
            alias=f"$tag_vehicle {name}",
            ref=chr(ord("A") + place),
        )
        for place, (name, packet) in enumerate(packets.items())
    ]
    health, _, _ = vehicles.find("altitude_m")
    return [
        states(
            "Link states",
            [
                Target(
                    select_each_interval(['last("state")'], ["links"], ["vehicle", "station"]),
                    alias="$tag_station hears $tag_vehicle",
                )
            ],
            LINK_COLOURS,
            interval=LINK_INTERVAL,
            span=16,
            height=7,
            description="By the stations' own reports, one a second. Blank: the station itself is silent.",
        ),
        grid(
            "Last heard",
            Target(select(['last("altitude_m")'], health, ["vehicle"]), alias=None),
            HEARD_COLUMNS,
            span=8,
            height=7,
            hidden=["last"],
            description=(
                "Age of the newest navigation sample against this computer's clock: the staleness of a live flight. "
                "A replayed or accelerated flight carries its own times."
            ),
        ),
        chart(
            "Signal",
            "dBm",
            [
                Target(
                    select_each_interval(['mean("signal_dbm")'], ["links"], ["vehicle", "station"]),
                    alias="$tag_station hears $tag_vehicle",
                )
            ],
            interval=LINK_INTERVAL,
            span=8,
        ),
        chart(
            "Packets a second, by station",
            "pps",
            [
                Target(
                    select_each_interval(['mean("frame_rate_hz")'], ["links"], ["vehicle", "station"]),
                    alias="$tag_station hears $tag_vehicle",
                )
            ],
            interval=LINK_INTERVAL,
            span=8,
            description="What each station brought of the last 5 s of flight, in the flight's own time.",
        ),
        chart(
            "Stored, of the dictionary's rate",
            "percent",
            arriving,
            interval=RATE_INTERVAL,
            span=8,
            description="Samples in InfluxDB against the dictionary's rate. Below 100: missing, or not there yet.",
        ),
        grid(
            "Sources",
            Target(
                select([f'last("{name}") AS "{name}"' for name in SOURCE_FIELDS], ["links"], ["vehicle", "station"]),
                alias=None,
            ),
            SOURCE_COLUMNS,
            span=24,
            height=7,
            hidden=["Time"],
            colours={"state": LINK_COLOURS, "best": BEST_COLOURS},
            description=(
                "All stations of a vehicle are merged; each packet counts once. The best source has lock, and most "
                "packets come from it first; of those that bring about the same, it is the one that is heard strongest."
            ),
        ),
    ]
