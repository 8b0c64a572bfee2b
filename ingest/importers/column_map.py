"""Which column of a table means what: the formats' own maps, and those that people write as YAML. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ingest.importers.units import SI_OF_CHANNEL, factor
from telemetry.checked_yaml import checked

MAIN: Final = "time"

ColumnName = Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=1)]


class Clock(BaseModel):
    """A column that says when.

    Parameters
    ----------
    column
        Its name, or its place from 1.
    unit
        Of its numbers.
    scale
        For a column that counts rows or frames: so many of the unit for each.
    offset_s
        Added after conversion: the way from this clock's zero to the log's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    column: ColumnName
    unit: str = "s"
    scale: Annotated[float, Field(gt=0)] = 1.0
    offset_s: float = 0.0

    @field_validator("unit")
    @classmethod
    def _known(cls, unit: str) -> str:
        factor("s", unit)
        return unit


class Column(BaseModel):
    """A column that measures something: value = number * scale * unit + offset.

    Parameters
    ----------
    column
        Its name, or its place from 1.
    unit
        Of its numbers; SI by default.
    scale
        For counts, or -1 for a sensor upside down.
    offset
        In the SI unit.
    clock
        Whose time its rows have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    column: ColumnName
    unit: str | None = None
    scale: float = 1.0
    offset: float = 0.0
    clock: str = MAIN


class ColumnMap(BaseModel):
    """How a table's columns become channels.

    Parameters
    ----------
    time
        The clock of all columns that name no other.
    columns
        Channel to column.
    clocks
        Further clocks of the same rows, for instance of a second sensor board.
    separator, decimal, header_line, comments
        Of the file: what parts the cells (found out by default), the decimal mark, the line of the column names (from
        1; 0 if there are none), and whether lines that begin with `#` are passed over.
    missing
        Numbers or texts that mean "not measured", besides an empty cell.
    duplicates
        Of rows that repeat the time of the row before: `keep` all, only the `first`, only the `last`. The others are
        kept aside.
    stale
        `keep` rows that repeat all values of the row before, or `drop` them (kept aside too) as soon as they have done
        so for `stale_after_s`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    time: Clock
    columns: Annotated[dict[str, Column], Field(min_length=1)]
    clocks: dict[str, Clock] = {}
    separator: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] | None = None
    header_line: Annotated[int, Field(ge=0)] = 1
    comments: bool = True
    missing: tuple[str | int | float, ...] = ()
    duplicates: Literal["keep", "first", "last"] = "keep"
    stale: Literal["keep", "drop"] = "keep"
    stale_after_s: Annotated[float, Field(gt=0)] = 1.0

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for name, column in self.columns.items():
            si = SI_OF_CHANNEL.get(name)
            if si is None:
                raise _wrong(("columns", name), f"{name!r} is none of {', '.join(SI_OF_CHANNEL)}")
            if column.unit is not None:
                try:
                    factor(si, column.unit)
                except ValueError as error:
                    raise _wrong(("columns", name, "unit"), str(error)) from error
            if column.clock != MAIN and column.clock not in self.clocks:
                known = ", ".join((MAIN, *self.clocks))
                raise _wrong(("columns", name, "clock"), f"clock {column.clock!r} is none of {known}")
        if MAIN in self.clocks:
            detail = f"{MAIN!r} is the clock of all columns that name no other; choose another name"
            raise _wrong(("clocks", MAIN), detail)
        return self

    @property
    def marks(self) -> frozenset[str]:
        """What stands in a cell that was not measured, besides nothing; in lower case."""
        return frozenset(str(mark).lower() for mark in self.missing)


def _wrong(at: tuple[str, ...], detail: str) -> PydanticCustomError:
    """Return an error that points at a place in the map."""
    return PydanticCustomError("map", "{detail}", {"detail": detail, "at": at})


def load_map(path: Path) -> ColumnMap:
    """Read a column map.

    Raises
    ------
    DictionaryError
        If the file cannot be read or is wrong; it names file and line.
    """
    return checked(ColumnMap, path)
