"""A flight as a table: one row a vehicle and moment, one column a quantity with its unit, for analysts' tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from simulator.exports.curves import Curve
from telemetry.cuc import NS_PER_S

WHOLE_FLOATS: Final = (
    "latitude_deg",
    "longitude_deg",
    "altitude_m",
    "vertical_speed_m_s",
    "east_m_s",
    "north_m_s",
    "speed_m_s",
    "axial_m_s2",
    "lateral_m_s2",
    "static_pressure_pa",
    "dynamic_pressure_pa",
    "density_kg_m3",
    "air_temperature_k",
    "downrange_m",
    "throttle",
    "thrust_n",
    "chamber_pressure_pa",
    "propellant_kg",
    "mass_kg",
)


def table_of(curves: tuple[Curve, ...], t0_ns: int) -> pa.Table:
    """Return all vehicles' rows, vehicle by vehicle in order of time; `event` names what happened since the last row.

    Parameters
    ----------
    curves
        The flight, sampled.
    t0_ns
        Unix time of mission time 0.
    """
    return pa.concat_tables(_rows(curve, t0_ns) for curve in curves)


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table as Parquet."""
    parquet.write_table(table, path, compression="zstd")


def write_csv(path: Path, table: pa.Table) -> None:
    """Write a table as CSV with a line of names; times as ISO 8601."""
    csv.write_csv(table, path)


def _rows(curve: Curve, t0_ns: int) -> pa.Table:
    truth = curve.truth
    time_ns = t0_ns + np.rint(truth.t_s * NS_PER_S).astype(np.int64)
    columns: dict[str, Any] = {
        "vehicle": pa.array([curve.vehicle] * truth.t_s.size).dictionary_encode(),
        "time": pa.array(time_ns, pa.timestamp("ns", tz="UTC")),
        "t_s": truth.t_s,
        "phase": pa.array(curve.phases.tolist()).dictionary_encode(),
        **{name: getattr(truth, name) for name in WHOLE_FLOATS},
        "load_g": curve.load_g,
        "attached": truth.attached,
        "event": pa.array(_events(curve), pa.string()),
    }
    return pa.table(columns)


def _events(curve: Curve) -> list[str | None]:
    rows: list[str | None] = [None] * curve.truth.t_s.size
    for mark in curve.marks:
        # the row at or behind the event; one past the last row stands in it
        at = min(int(np.searchsorted(curve.truth.t_s, mark.happening.t_s)), len(rows) - 1)
        rows[at] = ";".join(filter(None, (rows[at], mark.happening.type)))
    return rows
