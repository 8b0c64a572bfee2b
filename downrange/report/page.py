"""The report as one HTML file that needs no network."""

from __future__ import annotations

import re
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from downrange.report.look import DARK, LEVELS, LIGHT, variables, with_variables
from downrange.report.model import FlightReport
from downrange.report.picture import drawing
from downrange.report.tables import (
    EVENT_HEADINGS,
    LEDGER_HEADINGS,
    LIMIT_HEADINGS,
    LINK_HEADINGS,
    MISSING_HEADINGS,
    event_rows,
    gravest_first,
    ledger_rows,
    limit_rows,
    link_rows,
    missing_rows,
    missing_words,
)
from downrange.report.words import clock, event_name, plural, sigma

SHOWN_MISSING: Final = 12


def page(report: FlightReport) -> str:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("downrange.report"),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    gaps = report.books.missing
    return environment.get_template(
        "report.html"
    ).render(
        report=report,
        drawing=Markup(_inline(drawing(report))),  # noqa: S704 -- matplotlib escapes the texts of its drawing
        described=described(report),
        light=variables(LIGHT),
        dark=variables(DARK),
        levels=variables(LEVELS),
        tables=(
            ("Events", EVENT_HEADINGS, event_rows(report.happenings), "No event was found."),
            ("Ledger", LEDGER_HEADINGS, ledger_rows(report), ""),
            ("Gaps", MISSING_HEADINGS, missing_rows(gaps[:SHOWN_MISSING]), ""),
            ("Limits", LIMIT_HEADINGS, limit_rows(gravest_first(report.limits)), "No limit was raised."),
            ("Links", LINK_HEADINGS, link_rows(report.links), "Nothing is known of links."),
        ),
        missing=missing_words(report),
        more_missing=max(len(gaps) - SHOWN_MISSING, 0),
    )


def described(report: FlightReport) -> str:
    """Return the drawing in words, for whoever does not see it."""
    names = ", ".join(craft.name for craft in report.crafts)
    events = [
        f"{event_name(each)} of {each.event.vehicle} at {clock(each.t_s)} {sigma(each.event.t_sigma_s)} s"
        for each in report.happenings
        if each.event.type.startswith("downrange.flight.")
    ]
    drawn = f"Altitude, speed and acceleration of {names} over time, from {clock(report.shown.start_s)} to "
    drawn += f"{clock(report.shown.end_s)}, with phases and limits. "
    return drawn + (f"{plural(len(events), 'event')}: {'; '.join(events)}." if events else "No event was found.")


def _inline(svg: str) -> str:
    """Return a drawing to stand in a page: no prologue, no size of its own, colours as variables."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return with_variables(svg).replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)
