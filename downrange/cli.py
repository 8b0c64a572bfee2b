"""`downrange`: services and jobs, one line each."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from downrange.jobs import (
    archive,
    demo,
    detecting,
    dictionary,
    importing,
    latency,
    ledger,
    limits,
    links,
    rejected,
    report,
    simulate,
)
from downrange.services import SERVICES
from telemetry.errors import DownrangeError, leaves_of

if TYPE_CHECKING:
    from collections.abc import Callable

app = typer.Typer(
    name="downrange",
    help="The ground segment of a rocket express-delivery line.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
run_app = typer.Typer(
    help="Run a service: " + " | ".join(SERVICES) + ".",
    no_args_is_help=True,
    epilog="Settings come from DOWNRANGE_* variables; docs/operations.md lists them.",
)
app.add_typer(run_app, name="run", rich_help_panel="Services")

JOBS = "Jobs"
app.command("demo", rich_help_panel=JOBS)(demo.demo)
app.add_typer(simulate.app, name="simulate", rich_help_panel=JOBS)
app.command("replay", rich_help_panel=JOBS)(archive.replay)
app.command("import", rich_help_panel=JOBS)(importing.import_)
app.command("detect", rich_help_panel=JOBS)(detecting.detect)
app.command("events", rich_help_panel=JOBS)(archive.events)
app.command("ledger", rich_help_panel=JOBS)(ledger.ledger)
app.command("report", rich_help_panel=JOBS)(report.report)
app.command("latency", rich_help_panel=JOBS)(latency.latency)
app.command("links", rich_help_panel=JOBS)(links.links)
app.add_typer(limits.app, name="limits", rich_help_panel=JOBS)
app.add_typer(rejected.app, name="rejected", rich_help_panel=JOBS)
app.add_typer(dictionary.app, name="dictionary", rich_help_panel=JOBS)


def _starter(name: str) -> Callable[[], None]:
    def start() -> None:
        from runtime.service import main as run_service  # noqa: PLC0415 -- keeps `--help` fast
        from runtime.settings import read_settings  # noqa: PLC0415 -- as above

        sys.exit(run_service(name, SERVICES[name].load(), read_settings()))

    return start


for _service in SERVICES.values():
    run_app.command(_service.name, help=_service.purpose)(_starter(_service.name))


@app.callback(invoke_without_command=True)
def version(
    *, show: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False
) -> None:
    """Take the options that stand before a command."""
    if show:
        from importlib.metadata import version as version_of  # noqa: PLC0415 -- keeps `--help` fast

        typer.echo(version_of("downrange"))
        raise typer.Exit


def main() -> None:
    """Run the command line; an error of ours is one line that says what to do, and exit code 2."""
    try:
        app()
    except (DownrangeError, BaseExceptionGroup) as error:
        ours = [leaf for leaf in leaves_of(error) if isinstance(leaf, DownrangeError)]
        if not ours:
            raise
        for leaf in ours:
            typer.secho(f"downrange: {leaf}", fg=typer.colors.RED, err=True)
        sys.exit(2)
