"""Draws the flight over time: events in lanes, altitude, speed, acceleration, phases and limits (matplotlib)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from downrange.report.labels import FLIGHT_EVENTS, SMALL, Label, labels_of, text_width_in, with_room
from downrange.report.lanes import Wide, lanes_of
from downrange.report.look import (
    FAINT,
    HOLE,
    INK,
    LEVELS,
    ON_PHASE,
    OTHER_PHASE,
    PAPER,
    PHASES,
    RULE,
    vehicle_colour,
)
from downrange.report.model import QUANTITIES, FlightReport, Floats, Span, Trace
from downrange.report.series import drawn, reach_of, value_at
from downrange.report.words import MINUTES_FROM_S, measured_name, plural, sigma

LETTERS: Final = 7.0
LANE_IN: Final = 0.125
ROW_IN: Final = 0.13
GAP_IN: Final = 0.09
MOST_LANES: Final = 14
LABEL_IN: Final = 0.44
KEY_IN: Final = 0.09
PAD_SHARE: Final = 0.02
WORDS_SHARE: Final = 0.25
SCALES: Final = {"altitude": (1e4, 1e3, "km", "m"), "speed": (2e3, 1e3, "km/s", "m/s")}
MOST_TICKS: Final = 14
TICK_STEPS_S: Final = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)


@dataclass(frozen=True, slots=True)
class Box:
    """A place in a figure, in inches from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float


def draw_flight(figure: Figure, report: FlightReport, box: Box) -> None:
    """Draw all panels over one time axis.

    Parameters
    ----------
    figure
        Where.
    report
        What.
    box
        The room for it, axis labels included.
    """
    left_in, right_in, bottom_in = 0.62, 0.08, 0.36
    inner = Box(box.left + left_in, box.bottom + bottom_in, box.width - left_in - right_in, box.height - bottom_in)
    span_s = max(report.shown.end_s - report.shown.start_s, 1e-3)
    limits = (report.shown.start_s - PAD_SHARE * span_s, report.shown.end_s + PAD_SHARE * span_s)
    labels = labels_of(report)
    limits = with_room(labels, limits, inner.width)
    in_per_s = inner.width / (limits[1] - limits[0])
    lanes = lanes_of([Wide(each.t_s, (text_width_in(each.text, SMALL) + 0.07) / in_per_s) for each in labels])
    lanes_in = LANE_IN * min(max(lanes, default=-1) + 1, MOST_LANES) + 0.04
    levels = [level for level in LEVELS if any(raised.level == level for raised in report.limits)]
    strips_in = ROW_IN * len(report.crafts) + GAP_IN + (ROW_IN * len(levels) + GAP_IN if levels else 0.0)
    panel_in = (inner.height - lanes_in - strips_in - GAP_IN * len(QUANTITIES)) / len(QUANTITIES)
    top = inner.bottom + inner.height
    lane_axes = _axes(figure, inner, top - lanes_in, lanes_in, limits)
    at = top - lanes_in
    panels: list[Axes] = []
    for quantity in QUANTITIES:
        at -= panel_in
        axes = _axes(figure, inner, at, panel_in, limits)
        _panel(axes, report, quantity, labels, inner.width)
        panels.append(axes)
        at -= GAP_IN
    at -= ROW_IN * len(report.crafts)
    phases = _axes(figure, inner, at, ROW_IN * len(report.crafts), limits)
    nameless = _phases(phases, report, in_per_s)
    last = phases
    if levels:
        at -= GAP_IN + ROW_IN * len(levels)
        last = _axes(figure, inner, at, ROW_IN * len(levels), limits)
        _limits(last, report, levels)
    _lanes(lane_axes, labels, lanes, lanes_in)
    for axes in (*panels, *([phases] if levels else [])):
        axes.tick_params(axis="x", labelbottom=False, length=0)
    _time_axis(last, [*panels, phases], limits)
    _legend(panels[0], report)
    _key(figure, inner, box.bottom, nameless)


