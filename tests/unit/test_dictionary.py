"""Dictionaries: the built-in ones are sound, and each mistake in a new one is named with file, line and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.dictionary import BUILT_IN_DIR, MAX_APID, Dictionary, Registry, built_in, load_dictionary
from telemetry.errors import DictionaryError
from telemetry.raw import parse_raw

GOOD = """\
name: sounding
version: 1
vehicle_class: sounding
description: A sounding rocket.
time: {epoch: 2020-01-01T00:00:00Z, coarse_octets: 4, fine_octets: 3}
packets:
  nav:
    apid: 10
    rate_hz: 50
    sent_counter: nav_sent_count
    description: Altitude.
    channels:
      - {name: altitude_m, raw: f32, range: [-500, 200000], description: Height}
      - name: battery_charge_percent
        raw: u8
        description: Charge
        limits:
          - {level: watch, below: 20, clear: 25}
  health:
    apid: 11
    rate_hz: 1
    description: Counters.
    channels:
      - {name: nav_sent_count, raw: u32, description: Nav packets made}
"""

DERIVED = """\
    derived:
      - name: mach_number
        function: mach_of_speed
        of: {speed_m_s: speed_m_s,
             altitude_m: altitude_m}
        description: Mach
    apid: 11"""

# what stands in the good file, what stands there instead, the line that is blamed, and what is said
MISTAKES = {
    "unknown unit": ("altitude_m,", "altitude_furlong,", 13, "must end in a unit (a, count"),
    "no unit": ("altitude_m,", "altitude,", 13, "must end in a unit"),
    "taken name": ("altitude_m,", "vehicle,", 13, "choose another"),
    "duplicate channel": ("nav_sent_count, raw", "altitude_m, raw", 24, "stands in packet 'nav' already; rename one"),
    "duplicate APID": ("apid: 11", "apid: 10", 20, "'nav' has APID 10 too; choose another"),
    "duplicate packet": ("  health:", "  nav:", 19, "'nav' is named twice, first in line 7; keep one"),
    "duplicate key": ("    rate_hz: 1\n", "    rate_hz: 1\n    rate_hz: 2\n", 22, "'rate_hz' is named twice"),
    "no such counter": ("sent_counter: nav_sent_count", "sent_counter: nav_made_count", 10, "is no channel"),
    "bad limit": ("clear: 25", "clear: 15", 18, "good side of the threshold"),
    "two-sided limit": ("below: 20,", "below: 20, above: 30,", 18, "either 'above' or 'below'"),
    "unknown level": ("level: watch", "level: urgent", 18, "'watch', 'warning' or 'critical', not 'urgent'"),
    "bad range": ("[-500, 200000]", "[5, 5]", 13, "range must be [low, high]"),
    "unknown raw type": ("raw: u32", "raw: u65", 24, "not 'u65'"),
    "extra key": ("rate_hz: 50", "rate_hz: 50\n    rate: 50", 10, "there is no such key; remove it or mend"),
    "extra key at the top": ("version: 1", "version: 1\nauthor: me", 3, "author: there is no such key"),
    "missing key": ("version: 1\n", "", 1, "version: is missing; add it"),
    "missing key inside": ("    apid: 11\n", "", 19, "apid: is missing; add it"),
    "APID too large": ("apid: 11", f"apid: {MAX_APID + 1}", 20, f"not {MAX_APID + 1}"),
    "rate of zero": ("rate_hz: 1\n", "rate_hz: 0\n", 21, "greater than 0, not 0"),
    "bad packet name": ("  nav:", "  Nav 1:", 7, "match pattern"),
    "bad name": ("name: sounding", "name: ../sounding", 1, "match pattern"),
    "epoch that is no date": ("2020-01-01", "2020-13-01", 5, "month"),
    "epoch without zone": ("00:00Z", "00:00", 5, "timezone"),
    "too many octets": ("coarse_octets: 4", "coarse_octets: 8", 5, "less than or equal to 7, not 8"),
    "YAML syntax": ("rate_hz: 50", "rate_hz: [50", 10, "is not YAML"),
    "YAML tab": ("    apid: 10", "\tapid: 10", 8, "is not YAML"),
    "unknown kind of raw type": ("raw: f32", "raw: f16", 13, "strN or bytesN (octets), spareN (bits), not 'f16'"),
    "no octet": ("raw: u8", "raw: u5", 12, "have 37 bits, a packet ends on an octet; add {raw: spare3}"),
    "too long": (
        "  health:",
        17 * "      - {raw: spare32760}\n" + "  health:",
        12,
        "a space packet at most 65542; split",
    ),
    "bad table": ("raw: u8\n", "raw: u8\n        calibration: {table: [[0, 1], [0, x]]}\n", 16, "number, not 'x'"),
    "table that falls back": (
        "raw: u8\n",
        "raw: u8\n        calibration: {table: [[3, 1], [0, 2]]}\n",
        16,
        "nav.channels.1.calibration: the raw values of a table must rise",
    ),
    "bad coefficient": ("raw: u8\n", "raw: u8\n        calibration: [0, one]\n", 16, "calibration.1: Input should be"),
    "bad expression": (
        "raw: u8\n",
        "raw: u8\n        calibration: {expression: system(x)}\n",
        16,
        "nav.channels.1.calibration: 'system(x)' is no part of an expression",
    ),
    "unknown phase": (
        "clear: 25",
        "clear: 25, phases: [climb]",
        18,
        "'climb' is no phase; the phases that events tell are pad, ascent, coast",
    ),
    "no function": ("    apid: 11", DERIVED.replace("mach_of_speed", "mach"), 21, "function 'mach' is none of"),
    "derived of nothing": (
        "    apid: 11",
        DERIVED,
        23,
        "'speed_m_s' is no measured number of packet 'health'; name a channel that is",
    ),
    "derived of another packet": (
        "    apid: 11",
        DERIVED.replace("speed_m_s: speed_m_s", "speed_m_s: nav_sent_count"),
        24,
        "'altitude_m' is no measured number of packet 'health'",
    ),
    "derived name taken": ("    apid: 11", DERIVED.replace("mach_number", "altitude_number"), 23, "'speed_m_s' is no"),
    "version channel that is none": (
        "version: 1\n",
        "version: 1\nversion_channel: on_board\n",
        3,
        "is no unsigned channel",
    ),
    "version channel that is a float": (
        "version: 1\n",
        "version: 1\nversion_channel: altitude_m\n",
        3,
        "'altitude_m' is no unsigned channel without calibration",
    ),
    "version too large": (
        "version: 1\n",
        "version: 300\nversion_channel: battery_charge_percent\n",
        3,
        "version 300 does not fit u8",
    ),
    "drift without memory": ("raw: f32,", "raw: f32, sensor: {drift: 2},", 13, "needs 'drift_memory_s'"),
    "several": ("raw: ", "raw: x", 13, "not 'xf32'"),
}


def load(tmp_path: Path, text: str) -> Dictionary:
    (tmp_path / "sounding.yaml").write_text(text, encoding="utf-8")
    return load_dictionary(tmp_path / "sounding.yaml")


def test_the_good_file_is_good(tmp_path: Path) -> None:
    dictionary = load(tmp_path, GOOD)
    assert [(packet, channel.name) for packet, channel in dictionary.channels()] == [
        ("nav", "altitude_m"),
        ("nav", "battery_charge_percent"),
        ("health", "nav_sent_count"),
    ]
    assert dictionary.by_apid(11) == ("health", dictionary.packets["health"])
    assert dictionary.by_apid(12) is None
    assert dictionary.packets["nav"].channel("altitude_m").unit == "m"
    with pytest.raises(KeyError):
        dictionary.packets["nav"].channel("speed_m_s")
    assert dictionary.epoch_ns == 1_577_836_800 * 10**9


@pytest.mark.parametrize(("good", "bad", "line", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_file_line_and_remedy(
    tmp_path: Path, good: str, bad: str, line: int, words: str
) -> None:
    assert good in GOOD
    with pytest.raises(DictionaryError) as caught:
        load(tmp_path, GOOD.replace(good, bad))
    assert (caught.value.path, caught.value.line) == (str(tmp_path / "sounding.yaml"), line)
    assert words in caught.value.detail
    assert str(caught.value).startswith(f"{tmp_path / 'sounding.yaml'}:{line}: ")


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"", "valid dictionary"),
        (b"- 1\n", "valid dictionary"),
        (b"name: \xff\n", "not UTF-8"),
        (b"name: a\x00b\n", "cannot be read"),
        (b"name: !!int many\n", "cannot be read"),
        (b"name: !!python/object:os.system {}\n", "is not YAML"),
        (b"- " * 5000, "cannot be read"),
        (b"a: &a [*a]\n", "name: is missing"),
        (b"a: 1\n---\nb: 2\n", "is not YAML"),
    ],
)
def test_a_file_that_is_no_dictionary_is_refused(tmp_path: Path, octets: bytes, words: str) -> None:
    (tmp_path / "bad.yaml").write_bytes(octets)
    with pytest.raises(DictionaryError, match=r"bad\.yaml") as caught:
        load_dictionary(tmp_path / "bad.yaml")
    assert words in caught.value.detail


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match=r"absent\.yaml: cannot be read: No such file"):
        load_dictionary(tmp_path / "absent.yaml")


@pytest.mark.parametrize("path", sorted(BUILT_IN_DIR.glob("*.yaml")), ids=lambda path: path.stem)
def test_built_in_dictionaries_are_found_by_their_name(path: Path) -> None:
    dictionary = built_in(path.stem)
    assert dictionary.name == path.stem
    assert all(channel.description for _, channel in dictionary.channels())


def test_an_unknown_built_in_dictionary_names_the_known_ones() -> None:
    with pytest.raises(DictionaryError, match="there are: log, webcast, yuanxing-1"):
        built_in("apollo")


def test_the_express_vehicle_counts_what_it_sends() -> None:
    dictionary = built_in("yuanxing-1")
    assert {name: packet.rate_hz for name, packet in dictionary.packets.items()} == {
        "nav": 50,
        "propulsion": 20,
        "cargo": 5,
        "health": 1,
    }
    assert all(packet.sent_counter == f"{name}_sent_count" for name, packet in dictionary.packets.items())
    assert 55 <= len(list(dictionary.channels())) <= 65


def test_a_registry_knows_the_built_in_ones_and_those_of_its_folders(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    registry = Registry((tmp_path,), default="sounding")
    assert registry.names() == ("log", "sounding", "webcast", "yuanxing-1")
    assert registry.get(None) is registry.get("") is registry.get("sounding")
    assert registry.get("apollo") is None


def test_a_registry_refuses_what_would_surprise(tmp_path: Path) -> None:
    with pytest.raises(DictionaryError, match="the default dictionary 'apollo' is none of: log, webcast, yuanxing-1"):
        Registry(default="apollo")
    with pytest.raises(DictionaryError, match="is no folder"):
        Registry((tmp_path / "absent",))
    load(tmp_path, GOOD.replace("name: sounding", "name: webcast"))
    with pytest.raises(DictionaryError, match=r"sounding\.yaml:1: name: there is a dictionary 'webcast' already"):
        Registry((tmp_path,))


def test_a_derived_channel_has_a_name_of_its_own(tmp_path: Path) -> None:
    of = "{speed_m_s: speed_m_s, altitude_m: altitude_m}"
    mach = f"{{name: mach_number, function: mach_of_speed, of: {of}, description: M}}"
    measured = "      - {name: speed_m_s, raw: f32, description: Speed}\n"
    text = GOOD.replace("  health:", f"{measured}    derived:\n      - {mach}\n  health:")
    dictionary = load(tmp_path, text)
    assert [each.name for each in dictionary.packets["nav"].quantities][-1] == "mach_number"
    with pytest.raises(DictionaryError, match=r":22: .*'mach_number' stands in packet 'nav' already; rename one"):
        load(tmp_path, text.replace(f"      - {mach}", f"      - {mach}\n      - {mach}"))


@pytest.mark.parametrize("name", ["yuanxing-1", "webcast"])
def test_a_dictionary_written_as_data_is_read_back_the_same(name: str) -> None:
    dictionary = built_in(name)
    assert Dictionary.model_validate(dictionary.model_dump(mode="json", exclude_unset=True)) == dictionary
    assert Dictionary.model_validate_json(dictionary.model_dump_json(exclude_unset=True)) == dictionary


def test_every_raw_type_is_spelled_as_it_is_read() -> None:
    spelled = [f"{letter}{bits}" for letter in "ui" for bits in range(1, 65)]
    for each in [*spelled, "f32", "f64", "bool", "bool1", "str1", "str4096", "bytes7", "spare1", "spare32768"]:
        assert str(parse_raw(each)) == each
    for bad in ("u0", "u65", "i", "f16", "bool8", "str0", "str4097", "spare", "spare32769", "U8", "u08", " u8", "u8\n"):
        with pytest.raises(ValueError, match="raw is u1 to u64"):
            parse_raw(bad)


def test_spare_bits_are_no_channel(tmp_path: Path) -> None:
    dictionary = load(tmp_path, GOOD.replace("  health:", "      - {raw: spare5}\n      - {raw: spare3}\n  health:"))
    packet = dictionary.packets["nav"]
    assert [channel.name for channel in packet.channels] == ["altitude_m", "battery_charge_percent"]
    assert len(packet.fields) == 4
    assert packet.bit_offsets == {"altitude_m": 0, "battery_charge_percent": 32}
    assert packet.field_octets == 6
    assert packet.quantity("altitude_m") is packet.channel("altitude_m")
