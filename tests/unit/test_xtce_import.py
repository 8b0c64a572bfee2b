"""XTCE of other houses: what a dictionary can say is carried over, and everything else is named with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telemetry.codec import PacketCodec
from telemetry.dictionary import Dictionary, built_in, load_dictionary
from telemetry.dictionary_text import dictionary_text
from telemetry.errors import DictionaryError
from telemetry.packets import crc16
from telemetry.xtce.export import export_xtce
from telemetry.xtce.mapping import ImportMap, load_map
from telemetry.xtce.reading import read_xtce

DATA = Path(__file__).parents[1] / "data"
FOREIGN = (DATA / "foreign.xml").read_text(encoding="utf-8")
LINES = FOREIGN.splitlines()


def line_of(part: str) -> int:
    return next(i for i, line in enumerate(LINES, 1) if part in line)


def notes_of(xml: str, wanted: ImportMap | None = None) -> list[tuple[int, str, str, str]]:
    return [
        (note.line, note.what, note.loss.value, note.detail) for note in read_xtce(xml.encode(), "f.xml", wanted).notes
    ]


def test_a_foreign_vehicle_is_carried_over_by_inheritance_inclusion_gaps_and_units() -> None:
    content = read_xtce(FOREIGN.encode(), "f.xml").content
    dictionary = Dictionary.model_validate(content)
    assert (dictionary.name, dictionary.version, list(dictionary.packets)) == ("lander", 4, ["housekeeping_report"])
    assert (dictionary.time.epoch, dictionary.time.coarse_octets, dictionary.time.fine_octets) == ("tai", 4, 2)
    packet = dictionary.packets["housekeeping_report"]
    assert packet.apid == 77
    assert packet.bit_offsets == {
        "batt_voltage_v": 0,
        "mode": 12,
        "plate_temp_k": 16,
        "range_number": 32,
        "cells_0_v": 80,
        "cells_1_v": 92,
        "valve": 104,
        "thermistor_k": 106,
        "unit": 116,
    }
    assert packet.channel("valve").labels == {0: "SHUT", 1: "OPEN"}
    assert packet.channel("mode").labels == {0: "SAFE", 1: "NOMINAL", 2: "NOMINAL_2", 3: "NOMINAL_3"}
    battery = packet.channel("batt_voltage_v")
    assert battery.range == pytest.approx((0.1, 8.29))
    assert [(limit.level, limit.below or limit.above) for limit in battery.limits] == [
        ("warning", 5.0),
        ("critical", 4.0),
        ("critical", 8.2),
    ]


def test_a_packet_of_the_foreign_vehicle_is_decoded() -> None:
    dictionary = Dictionary.model_validate(read_xtce(FOREIGN.encode(), "f.xml").content)
    bits = (
        f"{1000:012b}{2:04b}{256 - 20:08b}"
        + "1" * 8
        + f"{0x40490FDB:032b}"
        + "0" * 16
        + f"{1:012b}{2:012b}{1:02b}{400:010b}"
    )
    body = int(bits + "".join(f"{octet:08b}" for octet in b"L-1\0") + "0000", 2).to_bytes(19, "big")
    head = bytes.fromhex("084d c005 001a") + bytes(6)
    packet = head + body
    packet += crc16(packet).to_bytes(2, "big")
    assert len(packet) == 6 + 0x1A + 1
    columns = PacketCodec(dictionary).join("housekeeping_report", packet, "v", "s", 0).columns
    assert {name: values[0] for name, values in columns.items()} == {
        "batt_voltage_v": pytest.approx(2.1),
        "mode": 2,
        "plate_temp_k": pytest.approx(253.15),
        "range_number": pytest.approx(np.pi),
        "cells_0_v": pytest.approx(0.102),
        "cells_1_v": pytest.approx(0.104),
        "valve": 1,
        "thermistor_k": 300.0,
        "unit": "L-1",
    }


def test_everything_that_is_lost_or_changed_is_named_with_its_line() -> None:
    said = {(line, what): (loss, detail) for line, what, loss, detail in notes_of(FOREIGN)}
    lost, changed = "not carried over", "changed"
    expected = {
        (line_of('"never_sent"'), "never_sent"): (lost, "in no packet"),
        (line_of("<xtce:CommandMetaData>"), "/Lander"): (lost, "commands"),
        (line_of('name="volt_t"'), "BattVoltage"): (changed, "from mV to v"),
        (line_of("SevereRange"), "Cells_1"): (changed, "became a critical limit"),
        (line_of('name="temperature_t"'), "PlateTemp"): (changed, "from degC to k"),
        (line_of('name="odd_t"'), "Range"): (changed, "units: {'furlong'"),
        (line_of('name="little_t"'), "LittleWord"): (lost, "byte or bit order"),
        (line_of('maxValue="3"'), "Mode"): (changed, "a label of its own"),
        (line_of("DynamicValue"), "Dump"): (lost, "varies"),
        (line_of('"HousekeepingReport"'), "HousekeepingReport"): (changed, "rates_hz: {HousekeepingReport"),
        (line_of('"EventA"'), "EventA"): (lost, "APID 79 is that of EventB too"),
        (line_of('"EventB"'), "EventB"): (lost, "APID 79 is that of EventA too"),
        (line_of('"Anything"'), "Anything"): (lost, "no restriction to one APID"),
        (line_of('"Blob"'), "Blob"): (lost, "in no packet"),
    }
    for key, (loss, words) in expected.items():
        assert said[key][0] == loss, key
        assert words in said[key][1], key
    assert {what for _, what in said} == {what for _, what in expected} | {"Cells_0"}


def test_a_map_says_what_the_document_does_not(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        "name: moon-lander\n"
        "names: {BattVoltage: battery_v, HousekeepingReport: hk}\n"
        "units: {furlong: km}\n"
        "rates_hz: {HousekeepingReport: 4}\n"
        "skip: [EventB]\n"
        "default_rate_hz: 0.5\n"
        "time: {epoch: gps, coarse_octets: 4, fine_octets: 2}\n"
    )
    content = read_xtce(FOREIGN.encode(), "f.xml", load_map(tmp_path / "map.yaml")).content
    dictionary = Dictionary.model_validate(content)
    assert (dictionary.name, dictionary.time.epoch) == ("moon-lander", "gps")
    assert {name: packet.rate_hz for name, packet in dictionary.packets.items()} == {"hk": 4, "event_a": 0.5}
    assert {"battery_v", "range_km"} <= set(dictionary.packets["hk"].bit_offsets)
    assert dictionary.packets["event_a"].channels[0].name == "event_a_plate_temp_k"
    (tmp_path / "map.yaml").write_text("unit: {furlong: km}\n")
    with pytest.raises(DictionaryError, match=r"map\.yaml:1: unit: "):
        load_map(tmp_path / "map.yaml")


@pytest.mark.parametrize(
    ("good", "bad", "line", "words"),
    [
        ('scale="1.52587890625E-5"', 'scale="1E-5"', '"obt"', "say it in a map, for example `time: {code: cuc"),
        ("/xtce:SpaceSystem>\n</xtce", "/xtce:SpaceSystem>\n<", "", "is not XML"),
        ("http://www.omg.org/spec/XTCE/20180204", "http://example.org/other", "xtce:SpaceSystem", "has the namespace"),
        (
            'parameterRef="../packet_id/apid" value="77"',
            'parameterRef="../packet_id/apid" value="79"',
            "",
            "of its own",
        ),
        (
            'parameterRef="/Lander/packet_id/type" value="False"',
            'parameterRef="/Lander/packet_id/type" value="True"',
            "",
            "of its own",
        ),
    ],
)
def test_a_document_without_a_dictionary_in_it_is_refused(good: str, bad: str, line: str, words: str) -> None:
    assert good in FOREIGN
    with pytest.raises(DictionaryError) as caught:
        read_xtce(FOREIGN.replace(good, bad).encode(), "f.xml")
    assert words in caught.value.detail
    assert not line or caught.value.line == line_of(line)


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><a>&d;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>&b;</a>',
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        "<a>" * 5000,
    ],
    ids=["expansion", "file", "dtd", "depth"],
)
def test_an_attack_is_refused(attack: str) -> None:
    with pytest.raises(DictionaryError, match=r"f\.xml"):
        read_xtce(attack.encode(), "f.xml")


def test_small_documents_that_grow_are_refused() -> None:
    doubled = "".join(
        f'<SequenceContainer name="c{i}"><EntryList><ContainerRefEntry containerRef="c{i + 1}"/>'
        f'<ContainerRefEntry containerRef="c{i + 1}"/></EntryList></SequenceContainer>'
        for i in range(45)
    )
    last = '<SequenceContainer name="c45"><EntryList/></SequenceContainer>'
    containers = f"<TelemetryMetaData><ContainerSet>{doubled}{last}</ContainerSet></TelemetryMetaData>"
    xml = f'<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="s">{containers}</SpaceSystem>'
    with pytest.raises(DictionaryError, match="longer than a space packet"):
        read_xtce(xml.encode(), "f.xml")


def test_what_was_changed_in_our_own_document_counts() -> None:
    """What is kept for Downrange does not win over what somebody wrote into the document since."""
    dictionary = load_dictionary(DATA / "kestrel.yaml")
    xml = export_xtce(dictionary).xml
    louder = xml.replace('minInclusive="14.0"', 'minInclusive="15.0"')
    steeper = xml.replace('raw="100.0" calibrated="900.0"', 'raw="100.0" calibrated="901.0"')
    assert louder != xml != steeper
    changed = Dictionary.model_validate(read_xtce(louder.encode(), "k.xml").content)
    assert {limit.below for limit in changed.packets["power"].channel("bus_v").limits} == {15.0}
    assert [note[1] for note in notes_of(louder)] == ["bus_v", "bus_v"]
    moved = Dictionary.model_validate(read_xtce(steeper.encode(), "k.xml").content)
    assert moved.packets["motion"].channel("outside_pa").calibrate(np.array([100]))[0] == 901.0
    assert [note[1:3] for note in notes_of(steeper)] == [("outside_pa", "changed")]


def test_a_channel_that_is_renamed_is_so_where_others_refer_to_it() -> None:
    names = {"altitude_m": "height_m", "nav_sent_count": "made_count", "dictionary_version_count": "edition_count"}
    xml = export_xtce(built_in("yuanxing-1")).xml
    dictionary = Dictionary.model_validate(read_xtce(xml.encode(), "x.xml", ImportMap(names=names)).content)
    assert dictionary.version_channel == "edition_count"
    assert dictionary.packets["nav"].sent_counter == "made_count"
    used = {channel for derived in dictionary.packets["nav"].derived for channel in derived.of.values()}
    assert "height_m" in used
    assert "altitude_m" not in used


def test_the_text_of_a_dictionary_is_read_back(tmp_path: Path) -> None:
    for dictionary in (load_dictionary(DATA / "kestrel.yaml"), built_in("yuanxing-1")):
        content = read_xtce(export_xtce(dictionary).xml.encode(), "d.xml").content
        (tmp_path / "d.yaml").write_text(dictionary_text(content, "A line\nand another"), encoding="utf-8")
        assert load_dictionary(tmp_path / "d.yaml") == dictionary
