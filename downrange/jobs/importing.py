"""`downrange import`: a past flight's log becomes a recording."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from ingest.importers.log import Log
    from ingest.importers.options import LogOptions
    from ingest.importers.recording import ImportResult

AUTO: Final = "auto"
# such a CSV becomes a recording of this dictionary, as it always has
WEBCAST: Final = "webcast"
Map = Annotated[Path | None, typer.Option("--map", help="Column map (YAML): which column means what.", exists=True)]
Derived = Annotated[
    bool, typer.Option("--derived", help="Take also what the instrument worked out, for instance speeds.")
]


def import_(
    file: Annotated[
        Path, typer.Argument(help="The log: a file, plain or gzip, or the folder of a set of files.", exists=True)
    ],
    *,
    log_format: Annotated[str, typer.Option("--format", help="The format; auto recognises it.")] = AUTO,
    columns: Map = None,
    derived: Derived = False,
    dictionary: Annotated[
        str | None, typer.Option(help="CSV whose columns are t_s and the channels of a packet of this dictionary.")
    ] = None,
    flight: Annotated[str | None, typer.Option(help="Name of the flight; the file's by default.")] = None,
    vehicle: Annotated[str | None, typer.Option(help="Name of the vehicle.")] = None,
    t0: Annotated[
        datetime | None, typer.Option(help="When the log's clock was 0, in UTC; 2025-01-01 by default.")
    ] = None,
) -> None:
    """Turn a recorded log into an archive that replay can fly."""
    # loaded here, so that `downrange --help` does not wait for pyarrow
    from datetime import UTC

    from ingest.importers.csv_log import ImportOptions, fits, import_csv
    from ingest.importers.log import open_log
    from ingest.importers.log_recording import DEFAULTS, import_log
    from replay.flight import replay_registry
    from runtime.settings import read_settings

    settings = read_settings()
    registry = replay_registry(settings)
    plain = log_format == AUTO and columns is None and not derived
    if dictionary is not None and not plain:
        raise typer.BadParameter("--dictionary is for CSV with its channels: leave out --format, --map and --derived")
    webcast = registry.get(WEBCAST)
    if dictionary is None and plain and file.is_file() and webcast is not None and fits(file, webcast):
        dictionary = WEBCAST
    options = DEFAULTS if dictionary is None else ImportOptions(dictionary=dictionary)
    options = replace(options, flight=flight, vehicle=vehicle or options.vehicle)
    if t0 is not None:
        options = replace(options, t0=t0.replace(tzinfo=UTC))
    log: Log | None = None
    if dictionary is None:
        log = open_log(file, log_options(log_format, columns, derived=derived))
        typer.echo(f"{file}: read as {log.format} ({printable(log.because)})")
        result = import_log(log, settings.archive, settings.kafka.partitions, options)
    else:
        result = import_csv(file, settings.archive, registry, settings.kafka.partitions, options)
    _say(file, result, log)


def log_options(log_format: str, columns: Path | None, *, derived: bool, asked_by: str = "--format") -> LogOptions:
    """Return how a log is read, from the command line's words; used by whoever reads logs."""
    from ingest.importers.column_map import load_map
    from ingest.importers.options import LogOptions

    return LogOptions(log_format, None if columns is None else load_map(columns), derived=derived, asked_by=asked_by)


def printable(text: str) -> str:
    """Return a text with what a terminal cannot show written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _say(file: Path, result: ImportResult, log: Log | None) -> None:
    typer.echo(f"{result.folder}: {result.packets:,} rows" + (", as it was before" if result.already_there else ""))
    for note in () if log is None else log.notes:
        typer.echo(f"note: {printable(note)}")
    for bad in result.first_bad_rows:
        typer.secho(f"{file}:{bad.line}: {printable(bad.detail)}", fg=typer.colors.YELLOW, err=True)
    if result.bad_rows:
        typer.secho(f"{result.bad_rows} lines could not be read; they are kept in the recording", err=True)
    typer.echo(f"fly it: downrange replay {result.flight} --speed max --stack embedded")
