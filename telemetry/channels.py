"""One channel of a packet: its raw type, calibration, range and limits, as data."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from telemetry.calibration import Calibration
from telemetry.inverse import inverse_of
from telemetry.limit import Level, Limit
from telemetry.quantity import RESERVED_NAMES, UNITS, Kind, Quantity
from telemetry.raw import Raw, RawType
from telemetry.sensor import Sensor

__all__ = ["RESERVED_NAMES", "UNITS", "Channel", "Level", "Limit", "RawType", "Spare"]


class Spare(BaseModel):
    """Bits of a packet that mean nothing; they are sent as 0 and not looked at.

    Parameters
    ----------
    raw
        `spareN`, N bits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw: Raw
    name: str | None = None
    description: str = ""


class Channel(Quantity):
    """One measured quantity in a packet.

    Parameters
    ----------
    raw
        How it lies in the packet.
    calibration
        From the raw value to the value; none: they are the same.
    labels
        Names of an enumeration's codes.
    sensor
        How the simulator measures it.
    """

    raw: Raw
    calibration: Calibration | None = None
    labels: dict[int, str] | None = None
    sensor: Sensor | None = None

    @model_validator(mode="after")
    def _named_well(self) -> Self:
        if self.kind in {"float", "int"} and self.unit is None:
            raise ValueError(self.unit_missing())
        return self

    @model_validator(mode="after")
    def _labels_fit(self) -> Self:
        if self.labels is None:
            return self
        if not self.raw.is_whole:
            msg = f"channel {self.name!r}: labels need a whole raw type, not {self.raw}"
            raise ValueError(msg)
        low, high = self.raw.bounds
        if not self.labels or min(self.labels) < low or max(self.labels) > high:
            msg = f"channel {self.name!r}: labels need codes from {low} to {high}, at least one"
            raise ValueError(msg)
        if len(set(self.labels.values())) < len(self.labels):
            msg = f"channel {self.name!r}: two codes have the same label; give each its own"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _numbers_fit(self) -> Self:
        no_number = self.labels is not None or not self.raw.is_number
        if no_number and (self.calibration is not None or self.range is not None or self.limits):
            kind = "enumeration" if self.labels is not None else str(self.raw)
            msg = f"channel {self.name!r}: an {kind} has no calibration, range or limits; only numbers have"
            raise ValueError(msg)
        if self.calibration is not None:
            inverse_of(self.calibration, self.raw, self.range)
        return self

    @property
    def kind(self) -> Kind:
        """What a calibrated value is; the sinks choose their own field type from it.

        Examples
        --------
        >>> Channel(name="serial", raw="str8", description="").kind
        'text'
        """
        if self.labels is not None:
            return "label"
        match self.raw.kind:
            case "bool" | "text" | "octets" as kind:
                return kind
        return "float" if self.raw.is_float or self.calibration is not None else "int"

    def calibrate(self, raw: NDArray[Any]) -> NDArray[Any]:
        """Turn raw values of shape (n,) into values in the channel's unit.

        Returns
        -------
        NDArray
            Native whole numbers, bools, float64, text as numpy strings, or octets as numpy voids.
        """
        if self.calibration is not None:
            return self.calibration.apply(raw)
        match self.raw.kind:
            case "bool":
                return np.asarray(raw != 0)
            case "text":
                # as wide as the channel, whatever the rows: a character takes an octet or more
                return np.char.decode(raw, "utf-8", "replace").astype(f"U{raw.dtype.itemsize}")
            case "octets":
                return raw
        # float64 also for f32: detectors fit and difference these, and a sink must not care how a value travelled
        return np.asarray(raw.astype(np.float64 if self.raw.is_float else raw.dtype.newbyteorder("=")))

    def uncalibrate(self, values: NDArray[Any]) -> NDArray[Any]:
        """Turn values into raw ones: rounded to nearest and held inside the raw type's bounds.

        A whole raw type cannot say NaN: it becomes 0. Text that is too long is cut at a whole character.
        """
        dtype = self.raw.dtype
        match self.raw.kind:
            case "text":
                return _encoded(values, dtype)
            case "octets":
                return _filled(values, dtype)
        if self.calibration is not None:
            values = inverse_of(self.calibration, self.raw, self.range)(values.astype(np.float64))
        if self.raw.is_float:
            with np.errstate(over="ignore"):  # too large for f32 is infinity, which f32 can say
                return np.asarray(values.astype(dtype))
        low, high = self.raw.bounds
        if values.dtype.kind in "iu":
            given = np.iinfo(values.dtype)
            return np.asarray(np.clip(values, max(low, given.min), min(high, given.max)), dtype=dtype)
        # the float below the first that is too large: 2**63 - 1 itself would round up and overflow
        highest = np.nextafter(high + 1.0, 0.0)
        return np.asarray(np.clip(np.nan_to_num(np.rint(values.astype(np.float64))), low, highest), dtype=dtype)


def _encoded(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return text as UTF-8 of at most the type's octets."""
    cut = [str(value).encode()[: dtype.itemsize].decode("utf-8", "ignore").encode() for value in values.tolist()]
    return np.array(cut, dtype=dtype)


def _filled(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return octets cut, or filled with NUL, to the type's number."""
    size = dtype.itemsize
    return np.frombuffer(b"".join(bytes(value)[:size].ljust(size, b"\0") for value in values.tolist()), dtype)
