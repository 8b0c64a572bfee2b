"""`downrange dictionary`: checks dictionaries, shows and documents them, writes them as XTCE and reads XTCE."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sized

    from telemetry.check import Checked
    from telemetry.dictionary import Dictionary
    from telemetry.xtce.reading import Imported

EXIT_WRONG: Final = 1
WIDE: Final = 200
YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})

app = typer.Typer(
    help="Check, show, export, import and document dictionaries of vehicles.",
    no_args_is_help=True,
    epilog="A dictionary is a file, or the name of one that comes with Downrange or lies in DOWNRANGE_DICTIONARY_DIR.",
)
Name = Annotated[str, typer.Argument(help="A dictionary's file, or its name.")]
Out = Annotated[Path | None, typer.Option(help="Write to this file instead of the terminal.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


@app.command()
def check(names: Annotated[list[str], typer.Argument(help="Files or names.")], *, as_json: AsJson = False) -> None:
    """Say everything that is wrong, with file, line and remedy; exit code 1 if anything is."""
    from telemetry.check import check_file

    checked = {str(path): check_file(path, time.time_ns()) for path in map(_path, names)}
    if as_json:
        typer.echo(json.dumps([_report(path, each) for path, each in checked.items()], indent=1))
    else:
        for path, each in checked.items():
            _print_check(path, each)
    sys.exit(EXIT_WRONG if any(each.mistakes for each in checked.values()) else 0)


def _report(path: str, checked: Checked) -> dict[str, Any]:
    return {
        "file": path,
        "ok": not checked.mistakes,
        "mistakes": [{"line": each.line, "detail": each.detail} for each in checked.mistakes],
        "warnings": [{"line": each.line, "detail": each.detail} for each in checked.warnings],
    }


def _print_check(path: str, checked: Checked) -> None:
    for mistake in checked.mistakes:
        typer.secho(str(mistake), fg=typer.colors.RED, err=True)
    for warning in checked.warnings:
        typer.secho(f"{path}:{warning.line}: warning: {warning.detail}", fg=typer.colors.YELLOW, err=True)
    if checked.dictionary is not None:
        dictionary = checked.dictionary
        channels = sum(len(packet.channels) for packet in dictionary.packets.values())
        counted = f"{_count(dictionary.packets, 'packet')}, {channels} channels, {_count(checked.warnings, 'warning')}"
        typer.echo(f"{path}: {dictionary.name}, version {dictionary.version}, is right: {counted}")
    else:
        typer.echo(f"{path}: {_count(checked.mistakes, 'mistake')}")


@app.command()
def show(
    name: Name = "yuanxing-1",
    *,
    packet: Annotated[str | None, typer.Option(help="Only this packet, with the place of each field.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show packets and channels: offsets as octet.bit, sizes, rates, bit rates."""
    dictionary = _dictionary(name)
    if packet is not None and packet not in dictionary.packets:
        known = ", ".join(dictionary.packets)
        raise typer.BadParameter(f"{dictionary.name} has no packet {packet!r}; there are: {known}")
    chosen = [packet] if packet is not None else list(dictionary.packets)
    if as_json:
        typer.echo(json.dumps(_layout(dictionary, chosen), indent=1))
        return
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    _print_packets(console, dictionary)
    for each in chosen:
        _print_rows(console, dictionary, each)


def _layout(dictionary: Dictionary, chosen: list[str]) -> dict[str, Any]:
    from dataclasses import asdict

    from telemetry.listing import figures_of, rows_of

    packets = {
        name: {
            **dictionary.packets[name].model_dump(mode="json", include={"apid", "rate_hz", "description", "vehicles"}),
            **asdict(figures_of(dictionary, name)),
            "fields": [{"offset": row.offset or None, **asdict(row)} for row in rows_of(dictionary, name)],
        }
        for name in chosen
    }
    head = dictionary.model_dump(mode="json", include={"name", "version", "vehicle_class", "description", "time"})
    return {**head, "packets": packets}


def _print_packets(console: Console, dictionary: Dictionary) -> None:
    from telemetry.listing import figures_of, time_text

    figures = {name: figures_of(dictionary, name) for name in dictionary.packets}
    total = sum(each.bits_per_s for each in figures.values())
    title = f"{dictionary.name}, version {dictionary.version}, {total:,.0f} bit/s; {time_text(dictionary)}"
    table = Table(title=Text(title), title_justify="left", header_style="dim")
    for heading in ("packet", "APID", "rate Hz", "octets", "bit/s", "vehicles", "description"):
        right = heading in {"APID", "rate Hz", "octets", "bit/s"}
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "description")
    for name, packet in dictionary.packets.items():
        table.add_row(
            name,
            str(packet.apid),
            f"{packet.rate_hz:g}",
            str(figures[name].octets),
            f"{figures[name].bits_per_s:,.0f}",
            Text(", ".join(packet.vehicles) if packet.vehicles else "all"),
            Text(packet.description),
        )
    console.print(table)


