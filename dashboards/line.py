"""The rows about the line itself: links, what arrived of what was sent, events as they were found, latencies. Pure."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.influxql import Target, select, select_each_interval
from dashboards.panels import chart, grid, states
from dashboards.vehicle import Vehicles

LINK_COLOURS: Final = {"aos": "green", "los": "red"}
STATUS_COLOURS: Final = {"provisional": "yellow", "confirmed": "green", "retracted": "red"}
BALANCED_COLOURS: Final = {"true": "green", "false": "red"}
# a station reports once a second: a longer silence is shown as one
LINK_INTERVAL: Final = "2s"
RATE_INTERVAL: Final = "2s"
LATENCY_HOLE_S: Final = 10.0

LEDGER_COLUMNS: Final = {
    "vehicle": ("Vehicle", "string"),
    "packet": ("Packet", "string"),
    "sent": ("Sent", "none"),
    "unique": ("Stored", "none"),
    "missing": ("Missing", "none"),
    "received": ("Received", "none"),
    "duplicate": ("Duplicate", "none"),
    "late": ("Late", "none"),
    "rejected": ("Rejected", "none"),
    "balanced": ("Balanced", "none"),
}
EVENT_COLUMNS: Final = {
    "Time": ("Happened", "dateTimeAsIso"),
    "vehicle": ("Vehicle", "string"),
    "name": ("Event", "string"),
    "status": ("Status", "string"),
    "t_sigma_s": ("± (1 sigma)", "s"),
    "latency_s": ("Known after", "s"),
    "ordinal": ("Ordinal", "none"),
    "revision": ("Revision", "none"),
    "detector": ("Detector", "string"),
    "type": ("Type", "string"),
}
LIMIT_COLUMNS: Final = {
    "name": ("Last word", "string"),
    "vehicle": ("Vehicle", "string"),
    "channel": ("Channel", "string"),
    "level": ("Level", "string"),
    "side": ("Side", "string"),
    "value": ("Value", "none"),
    "limit": ("Limit", "none"),
    "reason": ("Reason", "string"),
    "by": ("By", "string"),
    "why": ("Why", "string"),
    "Time": ("At", "dateTimeAsIso"),
}
LIMIT_COLOURS: Final = {
    "raised": "red",
    "stale": "red",
    "unshelved": "orange",
    "acknowledged": "yellow",
    "shelved": "blue",
    "cleared": "green",
    "fresh": "green",
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
            span=12,
        ),
        chart(
            "Stored, of the dictionary's rate",
            "percent",
            arriving,
            interval=RATE_INTERVAL,
            span=12,
            description="Samples in InfluxDB against the dictionary's rate. Below 100: missing, or not there yet.",
        ),
    ]


def ledger_row() -> list[Builder[Panel]]:
    """Return the books, the events, and how long things took."""
    counts = ("sent", "unique", "missing", "received", "duplicate", "late", "rejected", "balanced")
    books = select(
        [f'last("{name}") AS "{name}"' for name in counts],
        ["quality"],
        ["vehicle", "packet"],
        where="\"type\" = 'ledger'",
    )
    said = ("value", "limit", "reason", "by", "why")
    watched = select(
        ['last("name") AS "name"', *(f'"value_{name}" AS "{name}"' for name in said)],
        ["events"],
        ["vehicle", "channel", "level", "side"],
        where="\"channel\" != ''",
    )
    found = select(
        [
            '"vehicle"',
            '"name"',
            '"status"',
            '"t_sigma_s"',
            '"latency_s"',
            '"ordinal"',
            '"revision"',
            '"detector"',
            '"type"',
        ],
        ["events"],
    )
    return [
        grid(
            "Ledger",
            Target(books, alias=None),
            LEDGER_COLUMNS,
            span=24,
            height=8,
            hidden=["Time"],
            colours={"balanced": BALANCED_COLOURS},
            description="Balanced: sent = stored + missing, and received = stored + duplicate + rejected.",
        ),
        grid(
            "Limits",
            Target(watched, alias=None),
            LIMIT_COLUMNS,
            span=24,
            height=8,
            colours={"name": LIMIT_COLOURS},
            description=(
                "The last that was said of every limit that was ever raised on this flight, and by whom. What is still "
                "to be acknowledged: downrange limits list."
            ),
        ),
        grid(
            "Events",
            Target(found, alias=None),
            EVENT_COLUMNS,
            span=24,
            height=12,
            colours={"status": STATUS_COLOURS},
            description=(
                "Every revision of every event. Known after: from when it happened to the receipt of the data that "
                "proved it, in the flight's own time."
            ),
        ),
        chart(
            "Detection latency",
            "s",
            [Target(select(['"latency_s"'], ["events"], ["vehicle", "type"]), alias="$tag_vehicle $tag_type")],
            interval="1s",
            span=12,
            as_points=True,
            description="Each event where it happened: how much later the data that proved it was received.",
        ),
        chart(
            "Latency of each stage",
            "s",
            [
                Target(
                    select_each_interval(
                        [f'max("{name}_s") AS "{name}"' for name in ("p50", "p99", "max")],
                        ["quality"],
                        ["vehicle", "stage"],
                        where="\"type\" = 'latency'",
                        fill="none",
                    ),
                    alias="$tag_stage $tag_vehicle $col",
                )
            ],
            interval="1s",
            span=12,
            hole_after_s=LATENCY_HOLE_S,
            description="Wall clock: the worst median, 99th percentile and maximum among the records of an interval.",
        ),
    ]
