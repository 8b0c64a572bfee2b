"""`downrange report`: a flight on one page."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

FORMATS: Final = ("html", "pdf", "png")


def report(
    flight: Annotated[str, typer.Argument(help="Name of a flight in the archive, or a log: the path of a file.")],
    *,
    out: Annotated[Path, typer.Option(help="Where to: a file that ends in .html, .pdf or .png.")],
    run: Annotated[str | None, typer.Option(help="Which run: live, imported, replay-...; the best by default.")] = None,
) -> None:
    """Put a flight on one page: curves, events and how sure they are, phases, gaps, limits, ledger."""
    suffix = out.suffix.lower().removeprefix(".")
    if suffix not in FORMATS:
        raise typer.BadParameter(f"--out {str(out)!r} ends in none of: .html, .pdf, .png")
    # loaded here, so that `downrange --help` does not wait for matplotlib and pyarrow
    from downrange.report.page import page
    from downrange.report.picture import picture
    from downrange.report.recording import report_of_log, report_of_recording
    from runtime.logs import configure_logs
    from runtime.settings import ServiceSettings, read_settings

    configure_logs(ServiceSettings(log_level="error"))
    path = Path(flight)
    # a name holds no separator: what does is a path, and what is a file too, unless a run says that it is a flight
    is_log = run is None and (path.is_file() or path.name != flight)
    found = report_of_log(path) if is_log else report_of_recording(read_settings(), flight, run)
    octets = page(found).encode() if suffix == "html" else picture(found, suffix)
    _replace(out, octets)
    typer.echo(f"{out}: {found.title}, {len(found.happenings)} events. {found.books.verdict}")


def _replace(path: Path, octets: bytes) -> None:
    """Write a file whole or not at all; one that was there stays until then."""
    from telemetry.errors import FatalError

    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as half:
            temporary = Path(half.name)
            try:
                half.write(octets)
                half.flush()
                os.fsync(half.fileno())
                # a temporary file is its owner's alone; a report is as any other file
                umask = os.umask(0)
                os.umask(umask)
                temporary.chmod(0o666 & ~umask)
                temporary.replace(path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise FatalError(f"--out {path} cannot be written: {error.strerror or error}") from error
