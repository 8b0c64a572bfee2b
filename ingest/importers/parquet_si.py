"""Parquet whose columns are named with their SI units: `t_s`, and any of the channels of a log. Pure."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ingest.importers.options import LogOptions
from ingest.importers.reading import Reading
from ingest.importers.source import Source
from telemetry.errors import ArchiveError
from telemetry.samples import CHANNELS, NS_PER_S, BadRow, Samples

NAME: Final = "parquet"
WHAT: Final = "Parquet with t_s and SI-named columns"
TIME: Final = "t_s"
MAGIC: Final = b"PAR1"
MAX_T_S: Final = 1e9


def recognise(source: Source) -> str | None:
    """Return why this is such a file; None if it is not."""
    return "it begins with PAR1" if source.octets[:4] == MAGIC else None


def read(source: Source, options: LogOptions) -> Reading:
    """Read the rows; a null is "not measured", lines count rows from 1.

    Raises
    ------
    ArchiveError
        If it is damaged, or lacks `t_s` or every channel.
    """
    del options
    try:
        file = pq.ParquetFile(io.BytesIO(source.octets))
        names = file.schema_arrow.names
        taken = [name for name in CHANNELS if name in names]
        if TIME not in names or not taken:
            detail = f"has the columns {', '.join(names)[:300]}: name {TIME} and any of {', '.join(CHANNELS)}"
            raise ArchiveError(str(source.path), detail)
        table = file.read([TIME, *taken])
        t_s, *values = [_floats(table.column(name)) for name in (TIME, *taken)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ArchiveError(
            str(source.path), f"is no whole Parquet file of numbers ({error}): write it again"
        ) from error
    good = (np.abs(t_s) <= MAX_T_S) & ~np.logical_or.reduce([np.isinf(each) for each in values])
    lines = np.arange(1, t_s.size + 1)
    columns = dict(zip(taken, values, strict=True))
    bad = [
        BadRow(
            int(lines[i]),
            ", ".join(str(each[i]) for each in (t_s, *values)),
            "no time of a flight, or a value without end",
        )
        for i in np.flatnonzero(~good).tolist()
    ]
    t_ns = np.rint(t_s[good] * NS_PER_S).astype(np.int64)
    return Reading(Samples(t_ns, {name: each[good] for name, each in columns.items()}), lines[good], tuple(bad))


def _floats(column: pa.ChunkedArray[pa.Scalar[pa.DataType]]) -> NDArray[np.float64]:
    """Return a column as numbers, shape (n,), NaN for null."""
    return np.array(pc.cast(column, pa.float64()).to_numpy(), dtype=np.float64)
