from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.codes import ALPHABET, CODE_DIGITS, RANDOM_OCTETS, code_of, grouped, read_code

entropy = st.binary(min_size=RANDOM_OCTETS, max_size=RANDOM_OCTETS)


@given(entropy)
def test_a_code_is_read_however_a_person_writes_it(octets: bytes) -> None:
    code = code_of(octets)
    assert len(code) == CODE_DIGITS
    written = grouped(code).lower().replace("0", "o").replace("1", "l")
    assert read_code(f" {written} ") == code


@given(entropy, st.integers(0, CODE_DIGITS - 1), st.sampled_from(ALPHABET))
def test_one_wrong_digit_is_found(octets: bytes, at: int, digit: str) -> None:
    code = code_of(octets)
    wrong = code[:at] + digit + code[at + 1 :]
    assert (read_code(wrong) is None) == (digit != code[at])


@given(st.text(max_size=100))
def test_anything_else_is_no_code(text: str) -> None:
    code = read_code(text)
    assert code is None or code_of_digits(code)


def code_of_digits(code: str) -> bool:
    return len(code) == CODE_DIGITS and all(digit in ALPHABET for digit in code)


@given(entropy, entropy)
def test_different_chance_gives_different_codes(a: bytes, b: bytes) -> None:
    mask = (1 << 75) - 1
    same = int.from_bytes(a, "big") & mask == int.from_bytes(b, "big") & mask
    assert (code_of(a) == code_of(b)) == same


def test_too_little_chance_is_refused() -> None:
    with pytest.raises(ValueError, match="10 octets"):
        code_of(b"123")
