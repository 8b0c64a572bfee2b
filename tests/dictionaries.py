"""Hypothesis strategies: dictionaries with every raw type and calibration, and values that their channels can say."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from telemetry.channels import Channel
from telemetry.dictionary import Dictionary

BITS: Final = st.integers(1, 64)
SCALES: Final = st.floats(1e-3, 1e3).flatmap(lambda scale: st.sampled_from([scale, -scale]))
TIME: Final = {"epoch": "2020-01-01T00:00:00Z", "coarse_octets": 4, "fine_octets": 3}
WIDEST_TABLE_BITS: Final = 16


@st.composite
def whole_fields(draw: st.DrawFn) -> dict[str, Any]:
    bits = draw(BITS)
    kind = draw(st.sampled_from("ui"))
    low, high = (0, (1 << bits) - 1) if kind == "u" else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    field: dict[str, Any] = {"raw": f"{kind}{bits}"}
    form = draw(st.sampled_from(["none", "labels", "line", "table", "spline", "expression"]))
    if form == "labels":
        codes = draw(st.sets(st.integers(low, high), min_size=1, max_size=4))
        field["labels"] = {code: f"state {code}" for code in codes}
    elif form == "line" or bits > WIDEST_TABLE_BITS:
        field["calibration"] = [draw(st.floats(-1e3, 1e3)), draw(SCALES)] if form != "none" else None
    elif form in {"table", "spline"} and high - low > 3:
        middle = draw(st.integers(low + 1, high - 1))
        steps = draw(st.lists(st.floats(1, 100), min_size=2, max_size=2))
        table = [[low, 0.0], [middle, steps[0]], [high, steps[0] + steps[1]]]
        field["calibration"] = {"table": table, "interpolation": "linear"}
    elif form == "expression":
        field["calibration"] = {"expression": f"atan((x - ({low})) / {high - low + 1}) * 50 - 3"}
    return {key: value for key, value in field.items() if value is not None}


ODD_FIELDS: Final = st.one_of(
    st.sampled_from([{"raw": "f32"}, {"raw": "f64"}, {"raw": "bool"}, {"raw": "bool1"}]),
    st.integers(1, 20).map(lambda n: {"raw": f"str{n}"}),
    st.integers(1, 20).map(lambda n: {"raw": f"bytes{n}"}),
    st.integers(1, 70).map(lambda n: {"raw": f"spare{n}"}),
)


@st.composite
def dictionaries(draw: st.DrawFn) -> Dictionary:
    """Dictionaries of one packet, filled up to an octet."""
    fields = draw(st.lists(st.one_of(whole_fields(), ODD_FIELDS), min_size=1, max_size=12))
    channels = [
        field if field["raw"].startswith("spare") else {"name": f"channel{i}_count", "description": "", **field}
        for i, field in enumerate(fields)
    ]
    if all(field["raw"].startswith("spare") for field in fields):
        channels.append({"name": "last_count", "description": "", "raw": "u8"})
    bits = sum(_bits(channel["raw"]) for channel in channels)
    if bits % 8:
        channels.append({"raw": f"spare{8 - bits % 8}"})
    packet = {"apid": 7, "rate_hz": 1, "description": "", "channels": channels}
    return Dictionary.model_validate(
        {
            "name": "drawn",
            "version": 1,
            "vehicle_class": "any",
            "description": "",
            "time": TIME,
            "packets": {"drawn": packet},
        }
    )


def _bits(raw: str) -> int:
    letters = raw.rstrip("0123456789")
    number = int(raw[len(letters) :] or 8)
    return number * 8 if letters in {"str", "bytes"} else number


def raw_values(channel: Channel, n: int) -> st.SearchStrategy[NDArray[Any]]:
    """Raw values, n of them, of a channel."""
    match channel.raw.kind:
        case "float":
            one: st.SearchStrategy[Any] = st.floats(width=32 if channel.raw.bits == 32 else 64, allow_nan=True)
        case "text":
            size = channel.raw.dtype.itemsize
            texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=size)
            one = texts.map(lambda text: text.encode()[:size].decode("utf-8", "ignore").encode())
        case "octets":
            one = st.binary(min_size=channel.raw.dtype.itemsize, max_size=channel.raw.dtype.itemsize)
        case _ if channel.labels is not None:
            one = st.sampled_from(sorted(channel.labels))
        case _:
            one = st.integers(*channel.raw.bounds)
    return st.lists(one, min_size=n, max_size=n).map(lambda values: np.array(values, dtype=channel.raw.dtype))
