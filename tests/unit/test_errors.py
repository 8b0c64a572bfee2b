"""The error tree decides what happens: reject and go on, try again, or end."""

from __future__ import annotations

import inspect

import pytest

from telemetry import errors
from telemetry.errors import DownrangeError, FatalError, InputError, Reason, TransientError, leaves_of

OURS = [
    member
    for _, member in inspect.getmembers(errors, inspect.isclass)
    if issubclass(member, DownrangeError) and member is not DownrangeError
]


@pytest.mark.parametrize("error", OURS)
def test_every_error_has_exactly_one_fate(error: type[DownrangeError]) -> None:
    assert sum(issubclass(error, fate) for fate in (InputError, TransientError, FatalError)) == 1


def test_the_drawn_tree_is_the_tree() -> None:
    drawn = errors.__doc__ or ""
    assert all(f" {error.__name__}" in drawn for error in OURS)


def test_reasons_are_written_as_the_topic_has_them() -> None:
    assert {reason.value for reason in Reason} == {reason.name.lower().replace("_", "-") for reason in Reason}


def test_an_input_error_says_reason_and_detail() -> None:
    error = InputError(Reason.BAD_CRC, "octet 7")
    assert (error.reason, error.detail, str(error)) == (Reason.BAD_CRC, "octet 7", "bad-crc: octet 7")


def test_a_dictionary_error_says_file_and_line_if_there_is_one() -> None:
    assert str(errors.DictionaryError("a.yaml", 7, "no")) == "a.yaml:7: no"
    assert str(errors.DictionaryError("a.yaml", 0, "no")) == "a.yaml: no"


def test_the_leaves_of_nested_groups_are_the_single_errors() -> None:
    one, two, three = ValueError("1"), KeyError("2"), OSError("3")
    assert leaves_of(ExceptionGroup("a", [one, ExceptionGroup("b", [two, three])])) == [one, two, three]
    assert leaves_of(one) == [one]
