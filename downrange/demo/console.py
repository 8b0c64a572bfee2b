"""The terminal: mission control's board drawn with rich, or plain lines where there is no terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from downrange.demo.board import NS_PER_S, Board, VehicleView, t_clock
from telemetry.events import Event

KELVIN_AT_0_DEGC: Final = 273.15
STALE_AFTER_S: Final = 5.0
EVENTS_SHOWN: Final = 14


@dataclass(frozen=True, slots=True)
class Billing:
    """What the head of the board says of the flight."""

    flight: str
    route: str
    speed: float
    duration_s: float
    before_s: float
    page: str


def draw(board: Board, billing: Billing) -> RenderableType:
    """Draw the whole board.

    Parameters
    ----------
    board
        What is known.
    billing
        What does not change during the flight.
    """
    now_s = board.t_s(board.now_ns)
    vehicles = [_vehicle_panel(name, view, board) for name, view in sorted(board.vehicles.items(), reverse=True)]
    left = Group(
        *(vehicles or [Panel(Text("waiting for the first packet", style="dim"), title="vehicles")]), _cargo_panel(board)
    )
    right = Group(_events_panel(board), _line_panel(board))
    body = Table.grid(expand=True, padding=(0, 1))
    body.add_column(ratio=9)
    body.add_column(ratio=11)
    body.add_row(left, right)
    return Group(
        _head(board, billing),
        body,
        _progress(now_s, billing),
        Text(f" Follow the parcel: {billing.page}", style="cyan"),
    )


def event_line(event: Event, board: Board) -> Text:
    """Return one line for an event: when it happened, what, how sure, and how soon it was known."""
    style = "bold yellow" if ".cargo." in event.type else "cyan" if ".link." in event.type else "bold green"
    if event.status == "retracted":
        style = "strike red"
    line = Text(f"{t_clock(board.t_s(event.t_ns))}  ", style="white")
    line.append(f"{event.vehicle:<8}", style="dim")
    name = event.name if event.ordinal == 0 else f"{event.name} #{event.ordinal + 1}"
    station = event.values.get("station")
    line.append(f"{name}{f' {station}' if station else ''}".ljust(22), style=style)
    line.append(f" ±{event.t_sigma_s:4.2f} s", style="dim")
    line.append(f"  known after {(event.detected_ns - event.t_ns) / NS_PER_S:5.2f} s", style="dim")
    return line


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
    line.add_column(justify="center")
    line.add_column(justify="right")
    clock = Text(t_clock(board.t_s(board.now_ns)), style="bold white on blue")
    if not board.has_lifted_off:
        clock.append(" planned", style="dim")
    line.add_row(
        Text(f"{billing.flight}  {billing.route}", style="bold"),
        clock,
        Text(f"{billing.speed:g} x real time", style="dim"),
    )
    return Panel(line, title="DOWNRANGE", border_style="blue")


def _vehicle_panel(name: str, view: VehicleView, board: Board) -> Panel:
    grid = Table.grid(padding=(0, 2), expand=True)
    for _ in range(4):
        grid.add_column(justify="right")
    altitude, downrange = view.number("altitude_m"), view.number("downrange_m")
    grid.add_row(*(Text(text, style="dim") for text in ("altitude", "speed", "vertical", "downrange")))
    grid.add_row(
        _quantity(altitude, 1e-3, "km", 2),
        _quantity(view.number("speed_m_s"), 1, "m/s", 0),
        _quantity(view.number("vertical_speed_m_s"), 1, "m/s", 0),
        _quantity(downrange, 1e-3, "km", 1),
    )
    heard = sorted(link.station for link in board.links.values() if link.vehicle == name and link.state == "aos")
    age_s = (board.now_ns - view.t_ns) / NS_PER_S
    links = Text(" + ".join(heard) or "no station hears it", style="green" if heard else "red")
    if age_s > STALE_AFTER_S:
        links.append(f"   last packet {age_s:.0f} s ago", style="bold red")
    phase = str(view.values.get("flight_phase", "?")).replace("_", " ")
    engines = view.number("engines_running_count") or 0
    title = f"{name}: [bold]{phase}[/bold]" + (f" · {engines:.0f} engines" if engines else "")
    return Panel(Group(grid, links), title=title, title_align="left", border_style="green" if heard else "red")


def _quantity(value: float | None, factor: float, unit: str, digits: int) -> Text:
    return Text("--" if value is None else f"{value * factor:,.{digits}f} {unit}", style="bold")


def _cargo_panel(board: Board) -> Panel:
    ship = board.vehicles.get("ship", VehicleView())
    grid = Table.grid(padding=(0, 2), expand=True)
    for _ in range(4):
        grid.add_column(justify="right")
    temperature = ship.number("bay_temperature_k")
    grid.add_row(*(Text(text, style="dim") for text in ("mass", "temperature", "load", "tilt")))
    grid.add_row(
        _quantity(ship.number("container_mass_kg"), 1e-3, "t", 2),
        _quantity(None if temperature is None else temperature - KELVIN_AT_0_DEGC, 1, "°C", 1),
        _quantity(ship.number("container_acceleration_m_s2"), 1 / 9.80665, "g", 1),
        _quantity(ship.number("tilt_deg"), 1, "deg", 0),
    )
    state = Text()
    for channel, good, bad in (
        ("container_locked", "locked", "unlocked"),
        ("door_closed", "door closed", "door open"),
        ("seal_intact", "seal intact", "seal open"),
    ):
        value = ship.values.get(channel)
        if value is not None:
            is_good = str(value) == "True"
            state.append(f"{good if is_good else bad}   ", style="green" if is_good else "yellow")
    statuses: dict[str, int] = {}
    for delivery in board.deliveries.values():
        status = str(delivery.get("status", "?"))
        statuses[status] = statuses.get(status, 0) + 1
    said = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in statuses.items())
    return Panel(
        Group(grid, state, Text(f"parcels: {said or 'none booked'}")),
        title="cargo",
        title_align="left",
        border_style="yellow",
    )


def _events_panel(board: Board) -> Panel:
    events = [event for event in board.events_in_order() if ".link." not in event.type] or board.events_in_order()
    hidden = len(board.events) - len(events[-EVENTS_SHOWN:])
    lines: list[RenderableType] = [event_line(event, board) for event in events[-EVENTS_SHOWN:]]
    lines += [Text("")] * (EVENTS_SHOWN - len(lines))
    return Panel(
        Group(*lines),
        title="events",
        subtitle=f"{hidden} more" if hidden else None,
        title_align="left",
        border_style="green",
    )


def _line_panel(board: Board) -> Panel:
    table = Table(box=None, padding=(0, 1), expand=True, header_style="dim")
    for heading in ("ledger", "sent", "received", "unique", "twice", "rejected", "missing"):
        table.add_column(heading, justify="left" if heading == "ledger" else "right")
    for row in sorted(board.ledger.values(), key=lambda row: row.identity):
        name = f"{row.vehicle} {row.packet}"
        counts = (row.sent, row.received, row.unique, row.duplicate, row.rejected)
        missing = Text(f"{row.missing}", style="green" if row.missing == 0 else "yellow")
        table.add_row(
            Text(name, style="" if row.balanced else "bold red"), *(f"{count:,}" for count in counts), missing
        )
    return Panel(table, title="the books", title_align="left", border_style="blue")


def _progress(now_s: float, billing: Billing) -> RenderableType:
    done_s = max(0.0, now_s + billing.before_s)
    bar = ProgressBar(total=billing.duration_s, completed=min(done_s, billing.duration_s), width=None)
    left_s = max(0.0, (billing.duration_s - done_s) / billing.speed)
    row = Table.grid(expand=True, padding=(0, 1))
    row.add_column(ratio=1)
    row.add_column(justify="right")
    row.add_row(bar, f"{100 * min(1.0, done_s / billing.duration_s):3.0f} %  {left_s:3.0f} s left")
    return row


def event_table(console: Console, rows: list[tuple[str, ...]]) -> None:
    """Print the closing table of events against the truth."""
    table = Table(title="Every event against the simulator's truth", title_justify="left", header_style="dim")
    for heading in ("event", "vehicle", "detected", "truth", "error", "sigma", "known after"):
        table.add_column(heading, justify="left" if heading in {"event", "vehicle"} else "right")
    for row in rows:
        table.add_row(*row)
    console.print(Columns([table]))
