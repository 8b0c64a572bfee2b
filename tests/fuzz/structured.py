"""Fuzz dictionaries that nobody wrote, with hypothesis: `python -m fuzz.structured EXAMPLES`. `run.py` starts it.

Each example is a dictionary, packets that its own codec encodes, and what damage did to them on the way.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any, Final

import numpy as np
from fuzz.statm import MIB, peak_octets
from fuzz.targets import T_NS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from telemetry.channels import Channel
from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary
from telemetry.epochs import NO_TIME_NS
from telemetry.survey import PacketSurveyor, surveyed

BITS: Final = 8
FEWEST_SEEN: Final = 0.1
EXTREMES: Final = [0.0, -0.0, 1.0, -1.5, 1e300, -1e300, 1e-300, float("nan"), float("inf"), float("-inf")]

raws = st.one_of(
    st.sampled_from(["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "bool", "bool1"]),
    st.builds("{}{}".format, st.sampled_from("ui"), st.integers(1, 64)),
    st.builds("{}{}".format, st.sampled_from(["str", "bytes"]), st.integers(1, 5)),
)
numbers = st.floats(-1e6, 1e6, allow_nan=False)
calibrations: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.lists(numbers, min_size=2, max_size=4),
    st.builds(
        lambda points, how: {"table": [list(point) for point in sorted(points)], "interpolation": how},
        st.lists(st.tuples(st.integers(-300, 300), numbers), min_size=2, max_size=5, unique_by=lambda point: point[0]),
        st.sampled_from(["linear", "spline"]),
    ),
    st.builds(
        lambda text: {"expression": text}, st.sampled_from(["x * 2 + 1", "x ** 3", "sqrt(x)", "1 / x", "exp(x)"])
    ),
)
times: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.fixed_dictionaries(
        {"epoch": st.sampled_from(["tai", "gps", "2020-01-01T00:00:00Z"]), "preamble": st.booleans()}
        | {"coarse_octets": st.integers(1, 7), "fine_octets": st.integers(0, 10)}
    ),
    st.fixed_dictionaries(
        {"code": st.just("cds"), "epoch": st.just("tai"), "preamble": st.booleans()}
        | {"day_octets": st.integers(2, 3), "submillisecond": st.sampled_from(["none", "us", "ps"])}
    ),
)


@st.composite
def fields(draw: st.DrawFn, prefix: str) -> list[dict[str, Any]]:
    """Draw the fields of a packet, filled up to a whole octet."""
    drawn: list[dict[str, Any]] = []
    for i, raw in enumerate(draw(st.lists(raws, min_size=1, max_size=6))):
        field: dict[str, Any] = {"name": f"{prefix}{i}_m", "raw": raw, "description": "drawn"}
        if raw[0] in "uif":
            calibration = draw(calibrations)
            field |= {"calibration": calibration} if calibration is not None else {}
        if draw(st.booleans()) and raw[0] in "ui" and "calibration" not in field:
            field |= {"labels": {0: "off"}, "name": f"{prefix}{i}_state"}
        drawn.append(field)
    bits = sum(Channel(name="a_m", raw=field["raw"], description="").raw.bits for field in drawn)
    return [*drawn, {"raw": f"spare{BITS - bits % BITS}"}] if bits % BITS else drawn


@st.composite
def dictionaries(draw: st.DrawFn) -> Dictionary | None:
    """Draw a dictionary; None if it is one that is refused."""
    packets = {
        f"p{i}": {"apid": apid, "rate_hz": 1, "description": "drawn", "channels": draw(fields(f"p{i}c"))}
        for i, apid in enumerate(draw(st.lists(st.integers(0, 2046), min_size=1, max_size=3, unique=True)))
    }
    content = {"name": "drawn", "version": 1, "vehicle_class": "c", "description": "d"}
    try:
        return Dictionary.model_validate({**content, "time": draw(times), "packets": packets})
    except ValidationError:
        return None


def values(channel: Channel, n: int, draw: st.DrawFn) -> Any:
    """Draw values of a channel, shape (n,), with no regard to what it can say."""
    match channel.raw.kind:
        case "text":
            return np.array(draw(st.lists(st.text(max_size=6), min_size=n, max_size=n)), dtype=object)
        case "octets":
            return np.array(draw(st.lists(st.binary(max_size=6), min_size=n, max_size=n)), dtype=object)
        case "bool":
            return np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    if channel.kind == "float":
        return np.array(draw(st.lists(st.one_of(st.floats(), st.sampled_from(EXTREMES)), min_size=n, max_size=n)))
    return np.array(draw(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=n, max_size=n)), dtype=np.int64)


@st.composite
def flights(draw: st.DrawFn) -> tuple[Dictionary, bytes, bytes, int] | None:
    """Draw a dictionary, a payload as it was sent and as it came, and a receive time."""
    dictionary = draw(dictionaries())
    if dictionary is None:
        return None
    codec, sent = PacketCodec(dictionary), b""
    ert_ns = min(T_NS, dictionary.time.last_ns)
    for name, packet in dictionary.packets.items():
        n = draw(st.integers(1, 3))
        columns = {channel.name: values(channel, n, draw) for channel in packet.channels}
        sent += codec.encode(name, np.arange(n), np.full(n, ert_ns), columns)
    came = bytearray(sent)
    for at, octet in draw(st.lists(st.tuples(st.integers(0, len(sent) - 1), st.integers(0, 255)), max_size=3)):
        came[at] = octet
    for _ in range(draw(st.integers(0, 1))):
        at, stop = sorted(draw(st.tuples(st.integers(0, len(came)), st.integers(0, len(came)))))
        del came[at:stop]
    return dictionary, sent, bytes(came), ert_ns


def check(flight: tuple[Dictionary, bytes, bytes, int] | None) -> int:
    """Decode what was sent and what came; returns how many payloads were decoded."""
    if flight is None:
        return 0
    dictionary, sent, came, ert_ns = flight
    codec = PacketCodec(dictionary)
    whole = codec.decode(sent, "ship", "haiyang", ert_ns)
    if whole.refusals or sum(len(frame) for frame in whole.frames) != _packets(codec, sent):
        msg = f"what the codec wrote it refuses: {whole.refusals}"
        raise AssertionError(msg)
    decoded = codec.decode(came, "ship", "haiyang", ert_ns)
    if PacketSurveyor(codec).survey(came, ert_ns) != surveyed(codec.inspect(came, "", "", ert_ns)):
        raise AssertionError("survey and inspect differ")
    for frame in (*whole.frames, *decoded.frames):
        if (frame.t_ns == NO_TIME_NS).any() or any(len(column) != len(frame) for column in frame.columns.values()):
            raise AssertionError("a frame with a row that has no time, or columns of another length")
    return 2


def _packets(codec: PacketCodec, payload: bytes) -> int:
    return sum((run.stop - run.start) // codec.layout.octets(run.apid) for run in codec.layout.split(payload)[0])


def main() -> int:
    """Draw that many examples; prints what libFuzzer prints of its own."""
    examples = int(sys.argv[1])
    done = [0]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=True,
    )
    @given(flights())
    def fuzz(flight: tuple[Dictionary, bytes, bytes, int] | None) -> None:
        done[0] += check(flight)

    try:
        fuzz()
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is the finding; the process ends with it
        sys.stderr.write(f"=== Uncaught Python exception: ===\n{type(error).__name__}: {error}\n")
        traceback.print_exception(error)
        return 1
    finally:
        sys.stderr.write(f"stat::number_of_executed_units: {done[0]}\nstat::peak_rss_mb: {peak_octets() // MIB}\n")
    if done[0] < FEWEST_SEEN * examples:
        sys.stderr.write("=== Uncaught Python exception: ===\nhardly any drawn dictionary is good\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
