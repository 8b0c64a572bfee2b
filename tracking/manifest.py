"""A manifest: the plan of a flight and the parcels in its container."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import accumulate
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from telemetry.errors import AddressError, ManifestError, Reason
from telemetry.topics import check_name
from tracking.parcels_csv import CsvRow, read_rows
from tracking.plan import FlightPlan, Name, Positive, Text

MAX_MASS_KG: Final = 10_000.0
MAX_VOLUME_M3: Final = 120.0
MAX_PARCELS: Final = 2_000
# sums of decimal fractions miss their exact value by less than this
SUM_TOLERANCE: Final = 1e-6


class Parcel(BaseModel):
    """One parcel. Its recipient reference is the shipper's own and is never shown to the public."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parcel: str
    mass_kg: Positive
    volume_m3: Positive
    recipient: Name
    description: Text = ""


class Manifest(BaseModel):
    """A plan and its parcels, checked: names, figures, duplicates and the container's limits."""

    model_config = ConfigDict(frozen=True)

    plan: FlightPlan
    parcels: Annotated[tuple[Parcel, ...], Field(min_length=1, max_length=MAX_PARCELS)]

    def to_json(self) -> str:
        """Return the JSON text that `read_manifest` reads."""
        plan = self.plan.model_dump(mode="json", exclude_none=True)
        return json.dumps({**plan, "parcels": [parcel.model_dump(mode="json") for parcel in self.parcels]})


def read_manifest(text: str | bytes, parcels_csv: str | None = None) -> Manifest:
    """Read and check a manifest.

    Parameters
    ----------
    text
        JSON: the plan's fields, and `parcels` (a list) or `parcels_csv` (the text of a CSV file).
    parcels_csv
        The parcels as CSV text, when the JSON has none: columns parcel, mass_kg, volume_m3, recipient, description.

    Raises
    ------
    ManifestError
        If it cannot be flown; the detail names the field, the parcel and its row or line.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ManifestError(Reason.BAD_MANIFEST, f"the manifest is not JSON: {error}") from error
    if not isinstance(data, dict):
        raise ManifestError(Reason.BAD_MANIFEST, "the manifest is not a JSON object")
    listed = data.pop("parcels", None)
    csv = data.pop("parcels_csv", None) if parcels_csv is None else parcels_csv
    if (listed is None) == (csv is None):
        raise ManifestError(Reason.BAD_MANIFEST, "give the parcels once: as 'parcels' or as CSV")
    if listed is not None and not isinstance(listed, list):
        raise ManifestError(Reason.BAD_MANIFEST, "'parcels' is not a list")
    rows = read_rows(str(csv)) if listed is None else [CsvRow(f"parcels[{i}]", row) for i, row in enumerate(listed)]
    return check_manifest(_read_plan(data), rows)


def check_manifest(plan: FlightPlan, rows: Iterable[CsvRow]) -> Manifest:
    """Return the manifest of a plan and rows of parcels.

    Raises
    ------
    ManifestError
        If a parcel is wrong, comes twice, or does not fit into the container any more.
    """
    placed = [(row.where, _read_parcel(row)) for row in rows]
    if not 0 < len(placed) <= MAX_PARCELS:
        raise ManifestError(Reason.BAD_MANIFEST, f"{len(placed)} parcels: a manifest holds 1 to {MAX_PARCELS}")
    seen: dict[str, str] = {}
    for where, parcel in placed:
        if parcel.parcel in seen:
            detail = f"{where}: parcel {parcel.parcel} stands in {seen[parcel.parcel]} already"
            raise ManifestError(Reason.BAD_MANIFEST, detail)
        seen[parcel.parcel] = where
    _check_container(placed)
    return Manifest(plan=plan, parcels=tuple(parcel for _, parcel in placed))


def _check_container(placed: list[tuple[str, Parcel]]) -> None:
    total_kg = math.fsum(parcel.mass_kg for _, parcel in placed)
    total_m3 = math.fsum(parcel.volume_m3 for _, parcel in placed)
    masses_kg = accumulate(parcel.mass_kg for _, parcel in placed)
    volumes_m3 = accumulate(parcel.volume_m3 for _, parcel in placed)
    for (where, parcel), mass_kg, volume_m3 in zip(placed, masses_kg, volumes_m3, strict=True):
        if mass_kg > MAX_MASS_KG + SUM_TOLERANCE:
            over = f"brings the container to {mass_kg:,.3f} kg, over {MAX_MASS_KG:,.0f} kg"
        elif volume_m3 > MAX_VOLUME_M3 + SUM_TOLERANCE:
            over = f"brings the container to {volume_m3:,.3f} m3, over {MAX_VOLUME_M3:,.0f} m3"
        else:
            continue
        detail = (
            f"{where}: parcel {parcel.parcel} {over}; all {len(placed)} parcels are {total_kg:,.3f} kg and "
            f"{total_m3:,.3f} m3: move it and what follows to another flight"
        )
        raise ManifestError(Reason.OVERFULL, detail)


def _read_plan(data: dict[str, Any]) -> FlightPlan:
    try:
        plan = FlightPlan.model_validate(data)
        for what in ("run", "flight", "vehicle"):
            check_name(getattr(plan, what), what)
    except ValidationError as error:
        raise ManifestError(Reason.BAD_MANIFEST, _explain(error)) from error
    except AddressError as error:
        raise ManifestError(Reason.BAD_MANIFEST, error.detail) from error
    return plan


def _read_parcel(row: CsvRow) -> Parcel:
    name = row.content.get("parcel") if isinstance(row.content, dict) else None
    where = f"{row.where}: parcel {str(name)[:80]}" if name else row.where
    try:
        parcel = Parcel.model_validate(row.content)
        check_name(parcel.parcel, "parcel")
    except ValidationError as error:
        raise ManifestError(Reason.BAD_MANIFEST, f"{where}: {_explain(error)}") from error
    except AddressError as error:
        raise ManifestError(Reason.BAD_MANIFEST, f"{row.where}: {error.detail}") from error
    return parcel


def _explain(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    given = first["input"]
    shown = f" (given: {given!r:.60})" if isinstance(given, str | int | float) else ""
    return f"{where}: {said}{shown}" if where else f"{said}{shown}"
