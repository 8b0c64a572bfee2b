"""A flight as a page that can be searched with the mouse (plotly): one file that needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from simulator.exports.curves import Curve, Mark
from simulator.exports.panels import (
    COLOURS,
    LAND,
    PANELS,
    Chart,
    Land,
    Panel,
    chart_of,
    marks_shown,
    value_at,
    way_shown,
)
from simulator.physics.earth import FloatArray

HEIGHT_PX: Final = 950
MAP_COLUMN: Final = 2


def write_page(path: Path, curves: tuple[Curve, ...], title: str, land: Land = ()) -> None:
    """Write the page; parameters as of `simulator.exports.picture.write_picture`."""
    rows = len(PANELS)
    specs: list[list[dict[str, int] | None]] = [[{}, {"rowspan": rows}]]
    specs += [[{}, None] for _ in range(rows - 1)]
    figure = make_subplots(
        rows=rows,
        cols=MAP_COLUMN,
        specs=specs,
        shared_xaxes="columns",
        column_widths=[0.56, 0.44],
        vertical_spacing=0.03,
        horizontal_spacing=0.07,
    )
    chart, marks = chart_of(curves, land), marks_shown(curves)
    for ring in chart.land:
        figure.add_trace(_outline(ring), row=1, col=MAP_COLUMN)
    for index, curve in enumerate(curves):
        mine = [mark for owner, mark in marks if owner == index]
        for row, panel in enumerate(PANELS, start=1):
            for trace in _over_time(panel, index, curve, mine, named=row == 1):
                figure.add_trace(trace, row=row, col=1)
        for trace in _over_ground(chart, index, curve, mine):
            figure.add_trace(trace, row=1, col=MAP_COLUMN)
    for row, panel in enumerate(PANELS, start=1):
        figure.update_yaxes(title_text=panel.title, row=row, col=1)
    figure.update_xaxes(title_text="Mission time, s", row=rows, col=1)
    west, east, south, north = chart.box_deg
    place = {"row": 1, "col": MAP_COLUMN}
    figure.update_xaxes(title_text="Longitude, deg", range=[west, east], constrain="domain", **place)
    scale = {"scaleanchor": f"x{MAP_COLUMN}", "scaleratio": 1.0 / chart.squeeze, "constrain": "domain"}
    figure.update_yaxes(title_text="Latitude, deg", range=[south, north], **scale, **place)
    figure.update_layout(
        title=title,
        template="plotly_white",
        height=HEIGHT_PX,
        hovermode="closest",
        legend={"orientation": "h", "y": 1.04},
    )
    figure.write_html(path, include_plotlyjs=True, full_html=True)


def _outline(ring: FloatArray) -> go.Scatter:
    return go.Scatter(
        x=ring[:, 0],
        y=ring[:, 1],
        fill="toself",
        mode="lines",
        line={"color": "#adb5bd", "width": 0.6},
        fillcolor=LAND,
        hoverinfo="skip",
        showlegend=False,
    )


def _over_time(panel: Panel, index: int, curve: Curve, marks: list[Mark], *, named: bool) -> tuple[go.Scatter, ...]:
    way = way_shown(curve, index)
    line = go.Scatter(
        x=curve.truth.t_s[way],
        y=np.round(panel.value(curve)[way], 5),
        name=curve.vehicle,
        line={"color": COLOURS[index % len(COLOURS)], "width": 1.8},
        hovertemplate="T%{x:+.1f} s, %{y:.4g}",
        showlegend=named,
        legendgroup=curve.vehicle,
    )
    times = [mark.happening.t_s for mark in marks]
    heights = [value_at(panel, curve, mark) for mark in marks]
    return line, _dots(index, curve, marks, times, heights)


def _over_ground(chart: Chart, index: int, curve: Curve, marks: list[Mark]) -> tuple[go.Scatter, ...]:
    line = go.Scatter(
        x=np.round(chart.east_deg[index], 5),
        y=np.round(chart.north_deg[index], 5),
        mode="lines",
        line={"color": COLOURS[index % len(COLOURS)], "width": 2},
        hoverinfo="skip",
        showlegend=False,
        legendgroup=curve.vehicle,
    )
    easts = [chart.east_of(index, mark.longitude_deg) for mark in marks]
    return line, _dots(index, curve, marks, easts, [mark.latitude_deg for mark in marks])


def _dots(index: int, curve: Curve, marks: list[Mark], x: list[float], y: list[float]) -> go.Scatter:
    names = [
        f"{curve.vehicle}: {mark.name}<br>T{mark.happening.t_s:+.1f} s, {mark.altitude_m / 1000:.1f} km,"
        f" {mark.latitude_deg:.3f} N {mark.longitude_deg:.3f} E"
        for mark in marks
    ]
    return go.Scatter(
        x=x,
        y=y,
        text=names,
        mode="markers",
        marker={"color": COLOURS[index % len(COLOURS)], "size": 8},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
        legendgroup=curve.vehicle,
    )
