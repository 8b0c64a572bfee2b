"""`downrange simulate fleet`: a schedule, its truths and its manifests."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from downrange.cli import app
from simulator.fleet.ports import load_ports
from telemetry.errors import FlightError
from tracking.manifest import read_manifest

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("fleet")
    words = ["simulate", "fleet", "--flights", "2", "--rate", "20/h", "--seed", "3", "--out", str(out), "--json"]
    result = RUNNER.invoke(app, words)
    assert result.exit_code == 0, result.output
    (out / "printed.json").write_text(result.stdout)
    return out


def test_the_schedule_says_who_flies_where_when_and_with_what(folder: Path) -> None:
    with (folder / "schedule.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["liftoff"] for row in rows] == ["2026-01-01T00:00:00Z", "2026-01-01T00:03:00Z"]
    assert {row["landing"] for row in rows} <= set(load_ports().landing)
    printed = json.loads((folder / "printed.json").read_text())
    assert [row["flight"] for row in printed] == [row["flight"] for row in rows]
    assert all(float(row["splashdown_s"]) == each["splashdown_s"] for row, each in zip(rows, printed, strict=True))


def test_every_flight_has_its_truth_and_a_manifest_that_fits_it(folder: Path) -> None:
    for row in json.loads((folder / "printed.json").read_text()):
        truth = json.loads((folder / row["flight"] / "truth.json").read_text())
        splash = [each for each in truth["events"] if each["type"].endswith("splashdown") and each["vehicle"] == "ship"]
        assert splash[0]["t_s"] == pytest.approx(row["splashdown_s"], abs=0.06)
        zone = load_ports().landing[row["landing"]]
        assert splash[0]["values"]["latitude_deg"] == pytest.approx(zone.latitude_deg, abs=0.05)
        manifest = read_manifest((folder / row["flight"] / "manifest.json").read_text())
        assert manifest.plan.flight == row["flight"]
        assert sum(parcel.mass_kg for parcel in manifest.parcels) == pytest.approx(min(row["load_kg"], 9960.0))
        assert manifest.plan.to_splashdown_s == pytest.approx(splash[0]["t_s"])


@pytest.mark.parametrize("name", ["vehicle=shp", "station=nowhere", "packet=navi"])
def test_a_fault_of_what_no_flight_has_is_refused(name: str) -> None:
    result = RUNNER.invoke(app, ["simulate", "fleet", "--flights", "1", "--fault", f"packets_lost,{name}"])
    assert isinstance(result.exception, FlightError)
    assert name.split("=")[1] in str(result.exception)


@pytest.mark.parametrize("words", [["--rate", "often"], ["--rate", "20/day"], ["--flights", "0"]])
def test_a_schedule_that_makes_no_sense_is_refused_with_the_remedy(words: list[str]) -> None:
    result = RUNNER.invoke(app, ["simulate", "fleet", *words])
    assert result.exit_code == 2
    assert words[0] in result.output
