"""`downrange dictionary`: every mistake is named, and a dictionary becomes a table, a page, a document, and back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from downrange.cli import app
from telemetry.check import check_file
from telemetry.dictionary import BUILT_IN_DIR, load_dictionary
from telemetry.errors import DictionaryError
from telemetry.reference import reference_of

DATA = Path(__file__).parents[1] / "data"
KESTREL = DATA / "kestrel.yaml"
NOW_NS = 1_795_000_000 * 10**9
WRONG = """\
name: wrong
version: 1
vehicle_class: x
description: Many mistakes.
time: {epoch: tai, coarse_octets: 4, fine_octets: 3}
packets:
  one:
    apid: 10
    rate_hz: 0
    description: One
    channels:
      - {name: height_furlong, raw: f32, description: Height}
      - {name: speed_m_s, raw: u65, description: Speed}
"""
INCONSISTENT = """\
name: wrong
version: 300
vehicle_class: x
description: Parts that do not fit.
time: {epoch: tai, coarse_octets: 4, fine_octets: 3}
version_channel: layout_count
packets:
  one:
    apid: 10
    rate_hz: 1
    description: One
    sent_counter: nobody_count
    channels:
      - {name: layout_count, raw: u8, description: Version}
      - {name: speed_m_s, raw: u12, description: Speed, limits: [{level: watch, above: 5, clear: 4, phases: [up]}]}
"""
DOUBTFUL = """\
name: doubtful
version: 1
vehicle_class: x
description: Right, but worth a look.
time: {epoch: gps, coarse_octets: 4, fine_octets: 0}
packets:
  one:
    apid: 10
    rate_hz: 1
    description: One
    channels:
      - {name: height_m, raw: u16, description: "", range: [0, 90000]}
      - {name: speed_m_s, raw: u12, range: [0, 10], description: Speed, limits: [{level: watch, above: 50, clear: 50}]}
      - {raw: spare4}
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["dictionary", *words], env={"COLUMNS": "200", "NO_COLOR": "1"})


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_check_names_every_mistake_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, WRONG)
    result = run("check", str(path), "webcast")
    assert result.exit_code == 1
    said = [line for line in result.stderr.splitlines() if line.startswith(f"{path}:")]
    assert [int(line.removeprefix(f"{path}:").split(":")[0]) for line in said] == [9, 12, 13]
    assert "greater than 0, not 0" in said[0]
    assert "must end in a unit" in said[1]
    assert "raw is u1 to u64" in said[2]
    assert "webcast, version 1, is right: 1 packet, 2 channels" in result.stdout


def test_check_names_every_kind_of_mistake_between_parts(tmp_path: Path) -> None:
    checked = check_file(write(tmp_path, INCONSISTENT), NOW_NS)
    assert {(mistake.line, mistake.detail.split(": ")[0].split(".")[-1]) for mistake in checked.mistakes} == {
        (6, "version_channel"),
        (12, "sent_counter"),
        (13, "channels"),
        (15, "phases"),
    }


def test_check_warns_of_what_is_worth_a_look(tmp_path: Path) -> None:
    checked = check_file(write(tmp_path, DOUBTFUL), 4_300_000_000 * 10**9)
    assert checked.mistakes == ()
    told = {(warning.line, word) for warning in checked.warnings for word in WORDS if word in warning.detail}
    assert told == {
        (5, "leap second"),
        (5, "years"),
        (7, "sent_counter"),
        (11, "spare bits"),
        (12, "no description"),
        (12, "range is wider"),
        (13, "outside the range"),
        (13, "flutter"),
    }


WORDS = (
    "leap second",
    "years",
    "sent_counter",
    "spare bits",
    "no description",
    "range is wider",
    "outside the range",
    "flutter",
)


def test_the_dictionaries_that_come_with_downrange_are_right() -> None:
    for path in BUILT_IN_DIR.glob("*.yaml"):
        assert check_file(path, NOW_NS).mistakes == ()


