"""XTCE export: valid by the standard's schema, and an independent reader decodes whole flights to the same values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import space_packet_parser
from independent import differences, read_independently
from lxml import etree
from made_up import made_up_packets
from space_packet_parser.xtce.validation import validate_xtce

from simulator.simulate import simulate, write_flight
from telemetry.dictionary import Dictionary, Registry, built_in, load_dictionary
from telemetry.xtce.export import export_xtce
from telemetry.xtce.standard import XtceVersion

DATA = Path(__file__).parents[1] / "data"
KESTREL = load_dictionary(DATA / "kestrel.yaml")
DICTIONARIES = [KESTREL, built_in("yuanxing-1"), built_in("webcast")]
SCHEMAS = Path(space_packet_parser.__file__).parent / "xtce" / "schemas"
T0_NS = 1_767_225_600 * 10**9
# What OMG's task force for 1.3 changed in a way that a document could notice, of elements that an export might hold
# (issues XTCE13-108 and XTCE13-193 of https://issues.omg.org/issues/spec/XTCE/1.3/fixed, and the units of times)
RENAMED_IN_1_3 = {"BinaryContextAlarmList", "AlarmConditions", "CustomAlarm"}
UNITS_OF_BOTH = {"seconds"}


def schema_of(version: XtceVersion) -> tuple[Path, str]:
    """Return the XSD that space_packet_parser carries for a version, and the namespace that it is of.

    No package registry carries that of 1.3 yet: until one does, a 1.3 document is held against 1.2's, of which 1.3 is
    an extension; `test_what_1_3_changed_is_not_used` covers what it is not.
    """
    by_namespace = {etree.parse(path).getroot().get("targetNamespace", ""): path for path in SCHEMAS.glob("*.xsd")}
    namespace = version.namespace if version.namespace in by_namespace else XtceVersion.V1_2.namespace
    return by_namespace[namespace], namespace


@pytest.mark.parametrize("version", XtceVersion)
@pytest.mark.parametrize("math_as_table", [False, True])
@pytest.mark.parametrize("dictionary", DICTIONARIES, ids=lambda dictionary: dictionary.name)
def test_a_document_is_valid_by_the_schema(
    dictionary: Dictionary, version: XtceVersion, tmp_path: Path, *, math_as_table: bool
) -> None:
    schema, namespace = schema_of(version)
    xml = export_xtce(dictionary, version, math_as_table=math_as_table).xml
    assert f'xmlns="{version.namespace}"' in xml
    (tmp_path / "document.xml").write_text(xml.replace(version.namespace, namespace), encoding="utf-8")
    result = validate_xtce(
        tmp_path / "document.xml", level="schema", local_xsd=schema, raise_on_error=False, print_results=False
    )
    assert result.valid, "\n".join(map(str, result.errors))


def test_the_schema_refuses_a_document_that_is_wrong(tmp_path: Path) -> None:
    schema, _ = schema_of(XtceVersion.V1_2)
    xml = export_xtce(KESTREL).xml.replace('encoding="unsigned"', 'encoding="signless"')
    (tmp_path / "document.xml").write_text(xml, encoding="utf-8")
    result = validate_xtce(
        tmp_path / "document.xml", level="schema", local_xsd=schema, raise_on_error=False, print_results=False
    )
    assert not result.valid


def test_what_1_3_changed_is_not_used() -> None:
    for dictionary in DICTIONARIES:
        new, old = (export_xtce(dictionary, version).xml for version in (XtceVersion.V1_3, XtceVersion.V1_2))
        assert (
            new.replace(XtceVersion.V1_3.namespace, XtceVersion.V1_2.namespace).replace("20250214", "20180204") == old
        )
        root = etree.fromstring(new.encode())
        assert not {etree.QName(element).localname for element in root.iter()} & RENAMED_IN_1_3
        assert {element.get("units") for element in root.iter("{*}Encoding")} <= UNITS_OF_BOTH


def test_space_packet_parser_decodes_a_whole_flight_to_the_same_values(tmp_path: Path) -> None:
    truth = json.loads(write_flight(simulate("hop", 1, T0_NS), "HOP", tmp_path).read_text())
    dictionary = built_in("yuanxing-1")
    for vehicle, sent in truth["sent"].items():
        found = read_independently(dictionary, (tmp_path / vehicle / "packets.ccsds").read_bytes(), tmp_path)
        counts = {packet: len(found[definition.apid]) for packet, definition in dictionary.packets.items()}
        assert counts == {packet: sent.get(packet, 0) for packet in counts}
        assert not differences(dictionary, found)


@pytest.mark.parametrize("version", XtceVersion)
def test_space_packet_parser_decodes_bit_fields_text_tables_splines_and_expressions(
    version: XtceVersion, tmp_path: Path
) -> None:
    found = read_independently(KESTREL, made_up_packets(KESTREL, 200), tmp_path, version)
    assert {apid: len(packets) for apid, packets in found.items()} == {0x321: 200, 0x322: 200}
    assert not differences(KESTREL, found)


def test_the_comparison_would_see_a_difference(tmp_path: Path) -> None:
    """Read the packets by a document whose numbers were changed a little: each change is found."""
    changed = json.loads(KESTREL.model_dump_json(exclude_defaults=True))
    motion, power = (changed["packets"][name]["channels"] for name in ("motion", "power"))
    motion[3]["calibration"] = [-0.5, 0.0010000002]
    motion[0]["labels"] = {**motion[0]["labels"], "1": "climb"}
    power[1]["calibration"]["table"][1][1] = 260.0001
    power[10]["raw"] = "i64"
    found = read_independently(Dictionary.model_validate(changed), made_up_packets(KESTREL, 50), tmp_path)
    named = {said.split(":")[0] for said in differences(KESTREL, found)}
    assert named == {"motion.height_km", "motion.mode", "power.cold_plate_k", "power.motion_made_count"}


@pytest.mark.parametrize(
    "time",
    [
        {"epoch": "tai", "coarse_octets": 5, "fine_octets": 3, "preamble": True},
        {"epoch": "gps", "coarse_octets": 4, "fine_octets": 0},
        {"epoch": "2020-01-01T00:00:00Z", "coarse_octets": 7, "fine_octets": 10},
        {"code": "cds", "epoch": "tai", "day_octets": 3, "submillisecond": "ps", "preamble": True},
        {"code": "cds", "epoch": "2000-01-01T00:00:00Z", "day_octets": 2},
    ],
    ids=str,
)
def test_every_time_code_leaves_the_channels_where_they_are(time: dict[str, object], tmp_path: Path) -> None:
    content = built_in("webcast").model_dump(mode="json", exclude_defaults=True)
    dictionary = Dictionary.model_validate({**content, "time": time})
    schema, _ = schema_of(XtceVersion.V1_2)
    (tmp_path / "document.xml").write_text(export_xtce(dictionary).xml, encoding="utf-8")
    assert validate_xtce(tmp_path / "document.xml", level="schema", local_xsd=schema, print_results=False).valid
    found = read_independently(dictionary, made_up_packets(dictionary, 20), tmp_path)
    assert not differences(dictionary, found)


def test_another_makers_vehicle_flies_and_is_read_by_its_dictionary_alone(tmp_path: Path) -> None:
    preset = (Path(simulate.__code__.co_filename).parent / "presets" / "hop.yaml").read_text(encoding="utf-8")
    assert "dictionary: yuanxing-1" in preset
    (tmp_path / "hop.yaml").write_text(
        preset.replace("dictionary: yuanxing-1", "dictionary: kestrel"), encoding="utf-8"
    )
    transmitter = simulate(tmp_path / "hop.yaml", 1, T0_NS, Registry((DATA,)))
    truth = json.loads(write_flight(transmitter, "KESTREL", tmp_path / "out").read_text())
    for vehicle, sent in truth["sent"].items():
        found = read_independently(KESTREL, (tmp_path / "out" / vehicle / "packets.ccsds").read_bytes(), tmp_path)
        assert {apid: len(packets) for apid, packets in found.items()} == {0x321: sent["motion"], 0x322: sent["power"]}
        assert not differences(KESTREL, found)
        heights = [values["height_km"] for _, values in found[0x321]]
        assert 2.0 < max(heights) < 4.0


def test_what_a_document_cannot_say_is_told() -> None:
    content = KESTREL.model_dump(mode="json", exclude_defaults=True)
    channels = content["packets"]["motion"]["channels"]
    wide = {
        "name": "far_m",
        "raw": "u16",
        "calibration": {"expression": "x * x"},
        "description": "Too long for a table",
    }
    code = {"name": "state", "raw": "u64", "labels": {0: "off", (1 << 64) - 1: "on"}, "description": "A code past long"}
    bent = {"table": [[0, 0], [30000, 190], [60000, 900]], "interpolation": "spline"}
    long = {"name": "bent_v", "raw": "u16", "calibration": bent, "description": "More raw values than points"}
    content["packets"]["motion"]["channels"] = [*channels, wide, code, long]
    dictionary = Dictionary.model_validate(content)
    codes, points = export_xtce(dictionary).missing
    assert codes == "channel 'state': the codes of on are too large for XTCE"
    assert points.startswith("channel 'bent_v': its spline stands as 4097 points, at most ")
    assert len(export_xtce(dictionary, math_as_table=True).missing) == 3