def _print_rows(console: Console, dictionary: Dictionary, packet: str) -> None:
    from telemetry.listing import rows_of

    table = Table(title=packet, title_justify="left", header_style="dim")
    for heading in ("octet.bit", "bits", "channel", "raw", "unit", "value", "range", "limits", "description"):
        table.add_column(heading, justify="right" if heading in {"octet.bit", "bits"} else "left")
    for row in rows_of(dictionary, packet):
        style = "dim" if not row.name else "cyan" if row.at is None else ""
        size = str(row.bits) if row.bits else "derived"
        texts = (row.offset, size, row.name, row.raw, row.unit, row.calibration, row.range, row.limits, row.description)
        table.add_row(*(Text(text) for text in texts), style=style)
    console.print(table)


@app.command()
def export(
    name: Name,
    *,
    format_: Annotated[Literal["xtce"], typer.Option("--format", help="The only one.")] = "xtce",
    version: Annotated[Literal["1.2", "1.3"], typer.Option(help="Of XTCE.")] = "1.2",
    math_as_table: Annotated[
        bool,
        typer.Option("--math-as-table", help="Expressions as tables, for readers without MathOperationCalibrator."),
    ] = False,
    out: Out = None,
) -> None:
    """Write a dictionary as XTCE."""
    from telemetry.xtce.export import export_xtce
    from telemetry.xtce.standard import XtceVersion

    exported = export_xtce(_dictionary(name), XtceVersion(version), math_as_table=math_as_table)
    _write(exported.xml, out, f"{format_.upper()} {version}")
    for missing in exported.missing:
        typer.secho(f"not exported: {missing}", fg=typer.colors.YELLOW, err=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An XTCE document of version 1.2 or 1.3.", exists=True, dir_okay=False)],
    *,
    out: Out = None,
    map_: Annotated[
        Path | None, typer.Option("--map", help="What the document does not say: names, units, rates, the time code.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was not carried over, as JSON on stderr.")] = False,
) -> None:
    """Read XTCE into a dictionary, and say exactly what could not be carried over."""
    from telemetry.xtce.mapping import ImportMap, load_map
    from telemetry.xtce.reading import read_xtce

    wanted = load_map(map_) if map_ is not None else ImportMap()
    imported = read_xtce(file.read_bytes(), str(file), wanted)
    _print_notes(file, imported, as_json=as_json)
    sys.exit(_write_dictionary(file, imported, out))


def _print_notes(file: Path, imported: Imported, *, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        typer.echo(json.dumps([asdict(note) for note in imported.notes], indent=1), err=True)
        return
    for note in imported.notes:
        typer.secho(f"{file}:{note}", fg=typer.colors.YELLOW, err=True)
    packets, things = _count(imported.content["packets"], "packet"), _count(imported.notes, "thing")
    typer.echo(
        f"{file}: {packets} carried over, {things} lost or changed" + (", named above" if imported.notes else ""),
        err=True,
    )


def _write_dictionary(file: Path, imported: Imported, out: Path | None) -> int:
    """Write the dictionary, also when it needs mending: the check names what is wrong with it."""
    import tempfile

    from telemetry.check import check_file
    from telemetry.dictionary_text import dictionary_text

    lines = [
        f"Imported from {file.name} by `downrange dictionary import`.",
        *(f"{file.name}:{note}" for note in imported.notes),
    ]
    text = dictionary_text(imported.content, "\n".join(lines))
    with tempfile.TemporaryDirectory(prefix="downrange-") as work:
        path = out or Path(work) / "imported.yaml"
        path.write_text(text, encoding="utf-8")
        checked = check_file(path, time.time_ns())
    if out is None:
        typer.echo(text, nl=False)
    for mistake in checked.mistakes:
        typer.secho(str(mistake), fg=typer.colors.RED, err=True)
    if checked.mistakes:
        typer.secho("the document says what no dictionary can; mend it, or give names in a map", err=True)
    return EXIT_WRONG if checked.mistakes else 0


@app.command()
def docs(name: Name, *, out: Out = None) -> None:
    """Write a reference of all packets and channels as Markdown."""
    from telemetry.reference import reference_of

    _write(reference_of(_dictionary(name)), out, "reference")


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _path(name: str) -> Path:
    """Return the file that a name means: itself, or the dictionary of that name."""
    from runtime.settings import read_settings
    from telemetry.dictionary import BUILT_IN_DIR
    from telemetry.errors import DictionaryError

    given = Path(name)
    if given.suffix in YAML_SUFFIXES or given.exists():
        return given
    own = read_settings().service.dictionary_dir
    folders = [BUILT_IN_DIR, *([own] if own is not None else [])]
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    known = ", ".join(sorted(path.stem for folder in folders for path in folder.glob("*.yaml")))
    raise DictionaryError(name, 0, f"is no file and no dictionary; there are: {known}")


def _dictionary(name: str) -> Dictionary:
    from telemetry.dictionary import load_dictionary

    return load_dictionary(_path(name))


def _write(text: str, out: Path | None, what: str) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")
    typer.echo(f"{out}: {what}, {len(text.splitlines()):,} lines", err=True)