def test_check_as_json(tmp_path: Path) -> None:
    path = write(tmp_path, WRONG)
    result = run("check", "--json", str(path), str(KESTREL), str(tmp_path / "absent.yaml"))
    wrong, right, absent = json.loads(result.stdout)
    assert result.exit_code == 1
    assert (wrong["file"], wrong["ok"], [each["line"] for each in wrong["mistakes"]]) == (str(path), False, [9, 12, 13])
    assert right["ok"]
    assert "cannot be read" in absent["mistakes"][0]["detail"]


def test_show_says_where_each_field_lies() -> None:
    shown = json.loads(run("show", str(KESTREL), "--packet", "motion", "--json").stdout)
    fields = {field["name"]: field for field in shown["packets"]["motion"]["fields"] if field["name"]}
    assert (fields["satellites_count"]["offset"], fields["satellites_count"]["bits"]) == ("14.4", 4)
    assert fields["height_km"]["offset"] == "15.0"
    assert fields["path_deg"]["offset"] is None
    assert shown["packets"]["motion"]["octets"] * 8 * 10 == shown["packets"]["motion"]["bits_per_s"]
    text = run("show", str(KESTREL)).stdout
    assert all(name in text for name in ("motion", "power", "height_km", "801", "path_deg", "spare4"))
    assert "\x1b" not in text
    assert run("show", str(KESTREL), "--packet", "nav").exit_code == 2


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_export_and_import_give_the_same_dictionary(version: str, tmp_path: Path) -> None:
    document, back = tmp_path / "k.xml", tmp_path / "k.yaml"
    assert run("export", str(KESTREL), "--format", "xtce", "--version", version, "--out", str(document)).exit_code == 0
    result = run("import", str(document), "--out", str(back))
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        0,
        f"{document}: 2 packets carried over, 0 things lost or changed",
    )
    assert load_dictionary(back) == load_dictionary(KESTREL)
    assert run("export", "yuanxing-1").stdout.startswith("<?xml")
    assert run("export", str(KESTREL), "--version", "1.1").exit_code == 2


def test_export_says_what_it_leaves_out(tmp_path: Path) -> None:
    text = KESTREL.read_text().replace("{name: skin_k, raw: u11,", "{name: skin_k, raw: u19,")
    result = run("export", str(write(tmp_path, text)), "--math-as-table")
    assert result.exit_code == 1 or "not exported: channel 'skin_k'" in result.stderr


def test_import_says_what_is_lost_in_the_file_and_on_the_terminal(tmp_path: Path) -> None:
    result = run("import", str(DATA / "foreign.xml"), "--out", str(tmp_path / "lander.yaml"))
    assert result.exit_code == 0
    written = (tmp_path / "lander.yaml").read_text(encoding="utf-8")
    said = [line for line in result.stderr.splitlines() if re.match(r".*foreign\.xml:\d+: ", line)]
    assert len(said) == len([line for line in written.splitlines() if line.startswith("# foreign.xml:")]) > 15
    assert any("LittleWord: not carried over" in line for line in said)
    assert load_dictionary(tmp_path / "lander.yaml").name == "lander"
    notes = json.loads(run("import", str(DATA / "foreign.xml"), "--json").stderr)
    assert {"line", "what", "loss", "detail"} == set(notes[0])


def test_docs_is_a_reference_of_every_channel(tmp_path: Path) -> None:
    page = tmp_path / "kestrel.md"
    assert run("docs", str(KESTREL), "--out", str(page)).exit_code == 0
    text = page.read_text(encoding="utf-8")
    dictionary = load_dictionary(KESTREL)
    assert text == reference_of(dictionary)
    assert all(f"`{quantity.name}`" in text for packet in dictionary.packets.values() for quantity in packet.quantities)
    assert "| 14.4 | 4 | `satellites_count` | u4 | count |" in text
    assert "watch &lt; 14, clear 14.5 after 3 and 5 samples; critical &lt; 12, clear 13 in ascent, descent" in text
    assert "; stale after 3 s |" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {8, 10, 7}


def test_an_unknown_name_says_which_there_are() -> None:
    result = run("show", "apollo")
    assert isinstance(result.exception, DictionaryError)
    assert "there are: log, webcast, yuanxing-1" in str(result.exception)
