"""Writes a flight in the form that a file's suffix asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from simulator.exports.curves import curves_of
from simulator.exports.panels import Land
from simulator.packets import Transmitter
from telemetry.errors import FlightError

TABLES: Final = (".parquet", ".csv")
MAPS: Final = (".kml", ".czml")
PLOTS: Final = (".png", ".svg", ".pdf", ".html")


def export(transmitter: Transmitter, flight_name: str, path: Path, *, every_s: float | None = None) -> int:
    """Write a flight's truth as a table (Parquet, CSV) or as a map (KML, CZML).

    Parameters
    ----------
    transmitter
        The flight.
    flight_name
        Stands in the file.
    path
        Its suffix says the form.
    every_s
        Time between rows; see `curves_of`.

    Returns
    -------
    int
        Rows written, all vehicles together.

    Raises
    ------
    FlightError
        If the suffix is none of these.
    """
    if path.suffix not in {*TABLES, *MAPS}:
        raise FlightError(f"{path}: cannot write {path.suffix!r}; choose {', '.join((*TABLES, *MAPS))}, or a folder")
    curves = curves_of(transmitter, every_s)
    path.parent.mkdir(parents=True, exist_ok=True)
    # imported here: nobody waits for the libraries of the other forms
    if path.suffix in TABLES:
        from simulator.exports.table import table_of, write_csv, write_parquet  # noqa: PLC0415 -- see above

        (write_parquet if path.suffix == ".parquet" else write_csv)(path, table_of(curves, transmitter.t0_ns))
    elif path.suffix == ".kml":
        from simulator.exports.kml import kml_of  # noqa: PLC0415 -- see above

        path.write_text(kml_of(curves, flight_name, transmitter.t0_ns), encoding="utf-8")
    else:
        from simulator.exports.czml import czml_of  # noqa: PLC0415 -- see above

        path.write_text(czml_of(curves, flight_name, transmitter.t0_ns), encoding="utf-8")
    return sum(curve.truth.t_s.size for curve in curves)


def plot(transmitter: Transmitter, flight_name: str, path: Path, land: Land = ()) -> None:
    """Draw a flight: a picture (PNG, SVG, PDF) or a page (HTML).

    Parameters
    ----------
    transmitter
        The flight.
    flight_name
        Stands above it.
    path
        Its suffix says the form.
    land
        Outlines of land.

    Raises
    ------
    FlightError
        If the suffix is none of these.
    """
    if path.suffix not in PLOTS:
        raise FlightError(f"{path}: cannot draw {path.suffix!r}; choose {', '.join(PLOTS)}")
    title = f"{flight_name}: {transmitter.flight.preset.description}"
    path.parent.mkdir(parents=True, exist_ok=True)
    curves = curves_of(transmitter)
    if path.suffix == ".html":
        from simulator.exports.page import write_page  # noqa: PLC0415 -- nobody waits for plotly who draws a picture

        write_page(path, curves, title, land)
    else:
        from simulator.exports.picture import write_picture  # noqa: PLC0415 -- as above, matplotlib

        write_picture(path, curves, title, land)
