"""Rows of parcels from CSV text, each with the line it stands on."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any, Final

from telemetry.errors import ManifestError, Reason

REQUIRED: Final = ("parcel", "mass_kg", "volume_m3", "recipient")
OPTIONAL: Final = ("description",)


@dataclass(frozen=True, slots=True)
class CsvRow:
    """What should be one parcel, and where it stands, for whoever has to mend it."""

    where: str
    content: Any


def read_rows(text: str) -> list[CsvRow]:
    r"""Read CSV with a header line; empty lines are passed over.

    Raises
    ------
    ManifestError
        If a column is missing, unknown or named twice, or a line has another number of fields than the header.

    Examples
    --------
    >>> read_rows("parcel,mass_kg,volume_m3,recipient\nP-1,2.5,0.02,R-77")[0]
    CsvRow(where='line 2', content={'parcel': 'P-1', 'mass_kg': '2.5', 'volume_m3': '0.02', 'recipient': 'R-77'})
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    rows: list[CsvRow] = []
    header: list[str] | None = None
    try:
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if header is None:
                header = _header([field.strip() for field in fields])
            elif len(fields) != len(header):
                detail = f"line {reader.line_num}: {len(fields)} fields, the header names {len(header)}"
                raise ManifestError(Reason.BAD_MANIFEST, detail)
            else:
                stripped = (field.strip() for field in fields)
                rows.append(CsvRow(f"line {reader.line_num}", dict(zip(header, stripped, strict=True))))
    except csv.Error as error:
        raise ManifestError(Reason.BAD_MANIFEST, f"line {reader.line_num}: not CSV: {error}") from error
    return rows


def _header(names: list[str]) -> list[str]:
    columns = ", ".join((*REQUIRED, *(f"{name} (optional)" for name in OPTIONAL)))
    for name in names:
        if name not in REQUIRED + OPTIONAL:
            raise ManifestError(Reason.BAD_MANIFEST, f"line 1: column {name[:80]!r} is none of: {columns}")
        if names.count(name) > 1:
            raise ManifestError(Reason.BAD_MANIFEST, f"line 1: column {name!r} stands there twice")
    for name in REQUIRED:
        if name not in names:
            raise ManifestError(Reason.BAD_MANIFEST, f"line 1: no column {name!r}; columns are: {columns}")
    return names
