"""The kinds of panels that the dashboard is made of. Pure.

What they share: a gap stays a gap (nothing is drawn across it), units are set, and colours say the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import common, dashboard, geomap, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.models import common as looks
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    ValueMap,
    ValueMappingResult,
)

from dashboards.channels import thresholds
from dashboards.influxql import DATASOURCE, Target
from telemetry.channels import Limit

WIDTH: Final = 24
COUNTRIES: Final = "public/maps/countries.geojson"  # comes with Grafana: a map that needs no internet
TRACK: Final = "Ground track"
NOT_TIME: Final = "/^(?!Time$).*/"


def figure(
    title: str, unit: str, target: Target, *, span: int, decimals: int | None = None, words: bool = False
) -> stat.Panel:
    """Return the last value in large letters, one figure a vehicle; `words` for values that are no numbers."""
    panel = (
        stat.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .with_target(target)
        .unit(unit)
        .span(span)
        .height(4)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields(NOT_TIME if words else ""))
        .text_mode(looks.BigValueTextMode.VALUE_AND_NAME)
        .graph_mode(looks.BigValueGraphMode.NONE)
        .color_mode(looks.BigValueColorMode.NONE)
    )
    return panel.decimals(decimals) if decimals is not None else panel


def chart(
    title: str,
    unit: str,
    targets: Sequence[Target],
    *,
    interval: str,
    span: int,
    description: str = "",
    limits: tuple[Limit, ...] = (),
    hole_after_s: float | None = None,
    as_points: bool = False,
) -> timeseries.Panel:
    """Return lines over time.

    Parameters
    ----------
    title, unit, description
        As shown; the unit is Grafana's name.
    targets
        Queries.
    interval
        Finest `$__interval`.
    span
        Width in 24ths.
    limits
        Drawn as coloured areas.
    hole_after_s
        For rare points, which leave most intervals empty: those further apart than this are not joined.
    as_points
        No lines at all: single happenings.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .targets(list(targets))
        .interval(interval)
        .unit(unit)
        .span(span)
        .height(7)
        .span_nulls(span_nulls=False)
        .line_width(1)
        .fill_opacity(0)
        .point_size(4 if not as_points else 8)
        .draw_style(looks.GraphDrawStyle.POINTS if as_points else looks.GraphDrawStyle.LINE)
        .show_points(looks.VisibilityMode.AUTO)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .legend(_legend())
        .tooltip(common.VizTooltipOptions().mode(looks.TooltipDisplayMode.MULTI).sort(looks.SortOrder.NONE))
    )
    if limits:
        style = common.GraphThresholdsStyleConfig().mode(looks.GraphTresholdsStyleMode.DASHED_AND_AREA)
        panel = panel.thresholds(thresholds(limits)).thresholds_style(style)
    return panel.insert_nulls(round(hole_after_s * 1000)) if hole_after_s is not None else panel


def states(
    title: str,
    targets: Sequence[Target],
    colours: Mapping[str, str],
    *,
    interval: str,
    span: int,
    height: int = 6,
    description: str = "",
) -> statetimeline.Panel:
    """Return bars of states over time; a silent stretch is left blank."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .targets(list(targets))
        .interval(interval)
        .span(span)
        .height(height)
        .mappings([_coloured(colours)])
        .merge_values(merge_values=True)
        .show_value(looks.VisibilityMode.AUTO)
        .align_value(looks.TimelineValueAlignment.LEFT)
        .row_height(0.8)
        .fill_opacity(80)
        .line_width(0)
        .legend(_legend())
    )


def grid(
    title: str,
    target: Target,
    columns: Mapping[str, tuple[str, str]],
    *,
    span: int,
    height: int,
    description: str = "",
    colours: Mapping[str, Mapping[str, str]] | None = None,
    hidden: Sequence[str] = (),
) -> table.Panel:
    """Return a table.

    Parameters
    ----------
    columns
        Heading and Grafana unit of each column, in their order.
    colours
        Background by value, for the columns named.
    hidden
        Columns of the answer that are not shown.
    """
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .with_target(target)
        .span(span)
        .height(height)
        .cell_height(looks.TableCellHeight.SM)
        .with_transformation(
            DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": dict.fromkeys(hidden, True),
                    "indexByName": {name: place for place, name in enumerate(columns)},
                    "renameByName": {name: heading for name, (heading, _) in columns.items()},
                },
            )
        )
    )
    for heading, unit in columns.values():
        panel = panel.override_by_name(heading, [DynamicConfigValue(id_val="unit", value=unit)])
    for name, values in (colours or {}).items():
        heading, _ = columns[name]
        looks_of_cell = [
            DynamicConfigValue(id_val="mappings", value=[_coloured(values).to_json()]),
            DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-background", "mode": "basic"}),
        ]
        panel = panel.override_by_name(heading, looks_of_cell)
    return panel


def track_map(title: str, target: Target, *, interval: str, span: int, height: int) -> geomap.Panel:
    """Return a world map with a dot for each interval in which the vehicle told its place; silence leaves no line."""
    dot = {"size": {"fixed": 3}, "symbol": {"fixed": "img/icons/marker/circle.svg", "mode": "fixed"}, "opacity": 0.8}
    colour = {"color": {"field": "altitude", "fixed": "dark-orange"}}
    ground = {"color": {"fixed": "#8e8e8e"}, "opacity": 0.25, "lineWidth": 1}
    place = common.FrameGeometrySource().mode(looks.FrameGeometrySourceMode.COORDS)
    return (
        geomap.Panel()
        .title(title)
        .datasource(DATASOURCE)
        .with_target(target)
        .interval(interval)
        .span(span)
        .height(height)
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.CONTINUOUS_BL_YL_RD))
        .override_by_name("altitude", [DynamicConfigValue(id_val="unit", value="lengthm")])
        .view(geomap.MapViewConfig().id("fit").all_layers(all_layers=False).layer(TRACK).padding(15).zoom(8))
        .basemap(
            common.MapLayerOptions()
            .type("geojson")
            .name("Countries")
            .config({"src": COUNTRIES, "rules": [], "style": ground})
        )
        .layers(
            [
                common.MapLayerOptions()
                .type("markers")
                .name(TRACK)
                .config({"showLegend": True, "style": dot | colour})
                .location(place.latitude("latitude").longitude("longitude"))
                .tooltip(tooltip=True)
            ]
        )
        .controls(geomap.ControlsOptions().show_zoom(show_zoom=True).mouse_wheel_zoom(mouse_wheel_zoom=False))
    )


def _legend() -> common.VizLegendOptions:
    placed = common.VizLegendOptions().placement(looks.LegendPlacement.BOTTOM)
    return placed.display_mode(looks.LegendDisplayMode.LIST).show_legend(show_legend=True)


def _coloured(colours: Mapping[str, str]) -> ValueMap:
    results = {
        value: ValueMappingResult(color=colour, index=place) for place, (value, colour) in enumerate(colours.items())
    }
    return ValueMap(results)
