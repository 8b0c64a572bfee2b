"""The row about the books: what arrived of what was sent, gaps, limits, events as they were found, latencies. Pure."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from dashboards.influxql import STANDING, Target, select, select_each_interval
from dashboards.panels import chart, grid

STATUS_COLOURS: Final = {"provisional": "yellow", "confirmed": "green", "retracted": "red"}
GAP_COLOURS: Final = {"suspected": "yellow", "confirmed": "red", "healed": "green"}
BALANCED_COLOURS: Final = {"true": "green", "false": "red"}

# told every 5 s of the wall clock
LATENCY_HOLE_S: Final = 30.0
LEDGER_TAGS: Final = ("vehicle", "packet")
LEDGER_COLUMNS: Final = {
    "vehicle": ("Vehicle", "string"),
    "packet": ("Packet", "string"),
    "sent": ("Sent", "none"),
    "unique": ("Unique", "none"),
    "missing": ("Missing", "none"),
    "received": ("Received", "none"),
    "resent": ("Resent", "none"),
    "overlapping": ("From a second station", "none"),
    "late": ("Late", "none"),
    "rejected": ("Rejected", "none"),
    "detected": ("Detected on", "none"),
    "stored": ("In InfluxDB", "none"),
    "archived": ("Archived", "none"),
    "balanced": ("Balanced", "none"),
}
GAP_COLUMNS: Final = {
    "Time": ("After the packet made at", "dateTimeAsIso"),
    "vehicle": ("Vehicle", "string"),
    "packet": ("Packet", "string"),
    "first": ("From count", "none"),
    "last": ("To count", "none"),
    "state": ("State", "string"),
}
LATENCY_COLUMNS: Final = {
    "vehicle": ("Vehicle", "string"),
    "stage": ("Stage", "string"),
    "messages": ("Messages", "none"),
    "p50_s": ("p50", "s"),
    "p95_s": ("p95", "s"),
    "p99_s": ("p99", "s"),
    "max_s": ("Longest", "s"),
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
HISTORY_COLUMNS: Final = {
    **{name: EVENT_COLUMNS[name] for name in ("vehicle", "name", "ordinal", "revision", "status")},
    "superseded_by": ("Superseded by revision", "none"),
    "Time": ("Happened, it said", "dateTimeAsIso"),
    **{name: EVENT_COLUMNS[name] for name in ("t_sigma_s", "latency_s", "detector", "type")},
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


def ledger_row() -> list[Builder[Panel]]:
    """Return the books, the events, and how long things took."""
    books = select(
        [f'last("{name}") AS "{name}"' for name in LEDGER_COLUMNS if name not in LEDGER_TAGS],
        ["quality"],
        ["vehicle", "packet"],
        where="\"type\" = 'ledger'",
    )
    gaps = select(['"vehicle"', '"packet"', '"first"', '"last"', '"state"'], ["quality"], where="\"type\" = 'gap'")
    so_far = select(
        [f'last("{name}") AS "{name}"' for name in ("messages", "p50_s", "p95_s", "p99_s", "max_s")],
        ["quality"],
        ["vehicle", "stage"],
        where="\"type\" = 'latency'",
    )
    said = ("value", "limit", "reason", "by", "why")
    watched = select(
        ['last("name") AS "name"', *(f'"value_{name}" AS "{name}"' for name in said)],
        ["events"],
        ["vehicle", "channel", "level", "side"],
        where="\"channel\" != ''",
    )
    found = select([f'"{name}"' for name in EVENT_COLUMNS if name != "Time"], ["events"], where=STANDING)
    revised = select(
        [f'"{name}"' for name in HISTORY_COLUMNS if name != "Time"],
        ["events"],
        where='("revision" > 0 OR "standing" = false)',
    )
    first = select(['"latency_s"'], ["events"], ["vehicle", "type"], where='"revision" = 0')
    return [
        grid(
            "Ledger",
            Target(books, alias=None),
            LEDGER_COLUMNS,
            span=24,
            height=8,
            hidden=["Time"],
            colours={"balanced": BALANCED_COLOURS},
            description=(
                "Balanced: sent = unique + missing, received = unique + duplicates + rejected, unique = detected on + "
                "late + in the hold, and InfluxDB and the archive have what is unique, once the auditor has looked."
            ),
        ),
        grid(
            "Gaps",
            Target(gaps, alias=None),
            GAP_COLUMNS,
            span=12,
            height=8,
            colours={"state": GAP_COLOURS},
            description=(
                "Packets that did not come in their turn. Suspected: a later one came; confirmed: not waited for any "
                "more; healed: all of it came after all."
            ),
        ),
        grid(
            "Latency so far",
            Target(so_far, alias=None),
            LATENCY_COLUMNS,
            span=12,
            height=8,
            hidden=["Time"],
            description=(
                "Each stage over the whole flight so far, as its last member counted; all members together: downrange "
                "latency. The stage ert, generation to receipt, is in the flight's own time; the others are by the "
                "clocks on the wall."
            ),
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
                "What is believed now: the last word on every event, without those taken back. Known after: from when "
                "it happened to the receipt of the data that proved it, in the flight's own time."
            ),
        ),
        grid(
            "Revised and retracted events",
            Target(revised, alias=None),
            HISTORY_COLUMNS,
            span=24,
            height=8,
            colours={"status": STATUS_COLOURS},
            description=(
                "All that was said of events that changed: each revision, the one that superseded it, and those that "
                "took their event back."
            ),
        ),
        chart(
            "Detection latency",
            "s",
            [Target(first, alias="$tag_vehicle $tag_type")],
            interval="1s",
            span=12,
            as_points=True,
            description="Where it happened: how much later the data that first told of it was received.",
        ),
        chart(
            "Latency of each stage",
            "s",
            [
                Target(
                    select_each_interval(
                        [f'last("{name}_s") AS "{name}"' for name in ("p50", "p99", "max")],
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
            description="Of all messages so far: a level rises with what is slow, and never forgets it.",
        ),
    ]
