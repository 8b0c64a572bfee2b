"""A webcast over the line is read by what reads its file."""

from __future__ import annotations

import numpy as np
import pytest
from booster import booster_rows
from detection import NS, REGISTRY, T0_NS, detect
from numpy.typing import NDArray

from downrange.jobs.detect import Detected, known_at
from downrange.jobs.detect import detect as detect_file
from processors.airframe import Airframe
from processors.engine import Engine
from processors.registry import detectors_for
from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary, built_in
from telemetry.events import Event
from telemetry.message import Message
from telemetry.samples import Samples
from telemetry.topics import Address, Kind

ROWS = 20
Floats = NDArray[np.float64]


def over_the_line(t_s: Floats, columns: dict[str, Floats], vehicle: str = "stage") -> list[Event]:
    """Return the last word of each event of rows that come as packets of the dictionary `webcast`."""
    codec = PacketCodec(built_in("webcast"))
    t_ns = T0_NS + np.rint(t_s * NS).astype(np.int64)
    messages = []
    for first in range(0, t_ns.size, ROWS):
        part = slice(first, first + ROWS)
        rows = {name: values[part] for name, values in columns.items()}
        octets = codec.encode("kinematics", np.arange(t_ns.size)[part], t_ns[part], rows)
        address = Address("live", "F", vehicle, "webcast")
        messages.append(Message(address, Kind.TELEMETRY, octets, int(t_ns[part][-1]), dictionary="webcast"))
    events = detect(messages, Engine("live", "F", REGISTRY)).events
    last = {(each.type, each.ordinal): each for each in events if each.type.startswith("downrange.flight")}
    return sorted((each for each in last.values() if each.status != "retracted"), key=lambda each: each.t_ns)


def test_a_webcast_over_the_line_has_the_events_of_its_file() -> None:
    t_s, rows = booster_rows(1)
    # packets have 32 bits for a value
    columns = {name: values.astype(np.float32).astype(np.float64) for name, values in rows.items()}
    from_file: list[Detected] = known_at(detect_file(Samples.of(t_s, **columns)))
    from_line = over_the_line(t_s, columns)
    assert [(each.name, each.ordinal, each.status) for each in from_line] == [
        (each.type, each.ordinal, each.status) for each in from_file
    ]
    assert {each.name for each in from_line} >= {"liftoff", "max_q", "meco", "apogee", "entry_start", "touchdown"}
    for one, other in zip(from_line, from_file, strict=True):
        assert (one.t_ns - T0_NS) / NS == pytest.approx(other.t_event_s, abs=0.001)
        assert one.t_sigma_s == pytest.approx(other.sigma_s, abs=0.001)
        assert one.values.keys() == other.values.keys()
        assert {"altitude_m", "height_above_pad_m"} <= one.values.keys()
        assert one.values == pytest.approx(dict(other.values), rel=1e-4, abs=0.01)


def with_class(word: str, channels: str = "altitude_m speed_m_s") -> Dictionary:
    names = channels.split()
    return Dictionary.model_validate(
        {
            "name": "own",
            "version": 1,
            "vehicle_class": word,
            "description": "d",
            "time": {"epoch": "2000-01-01T00:00:00Z", "coarse_octets": 4, "fine_octets": 3},
            "packets": {
                "p": {
                    "apid": 1,
                    "rate_hz": 10,
                    "description": "d",
                    "channels": [{"name": name, "raw": "f32", "description": "d"} for name in names],
                }
            },
        }
    )


def test_motion_is_read_where_no_instrument_tells_the_event() -> None:
    def names(channels: str) -> set[str]:
        return {one.name for one in detectors_for(Airframe("v", with_class("launcher", channels)))}

    assert {"launcher_liftoff", "small_apogee"} <= names("altitude_m")
    assert {"launcher_liftoff", "launcher_engines"} <= names("speed_m_s")
    assert not [name for name in names("bay_pressure_pa pressure_pa") if name.startswith(("launcher", "small"))]
    better = names("altitude_m speed_m_s vertical_speed_m_s")
    assert {"liftoff", "splashdown", "launcher_engines", "launcher_apogee"} <= better
    assert not better & {"launcher_liftoff", "small_liftoff", "launcher_touchdown", "small_touchdown"}


@pytest.mark.parametrize("word", ["booster", "express", "auto", "kite"])
def test_the_class_that_a_dictionary_says_changes_no_launchers_events(word: str) -> None:
    t_s, columns = booster_rows()
    climb = t_s < 60.0
    dictionary = built_in("webcast").model_copy(update={"vehicle_class": word})
    codec = PacketCodec(dictionary)
    engine = Engine("live", "F", REGISTRY)
    t_ns = T0_NS + np.rint(t_s[climb] * NS).astype(np.int64)
    rows = {name: values[climb] for name, values in columns.items()}
    octets = codec.encode("kinematics", np.arange(t_ns.size), t_ns, rows)
    message = Message(Address("live", "F", "stage", "webcast"), Kind.TELEMETRY, octets, int(t_ns[-1]))
    frames = codec.decode(octets, "stage", "webcast", int(t_ns[-1])).frames
    events = engine.take_frames(message, frames, dictionary, {}).events
    liftoff = [each for each in events if each.name == "liftoff"][-1]
    assert (liftoff.status, liftoff.ordinal) == ("confirmed", 0)
    assert abs((liftoff.t_ns - T0_NS) / NS - 2.0) < 0.5