def _axes(figure: Figure, inner: Box, bottom_in: float, height_in: float, limits: tuple[float, float]) -> Axes:
    wide, high = figure.get_size_inches()
    axes = figure.add_axes((inner.left / wide, bottom_in / high, inner.width / wide, height_in / high))
    axes.set_xlim(*limits)
    axes.set_facecolor("none")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(colors=FAINT, labelcolor=INK, labelsize=SMALL, length=2, width=0.5)
    return axes


def _panel(axes: Axes, report: FlightReport, quantity: str, labels: Sequence[Label], width_in: float) -> None:
    traces = [(i, craft.traces[quantity]) for i, craft in enumerate(report.crafts) if quantity in craft.traces]
    axes.grid(visible=True, axis="both", color=RULE, lw=0.5)
    axes.set_axisbelow(True)
    axes.axhline(0.0, color=FAINT, lw=0.5, zorder=1)
    for label in labels:
        axes.axvline(label.t_s, color=label.colour, lw=0.45, alpha=0.45, ls=_line(label.status), zorder=1.5)
    several = len(report.crafts) > 1
    for index, craft in enumerate(report.crafts):
        _holes(axes, craft.unmeasured(quantity), report.shown, vehicle_colour(index) if several else FAINT)
    factor, unit = _scale(quantity, [trace.values for _, trace in traces])
    said = {trace.source for _, trace in traces if trace.derived}
    names = {measured_name(trace.source) for _, trace in traces if not trace.derived}
    lines = [
        (index, *drawn(trace.t_s, trace.values / factor, trace.holes, report.shown), trace.derived)
        for index, trace in traces
    ]
    for index, t_s, values, derived in lines:
        axes.plot(t_s, values, color=vehicle_colour(index), lw=0.8 if derived else 1.1, solid_joinstyle="round")
    if traces:
        # of all values: a curve is drawn by the least and most of each pixel's width, and so of more spikes than it has
        bottom, top, beyond = reach_of([_shown(trace, report.shown) / factor for _, trace in traces])
        room = 0.07 * max(top - bottom, 1e-6)
        axes.set_ylim(bottom - room, top + room)
        if beyond:
            said = said | {f"{plural(beyond, 'spike')} beyond the axis"}
        _marks(axes, report, quantity, factor)
    else:
        said = {"not measured"}
        axes.set_yticks([])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10])) if traces else None
    axes.set_ylabel(f"{names.pop() if len(names) == 1 else quantity}, {unit}", color=INK, fontsize=LETTERS, labelpad=3)
    axes.yaxis.set_label_coords(-LABEL_IN / width_in, 0.5)
    if said:
        is_low = bool(lines) and _begins_low(axes, lines[0][1], lines[0][2])
        place, align = (0.95, "top") if is_low or not lines else (0.05, "bottom")
        words = "; ".join(sorted(said))
        axes.text(0.012, place, words, transform=axes.transAxes, fontsize=SMALL, color=FAINT, va=align, zorder=5)


def _shown(trace: Trace, shown: Span) -> Floats:
    return trace.values[(trace.t_s >= shown.start_s) & (trace.t_s <= shown.end_s) & np.isfinite(trace.values)]


def _begins_low(axes: Axes, t_s: Floats, values: Floats) -> bool:
    """Return whether a curve leaves the upper left corner free, spikes apart."""
    start, end = axes.get_xlim()
    early = values[(t_s < start + WORDS_SHARE * (end - start)) & np.isfinite(values)]
    bottom, top = axes.get_ylim()
    return not early.size or float(np.quantile(early, 0.9)) < (bottom + top) / 2.0


