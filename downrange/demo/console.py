"""The terminal: mission control's board drawn with rich, or plain lines where there is no terminal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from downrange.demo.board import NS_PER_S, Board, VehicleView, t_clock
from processors.registry import cargo_channels
from telemetry.events import Event
from telemetry.vocabulary import WATCH_EVENTS, LimitEvent

KELVIN_AT_0_DEGC: Final = 273.15
STALE_AFTER_S: Final = 5.0
ROWS_AROUND_EVENTS: Final = 18
WIDE_ENOUGH_FOR_BOOKS: Final = 110
STANDARD_GRAVITY_M_S2: Final = 9.80665
STYLES: Final = {".cargo.": "yellow", ".link.": "cyan", ".limit.": "magenta", ".channel.": "magenta"}


@dataclass(frozen=True, slots=True)
class Billing:
    """What the head of the board says of the flight."""

    flight: str
    route: str
    speed: float
    duration_s: float
    before_s: float
    page: str | None


def draw(board: Board, billing: Billing, width: int, height: int) -> RenderableType:
    """Draw the whole board to fit a terminal.

    Parameters
    ----------
    board
        What is known.
    billing
        What does not change during the flight.
    width, height
        The terminal's size in characters; a narrow one shows totals instead of the ledger's rows.
    """
    rows = max(3, height - ROWS_AROUND_EVENTS)
    body: RenderableType = _events_panel(board, rows)
    if width >= WIDE_ENOUGH_FOR_BOOKS:
        grid = Table.grid(expand=True, padding=(0, 1))
        grid.add_column(ratio=1)
        grid.add_column(ratio=1)
        grid.add_row(body, _books_panel(board))
        body = grid
    cargo = (_cargo_panel(board), Text(f" Follow the parcel: {billing.page}", style="cyan")) if billing.page else ()
    return Group(
        _head(board, billing),
        _vehicles_panel(board),
        *cargo[:1],
        body,
        _progress(board.t_s(board.now_ns), billing),
        *cargo[1:],
    )


def event_cells(event: Event, board: Board) -> tuple[Text, ...]:
    """Return when it happened, on what, what, how sure, and how much flight time later it was known."""
    style = next((style for kind, style in STYLES.items() if kind in event.type), "bold green")
    if event.status == "retracted":
        style = "strike red"
    name = event.name if event.ordinal == 0 else f"{event.name} {event.ordinal + 1}"
    station = event.values.get("station")
    if event.type in WATCH_EVENTS:
        name = f"{event.values['channel']} {event.values['level']} {event.name}"
    if event.status == "retracted":
        name += " taken back"
    elif event.status == "provisional":
        name += "?"
    if event.revision and event.is_standing:
        name += f" (revision {event.revision})"
    return (
        Text(t_clock(board.t_s(event.t_ns))),
        Text(event.vehicle, style="dim"),
        Text(f"{name} {station}" if station else name, style=style),
        Text(f"{event.t_sigma_s:.2f}", style="dim"),
        Text(f"{(event.detected_ns - event.t_ns) / NS_PER_S:.2f}", style="dim"),
    )


def is_shown(event: Event) -> bool:
    """Return whether an event has a line of its own: what a cargo event tells of a limit is not told twice."""
    return event.type != LimitEvent.RAISED or event.values["channel"] not in cargo_channels()


def event_line(event: Event, board: Board) -> str:
    """Return one line about an event, for logs and pipes."""
    when, vehicle, name, sigma, latency = (cell.plain for cell in event_cells(event, board))
    return f"{when} | {vehicle} {name} | sigma {sigma} s | known after {latency} s"


def plain_line(board: Board) -> str:
    """Return one line about where the flight is, for logs and pipes."""
    parts = [t_clock(board.t_s(board.now_ns))]
    for name, view in sorted(board.vehicles.items(), reverse=True):
        altitude, speed = view.number("altitude_m"), view.number("speed_m_s")
        if altitude is not None and speed is not None:
            phase = view.values.get("flight_phase", "")
            parts.append(f"{name} {phase} {altitude / 1000:.1f} km {speed:.0f} m/s")
    received, missing = board.counts()
    parts.append(f"{received} packets, {missing} missing")
    return " | ".join(parts)


def _head(board: Board, billing: Billing) -> Panel:
    line = Table.grid(expand=True)
    line.add_column()
    line.add_column(justify="center", no_wrap=True)
    line.add_column(justify="right")
    clock = Text().append(f" {t_clock(board.t_s(board.now_ns))} ", style="bold white on blue")
    if not board.has_lifted_off:
        clock.append(" as planned", style="dim")
    line.add_row(
        Text(f"{billing.flight}  {billing.route}", style="bold"),
        clock,
        Text(f"{billing.speed:g} x real time", style="dim"),
    )
    return Panel(line, title="DOWNRANGE", border_style="blue")


def _vehicles_panel(board: Board) -> Panel:
    table = Table(box=None, expand=True, header_style="dim", padding=(0, 1))
    table.add_column("vehicle", style="bold", no_wrap=True)
    table.add_column("phase", no_wrap=True)
    for heading in ("altitude", "speed", "vertical", "downrange"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("heard by", justify="right")
    for name, view in sorted(board.vehicles.items(), reverse=True):
        engines = view.number("engines_running_count") or 0
        phase = str(view.values.get("flight_phase", "?")).replace("_", " ")
        table.add_row(
            name,
            Text(phase + (f", {engines:.0f} engines" if engines else ""), style="bold" if engines else ""),
            _quantity(view.number("altitude_m"), 1e-3, "km", 2),
            _quantity(view.number("speed_m_s"), 1, "m/s", 0),
            _quantity(view.number("vertical_speed_m_s"), 1, "m/s", 0),
            _quantity(view.number("downrange_m"), 1e-3, "km", 1),
            _links(name, view, board),
        )
    if not board.vehicles:
        table.add_row(Text("waiting for the first packet", style="dim"))
    return Panel(table, title="vehicles", title_align="left", border_style="green")


def _links(name: str, view: VehicleView, board: Board) -> Text:
    heard = sorted(link.station for link in board.links.values() if link.vehicle == name and link.state == "aos")
    links = Text(", ".join(heard) or "nobody", style="green" if heard else "red")
    age_s = (board.now_ns - view.t_ns) / NS_PER_S
    if age_s > STALE_AFTER_S:
        links.append(f", last {age_s:.0f} s ago", style="bold red")
    return links


def _quantity(value: float | None, factor: float, unit: str, digits: int) -> Text:
    # adding 0.0 turns the -0.0 of a rounded small negative into 0.0
    return Text("--" if value is None else f"{round(value * factor, digits) + 0.0:,.{digits}f} {unit}", style="bold")


def _cargo_panel(board: Board) -> Panel:
    ship = board.vehicles.get("ship", VehicleView())
    temperature = ship.number("bay_temperature_k")
    quantities = (
        ("load", _quantity(ship.number("container_mass_kg"), 1e-3, "t", 2)),
        ("bay", _quantity(None if temperature is None else temperature - KELVIN_AT_0_DEGC, 1, "°C", 1)),
        ("felt", _quantity(ship.number("container_acceleration_m_s2"), 1 / STANDARD_GRAVITY_M_S2, "g", 1)),
        ("tilt", _quantity(ship.number("tilt_deg"), 1, "deg", 0)),
    )
    line = Text()
    for name, quantity in quantities:
        line.append(f"{name} ", style="dim").append_text(quantity).append("   ")
    for channel, good, bad in (
        ("container_locked", "locked", "unlocked"),
        ("door_closed", "door closed", "door open"),
        ("seal_intact", "seal intact", "seal open"),
    ):
        value = ship.values.get(channel)
        if value is not None:
            line.append(f"{good if value is True else bad}   ", style="green" if value is True else "yellow")
    statuses = Counter(status.value for status in board.deliveries.values())
    said = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in statuses.items())
    return Panel(
        Group(line, Text(f"parcels: {said or 'none booked'}")), title="cargo", title_align="left", border_style="yellow"
    )


def _events_panel(board: Board, rows: int) -> Panel:
    events = [event for event in board.events_in_order() if ".link." not in event.type and is_shown(event)]
    shown = events[-rows:]
    table = Table(box=None, expand=True, header_style="dim", padding=(0, 1))
    for heading in ("at", "vehicle", "event", "± s", "after s"):
        table.add_column(heading, justify="right" if heading in {"± s", "after s"} else "left", no_wrap=True)
    for event in shown:
        table.add_row(*event_cells(event, board))
    for _ in range(rows - len(shown)):
        table.add_row("")
    more = len(events) - len(shown)
    subtitle = f"{more} earlier" if more else None
    return Panel(table, title="events", subtitle=subtitle, title_align="left", border_style="green")


def _books_panel(board: Board) -> Panel:
    table = Table(box=None, padding=(0, 0, 0, 1), expand=True, header_style="dim")
    for heading in ("packets", "sent", "unique", "twice", "rejected", "missing"):
        table.add_column(heading, justify="left" if heading == "packets" else "right", no_wrap=True)
    for row in sorted(board.ledger.values(), key=lambda row: row.identity):
        counts = (row.sent, row.unique, row.duplicate, row.rejected)
        missing = Text(f"{row.missing:,}", style="green" if row.missing == 0 else "yellow")
        name = Text(f"{row.vehicle} {row.packet}", style="" if row.balanced else "bold red")
        table.add_row(name, *(f"{count:,}" for count in counts), missing)
    received, missing_count = board.counts()
    subtitle = f"{received:,} received, {missing_count:,} missing"
    return Panel(table, title="the books", subtitle=subtitle, title_align="left", border_style="blue")


def _progress(now_s: float, billing: Billing) -> RenderableType:
    done_s = max(0.0, now_s + billing.before_s)
    bar = ProgressBar(total=billing.duration_s, completed=min(done_s, billing.duration_s), width=None)
    left_s = max(0.0, (billing.duration_s - done_s) / billing.speed)
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(ratio=1)
    row.add_column(justify="right")
    row.add_row(bar, f"{100 * min(1.0, done_s / billing.duration_s):3.0f} %, {left_s:.0f} s left")
    return row
