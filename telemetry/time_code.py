"""The time code of a dictionary's packets (CCSDS 301.0-B-4): CUC or CDS, epoch and scale, with P-field or without."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from telemetry.cds import DAY_NS, SubMillisecond, cds_octets, cds_preamble, decode_cds, encode_cds
from telemetry.cuc import MAX_COARSE_OCTETS, MAX_FINE_OCTETS, cuc_bounds, cuc_preamble, decode_cuc, encode_cuc
from telemetry.epochs import CCSDS, GPS, NO_TIME_NS, UTC_FROM, Epoch, Scale, epoch_of, gps_epoch, tai_epoch
from telemetry.leap_seconds import LAST_NS, MARGIN_NS, NS_PER_S

FIRST_YEAR: Final = 1678
LAST_YEAR: Final = 2261
CUC_ONLY: Final = ("coarse_octets", "fine_octets")
CDS_ONLY: Final = ("day_octets", "submillisecond")


class CodeName(StrEnum):
    """A code of the standard."""

    CUC = "cuc"
    CDS = "cds"


def _epoch(given: object) -> datetime | str:
    """Take `tai`, `gps` or a date-time, with one plain complaint for all else."""
    if isinstance(given, str) and given in {"tai", "gps"}:
        return given
    try:
        when = TypeAdapter(AwareDatetime).validate_python(given)
    except ValidationError as error:
        why = error.errors()[0]["msg"]
    else:
        if FIRST_YEAR <= when.year <= LAST_YEAR:
            return when
        why = f"the year is none of {FIRST_YEAR} to {LAST_YEAR}"
    remedy = "write tai, gps or a date-time with its zone, such as 2020-01-01T00:00:00Z ({why})"
    raise PydanticCustomError("epoch", remedy, {"why": why})


class TimeCode(BaseModel):
    """How the generation time stands in a packet.

    Parameters
    ----------
    code
        `cuc`, seconds and binary fractions; or `cds`, days and milliseconds of the day.
    epoch
        `tai`, the one that CCSDS recommends (1958-01-01); `gps` (1980-01-06); or an agency's own instant of UTC.
    scale
        How a CUC counts from an agency's epoch: `utc`, each day 86,400 s as Unix time does; `tai`, each second that
        passes, which the standard calls not UTC-based. Epochs `tai` and `gps` imply `tai`. A CDS is UTC-based.
    preamble
        The P-field stands before the time in each packet, and is checked.
    coarse_octets, fine_octets
        CUC: octets of seconds, 1 to 7, and of their fraction, 0 to 10; a CDS has none.
    day_octets, submillisecond
        CDS: octets of days, 2 or 3, and what follows the milliseconds; a CUC has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: CodeName = CodeName.CUC
    epoch: Annotated[AwareDatetime | Literal["tai", "gps"], BeforeValidator(_epoch)]
    scale: Scale | None = None
    preamble: bool = False
    coarse_octets: Annotated[int, Field(ge=1, le=MAX_COARSE_OCTETS)] = 0
    fine_octets: Annotated[int, Field(ge=0, le=MAX_FINE_OCTETS)] = 0
    day_octets: Annotated[int, Field(ge=2, le=3)] = 0
    submillisecond: SubMillisecond = SubMillisecond.NONE

    @model_validator(mode="after")
    def _whole(self) -> Self:
        needed = ("coarse_octets", "fine_octets") if self.code is CodeName.CUC else ("day_octets",)
        foreign = CDS_ONLY if self.code is CodeName.CUC else CUC_ONLY
        for key in needed:
            if key not in self.model_fields_set:
                msg = f"a {self.code} code needs {key}; add it"
                raise ValueError(msg)
        for key in foreign:
            if key in self.model_fields_set:
                msg = f"a {self.code} code has no {key}; remove it, or choose another code"
                raise ValueError(msg)
        self._check_scale()
        return self

    def _check_scale(self) -> None:
        named = isinstance(self.epoch, str)
        if self.code is CodeName.CDS:
            if self.scale is Scale.TAI:
                raise ValueError("a cds code is UTC-based; remove scale, or choose cuc")
            if not named and self.epoch_ns % DAY_NS:
                raise ValueError("the days of a cds code begin at midnight UTC; choose an epoch at T00:00:00Z")
        elif named and self.scale is Scale.UTC:
            raise ValueError(f"epoch {self.epoch} counts as TAI does; remove scale, or name the epoch's date-time")
        elif isinstance(self.epoch, datetime) and self.scale is Scale.TAI and self.epoch < UTC_FROM:
            raise ValueError("UTC has leap seconds since 1972; choose a later epoch, or epoch tai")

    @cached_property
    def zero(self) -> Epoch:
        """Where the code begins to count, and on which scale."""
        if isinstance(self.epoch, datetime):
            return epoch_of(self.epoch, self.scale or Scale.UTC)
        if self.code is CodeName.CDS:
            return epoch_of(CCSDS if self.epoch == "tai" else GPS, Scale.UTC)
        return tai_epoch() if self.epoch == "tai" else gps_epoch()

    @property
    def epoch_ns(self) -> int:
        """The epoch as Unix time in ns."""
        return self.zero.unix_ns

    @cached_property
    def p_field(self) -> bytes:
        """The P-field that describes the code, whether packets carry it or not."""
        agency = self.epoch != "tai"
        if self.code is CodeName.CDS:
            return cds_preamble(self.day_octets, self.submillisecond, agency=agency)
        return cuc_preamble(self.coarse_octets, self.fine_octets, agency=agency)

    @cached_property
    def octets(self) -> int:
        """Length of the time in a packet, P-field included."""
        head = len(self.p_field) if self.preamble else 0
        if self.code is CodeName.CDS:
            return head + cds_octets(self.day_octets, self.submillisecond)
        return head + self.coarse_octets + self.fine_octets

    @property
    def last_ns(self) -> int:
        """The last time in ns that any rounding leaves within the code and within int64, as Unix time."""
        if self.code is CodeName.CDS:
            return min(self.zero.at_ns + (DAY_NS << 8 * self.day_octets), LAST_NS // DAY_NS * DAY_NS) - NS_PER_S
        last = min(self.zero.at_ns + (NS_PER_S << 8 * self.coarse_octets) - NS_PER_S, LAST_NS)
        return int(self.zero.to_unix(np.array([last]))[0])

    def encode(self, t_ns: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Encode Unix times in ns of shape (n,) into octets of shape (n, octets), rounded to the nearest unit.

        Raises
        ------
        ValueError
            If a time lies outside what the code can say.
        """
        if self.code is CodeName.CDS:
            field = encode_cds(t_ns, self.zero.at_ns, self.day_octets, self.submillisecond)
        else:
            field = encode_cuc(self.zero.from_unix(t_ns), self.zero.at_ns, self.coarse_octets, self.fine_octets)
        if not self.preamble:
            return field
        head = np.broadcast_to(np.frombuffer(self.p_field, dtype=np.uint8), (len(field), len(self.p_field)))
        return np.concatenate([head, field], axis=1)

    def decode(self, octets: NDArray[np.uint8]) -> NDArray[np.int64]:
        """Decode octets of shape (n, octets) into Unix times in ns of shape (n,), rounded to the nearest ns.

        What stands for no time, a wrong P-field included, becomes `telemetry.epochs.NO_TIME_NS`; `fault` says why.
        """
        field = octets[:, len(self.p_field) :] if self.preamble else octets
        if self.code is CodeName.CDS:
            t_ns = decode_cds(field, self.zero.at_ns, self.day_octets, self.submillisecond)
        else:
            t_ns = self.zero.to_unix(decode_cuc(field, self.zero.at_ns, self.fine_octets))
        if self.preamble:
            wrong = (octets[:, : len(self.p_field)] != np.frombuffer(self.p_field, dtype=np.uint8)).any(axis=1)
            t_ns[wrong] = NO_TIME_NS
        return t_ns

    def fault(self, octets: bytes) -> str | None:
        """Return why octets of one code stand for no time; None if they do."""
        head = octets[: len(self.p_field)] if self.preamble else self.p_field
        if head != self.p_field:
            return f"the P-field is 0x{head.hex()}, the dictionary says 0x{self.p_field.hex()}"
        if self.decode(np.frombuffer(octets, dtype=np.uint8).reshape(1, -1))[0] != NO_TIME_NS:
            return None
        return f"0x{octets.hex()} is no {self.code} code of a time before the year {LAST_YEAR + 1}"

    def bounds(self, first_ns: int, last_ns: int) -> tuple[bytes, bytes] | None:
        """Return octets between which, compared as octets, every code is a time from `first_ns` to `last_ns`.

        For who checks times without decoding them. None: decode.
        """
        if self.code is CodeName.CDS:
            # between two good ones lie codes that are none
            return None
        table, epoch_ns = self.zero.leap, self.zero.at_ns
        if table is not None:
            epoch_ns -= table.offset_at(first_ns)
            if table.offset_at(first_ns) != table.offset_at(last_ns):
                return None
        found = cuc_bounds(first_ns, min(last_ns, LAST_NS - MARGIN_NS), epoch_ns, self.coarse_octets, self.fine_octets)
        if found is None:
            return None
        head = self.p_field if self.preamble else b""
        first, last = (head + units.to_bytes(self.coarse_octets + self.fine_octets, "big") for units in found)
        return first, last

    def warning(self, now_ns: int) -> str | None:
        """Return what to tell who uses the code at that Unix time: None, or that leap seconds may be missing."""
        return None if self.zero.leap is None else self.zero.leap.warning(now_ns)