def _scale(quantity: str, values: Sequence[Floats]) -> tuple[float, str]:
    if quantity not in SCALES:
        return 1.0, "m/s²"
    big_from, factor, big, small = SCALES[quantity]
    most = max((float(np.quantile(np.abs(each), 0.998)) for each in values if each.size), default=0.0)
    return (factor, big) if most >= big_from else (1.0, small)


def _holes(axes: Axes, holes: Sequence[Span], shown: Span, colour: str) -> None:
    """Shade where nothing was measured."""
    for hole in holes:
        if hole.end_s > shown.start_s and hole.start_s < shown.end_s:
            ends = max(hole.start_s, shown.start_s), min(hole.end_s, shown.end_s)
            axes.axvspan(*ends, color=HOLE, alpha=0.75, lw=0, zorder=0.5)
            axes.axvspan(*ends, fill=False, hatch="////", edgecolor=colour, alpha=0.25, lw=0, zorder=0.6)


def _marks(axes: Axes, report: FlightReport, quantity: str, factor: float) -> None:
    """Mark events on the curve, with their uncertainty in time; where there is no curve there is no mark."""
    for index, craft in enumerate(report.crafts):
        trace = craft.traces.get(quantity)
        for each in report.happenings if trace is not None else ():
            event = each.event
            if event.vehicle != craft.name or event.type not in FLIGHT_EVENTS or trace is None:
                continue
            value = value_at(trace.t_s, trace.values, trace.holes, each.t_s)
            if value is None or not report.shown.start_s <= each.t_s <= report.shown.end_s:
                continue
            colour = FAINT if event.status == "retracted" else vehicle_colour(index)
            axes.errorbar(
                each.t_s,
                value / factor,
                xerr=event.t_sigma_s,
                fmt="x" if event.status == "retracted" else "o",
                ms=3.2,
                mew=0.8,
                mfc=colour if event.status == "confirmed" else PAPER,
                mec=colour,
                ecolor=colour,
                elinewidth=0.9,
                capsize=1.6,
                capthick=0.7,
                zorder=4,
            )


def _phases(axes: Axes, report: FlightReport, in_per_s: float) -> list[str]:
    """Draw the phases, and return those that were nowhere long enough for their name."""
    named: dict[str, bool] = {}
    count = len(report.crafts)
    axes.set_ylim(count, 0)
    for row, craft in enumerate(report.crafts):
        for phase in craft.phases:
            start, end = max(phase.span.start_s, report.shown.start_s), min(phase.span.end_s, report.shown.end_s)
            if end <= start:
                continue
            colour = PHASES.get(phase.name, OTHER_PHASE)
            axes.broken_barh([(start, end - start)], (row + 0.06, 0.88), facecolor=colour, edgecolor=PAPER, lw=0.6)
            has_room = text_width_in(phase.name, SMALL) + 0.04 < (end - start) * in_per_s
            named[phase.name] = named.get(phase.name, False) or has_room
            if has_room:
                centre = (start + end) / 2.0
                axes.text(centre, row + 0.53, phase.name, fontsize=SMALL, color=ON_PHASE, ha="center", va="center")
        for hole in craft.holes:
            # what happened in there was not seen
            bar = (hole.start_s, hole.end_s - hole.start_s)
            axes.broken_barh([bar], (row + 0.06, 0.88), facecolor=PAPER, alpha=0.5, lw=0)
    names = [craft.name for craft in report.crafts] if count > 1 else ["phase"]
    axes.set_yticks([row + 0.5 for row in range(count)], names)
    if count > 1:
        for index, tick in enumerate(axes.get_yticklabels()):
            tick.set_color(vehicle_colour(index))
    axes.tick_params(axis="y", length=0)
    return [name for name, has_name in named.items() if not has_name]


