"""The report as one sheet of A4, landscape (matplotlib): png or pdf; and its drawing alone as svg, for the page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from matplotlib.figure import Figure

from downrange.report.labels import text_width_in
from downrange.report.look import FAINT, INK, LEVELS, PAPER
from downrange.report.model import FlightReport
from downrange.report.panels import Box, draw_flight
from downrange.report.sheet import BEFORE_TITLE_IN, LINE_IN, RULE_IN, Column, Sheet, fitted
from downrange.report.tables import (
    EVENT_HEADINGS,
    LEDGER_HEADINGS,
    LIMIT_HEADINGS,
    LINK_HEADINGS,
    MISSING_HEADINGS,
    Row,
    event_rows,
    gravest_first,
    ledger_rows,
    limit_rows,
    link_rows,
    missing_rows,
    missing_words,
)
from downrange.report.words import plural


class Caps(NamedTuple):
    """How many rows of each table there are at most."""

    missing: int
    limits: int
    links: int
    unknown: int


# the first that leaves room for all events is taken
CAPS: Final = (Caps(8, 8, 8, 8), Caps(4, 4, 6, 6), Caps(2, 3, 0, 4))
A4_IN: Final = (11.693, 8.268)
MARGIN_IN: Final = 0.38
DPI: Final = 150
LEFT_SHARE: Final = 0.555
BETWEEN_IN: Final = 0.22
HEAD_IN: Final = 0.62
DRAWING_IN: Final = (11.0, 6.6)
MOST_ROWS: Final = 9
LEAST_EVENTS: Final = 6
FACTS: Final = 6.6
EVENT_WIDTHS_IN: Final = (0.5, 0.4, 0.42, 0.88, 0.55, 0.58, None)
LEDGER_WIDTHS_IN: Final = (0.42, None, *(0.44,) * (len(LEDGER_HEADINGS) - 2))
BAD: Final = LEVELS["critical"]
STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "svg.fonttype": "none",
    "svg.hashsalt": "downrange",
    "hatch.linewidth": 0.4,
}


def picture(report: FlightReport, suffix: str) -> bytes:
    """Return the sheet.

    Parameters
    ----------
    report
        What it says.
    suffix
        `png` or `pdf`.
    """
    out = io.BytesIO()
    metadata = {"Title": f"Flight report {report.title}", "Creator": "downrange"}
    with mpl.rc_context(STYLE):
        sheet_of(report).savefig(out, format=suffix, metadata=metadata if suffix == "pdf" else None)
    return out.getvalue()


def sheet_of(report: FlightReport) -> Figure:
    """Return the sheet before it is written."""
    wide, high = A4_IN
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=A4_IN, dpi=DPI, facecolor=PAPER)
        _head(figure, report)
        top_in = high - MARGIN_IN - HEAD_IN
        left_in = (wide - 2 * MARGIN_IN) * LEFT_SHARE
        draw_flight(figure, report, Box(MARGIN_IN, MARGIN_IN - 0.1, left_in, top_in - MARGIN_IN + 0.1))
        start_in = MARGIN_IN + left_in + BETWEEN_IN
        _tables(Sheet(figure, start_in, top_in + BEFORE_TITLE_IN, wide - MARGIN_IN - start_in), report)
    return figure


def drawing(report: FlightReport) -> str:
    """Return the panels alone, as svg."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=DRAWING_IN, facecolor="none")
        draw_flight(figure, report, Box(0.0, 0.0, *DRAWING_IN))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return out.getvalue()


