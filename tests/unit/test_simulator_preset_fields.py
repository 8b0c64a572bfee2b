"""What a preset says can be listed, and every mistake in one is named at once."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from downrange.jobs.simulate import app
from simulator.mission import Mission
from simulator.preset import BUILT_IN_DIR, load_preset, plans_of_profiles
from simulator.preset_fields import fields_of
from simulator.simulate import simulate
from telemetry.errors import FlightError

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text()
PRESETS = sorted(path for path in BUILT_IN_DIR.glob("*.yaml") if path.stem != "stations")


@pytest.mark.parametrize("profile", sorted(plans_of_profiles()))
def test_every_field_of_the_top_is_listed_with_its_meaning(profile: str) -> None:
    listed = {path.removesuffix("[]"): (takes, meaning) for path, takes, meaning in fields_of(profile)}
    for name, field in plans_of_profiles()[profile].model_fields.items():
        if name != "faults":
            takes, meaning = listed[name]
            assert takes.endswith("needed") == field.is_required(), name
            assert meaning or "." in name or name == "end_after_unload_s", name


@pytest.mark.parametrize("preset", PRESETS, ids=lambda path: path.stem)
def test_whatever_the_built_in_presets_say_is_listed(preset: Path) -> None:
    said = yaml.safe_load(preset.read_text())
    listed = {path.removesuffix("[]") for path, _, _ in fields_of(said["profile"])}
    assert {name for name in said if name != "faults"} <= listed
    assert {f"ship.{name}" for name in said["ship"]} <= listed


def test_bounds_defaults_and_repeated_parts_are_said() -> None:
    listed = {path: takes for path, takes, _ in fields_of("sounding")}
    assert listed["rail.elevation_deg"] == "number, more than 45, less than 90; needed"
    assert listed["wind.profile"] == "text; still when left out"
    assert listed["ship.landing"] == "as ship.main; needed"
    assert listed["burn[].power"] == "number, more than 0, at most 1; needed"


def test_the_command_lists_them_and_knows_no_other_profile() -> None:
    said = CliRunner().invoke(app, ["flight", "--fields", "hop"])
    assert said.exit_code == 0
    assert "touchdown.share" in said.output
    with pytest.raises(FlightError, match="no profile 'glide'; there are express, hop"):
        list(fields_of("glide"))


@pytest.mark.parametrize("profile", sorted(plans_of_profiles()))
def test_the_page_names_what_a_profile_needs(profile: str) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{profile}` |") and line.count("|") == 4][-1:]
    fields = plans_of_profiles()[profile].model_fields
    own = [name for name, field in fields.items() if field.is_required() and name not in Mission.model_fields]
    assert all(f"`{name}`" in row for name in own), own


def test_the_pages_smallest_mission_flies(tmp_path: Path) -> None:
    (mission,) = [each for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if "end_after_touchdown_s" in each]
    (tmp_path / "mine.yaml").write_text(mission)
    flown = simulate(tmp_path / "mine.yaml", 1, 0).flight.tracks["ship"]
    assert flown.at(np.array([107.0])).altitude_m[0] == pytest.approx(46_500, rel=0.02)


def test_all_mistakes_of_a_preset_are_told_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (BUILT_IN_DIR / "sounding.yaml").read_text()
    path.write_text(text.replace("payload_kg", "payload_lb").replace("course_deg: 345", "course_deg: 361"))
    with pytest.raises(FlightError) as caught:
        load_preset(path)
    line = text[: text.index("course_deg: 345")].count("\n") + 1
    assert f"mine.yaml:{line}: rail.course_deg: Input should be less than 360" in str(caught.value)
    assert "payload_kg: is missing; add it" in str(caught.value)
    assert "payload_lb: there is no such key" in str(caught.value)
    assert "simulate --fields sounding" in str(caught.value)