def _limits(axes: Axes, report: FlightReport, levels: Sequence[str]) -> None:
    axes.set_ylim(len(levels), 0)
    for row, level in enumerate(levels):
        for raised in report.limits:
            if raised.level != level:
                continue
            start = max(raised.start_s, report.shown.start_s)
            end = min(report.shown.end_s if raised.end_s is None else raised.end_s, report.shown.end_s)
            if end >= start:
                least_s = (report.shown.end_s - report.shown.start_s) / 400.0
                bar = (start, max(end - start, least_s))
                axes.broken_barh([bar], (row + 0.14, 0.72), facecolor=LEVELS[level], edgecolor="none", alpha=0.85)
    axes.set_yticks([row + 0.5 for row in range(len(levels))], levels)
    axes.tick_params(axis="y", length=0)


def _lanes(axes: Axes, labels: Sequence[Label], lanes: Sequence[int], high_in: float) -> None:
    axes.set_ylim(0.0, high_in)
    axes.set_xticks([])
    axes.set_yticks([])
    nameless = sum(lane >= MOST_LANES for lane in lanes)
    if nameless:
        words = f"{plural(nameless, 'event')} without room for a name: see the table"
        axes.text(1.0, 1.0, words, transform=axes.transAxes, fontsize=SMALL, color=FAINT, ha="right", va="bottom")
    for label, lane in zip(labels, lanes, strict=True):
        base = 0.03 + LANE_IN * min(lane, MOST_LANES)
        axes.plot([label.t_s, label.t_s], [0.0, base + 0.06], color=label.colour, lw=0.5, ls=_line(label.status))
        if lane >= MOST_LANES:
            continue
        axes.annotate(
            label.text,
            (label.t_s, base),
            xytext=(2.0, 0.0),
            textcoords="offset points",
            fontsize=SMALL,
            color=label.colour,
            style="normal" if label.status == "confirmed" else "italic",
            va="bottom",
            gid=f"event {label.text} {sigma(label.sigma_s)} s",
        )


def _line(status: str) -> str:
    return {"provisional": "--", "retracted": ":"}.get(status, "-")


def _time_axis(last: Axes, others: Sequence[Axes], limits: tuple[float, float]) -> None:
    """Give all panels the same ticks, and the last one their names."""
    start_s, end_s = limits
    step_s = next((each for each in TICK_STEPS_S if (end_s - start_s) / each <= MOST_TICKS), TICK_STEPS_S[-1])
    ticks = np.arange(np.ceil(start_s / step_s), np.floor(end_s / step_s) + 1.0) * step_s
    is_long = end_s - start_s >= MINUTES_FROM_S
    for axes in (*others, last):
        axes.set_xticks(ticks)
    last.set_xticklabels([f"{(tick / 60.0 if is_long else tick) + 0.0:g}" for tick in ticks])
    last.set_xlabel(
        "minutes since T0" if is_long else "seconds since T0", fontsize=LETTERS, color=INK, labelpad=2, loc="left"
    )


def _legend(axes: Axes, report: FlightReport) -> None:
    if len(report.crafts) > 1:
        handles = [Line2D([], [], color=vehicle_colour(i), lw=1.4) for i in range(len(report.crafts))]
        names = [craft.name for craft in report.crafts]
        legend = axes.legend(handles, names, loc="upper right", frameon=False, fontsize=LETTERS, borderaxespad=0.1)
        for text in legend.get_texts():
            text.set_color(INK)


def _key(figure: Figure, inner: Box, bottom_in: float, names: Sequence[str]) -> None:
    """Name colours of phases under the picture, from the right."""
    wide, high = figure.get_size_inches()
    right_in, at = inner.left + inner.width, (bottom_in + KEY_IN) / high
    for name in reversed(names):
        right_in -= text_width_in(name, SMALL)
        figure.text(right_in / wide, at, name, fontsize=SMALL, color=INK, va="bottom")
        right_in -= 0.12
        square = Rectangle(
            (right_in / wide, at + 0.01 / high), 0.08 / wide, 0.08 / high, facecolor=PHASES.get(name, OTHER_PHASE)
        )
        figure.add_artist(square)
        right_in -= 0.12
