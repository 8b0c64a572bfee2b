"""XTCE there and back: any dictionary comes back whole; without our own notes in it, it still decodes the same."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import made_up_packets
from pydantic import ValidationError

from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary
from telemetry.errors import DictionaryError
from telemetry.xtce.export import export_xtce
from telemetry.xtce.mapping import ImportMap
from telemetry.xtce.reading import read_xtce
from telemetry.xtce.standard import XtceVersion

OURS = re.compile(r"<AncillaryDataSet>.*?</AncillaryDataSet>", re.DOTALL)
number = st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 6) or 1.0)
word = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=12)
TIMES = [
    {"epoch": "2020-01-01T00:00:00Z", "coarse_octets": 4, "fine_octets": 3},
    {"epoch": "tai", "coarse_octets": 5, "fine_octets": 2},
    {"epoch": "gps", "coarse_octets": 4, "fine_octets": 1, "preamble": True},
    {"code": "cds", "epoch": "1990-05-05T00:00:00Z", "day_octets": 2, "submillisecond": "us"},
    {"code": "cds", "epoch": "tai", "day_octets": 3},
]


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    raw = sorted(draw(st.sets(st.integers(0, 4000), min_size=3, max_size=6)))
    values = sorted(draw(st.sets(number, min_size=len(raw), max_size=len(raw))))
    table = [[float(x), y] for x, y in zip(raw, values, strict=True)]
    return {"table": table, "interpolation": draw(st.sampled_from(["linear", "spline"]))}


calibrations = st.one_of(
    st.none(),
    st.lists(number, min_size=2, max_size=4),
    tables(),
    st.sampled_from(["x + 1", "-x", "2 * sqrt(x + 5000) - 1", "min(x, 100) / 3", "exp(x / 9000)"]).map(
        lambda e: {"expression": e}
    ),
)


@st.composite
def limits(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for level in draw(st.sets(st.sampled_from(["watch", "warning", "critical"]))):
        threshold, gap = draw(number), abs(draw(number))
        phases = draw(st.sampled_from([(), ("up",), ("up", "down")]))
        counts = {"raise_count": draw(st.integers(1, 9)), "clear_count": draw(st.integers(1, 9))}
        found.append({"level": level, "above": threshold, "clear": threshold - gap, "phases": list(phases), **counts})
    return found


@st.composite
def channels(draw: st.DrawFn, i: int) -> dict[str, Any]:  # noqa: PLR0911 -- one a kind
    kind = draw(st.sampled_from(["number", "whole", "float", "label", "bool", "text", "octets", "spare"]))
    bits = draw(st.integers(1, 64))
    base: dict[str, Any] = {"name": f"c{i}_number", "description": draw(word)}
    sign = draw(st.sampled_from("ui"))
    match kind:
        case "number":
            base |= {"raw": f"{sign}{min(bits, 32)}", "limits": draw(limits())}
            calibrated = {**base, "calibration": draw(calibrations)}
            with suppress(ValidationError):  # a calibration that cannot be inverted is refused
                Channel.model_validate(calibrated)
                return {key: value for key, value in calibrated.items() if value is not None}
            return base
        case "whole":
            return {**base, "raw": f"{sign}{bits}", "stale_after_s": 2.5}
        case "float":
            return {**base, "raw": draw(st.sampled_from(["f32", "f64"])), "range": [-1000.0, 1000.0]}
        case "label":
            labels = draw(st.lists(word, min_size=1, max_size=2, unique=True))
            return {**base, "raw": "u2", "labels": dict(enumerate(labels))}
        case "bool":
            return {**base, "raw": draw(st.sampled_from(["bool", "bool1"]))}
        case "text" | "octets":
            return {**base, "raw": f"{'str' if kind == 'text' else 'bytes'}{draw(st.integers(1, 9))}"}
    return {"raw": f"spare{bits}"}


@st.composite
def dictionaries(draw: st.DrawFn) -> dict[str, Any]:
    phase = {"name": "flight_phase", "raw": "u8", "labels": {0: "up", 1: "down"}, "description": "Phase"}
    fields = [phase, *(draw(channels(i)) for i in range(draw(st.integers(1, 6))))]
    packet = {
        "apid": draw(st.integers(0, 2046)),
        "rate_hz": draw(st.integers(1, 100)),
        "description": "P",
        "channels": fields,
    }
    head = {
        "name": draw(st.sampled_from(["a", "b.c", "D-9"])),
        "version": 3,
        "vehicle_class": "x",
        "description": draw(word),
    }
    content = {**head, "time": draw(st.sampled_from(TIMES)), "packets": {"p": packet}}
    spare = -_bits(fields) % 8
    return {
        **content,
        "packets": {"p": {**packet, "channels": [*fields, *([{"raw": f"spare{spare}"}] if spare else [])]}},
    }


def _bits(fields: list[dict[str, Any]]) -> int:
    sizes = {"bool": 8, "bool1": 1}
    found = 0
    for field in fields:
        raw = field["raw"]
        letters = raw.rstrip("0123456789")
        found += sizes.get(raw) or int(raw.removeprefix(letters)) * (8 if letters in {"str", "bytes"} else 1)
    return found


@settings(max_examples=150)
@given(dictionaries(), st.sampled_from(XtceVersion), st.booleans())
def test_a_dictionary_comes_back_whole(content: dict[str, Any], version: XtceVersion, math_as_table: bool) -> None:
    dictionary = Dictionary.model_validate(content)
    exported = export_xtce(dictionary, version, math_as_table=math_as_table)
    imported = read_xtce(exported.xml.encode(), "d.xml")
    if not exported.missing:
        assert imported.notes == ()
        assert Dictionary.model_validate(imported.content) == dictionary


@settings(max_examples=150)
@given(dictionaries())
def test_without_our_own_notes_it_decodes_the_same_packets_to_the_same_values(content: dict[str, Any]) -> None:
    dictionary = Dictionary.model_validate(content)
    bare = OURS.sub("", export_xtce(dictionary).xml)
    imported = read_xtce(bare.encode(), "d.xml", ImportMap(time=dictionary.time))
    other = Dictionary.model_validate(imported.content)
    octets = made_up_packets(dictionary, 4)
    ours, theirs = (PacketCodec(each).join("p", octets, "v", "s", 0) for each in (dictionary, other))
    assert ours.t_ns.tolist() == theirs.t_ns.tolist()
    assert other.packets["p"].rate_hz == dictionary.packets["p"].rate_hz
    for channel in dictionary.packets["p"].channels:
        assert other.packets["p"].channel(channel.name).labels == channel.labels
        np.testing.assert_allclose(*_comparable(ours.columns[channel.name], theirs.columns[channel.name]), rtol=1e-12)


def _comparable(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    if one.dtype.kind in "fiub":
        return one, other
    return one == other, np.ones(len(one), dtype=bool)


@settings(max_examples=200)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_what_is_no_document_is_refused(octets: bytes) -> None:
    with pytest.raises(DictionaryError, match=r"^d\.xml"):
        read_xtce(octets, "d.xml")


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_document_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever is cut out, doubled or replaced, nothing but an error of ours comes out."""
    dictionary = Dictionary.model_validate(data.draw(dictionaries()))
    lines = export_xtce(dictionary).xml.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        i = data.draw(st.integers(0, len(lines) - 1))
        lines[i] = data.draw(
            st.sampled_from(["", lines[i] * 2, re.sub(r'"[^"]*"', '"?"', lines[i]), re.sub(r"\d+", "99", lines[i])])
        )
    with suppress(DictionaryError):
        assert read_xtce("\n".join(lines).encode(), "d.xml").content["packets"]
