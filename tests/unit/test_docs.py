"""What the documentation shows works as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from telemetry.calibration import Expression, Polynomial, Table
from telemetry.codec import PacketCodec
from telemetry.derived import FUNCTIONS
from telemetry.dictionary import Dictionary, Registry, load_dictionary
from telemetry.expression import BINARY, UNARY
from telemetry.limit import Limit
from telemetry.packet_type import Packet
from telemetry.quantity import UNITS

PAGE = Path(__file__).parents[2] / "docs" / "dictionary.md"
TEXT = PAGE.read_text()


def section(title: str) -> str:
    return TEXT.split(f"## {title}\n")[1].split("\n## ")[0]


def first_cells(title: str) -> set[str]:
    """Return what stands in code in the first column of a section's tables."""
    rows = [line.split("|")[1] for line in section(title).splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_the_smallest_dictionary_is_one(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert example is not None
    (tmp_path / "my-rocket.yaml").write_text(example[1])
    dictionary = Registry((tmp_path,), "my-rocket").get(None)
    assert dictionary is not None
    assert [channel.name for _, channel in dictionary.channels()] == ["speed_m_s", "altitude_m", "vertical_speed_m_s"]


def test_the_file_with_everything_is_read(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", section("A file with everything in it"), re.DOTALL)
    assert example is not None
    (tmp_path / "everything.yaml").write_text(example[1])
    dictionary = load_dictionary(tmp_path / "everything.yaml")
    PacketCodec(dictionary)
    channels = [channel for _, channel in dictionary.channels()]
    assert {type(channel.calibration) for channel in channels} >= {Polynomial, Table, Expression}
    kinds = {field.raw.kind for packet in dictionary.packets.values() for field in packet.fields}
    assert kinds == {"unsigned", "signed", "float", "bool", "text", "octets", "spare"}
    assert {key for packet in yaml.safe_load(example[1])["packets"].values() for key in packet} == first_of_packet()


def first_of_packet() -> set[str]:
    return set(Packet.model_fields) - {"fields"} | {"channels"}


def test_the_tables_name_every_key_unit_and_function() -> None:
    named = first_cells("Fields")
    assert named >= set(Dictionary.model_fields)
    assert named >= first_of_packet()
    assert first_cells("Limits") == set(Limit.model_fields)
    assert first_cells("Derived channels") == set(FUNCTIONS)
    assert {unit[1:] for unit in re.findall(r"`(_[a-z0-9_]+)`", section("Units"))} == UNITS
    functions = {name for name in {*UNARY, *BINARY} if name.isidentifier()} - {"neg"}
    assert functions <= set(re.findall(r"[a-z0-9]+", section("Calibrations")))
    for name, function in FUNCTIONS.items():
        row = next(line for line in section("Derived channels").splitlines() if line.startswith(f"| `{name}`"))
        assert f"`_{function.unit}`" in row or f"(`_{function.unit}`" in row
        assert all(f"`{parameter}`" in row for parameter in function.parameters) or "the same six" in row
