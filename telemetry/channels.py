"""One channel of a packet: its raw type, calibration, range and limits, as data."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

UNITS: frozenset[str] = frozenset(
    [
        *("m", "km", "s", "ns", "pa", "k", "kg", "n", "rpm", "v", "a", "w", "deg", "percent", "count", "g"),
        *("m_s", "m_s2", "deg_s", "dbm", "hz", "j"),
    ]
)


RESERVED_NAMES: frozenset[str] = frozenset({"run", "flight", "vehicle", "station", "time"})
SCALE_AND_OFFSET: Final = 2


class RawType(StrEnum):
    """How a channel lies in its packet, big-endian."""

    U8 = "u8"
    U16 = "u16"
    U32 = "u32"
    U64 = "u64"
    I8 = "i8"
    I16 = "i16"
    I32 = "i32"
    I64 = "i64"
    F32 = "f32"
    F64 = "f64"
    BOOL = "bool"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The numpy type of the raw value on the wire."""
        code = "u1" if self is RawType.BOOL else f"{self.value[0]}{int(self.value[1:]) // 8}"
        return np.dtype(f">{code}")

    @property
    def is_float(self) -> bool:
        """Whether the raw value is an IEEE 754 number."""
        return self in {RawType.F32, RawType.F64}


class Level(StrEnum):
    """How much a limit matters."""

    WATCH = "watch"
    WARNING = "warning"
    CRITICAL = "critical"


class Limit(BaseModel):
    """A threshold with hysteresis.

    Raised after `raise_count` samples beyond the threshold, cleared after `clear_count` samples back behind `clear`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    level: Level
    above: float | None = None
    below: float | None = None
    clear: float
    raise_count: Annotated[int, Field(ge=1)] = 1
    clear_count: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _one_sided(self) -> Self:
        if (self.above is None) == (self.below is None):
            msg = "a limit has either 'above' or 'below'"
            raise ValueError(msg)
        if (self.above is not None and self.clear > self.above) or (self.below is not None and self.clear < self.below):
            msg = "'clear' must lie on the good side of the threshold"
            raise ValueError(msg)
        return self


class Channel(BaseModel):
    """One measured quantity in a packet."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    raw: RawType
    description: str
    calibration: tuple[float, ...] | None = None
    labels: dict[int, str] | None = None
    range: tuple[float, float] | None = None
    limits: tuple[Limit, ...] = ()
    stale_after_s: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _named_well(self) -> Self:
        if self.name in RESERVED_NAMES:
            msg = f"channel {self.name!r}: the name means something else on every sample; choose another"
            raise ValueError(msg)
        if self.labels is None and self.raw is not RawType.BOOL and self.unit is None:
            msg = f"channel {self.name!r} must end in a unit ({', '.join(sorted(UNITS))}), or have labels, or be a bool"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _labels_fit(self) -> Self:
        if self.labels is None:
            return self
        if self.raw.is_float or self.raw is RawType.BOOL:
            msg = f"channel {self.name!r}: labels need a whole raw type, not {self.raw.value}"
            raise ValueError(msg)
        bounds = np.iinfo(self.raw.dtype)
        if not self.labels or min(self.labels) < bounds.min or max(self.labels) > bounds.max:
            msg = f"channel {self.name!r}: labels need codes from {bounds.min} to {bounds.max}, at least one"
            raise ValueError(msg)
        if len(set(self.labels.values())) < len(self.labels):
            msg = f"channel {self.name!r}: two codes have the same label; give each its own"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        no_number = self.labels is not None or self.raw is RawType.BOOL
        if no_number and (self.calibration is not None or self.range is not None or self.limits):
            msg = f"channel {self.name!r}: an enumeration or bool has no calibration, range or limits"
            raise ValueError(msg)
        if self.calibration is not None and (len(self.calibration) != SCALE_AND_OFFSET or self.calibration[1] == 0):
            msg = f"channel {self.name!r}: calibration is [c0, c1] with c1 not 0"
            raise ValueError(msg)
        if self.range is not None and self.range[0] >= self.range[1]:
            msg = f"channel {self.name!r}: range must be [low, high]"
            raise ValueError(msg)
        if len({(limit.level, limit.above is None) for limit in self.limits}) < len(self.limits):
            msg = f"channel {self.name!r}: two limits of one level on the same side; keep one"
            raise ValueError(msg)
        return self

    @property
    def unit(self) -> str | None:
        """The unit that the name ends in, the longest that fits; None without one.

        Examples
        --------
        >>> Channel(name="vertical_speed_m_s", raw="f32", description="").unit
        'm_s'
        """
        words = self.name.split("_")
        return next((u for i in range(1, len(words)) if (u := "_".join(words[i:])) in UNITS), None)

    @property
    def kind(self) -> Literal["float", "int", "bool", "label"]:
        """What a calibrated value is; the sinks choose their own field type from it."""
        if self.labels is not None:
            return "label"
        if self.raw is RawType.BOOL:
            return "bool"
        return "float" if self.raw.is_float or self.calibration is not None else "int"

    def calibrate(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Turn raw values of shape (n,) into values in the channel's unit: native whole numbers, bools or float64."""
        if self.calibration is not None:
            c0, c1 = self.calibration
            return np.asarray(raw.astype(np.float64) * c1 + c0)
        if self.raw is RawType.BOOL:
            return np.asarray(raw != 0)
        # float64 also for f32: detectors fit and difference these, and a sink must not care how a value travelled
        return np.asarray(raw.astype(np.float64 if self.raw.is_float else raw.dtype.newbyteorder("=")))

    def uncalibrate(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn values into raw ones: rounded to nearest and held inside the raw type's bounds.

        A whole raw type cannot say NaN: it becomes 0.
        """
        dtype = self.raw.dtype
        if self.raw.is_float:
            with np.errstate(over="ignore"):  # too large for f32 is infinity, which f32 can say
                return np.asarray(values.astype(dtype))
        bounds = np.iinfo(dtype)
        if self.calibration is None and values.dtype.kind in "iu":
            given = np.iinfo(values.dtype)
            return np.asarray(np.clip(values, max(bounds.min, given.min), min(bounds.max, given.max)), dtype=dtype)
        numbers = values.astype(np.float64)
        if self.calibration is not None:
            c0, c1 = self.calibration
            numbers = (numbers - c0) / c1
        # the float below the first that is too large: 2**63 - 1 itself would round up and overflow
        highest = np.nextafter(bounds.max + 1.0, 0.0)
        return np.asarray(np.clip(np.nan_to_num(np.rint(numbers)), bounds.min, highest), dtype=dtype)
