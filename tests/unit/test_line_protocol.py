from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from processors.influx.line_protocol import Block, pack, packet_lines, point_line
from telemetry.calibration import Polynomial
from telemetry.channels import Channel
from telemetry.columns import DerivedColumns
from telemetry.dictionary import Packet
from telemetry.frames import Frame
from telemetry.raw import parse_raw

TAGS = {"run": "live", "flight": "YX1-7", "vehicle": "ship"}
SERIES = "state,flight=YX1-7,run=live,vehicle=ship"
PACKET = Packet(
    apid=1,
    rate_hz=1,
    description="",
    channels=(
        Channel(name="altitude_m", raw=parse_raw("f32"), description=""),
        Channel(name="pressure_pa", raw=parse_raw("u16"), calibration=Polynomial((0.0, 0.5)), description=""),
        Channel(name="engines_count", raw=parse_raw("i8"), description=""),
        Channel(name="ticks_count", raw=parse_raw("u64"), description=""),
        Channel(name="door_closed", raw=parse_raw("bool"), description=""),
        Channel(name="phase", raw=parse_raw("u8"), labels={0: "pad", 1: 'the "boost"'}, description=""),
    ),
)


def frame(t_ns: list[int], station: str = "haiyang", **columns: Any) -> Frame:
    n = len(t_ns)
    plain: dict[str, Any] = {
        "altitude_m": np.zeros(n, np.float32),
        "pressure_pa": np.zeros(n),
        "engines_count": np.zeros(n, np.int8),
        "ticks_count": np.zeros(n, np.uint64),
        "door_closed": np.zeros(n, np.bool_),
        "phase": np.zeros(n, np.uint8),
    }
    times = np.array(t_ns, np.int64)
    return Frame("ship", station, "state", 1, np.arange(n), times, 0, plain | columns)


def lines(*frames: Frame) -> list[str]:
    found: list[str] = packet_lines("state", PACKET, TAGS, frames).to_pylist()
    return found


def test_each_kind_of_channel_becomes_its_field_type() -> None:
    one = frame(
        [1_700_000_000_000_000_001],
        altitude_m=np.array([61331.23], np.float32),
        pressure_pa=np.array([101325.5]),
        engines_count=np.array([-3], np.int8),
        ticks_count=np.array([2**64 - 1], np.uint64),
        door_closed=np.array([True]),
        phase=np.array([1], np.uint8),
    )
    assert lines(one) == [
        (
            f"{SERIES} altitude_m=61331.23,pressure_pa=101325.5,engines_count=-3i,ticks_count=18446744073709551615u,"
            'door_closed=true,phase="the \\"boost\\"" 1700000000000000001\n'
        )
    ]


def test_what_is_no_finite_number_is_left_out_and_the_rest_stays() -> None:
    found = lines(frame([1, 2, 3], altitude_m=np.array([np.nan, np.inf, 7], np.float32)))
    assert [line.count("altitude_m") for line in found] == [0, 0, 1]
    assert all("pressure_pa=0" in line for line in found)


def test_a_row_without_any_number_is_a_point_all_the_same() -> None:
    bare = Packet(apid=1, rate_hz=1, description="", channels=PACKET.channels[:1])
    some = frame([1, 2], altitude_m=np.array([np.nan, 4], np.float32))
    lines = packet_lines("state", bare, TAGS, [some]).to_pylist()
    assert lines == [f"{SERIES} sequence_count=0i 1\n", f"{SERIES} altitude_m=4 2\n"]


def test_a_number_that_json_can_say_and_the_raw_type_cannot_is_left_out() -> None:
    bare = Packet(apid=1, rate_hz=1, description="", channels=PACKET.channels[:1])
    some = frame([1, 2], altitude_m=np.array([1e308, 4.0]))
    assert packet_lines("state", bare, TAGS, [some]).to_pylist() == [
        f"{SERIES} sequence_count=0i 1\n",
        f"{SERIES} altitude_m=4 2\n",
    ]


def test_only_a_point_that_lacks_the_counted_field_has_its_sequence_count() -> None:
    floats = Packet(apid=1, rate_hz=1, description="", channels=PACKET.channels[:2])
    some = frame([1, 2], altitude_m=np.array([np.nan, 4], np.float32), pressure_pa=np.array([1.0, np.nan]))
    found = packet_lines("state", floats, TAGS, [some]).to_pylist()
    assert found == [f"{SERIES} pressure_pa=1,sequence_count=0i 1\n", f"{SERIES} altitude_m=4 2\n"]
    assert "sequence_count" not in lines(some)[0], "a whole number is in every point"


