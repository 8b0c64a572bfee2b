"""The tables of a report as text, the same on paper and on the page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from downrange.report.model import FlightReport, Happening, Missing, Raised
from downrange.report.words import clock, duration, event_name, plural, raised_text, sigma, status_text, values_text
from telemetry.quality import LedgerRow, LinkState

COUNTED: Final = {
    "sent": "sent",
    "unique": "unique",
    "missing": "missing",
    "late": "late",
    "duplicate": "again",
    "rejected": "rejected",
    "stored": "stored",
    "archived": "archived",
}


LEVELS: Final = ("critical", "warning", "watch", "stale")


class Row(NamedTuple):
    """The cells of a row, and what is special of it: a status, a level, `bad`."""

    cells: tuple[str, ...]
    mark: str = ""


EVENT_HEADINGS: Final = ("T", "sigma, s", "vehicle", "event", "known after", "status", "values")
LEDGER_HEADINGS: Final = ("vehicle", "packet", *COUNTED.values())
MISSING_HEADINGS: Final = ("from", "length", "vehicle", "packet", "packets")
LIMIT_HEADINGS: Final = ("raised", "for", "vehicle", "level", "what")
LINK_HEADINGS: Final = ("vehicle", "station", "link", "packets", "first", "only here")


def event_rows(happenings: Sequence[Happening], *, brief: bool = False) -> list[Row]:
    """Return events; `brief` leaves the names of the values out, which their units tell."""
    return [
        Row(
            (
                clock(each.t_s),
                sigma(each.event.t_sigma_s),
                each.event.vehicle,
                event_name(each),
                f"{each.known_after_s:+.2f} s",
                status_text(each, brief=brief),
                values_text(each, brief=brief),
            ),
            each.event.status,
        )
        for each in happenings
    ]


def ledger_rows(report: FlightReport) -> list[Row]:
    """Return the books; a figure that nobody counted is a dash."""
    bad = {complaint.split(":", 1)[0] for complaint in report.books.complaints}
    return [_ledger_row(row, bad) for row in report.books.rows]


def _ledger_row(row: LedgerRow, bad: set[str]) -> Row:
    # what nobody detected on was not late either: the recount does not know
    counts = (None if name == "late" and row.detected is None else getattr(row, name) for name in COUNTED)
    cells = (row.vehicle, row.packet, *("-" if count is None else f"{count:,}" for count in counts))
    return Row(cells, "bad" if f"{row.vehicle} {row.packet}" in bad else "")


def missing_rows(missing: Sequence[Missing]) -> list[Row]:
    """Return gaps."""
    return [
        Row(
            (
                "before all" if gap.start_s is None else clock(gap.start_s),
                "-" if gap.start_s is None else duration(gap.length_s),
                gap.vehicle,
                gap.packet,
                f"{gap.packets:,}",
            )
        )
        for gap in missing
    ]


def limit_rows(limits: Sequence[Raised]) -> list[Row]:
    """Return what was raised."""
    return [
        Row(
            (
                clock(each.start_s),
                "to the end" if each.end_s is None else duration(each.end_s - each.start_s),
                each.vehicle,
                each.level,
                raised_text(each),
            ),
            each.level,
        )
        for each in limits
    ]


def gravest_first(limits: Sequence[Raised]) -> list[Raised]:
    """Return limits by level, and in order of time within each."""
    return sorted(
        limits, key=lambda each: (LEVELS.index(each.level) if each.level in LEVELS else len(LEVELS), each.start_s)
    )


def link_rows(links: Sequence[LinkState]) -> list[Row]:
    """Return what each station heard."""
    return [
        Row(
            (
                link.vehicle,
                link.station,
                f"{link.state} ({link.reason})",
                f"{link.frames:,}",
                "-" if link.share is None else f"{link.share:.1%}",
                f"{link.only:,}",
            )
        )
        for link in links
    ]


def missing_words(report: FlightReport) -> str:
    """Return how much is missing, in a sentence."""
    gaps = report.books.missing
    if not gaps:
        return "Nothing is missing between the packets that came." if report.books.rows else ""
    packets = sum(gap.packets for gap in gaps)
    return f"{plural(len(gaps), 'gap')} with {plural(packets, 'packet')} that never came; the longest first."
