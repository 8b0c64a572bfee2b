"""What a panel asks InfluxDB: InfluxQL with Grafana's variables and macros in it. Pure.

Two rules keep Grafana from spoiling a query. It escapes a variable that stands between two slashes, as in a regular
expression, so a panel's query compares run and flight with `=` and has no slash on both sides of them. The queries of
variables and annotations are escaped in any case, so they compare with `=~ /^$run$/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.dashboard import DataSourceRef

DATASOURCE_UID: Final = "downrange-influx"
DATASOURCE: Final = DataSourceRef(type_val="influxdb", uid=DATASOURCE_UID)
ONE_FLIGHT: Final = """"run" = '$run' AND "flight" = '$flight' AND $timeFilter"""
ONE_FLIGHT_ESCAPED: Final = """"run" =~ /^$run$/ AND "flight" =~ /^$flight$/ AND $timeFilter"""
# of an event's revisions the last, unless it takes the event back
STANDING: Final = '"standing" = true'

Fill = Literal["null", "none", "0"]


class InfluxQuery(Dataquery):
    """A raw InfluxQL query of a panel.

    Parameters
    ----------
    text
        The query.
    shape
        `time_series` (one series a tag set and column) or `table` (one row a point, tags as columns).
    alias
        Name of each series: `$tag_vehicle`, `$col`; none for tables.
    ref
        Letter of the query in its panel.
    """

    def __init__(self, text: str, shape: Literal["time_series", "table"], alias: str | None, ref: str) -> None:
        self.text = text
        self.shape = shape
        self.alias = alias
        self.ref = ref

    def to_json(self) -> dict[str, object]:
        """Return the query as Grafana's InfluxDB plug-in keeps it."""
        content: dict[str, object] = {
            "refId": self.ref,
            "datasource": DATASOURCE,
            "rawQuery": True,
            "query": self.text,
            "resultFormat": self.shape,
        }
        return content | ({"alias": self.alias} if self.alias is not None else {})


@dataclass(frozen=True, slots=True)
class Target(Builder[Dataquery]):
    """Builder of an `InfluxQuery`, as panels take it."""

    text: str
    alias: str | None = "$tag_vehicle"
    ref: str = "A"

    def build(self) -> InfluxQuery:
        """Return the query; one without alias gives a table."""
        return InfluxQuery(self.text, "table" if self.alias is None else "time_series", self.alias, self.ref)


def select(
    expressions: Sequence[str], measurements: Sequence[str], group_by: Sequence[str] = (), *, where: str = ""
) -> str:
    """Return a query of the chosen flight and time range.

    Examples
    --------
    >>> select(['last("altitude_m")'], ["nav"], ["vehicle"]).replace(ONE_FLIGHT, "...")
    'SELECT last("altitude_m") FROM "nav" WHERE ... GROUP BY "vehicle"'
    """
    sources = ", ".join(_quoted(name) for name in measurements)
    query = f"SELECT {', '.join(expressions)} FROM {sources} WHERE {ONE_FLIGHT}"  # noqa: S608 -- names are our own
    query += f" AND {where}" if where else ""
    return query + (f" GROUP BY {', '.join(map(_quoted, group_by))}" if group_by else "")


def select_each_interval(
    expressions: Sequence[str],
    measurements: Sequence[str],
    group_by: Sequence[str],
    *,
    where: str = "",
    fill: Fill = "null",
) -> str:
    """Return a query with one row an interval of the panel; one without data is a hole unless `fill` says otherwise."""
    tags = "".join(f", {_quoted(name)}" for name in group_by)
    return f"{select(expressions, measurements, where=where)} GROUP BY time($__interval){tags} fill({fill})"


def _quoted(name: str) -> str:
    return f'"{name}"'
