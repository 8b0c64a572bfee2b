"""`downrange report`: a flight on one page, from the archive or from a log."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import lxml.html
import numpy as np
import pytest
from detection import T0_NS, messages_of, transmitter
from flown import fly
from matplotlib.figure import Figure
from matplotlib.text import Text
from recordings import record, write_events
from typer.testing import CliRunner, Result

from downrange.cli import app
from downrange.report.labels import labels_of
from downrange.report.model import FlightReport
from downrange.report.page import page
from downrange.report.picture import sheet_of
from downrange.report.recording import report_of_recording
from runtime.archive.catalog import find_recording
from runtime.archive.contents import recorded_events
from runtime.settings import read_settings
from telemetry.message import Message
from telemetry.topics import Kind

SILENT_S: Final = (40.0, 55.0)
END_S: Final = 130.0
CLOSE_PX: Final = 0.5


def is_heard(message: Message) -> bool:
    """Keep one station up to the splashdown, but for fifteen seconds that nobody hears."""
    second = (message.ert_ns - T0_NS) / 1e9
    return message.address.station == "haiyang" and second < END_S and not SILENT_S[0] <= second < SILENT_S[1]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("archive")
    messages = [message for message in messages_of(transmitter("hop"), "HOP-1") if is_heard(message)]
    record(root, "HOP-1", messages, told=True)
    record(root, "RAW-1", [replace(m, address=replace(m.address, flight="RAW-1")) for m in messages])
    record(root, "TINY-1", list(fly("TINY-1", 5)))
    return root


@pytest.fixture
def run_job(archive: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("DOWNRANGE_ARCHIVE_DIR", str(archive))

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(app, ["report", *map(str, arguments)])

    return run


@pytest.fixture(scope="module")
def hop(archive: Path) -> FlightReport:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOWNRANGE_ARCHIVE_DIR", str(archive))
        return report_of_recording(read_settings(), "HOP-1")


def parsed(html: str) -> Any:
    return lxml.html.fromstring(html)


def rows_of(html: str, section: str) -> list[list[str]]:
    found = parsed(html).xpath(f"//section[@id='{section}']//tbody/tr")
    return [[cell.text_content() for cell in row] for row in found]


def test_the_page_says_all_and_needs_no_network(run_job: Any, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "hop.html"
    done = run_job("HOP-1", "--out", out)
    assert done.exit_code == 0, done.output
    html = out.read_text()
    tree = parsed(html)
    assert tree.findtext(".//title") == "Flight report live/HOP-1"
    assert not tree.xpath("//script | //link | //img | //iframe | //*[@src]")
    assert not [each for each in re.findall(r"url\(([^)]*)\)", html) if not each.startswith("#")]
    # links of a drawing lead into the drawing
    assert all(each.startswith("#") for each in re.findall(r'href="([^"]*)"', html))
    (figure,) = tree.xpath("//figure[@role='img']")
    assert "liftoff of ship at T+0.00 ± 0.00" in figure.get("aria-label")
    events = {event.name for event in recorded_events(find_recording(archive, "HOP-1")) if ".flight." in event.type}
    assert events <= {row[3].replace(" ", "_") for row in rows_of(html, "events")}
    assert {row[1] for row in rows_of(html, "ledger")} == {"nav", "propulsion", "cargo", "health"}
    assert len(rows_of(html, "gaps")) >= 4
    assert tree.xpath("count(//th[@scope='col'])") == tree.xpath("count(//th)")
    assert "prefers-color-scheme: dark" in html
    assert "#1864ab" not in html[html.index("<figure") :], "the drawing's colours are variables"


def test_what_nobody_heard_is_a_hole_in_the_curve_and_a_gap_in_the_books(hop: FlightReport) -> None:
    (craft,) = hop.crafts
    (hole,) = craft.holes
    assert SILENT_S[1] - SILENT_S[0] - 2.0 < hole.end_s - hole.start_s < SILENT_S[1] - SILENT_S[0] + 2.0
    assert hop.books.missing[0].length_s == pytest.approx(hole.end_s - hole.start_s, abs=3.0)
    assert "came" in hop.books.verdict
    assert not hop.books.complaints
    with_gap = [trace for trace in craft.traces.values() if trace.holes]
    assert len(with_gap) == 3
    assert np.diff(craft.traces["altitude"].t_s).max() == pytest.approx(hole.end_s - hole.start_s)


def test_a_recording_without_events_is_run_through_the_detectors(
    hop: FlightReport, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOWNRANGE_ARCHIVE_DIR", str(archive))
    raw = report_of_recording(read_settings(), "RAW-1")
    assert [(each.event.type, each.t_s) for each in raw.happenings] == [
        (each.event.type, each.t_s) for each in hop.happenings
    ]
    assert "detected" in dict(raw.facts)["source"]
    assert "told" in dict(hop.facts)["source"]
    assert [row.late for row in raw.books.rows] == [row.late for row in hop.books.rows]
    assert [link.station for link in raw.links] == [link.station for link in hop.links]


def test_png_and_pdf_are_one_sheet_of_a4(run_job: Any, tmp_path: Path) -> None:
    for name in ("a.png", "a.PDF"):
        assert run_job("TINY-1", "--out", tmp_path / name).exit_code == 0
    png, pdf = (tmp_path / "a.png").read_bytes(), (tmp_path / "a.PDF").read_bytes()
    assert png.startswith(b"\x89PNG")
    wide, high = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    assert wide / high == pytest.approx(2**0.5, rel=2e-3)
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", pdf)) == 1
    (box,) = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", pdf)
    assert [float(side) for side in box] == pytest.approx([841.9, 595.3], abs=0.1)


def texts_of(figure: Figure) -> list[Text]:
    found: list[Any] = figure.findobj(Text)
    return [text for text in found if text.get_text() and text.get_visible()]


def crowded(report: FlightReport) -> FlightReport:
    """Return a flight on which far too much happens."""
    first = report.happenings[0]
    many = [
        replace(first, t_s=float(t_s), event=first.event.model_copy(update={"type": kind, "ordinal": index}))
        for index, t_s in enumerate(np.linspace(0.0, 12.0, 30))
        for kind in ("downrange.flight.landing_burn_start",)
    ]
    return replace(
        report,
        happenings=tuple(many),
        books=replace(report.books, missing=report.books.missing * 40, complaints=("ship nav: " + "word " * 80,) * 20),
        links=report.links * 20,
        unknown=("something long that nobody knows " * 6,) * 30,
    )


def test_nothing_runs_out_of_the_sheet_and_no_text_over_another(hop: FlightReport) -> None:
    for report in (hop, crowded(hop)):
        figure = sheet_of(report)
        figure.draw_without_rendering()
        wide, high = figure.get_size_inches() * figure.dpi
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
        outside = [text for text, box in boxes if box.x0 < 0 or box.y0 < 0 or box.x1 > wide or box.y1 > high]
        assert not outside
        lapping = [
            (one, other)
            for index, (one, a) in enumerate(boxes)
            for other, b in boxes[:index]
            if min(a.x1, b.x1) - max(a.x0, b.x0) > CLOSE_PX and min(a.y1, b.y1) - max(a.y0, b.y0) > 4.0
        ]
        assert not lapping


def test_what_is_provisional_or_retracted_looks_so(hop: FlightReport) -> None:
    apogee = next(each for each in hop.happenings if each.event.name == "apogee")
    for status, text in (("provisional", "apogee ?"), ("retracted", "(apogee: retracted)"), ("confirmed", "apogee")):
        changed = replace(apogee, event=apogee.event.model_copy(update={"status": status}))
        report = replace(hop, happenings=(changed,))
        (label,) = labels_of(report)
        assert (label.text, label.status) == (text, status)
        html = page(report)
        assert f'<tr class="{status}">' in html
        # markers: full, hollow, a cross; lines: whole, dashed, dotted
        dashed = re.findall(r"stroke-dasharray: ([\d.]+),", html)
        assert bool(dashed) is (status != "confirmed")


def test_a_log_is_read_as_it_lies_there(run_job: Any, tmp_path: Path) -> None:
    log = tmp_path / "my-launch.csv"
    rows = [f"{t_s / 10:.1f},{max(t_s - 50, 0) * 2}" for t_s in range(300)]
    log.write_text("\n".join(["t_s,altitude_m", *rows, "what,is,this"]))
    out = tmp_path / "log.html"
    done = run_job(log, "--out", out)
    assert done.exit_code == 0, done.output
    html = out.read_text()
    assert "1 line could not be read." in html
    assert "There are no books" in html
    assert "speed was not measured; drawn is the vertical speed" in html


def test_what_was_there_is_replaced_whole_or_not_at_all(run_job: Any, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    out.write_text("old")
    assert run_job("HOP-9", "--out", out).exit_code != 0
    assert out.read_text() == "old"
    assert run_job("TINY-1", "--out", out).exit_code == 0
    assert out.read_text().startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    nowhere = run_job("TINY-1", "--out", tmp_path / "none" / "report.html")
    assert "cannot be written" in str(nowhere.exception)


def test_errors_name_what_is_wrong_and_what_there_is(run_job: Any, archive: Path, tmp_path: Path) -> None:
    wrong = run_job("HOP-1", "--out", tmp_path / "report.svg")
    assert wrong.exit_code == 2
    assert all(suffix in wrong.output for suffix in (".html", ".pdf", ".png"))
    unknown = run_job("HOP-2", "--out", tmp_path / "a.png")
    assert "no flight 'HOP-2'; there are: live/HOP-1" in str(unknown.exception)
    missing = run_job(tmp_path / "no-such.csv", "--out", tmp_path / "a.png")
    assert "no-such.csv" in str(missing.exception)
    reports = [message for message in fly("MUTE-1", 3) if message.kind is Kind.LINK]
    record(archive, "MUTE-1", reports)
    mute = run_job("MUTE-1", "--out", tmp_path / "a.png")
    assert "holds no packet that can be read (it has: telemetry)" in str(mute.exception)
    assert not list(tmp_path.iterdir())


def test_the_last_revision_of_an_event_counts(archive: Path, tmp_path: Path, run_job: Any) -> None:
    event = next(e for e in recorded_events(find_recording(archive, "HOP-1")) if e.name == "meco")
    changes = {"flight": "REV-1", "status": "provisional"}
    late = event.model_copy(update=changes | {"revision": 1, "status": "retracted"})
    messages = [message for message in fly("REV-1", 3) if message.kind is Kind.TELEMETRY]
    record(archive, "REV-1", messages)
    write_events(archive / "live" / "REV-1", [event.model_copy(update=changes), late])
    assert run_job("REV-1", "--out", tmp_path / "a.html").exit_code == 0
    (row,) = rows_of((tmp_path / "a.html").read_text(), "events")
    assert row[5] == "retracted, rev. 1"
