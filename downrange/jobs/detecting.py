"""`downrange detect`: flight events of files, without any broker."""

from __future__ import annotations

import json
from enum import StrEnum
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from downrange.jobs.importing import AUTO, Derived, Map, log_options, printable

if TYPE_CHECKING:
    from downrange.jobs.detect import Detected
    from downrange.jobs.detect_inputs import Heard

SHOWN_BAD_ROWS: Final = 5


class VehicleClass(StrEnum):
    """What a vehicle is."""

    LAUNCHER = "launcher"
    SOUNDING = "sounding"
    HOP = "hop"
    EXPRESS = "express"
    AUTO = "auto"


class Shown(StrEnum):
    """How events are printed."""

    JSON = "json"
    TABLE = "table"


def detect(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Logs (CSV with SI columns, or any format that import knows), Parquet, or a recording's folder."
        ),
    ],
    *,
    vehicle_class: Annotated[
        VehicleClass, typer.Option(help="What flew; auto tells it from the motion.")
    ] = VehicleClass.AUTO,
    shown: Annotated[Shown, typer.Option("--format", help="JSON lines or a table.")] = Shown.JSON,
    as_of: Annotated[float | None, typer.Option(help="Only what was known at this time of the log, in s.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every revision of each event, as it was told.")] = False,
    log_format: Annotated[str, typer.Option(help="The format of a log; auto recognises it.")] = AUTO,
    columns: Map = None,
    derived: Derived = False,
) -> None:
    """Tell what happened on flights, from their logs."""
    # loaded here, so that `downrange --help` does not wait for numpy and pyarrow
    from downrange.jobs.detect import known_at
    from downrange.jobs.detect_inputs import hear
    from downrange.jobs.detect_table import print_table
    from replay.flight import replay_registry
    from runtime.logs import configure_logs
    from runtime.settings import ServiceSettings, read_settings
    from telemetry.errors import DownrangeError, SettingsError

    configure_logs(ServiceSettings(log_level="error"))
    registry = replay_registry(read_settings())
    if as_of is not None and isnan(as_of):
        raise SettingsError("--as-of nan is no time: give seconds of the log")
    options = log_options(log_format, columns, derived=derived, asked_by="--log-format")
    wrong: list[DownrangeError] = []
    rows: list[tuple[Path, Detected]] = []
    for file in files:
        try:
            heard = hear(file, vehicle_class.value, options, registry)
        except DownrangeError as error:
            # the others are read all the same
            wrong.append(error)
            continue
        _say(file, heard)
        found = heard.found if as_of is None else [one for one in heard.found if one.t_detected_s <= as_of]
        told = found if every else known_at(found)
        if shown is Shown.JSON:
            for one in told:
                typer.echo(json.dumps(line_of(file, one)))
        rows += [(file, one) for one in told]
    if shown is Shown.TABLE:
        print_table(rows)
    if wrong:
        raise ExceptionGroup("files that cannot be read", wrong)


def line_of(file: Path, one: Detected) -> dict[str, Any]:
    """Return an event as its line of JSON says it."""
    line = {
        "file": str(file),
        "type": one.type,
        "ordinal": one.ordinal,
        "t_event_s": one.t_event_s,
        "t_detected_s": one.t_detected_s,
        "sigma_s": one.sigma_s,
        "status": one.status,
        "revision": one.revision,
        "values": dict(one.values),
    }
    return line | ({"vehicle": one.vehicle} if one.vehicle else {})


def _say(file: Path, heard: Heard) -> None:
    for note in heard.notes:
        typer.echo(f"{file}: {printable(note)}", err=True)
    for bad in heard.bad_rows[:SHOWN_BAD_ROWS]:
        typer.secho(f"{file}:{bad.line}: {printable(bad.reason)}", fg=typer.colors.YELLOW, err=True)
    if heard.bad_rows:
        typer.secho(f"{file}: {len(heard.bad_rows)} lines are no rows and were left out", err=True)
