"""The report as one sheet of A4, landscape (matplotlib): png or pdf; and its drawing alone as svg, for the page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from downrange.report.labels import text_width_in
from downrange.report.look import FAINT, INK, LEVELS, PAPER
from downrange.report.model import FlightReport
from downrange.report.panels import Box, draw_flight
from downrange.report.sheet import BEFORE_TITLE_IN, LINE_IN, Column, Sheet, fitted
from downrange.report.tables import (
    EVENT_HEADINGS,
    LEDGER_HEADINGS,
    LIMIT_HEADINGS,
    LINK_HEADINGS,
    MISSING_HEADINGS,
    Row,
    event_rows,
    ledger_rows,
    limit_rows,
    link_rows,
    missing_rows,
    missing_words,
)

A4_IN: Final = (11.693, 8.268)
MARGIN_IN: Final = 0.38
DPI: Final = 150
LEFT_SHARE: Final = 0.565
BETWEEN_IN: Final = 0.22
HEAD_IN: Final = 0.62
DRAWING_IN: Final = (11.0, 6.6)
MOST_MISSING: Final = 6
MOST_LIMITS: Final = 6
MOST_LINKS: Final = 6
MOST_ROWS: Final = 9
FACTS: Final = 6.6
EVENT_WIDTHS_IN: Final = (0.52, 0.42, 0.42, 0.92, 0.56, 0.62, None)
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
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=A4_IN, dpi=DPI, facecolor=PAPER)
        wide, high = A4_IN
        _head(figure, report)
        top_in = high - MARGIN_IN - HEAD_IN
        left_in = (wide - 2 * MARGIN_IN) * LEFT_SHARE
        draw_flight(figure, report, Box(MARGIN_IN, MARGIN_IN - 0.1, left_in, top_in - MARGIN_IN + 0.1))
        start_in = MARGIN_IN + left_in + BETWEEN_IN
        _tables(Sheet(figure, start_in, top_in + BEFORE_TITLE_IN, wide - MARGIN_IN - start_in), report)
        out = io.BytesIO()
        metadata = {"Title": f"Flight report {report.title}", "Creator": "downrange"}
        figure.savefig(out, format=suffix, metadata=metadata if suffix == "pdf" else None)
    return out.getvalue()


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
    """Write the tables; what there is no room for is counted."""
    ledger = ledger_rows(report)
    blocks = [
        bool(ledger or report.books.complaints),
        bool(report.books.missing),
        bool(report.limits),
        bool(report.links),
        bool(report.unknown),
    ]
    others = (
        sum(blocks) * (BEFORE_TITLE_IN + 2.6 * LINE_IN)
        + LINE_IN * (min(len(ledger), MOST_ROWS) + 2 + min(len(report.books.complaints), 3))
        + LINE_IN * min(len(report.books.missing), MOST_MISSING)
        + LINE_IN * min(len(report.limits), MOST_LIMITS)
        + LINE_IN * min(len(report.links), MOST_LINKS)
        + LINE_IN * 1.6 * min(len(report.unknown), 6)
    )
    room = int((sheet.at_in - MARGIN_IN - others) / LINE_IN) - 4
    events = event_rows(report.happenings, brief=True)
    sheet.title(f"Events ({len(events)})")
    if events:
        columns = _columns(EVENT_HEADINGS, EVENT_WIDTHS_IN, numbers=frozenset({0, 1, 4}))
        _table(sheet, columns, events, max(room, 8))
    else:
        sheet.line("none was found", FAINT)
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
        _table(sheet, columns, missing_rows(report.books.missing), MOST_MISSING)
    if report.limits:
        sheet.title("Limits")
        _table(sheet, _columns(LIMIT_HEADINGS, (0.55, 0.62, 0.5, 0.5, None)), limit_rows(report.limits), MOST_LIMITS)
    if report.links:
        sheet.title("Links")
        _table(sheet, _columns(LINK_HEADINGS, (0.5, 0.7, 0.9, 0.6, 0.5, None)), link_rows(report.links), MOST_LINKS)
    if report.unknown:
        sheet.title("Not known, not shown")
        for index, sentence in enumerate(report.unknown):
            if sheet.at_in < MARGIN_IN + LINE_IN:
                sheet.line(f"... and {len(report.unknown) - index} remarks more: see the HTML report", FAINT, most=1)
                break
            sheet.line(sentence, INK, most=2)


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