def _head(figure: Figure, report: FlightReport) -> None:
    wide, high = A4_IN
    top = high - MARGIN_IN - 0.16
    figure.text(MARGIN_IN / wide, top / high, report.flight, fontsize=15, weight="bold", color=INK, parse_math=False)
    after_in = MARGIN_IN + text_width_in(report.flight, 15, "bold") + 0.12
    run = f"run {report.run}" if report.run else "log"
    figure.text(after_in / wide, top / high, run, fontsize=9, color=FAINT, parse_math=False)
    verdict = report.books.verdict
    colour = BAD if report.books.complaints else INK
    figure.text((wide - MARGIN_IN) / wide, top / high, verdict, fontsize=8, color=colour, ha="right", parse_math=False)
    facts = [f"{name} {text}" for name, text in report.facts]
    room_in = wide - 2 * MARGIN_IN
    half = next((i for i in range(len(facts), 0, -1) if text_width_in("   ·   ".join(facts[:i]), FACTS) < room_in), 1)
    for row, some in enumerate((facts[:half], facts[half:])):
        text = fitted("   ·   ".join(some), wide - 2 * MARGIN_IN, FACTS)
        figure.text(
            MARGIN_IN / wide, (top - 0.19 - 0.13 * row) / high, text, fontsize=FACTS, color=FAINT, parse_math=False
        )


def _tables(sheet: Sheet, report: FlightReport) -> None:
    """Write the tables; what there is no room for is counted. Events have the room that the others leave."""
    events = event_rows(report.happenings, brief=True)
    for caps in CAPS:
        trial = Sheet(Figure(figsize=A4_IN), sheet.left_in, sheet.at_in, sheet.width_in)
        _others(trial, report, caps)
        most = int((trial.at_in - MARGIN_IN - BEFORE_TITLE_IN - 2 * LINE_IN - RULE_IN) / LINE_IN)
        if most >= len(events):
            break
    most = most if most >= len(events) else max(most - 1, LEAST_EVENTS)
    sheet.title(f"Events ({len(events)})")
    if events:
        _table(sheet, _columns(EVENT_HEADINGS, EVENT_WIDTHS_IN, numbers=frozenset({0, 1, 4})), events, most)
    else:
        sheet.line("none was found", FAINT)
    _others(sheet, report, caps)


def _others(sheet: Sheet, report: FlightReport, caps: Caps) -> None:
    ledger = ledger_rows(report)
    sheet.title("Ledger")
    sheet.line(" ".join(report.books.remarks) or report.books.verdict, FAINT)
    for complaint in report.books.complaints[:3]:
        sheet.line(complaint, BAD, most=1)
    if ledger:
        columns = _columns(LEDGER_HEADINGS, LEDGER_WIDTHS_IN, numbers=frozenset(range(2, len(LEDGER_HEADINGS))))
        _table(sheet, columns, ledger, MOST_ROWS)
    if report.books.missing:
        sheet.title("Gaps")
        sheet.line(missing_words(report), FAINT)
        columns = _columns(MISSING_HEADINGS, (0.6, 0.7, 0.5, 0.8, None))
        _table(sheet, columns, missing_rows(report.books.missing), caps.missing)
    if report.limits:
        sheet.title("Limits")
        _table(
            sheet,
            _columns(LIMIT_HEADINGS, (0.55, 0.62, 0.5, 0.5, None)),
            limit_rows(gravest_first(report.limits)),
            caps.limits,
        )
    if report.links and caps.links:
        sheet.title("Links")
        _table(sheet, _columns(LINK_HEADINGS, (0.5, 0.7, 0.9, 0.6, 0.5, None)), link_rows(report.links), caps.links)
    elif report.links:
        sheet.line(f"{plural(len(report.links), 'link')}: see the HTML report", FAINT)
    if report.unknown:
        sheet.title("Not known, not shown")
        for sentence in report.unknown[: caps.unknown]:
            sheet.line(sentence, INK, most=2)
        if len(report.unknown) > caps.unknown:
            sheet.line(f"and {len(report.unknown) - caps.unknown} more: see the HTML report", FAINT)


def _columns(
    headings: Sequence[str], widths: Sequence[float | None], numbers: frozenset[int] = frozenset()
) -> list[Column]:
    pairs = zip(headings, widths, strict=True)
    return [Column(name, width, is_number=index in numbers) for index, (name, width) in enumerate(pairs)]


def _table(sheet: Sheet, columns: Sequence[Column], rows: Sequence[Row], most: int) -> None:
    colours = {"retracted": FAINT, "bad": BAD, "critical": BAD}
    sheet.table(columns, [(row.cells, colours.get(row.mark, INK)) for row in rows[:most]])
    if len(rows) > most:
        sheet.line(f"and {len(rows) - most:,} more: see the HTML report", FAINT)
