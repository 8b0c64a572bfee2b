"""How a log is read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ingest.importers.column_map import ColumnMap

AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What the file itself does not say.

    Parameters
    ----------
    format
        Name of the format; `auto` recognises it from the content.
    columns
        Which column means what, instead of the format's own meaning.
    derived
        Take also what the instrument or its software worked out from its measurements: speeds above all. They are
        no measurements of their own, and some were smoothed with what came later.
    asked_by
        How whoever reads is told the format: errors say so.
    """

    format: str = AUTO
    columns: ColumnMap | None = None
    derived: bool = False
    asked_by: str = "--format"
