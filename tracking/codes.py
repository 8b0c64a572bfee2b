"""Tracking codes: 75 random bits and a check digit, in an alphabet without look-alikes."""

from __future__ import annotations

from typing import Final

# Crockford's base 32: no I, L, O or U
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE: Final = len(ALPHABET)
RANDOM_OCTETS: Final = 10
RANDOM_DIGITS: Final = 15
CODE_DIGITS: Final = RANDOM_DIGITS + 1
GROUP: Final = 4
_READ_AS: Final = str.maketrans({"I": "1", "L": "1", "O": "0"})


def code_of(entropy: bytes) -> str:
    """Make a code from random octets; who cannot guess them cannot guess the code.

    Raises
    ------
    ValueError
        If there are not exactly `RANDOM_OCTETS`.

    Examples
    --------
    >>> code_of(bytes(10))
    '0000000000000000'
    """
    if len(entropy) != RANDOM_OCTETS:
        msg = f"a code is made from {RANDOM_OCTETS} octets, not {len(entropy)}"
        raise ValueError(msg)
    number = int.from_bytes(entropy, "big")
    digits = "".join(ALPHABET[number >> 5 * i & BASE - 1] for i in range(RANDOM_DIGITS))
    return digits + ALPHABET[_check_value(digits)]


def read_code(text: str) -> str | None:
    """Return the code that a person meant, or None if it can be none: case, spaces and dashes do not matter.

    Examples
    --------
    >>> read_code("0000-0000-oooo-0000"), read_code("0000-0000-0000-0001")
    ('0000000000000000', None)
    """
    code = "".join(text[: 4 * CODE_DIGITS].upper().split()).replace("-", "").translate(_READ_AS)
    if len(code) != CODE_DIGITS or any(digit not in ALPHABET for digit in code):
        return None
    return code if code[-1] == ALPHABET[_check_value(code[:-1])] else None


def grouped(code: str) -> str:
    """Return a code as it is printed for people.

    Examples
    --------
    >>> grouped("7K3MQ9TX0V5RC2WH")
    '7K3M-Q9TX-0V5R-C2WH'
    """
    return "-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP))


def _check_value(digits: str) -> int:
    """Luhn's sum modulo 32: finds every single wrong digit and nearly every swap of neighbours."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = ALPHABET.index(digit) * (2 if position % 2 == 0 else 1)
        total += value // BASE + value % BASE
    return -total % BASE
