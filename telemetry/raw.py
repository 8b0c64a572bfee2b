"""How a channel lies in its packet: the raw types, big-endian, most significant bit first, without alignment."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

RawKind = Literal["unsigned", "signed", "float", "bool", "text", "octets", "spare"]

OCTET: Final = 8
LONGEST_INTEGER: Final = 64
LONGEST_TEXT: Final = 4096
LONGEST_SPARE: Final = 4096 * OCTET
_SPELLED: Final = re.compile(r"(u|i|f|bool|str|bytes|spare)([1-9][0-9]{0,4})?")
_KINDS: Final[dict[str, RawKind]] = {
    "u": "unsigned",
    "i": "signed",
    "f": "float",
    "bool": "bool",
    "str": "text",
    "bytes": "octets",
    "spare": "spare",
}
_LONGEST: Final[dict[str, int]] = {
    "u": LONGEST_INTEGER,
    "i": LONGEST_INTEGER,
    "str": LONGEST_TEXT,
    "bytes": LONGEST_TEXT,
    "spare": LONGEST_SPARE,
}


@dataclass(frozen=True, slots=True)
class RawType:
    """A raw type.

    Parameters
    ----------
    kind
        What the bits mean: unsigned and signed (two's complement) integer, IEEE 754 float, bool (not 0 is true),
        text (UTF-8 filled with NUL), octets (any), spare (nothing).
    bits
        Their number.
    """

    kind: RawKind
    bits: int

    def __str__(self) -> str:
        """Return the type as a dictionary spells it.

        Examples
        --------
        >>> str(parse_raw("u12")), str(parse_raw("bool")), str(parse_raw("str16"))
        ('u12', 'bool', 'str16')
        """
        letters = next(letters for letters, kind in _KINDS.items() if kind == self.kind)
        if self.kind == "bool":
            return letters if self.bits == OCTET else "bool1"
        return f"{letters}{self.bits // OCTET if self.kind in {'text', 'octets'} else self.bits}"

    @property
    def is_whole(self) -> bool:
        """Whether the raw value is an integer."""
        return self.kind in {"unsigned", "signed"}

    @property
    def is_float(self) -> bool:
        """Whether the raw value is an IEEE 754 number."""
        return self.kind == "float"

    @property
    def is_number(self) -> bool:
        """Whether a calibration can be applied."""
        return self.is_whole or self.is_float

    @property
    def bounds(self) -> tuple[int, int]:
        """The smallest and the largest integer; of a bool 0 and 1.

        Examples
        --------
        >>> parse_raw("u12").bounds, parse_raw("i8").bounds
        ((0, 4095), (-128, 127))
        """
        match self.kind:
            case "unsigned":
                return 0, (1 << self.bits) - 1
            case "signed":
                return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1
            case "bool":
                return 0, 1
        msg = f"{self} has no bounds: it is no integer"
        raise TypeError(msg)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The big-endian numpy type of the raw value: its own, or the smallest that holds its bits.

        Examples
        --------
        >>> parse_raw("i16").dtype.str, parse_raw("u12").dtype.str, parse_raw("bytes3").dtype.str
        ('>i2', '>u2', '|V3')
        """
        octets = (self.bits + OCTET - 1) // OCTET
        match self.kind:
            case "text":
                return np.dtype(f"S{octets}")
            case "octets" | "spare":
                return np.dtype(f"V{octets}")
            case "bool":
                return np.dtype("u1")
        size = next(size for size in (1, 2, 4, 8) if size >= octets)
        return np.dtype(f">{'u' if self.kind == 'unsigned' else self.kind[0].replace('s', 'i')}{size}")

    @property
    def fills_dtype(self) -> bool:
        """Whether the bits are exactly those of `dtype`, so that numpy can read them where they lie on octets."""
        return self.bits == self.dtype.itemsize * OCTET


@functools.cache
def parse_raw(spelled: str) -> RawType:
    """Read a raw type as a dictionary spells it.

    Raises
    ------
    ValueError
        If there is no such type.
    """
    found = _SPELLED.fullmatch(spelled)
    if found is not None:
        letters, digits = found.groups()
        number = int(digits or 0)
        if letters == "bool" and digits in {None, "1"}:
            return RawType("bool", number or OCTET)
        if letters == "f" and number in {32, 64}:
            return RawType("float", number)
        if 1 <= number <= _LONGEST.get(letters, 0):
            return RawType(_KINDS[letters], number * OCTET if letters in {"str", "bytes"} else number)
    msg = (
        "raw is u1 to u64, i1 to i64, f32, f64, bool (an octet), bool1 (a bit), strN or bytesN (octets), spareN (bits)"
    )
    raise ValueError(msg)


def _parsed(given: object) -> object:
    return parse_raw(given) if isinstance(given, str) else given


Raw = Annotated[RawType, BeforeValidator(_parsed), PlainSerializer(str, return_type=str)]
