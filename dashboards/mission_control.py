"""Mission control's dashboard: one flight of one run, and how well the line reports it. Pure."""

from __future__ import annotations

import json
from typing import Any, Final

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationContainer,
    AnnotationQuery,
    Dashboard,
    DashboardCursorSync,
    VariableRefresh,
    VariableSort,
)

from dashboards.books import ledger_row
from dashboards.influxql import DATASOURCE, ONE_FLIGHT_ESCAPED, STANDING
from dashboards.links import link_row
from dashboards.vehicle import ALL_WELL, ON_OFF, Vehicles, flight_row, packet_row, propulsion_row
from telemetry.dictionary import Dictionary, built_in

UID: Final = "downrange-mission-control"
TITLE: Final = "Mission control"
# measured: Grafana 12 migrates a panel without a version as if it were old, and xychart then fails
PLUGIN_VERSION: Final = "12.2.0"
# Grafana's own lower bound: it refuses a dashboard over its API that asks for less
REFRESH: Final = "5s"
DICTIONARIES: Final = ("yuanxing-1", "webcast")
FLIGHTS: Final = 'SHOW TAG VALUES WITH KEY = "flight" WHERE "run" =~ /^$run$/'


class _InfluxAnnotation(AnnotationQuery):
    """An annotation by InfluxQL, which the generated builders do not know."""

    def __init__(self, name: str, where: str, colour: str, *, enable: bool) -> None:
        super().__init__(name=name, datasource=DATASOURCE, enable=enable, icon_color=colour)
        self.where = where

    def to_json(self) -> dict[str, object]:
        columns = '"name", "vehicle", "status"'
        target = {
            "refId": "Anno",
            "name": self.name,
            "fromAnnotations": True,
            "query": f'SELECT {columns} FROM "events" WHERE {ONE_FLIGHT_ESCAPED} AND {self.where}',  # noqa: S608 -- our own names
            "textColumn": "name",
            "tagsColumn": "vehicle,status",
            "titleColumn": "",
            "timeEndColumn": "",
        }
        return super().to_json() | {"target": target}


def build(dictionaries: tuple[Dictionary, ...] | None = None) -> dict[str, Any]:
    """Return the dashboard as Grafana reads it.

    Parameters
    ----------
    dictionaries
        Those of the flights to be watched; the first fills every row. The built-in ones when None.
    """
    vehicles = Vehicles(dictionaries or tuple(built_in(name) for name in DICTIONARIES))
    board = (
        builders.Dashboard(TITLE)
        .uid(UID)
        .description("One flight: what the vehicles say, what happened, and how well the line reports it.")
        .tags(["downrange"])
        .timezone("utc")
        .time("now-15m", "now")
        .refresh(REFRESH)
        .timepicker(builders.TimePicker().refresh_intervals(["1s", "2s", "5s", "30s", "1m"]))
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .with_variable(_variable("run", 'SHOW TAG VALUES WITH KEY = "run"', VariableSort.ALPHABETICAL_ASC))
        .with_variable(_variable("flight", FLIGHTS, VariableSort.ALPHABETICAL_DESC))
    )
    rows = (
        ("Flight", flight_row(vehicles)),
        ("Propulsion", propulsion_row(vehicles)),
        ("Cargo", packet_row(vehicles, "cargo", "Door, seal and latches", ALL_WELL)),
        ("Vehicle health", packet_row(vehicles, "health", "Switches and states", ON_OFF)),
        ("Links", link_row(vehicles)),
        ("Ledger and events", ledger_row()),
    )
    for title, panels in rows:
        board = board.with_row(builders.Row(title))
        for panel in panels:
            board = board.with_panel(panel)
    return _plain(board.build())


def _variable(name: str, query: str, order: VariableSort) -> builders.QueryVariable:
    return (
        builders.QueryVariable(name)
        .label(name.capitalize())
        .datasource(DATASOURCE)
        .query(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(order)
    )


def _plain(board: Dashboard) -> dict[str, Any]:
    """Add what the builders lack, annotations, ids and versions of the panels, and return plain values."""
    flight = '"type" =~ /^downrange.(flight|cargo)/'
    board.annotations = AnnotationContainer(
        [
            _InfluxAnnotation("Flight and cargo events", f"{flight} AND {STANDING}", "orange", enable=True),
            _InfluxAnnotation("Superseded and retracted", f'{flight} AND "standing" = false', "red", enable=False),
            _InfluxAnnotation("Link events", '"type" =~ /^downrange.link/', "blue", enable=False),
        ]
    )
    content: dict[str, Any] = json.loads(JSONEncoder().encode(board))
    for number, panel in enumerate(content["panels"], start=1):
        panel["id"] = number
        if panel["type"] != "row":
            panel["pluginVersion"] = PLUGIN_VERSION
    return content