def test_a_code_without_label_is_written_as_text_for_the_field_has_one_type() -> None:
    assert 'phase="9" 1' in lines(frame([1], phase=np.array([9], np.uint8)))[0]


def test_the_same_packet_from_two_stations_is_one_line_and_the_last_counts() -> None:
    found = lines(
        frame([1, 2], "haiyang", pressure_pa=np.array([1.0, 2.0])),
        frame([2, 3], "tanegashima", pressure_pa=np.array([5.0, 6.0])),
    )
    assert [line.split("pressure_pa=")[1].split(",")[0] for line in found] == ["1", "5", "6"]


def test_where_a_field_is_missing_both_rows_stay_for_the_server_to_merge() -> None:
    found = lines(frame([1]), frame([1], altitude_m=np.array([np.nan], np.float32)))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (7, "7i"),
        (1e300, "1e+300"),
        ("", '""'),
        ('say "no"', '"say \\"no\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("two\nlines", '"two\\\\nlines"'),
        ("发射", '"发射"'),
    ],
)
def test_a_field_value_is_written_by_its_type(value: float | str | bool, text: str) -> None:
    assert point_line("m", {}, {"f": value}, 5) == f"m f={text} 5\n"


def test_names_are_escaped_and_empty_tags_left_out() -> None:
    line = point_line("my measure,ment", {"b=": "x y", "a": "", "c": "d,e"}, {"f g": 1}, 5)
    assert line == "my\\ measure\\,ment,b\\==x\\ y,c=d\\,e f\\ g=1i 5\n"


def test_a_point_without_any_value_is_none() -> None:
    assert point_line("m", {}, {"a": None, "b": float("nan"), "c": float("inf")}, 5) is None


def test_bodies_hold_every_line_in_order_and_keep_their_bounds() -> None:
    texts = [f"m f={i} {i}\n" for i in range(100)]
    arrays = [pa.array(texts[:3]), pa.array([], pa.string()), pa.array(texts)[3:60], pa.array(texts[60:])]
    blocks = list(pack(arrays, 7, 60))
    assert b"".join(block.body for block in blocks).decode() == "".join(texts)
    assert all(block.count == block.body.count(b"\n") <= 7 and len(block.body) <= 60 for block in blocks)
    assert sum(block.count for block in blocks) == 100


def test_a_line_longer_than_a_body_may_be_goes_alone() -> None:
    arrays = [pa.array(["short 1\n", "l" * 100 + " 2\n", "short 3\n"])]
    assert [block.count for block in pack(arrays, 10, 20)] == [1, 1, 1]


def test_a_block_gives_its_lines() -> None:
    assert Block(b"a 1\nb 2\n", 2).lines() == [b"a 1", b"b 2"]


def test_text_octets_and_derived_channels_are_fields() -> None:
    packet = Packet.model_validate(
        {
            "apid": 1,
            "rate_hz": 1,
            "description": "",
            "channels": [
                {"name": "software", "raw": "str9", "description": ""},
                {"name": "digest", "raw": "bytes3", "description": ""},
                {"name": "speed_m_s", "raw": "f32", "description": ""},
                {"name": "altitude_m", "raw": "f32", "description": ""},
            ],
            "derived": [
                {
                    "name": "mach_number",
                    "function": "mach_of_speed",
                    "of": {"speed_m_s": "speed_m_s", "altitude_m": "altitude_m"},
                    "description": "",
                }
            ],
        }
    )
    measured: dict[str, Any] = {
        "software": np.array(['v"1', "", 'v"1']),
        "digest": np.frombuffer(b"\0\1\2\xff\0\0ab\0", dtype="V3"),
        "speed_m_s": np.array([0.0, 0.0, 1.0]),
        "altitude_m": np.array([0.0, 0.0, 1e6]),
    }
    columns = DerivedColumns(measured, packet.derived)
    t_ns = np.array([1, 2, 3])
    frame = Frame("ship", "haiyang", "state", 1, np.arange(3), t_ns, 4, columns)
    lines = "".join(packet_lines("state", packet, TAGS, [frame]).to_pylist()).splitlines()
    assert lines == [
        SERIES + ' software="v\\"1",digest="000102",speed_m_s=0,altitude_m=0,mach_number=0 1',
        SERIES + ' software="",digest="ff0000",speed_m_s=0,altitude_m=0,mach_number=0 2',
        SERIES + ' software="v\\"1",digest="616200",speed_m_s=1,altitude_m=1000000 3',
    ]
