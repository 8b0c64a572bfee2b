"""A flight as a picture (matplotlib): altitude, speed, load and mass over time, and the ground track."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from simulator.exports.curves import Curve, Mark
from simulator.exports.panels import COLOURS, INK, LAND, PANELS, Chart, Land, chart_of, marks_shown, value_at, way_shown

INCHES: Final = (15.0, 9.0)
DPI: Final = 110
APART_SHARE: Final = 0.022


def write_picture(path: Path, curves: tuple[Curve, ...], title: str, land: Land = ()) -> None:
    """Draw a flight; the file's suffix says how (png, svg, pdf).

    Parameters
    ----------
    path
        The file.
    curves
        The flight, sampled.
    title
        Above the picture.
    land
        Outlines of land for the ground track.
    """
    marks = marks_shown(curves)
    figure = Figure(figsize=INCHES, dpi=DPI, layout="constrained")
    figure.suptitle(title, fontsize=13, color=INK)
    grid = figure.add_gridspec(len(PANELS), 2, width_ratios=(1.25, 1.0))
    first: Axes | None = None
    for row, panel in enumerate(PANELS):
        axes = figure.add_subplot(grid[row, 0], sharex=first)
        first = first or axes
        for index, curve in enumerate(curves):
            colour = COLOURS[index % len(COLOURS)]
            way = way_shown(curve, index)
            axes.plot(curve.truth.t_s[way], panel.value(curve)[way], color=colour, lw=1.6, label=curve.vehicle)
            mine = [mark for owner, mark in marks if owner == index]
            heights = [value_at(panel, curve, mark) for mark in mine]
            axes.plot([mark.happening.t_s for mark in mine], heights, "o", ms=3.5, color=colour)
        axes.set_ylabel(panel.title, color=INK)
        axes.grid(visible=True, alpha=0.25)
        axes.label_outer()
    if first is not None:
        _name_marks(first, marks)
        first.legend(loc="upper right", frameon=False)
        figure.axes[-1].set_xlabel("Mission time, s", color=INK)
    _ground_track(figure.add_subplot(grid[:, 1]), curves, marks, chart_of(curves, land))
    figure.savefig(path)


def _name_marks(axes: Axes, marks: tuple[tuple[int, Mark], ...]) -> None:
    """Write the events above the first panel, each at its time and never over another."""
    left, right = axes.get_xlim()
    apart, free_from = (right - left) * APART_SHARE, -np.inf
    for index, mark in marks:
        at_s, colour = mark.happening.t_s, COLOURS[index % len(COLOURS)]
        written_s = max(at_s, free_from)
        free_from = written_s + apart
        axes.annotate(
            mark.name,
            (at_s, 1.0),
            (written_s, 1.08),
            xycoords=("data", "axes fraction"),
            textcoords=("data", "axes fraction"),
            rotation=90,
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=colour,
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": colour, "shrinkA": 0, "shrinkB": 0},
            annotation_clip=False,
        )
        axes.axvline(at_s, color=colour, lw=0.4, alpha=0.5)


def _ground_track(axes: Axes, curves: tuple[Curve, ...], marks: tuple[tuple[int, Mark], ...], chart: Chart) -> None:
    for ring in chart.land:
        axes.fill(ring[:, 0], ring[:, 1], facecolor=LAND, edgecolor="#adb5bd", lw=0.5)
    for index, curve in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        axes.plot(chart.east_deg[index], chart.north_deg[index], color=colour, lw=1.8, label=curve.vehicle)
    for index, mark in marks:
        axes.plot(
            chart.east_of(index, mark.longitude_deg), mark.latitude_deg, "o", ms=4, color=COLOURS[index % len(COLOURS)]
        )
    west, east, south, north = chart.box_deg
    for name, end in (("launch", 0), ("landing", -1)):
        place = (chart.east_deg[0][end], chart.north_deg[0][end])
        # towards the middle of the map, so that no name runs out of it
        side, align = (8, "left") if place[0] < (west + east) / 2.0 else (-8, "right")
        axes.annotate(name, place, (side, 0), textcoords="offset points", ha=align, va="center", fontsize=9, color=INK)
    axes.set_xlim(west, east)
    axes.set_ylim(south, north)
    axes.set_aspect(1.0 / chart.squeeze, adjustable="box")
    # a way to the north is drawn narrow, and more marks than these would run into one another
    slimness = (east - west) * chart.squeeze / (north - south)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=min(6, max(1, round(8 * slimness)))))
    axes.set_xlabel("Longitude, deg", color=INK)
    axes.set_ylabel("Latitude, deg", color=INK)
    axes.set_title("Ground track", color=INK)
    axes.grid(visible=True, alpha=0.25)
