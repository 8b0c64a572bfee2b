"""Whatever a frame holds, its lines say the same; and how frames are cut into calls changes nothing that is stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.influx.line_protocol import packet_lines
from telemetry.channels import Channel
from telemetry.dictionary import Packet
from telemetry.frames import Frame
from telemetry.raw import parse_raw

LABELS = {0: "a b", 1: 'quo"te', 2: "back\\slash", 3: "c,d=e"}
PACKET = Packet(
    apid=1,
    rate_hz=1,
    description="",
    channels=(
        Channel(name="x_m", raw=parse_raw("f32"), description=""),
        Channel(name="y_m", raw=parse_raw("f64"), description=""),
        Channel(name="n_count", raw=parse_raw("i64"), description=""),
        Channel(name="on", raw=parse_raw("bool"), description=""),
        Channel(name="state", raw=parse_raw("u8"), labels=LABELS, description=""),
    ),
)
DTYPES = {"x_m": np.float32, "y_m": np.float64, "n_count": np.int64, "on": np.bool_, "state": np.uint8}
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')
LINE = re.compile(r"p,flight=F,run=live (.*) (-?\d+)\n", re.DOTALL)

ROW = st.tuples(
    st.integers(0, 5),
    st.floats(width=32),
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.integers(0, 4),
)
Point = dict[str, Any]


def frames_of(rows: Sequence[tuple[Any, ...]], cuts: Sequence[int]) -> list[Frame]:
    bounds = sorted({0, len(rows), *(cut % (len(rows) + 1) for cut in cuts)})
    frames = []
    for start, stop in pairwise(bounds):
        t_ns, *values = zip(*rows[start:stop], strict=True)
        columns: dict[str, Any] = {
            name: np.array(column, DTYPES[name]) for name, column in zip(DTYPES, values, strict=True)
        }
        frames.append(Frame("ship", "s", "p", 1, np.arange(stop - start), np.array(t_ns, np.int64), 0, columns))
    return frames


def stored(texts: Sequence[str]) -> dict[int, Point]:
    """Return what InfluxDB holds after these lines: each field of a point is the last one written."""
    points: dict[int, Point] = {}
    for text in texts:
        match = LINE.fullmatch(text)
        assert match is not None, text
        fields = {name: meaning(value) for name, value in FIELD.findall(match[1])}
        points.setdefault(int(match[2]), {}).update(fields)
    return points


def meaning(text: str) -> Any:
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if text in {"true", "false"}:
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)


def lines_of(frames: Sequence[Frame]) -> list[str]:
    found: list[str] = packet_lines("p", PACKET, {"run": "live", "flight": "F"}, frames).to_pylist()
    return found


def expected(rows: Sequence[tuple[Any, ...]]) -> dict[int, Point]:
    points: dict[int, Point] = {}
    for t_ns, x_m, y_m, n_count, on, state in rows:
        fields: Point = {"n_count": n_count, "on": on, "state": LABELS.get(state, str(state))}
        fields |= {name: value for name, value in (("x_m", x_m), ("y_m", y_m)) if np.isfinite(value)}
        points.setdefault(t_ns, {}).update(fields)
    return points


@given(st.lists(ROW, min_size=1, max_size=20), st.lists(st.integers(0, 20), max_size=5))
def test_lines_say_what_the_frames_hold_however_they_are_cut(rows: list[tuple[Any, ...]], cuts: list[int]) -> None:
    frames = frames_of(rows, cuts)
    together = stored(lines_of(frames))
    apart = stored([line for frame in frames for line in lines_of([frame])])
    assert together == apart
    for t_ns, point in expected(rows).items():
        found = dict(together[t_ns])
        # the shortest text of a float32 is the text of another float64: compare as float32
        if "x_m" in point:
            assert np.float32(found.pop("x_m")) == np.float32(point.pop("x_m"))
        assert found == point
    assert together.keys() == expected(rows).keys()
