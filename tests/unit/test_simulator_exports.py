"""A simulated flight for other programs and for the eye."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from lxml import etree
from pyarrow import csv, parquet

from simulator.exports.curves import curves_of
from simulator.exports.panels import chart_of, marks_shown
from simulator.exports.write import export, plot
from simulator.packets import Transmitter
from simulator.record import happenings_of
from simulator.simulate import simulate
from telemetry.errors import FlightError
from tracking.globe import land_outlines_deg

T0_NS = 1_767_225_600 * 10**9
LAND = tuple(ring for polygon in land_outlines_deg() for ring in polygon)


@pytest.fixture(scope="module")
def hop() -> Transmitter:
    return simulate("hop", 1, T0_NS)


@pytest.fixture(scope="module")
def express() -> Transmitter:
    return simulate("express", 1, T0_NS)


def test_a_table_has_every_moment_and_names_every_event_once(express: Transmitter, tmp_path: Path) -> None:
    path = tmp_path / "flight.parquet"
    rows = export(express, "F", path, every_s=2.0)
    table = parquet.read_table(path)
    assert table.num_rows == rows
    assert set(table["vehicle"].unique().to_pylist()) == {"ship", "booster"}
    times = np.diff(table["t_s"].to_numpy()[table["vehicle"].to_numpy() == "ship"])
    assert np.allclose(times, 2.0)
    named = [event for cell in table["event"].to_pylist() if cell for event in cell.split(";")]
    assert sorted(named) == sorted(each.type for each in happenings_of(express))
    assert table["altitude_m"].to_numpy().max() == pytest.approx(
        max(c.truth.altitude_m.max() for c in curves_of(express, 2.0))
    )


def test_csv_says_the_same_as_parquet(hop: Transmitter, tmp_path: Path) -> None:
    export(hop, "F", tmp_path / "f.csv", every_s=1.0)
    export(hop, "F", tmp_path / "f.parquet", every_s=1.0)
    written, kept = csv.read_csv(tmp_path / "f.csv"), parquet.read_table(tmp_path / "f.parquet")
    assert written.column_names == kept.column_names
    for name in ("t_s", "altitude_m", "mass_kg", "load_g"):
        assert np.array_equal(written[name].to_numpy(), kept[name].to_numpy())
    assert written["time"][0].as_py() == kept["time"][0].as_py()


def test_kml_has_the_way_in_the_air_and_the_events_with_their_times(hop: Transmitter, tmp_path: Path) -> None:
    path = tmp_path / "f.kml"
    rows = export(hop, "F", path)
    names = {"k": "http://www.opengis.net/kml/2.2", "gx": "http://www.google.com/kml/ext/2.2"}
    root = etree.parse(path)
    coordinates = root.findall(".//gx:Track/gx:coord", names)
    assert len(coordinates) == rows == len(root.findall(".//gx:Track/k:when", names))
    assert max(float((place.text or "").split()[2]) for place in coordinates) == pytest.approx(2500, abs=150)
    named = {point.text for point in root.findall(".//k:Placemark/k:name", names)}
    assert {"liftoff", "apogee", "splashdown"} <= named


def test_czml_flies_on_the_flights_own_clock(hop: Transmitter, tmp_path: Path) -> None:
    path = tmp_path / "f.czml"
    export(hop, "F", path)
    document, ship, *events = json.loads(path.read_text())
    assert document["clock"]["interval"].startswith("2025-12-31T23:59:")
    samples = np.reshape(ship["position"]["cartographicDegrees"], (-1, 4))
    assert (np.diff(samples[:, 0]) > 0).all()
    assert samples[:, 3].max() == pytest.approx(2500, abs=150)
    assert {"ship: liftoff", "ship: splashdown"} <= {event["name"] for event in events}


@pytest.mark.parametrize("name", ["flight.png", "flight.svg", "flight.html"])
def test_a_plot_is_drawn_in_the_form_of_its_suffix(hop: Transmitter, tmp_path: Path, name: str) -> None:
    path = tmp_path / "new folder" / name
    plot(hop, "F-1", path, LAND)
    content = path.read_bytes()
    if name.endswith(".png"):
        assert struct.unpack(">II", content[16:24]) >= (1000, 600)
    else:
        assert b"Altitude, km" in content
    if name.endswith(".html"):
        assert b"<script src=" not in content  # it opens without a network


def test_every_event_of_the_flight_is_marked_and_what_vehicles_share_once(express: Transmitter) -> None:
    marks = [(mark.happening.type, mark.happening.vehicle) for _, mark in marks_shown(curves_of(express))]
    assert len(marks) == len(set(marks))
    assert [type_ for type_, _ in marks].count("downrange.flight.liftoff") == 1
    assert ("downrange.flight.meco", "booster") in marks
    assert [type_ for type_, _ in marks].count("downrange.flight.splashdown") == 2


def test_a_map_runs_on_across_the_antimeridian(express: Transmitter) -> None:
    curves = curves_of(express)
    for curve in curves:  # the same flight, 40 degrees further east
        curve.truth.longitude_deg[:] = (curve.truth.longitude_deg + 40.0 + 180.0) % 360.0 - 180.0
    chart = chart_of(curves, LAND)
    assert all(np.abs(np.diff(way)).max() < 1.0 for way in chart.east_deg)
    west, east, _, _ = chart.box_deg
    assert west < chart.east_of(0, float(curves[0].truth.longitude_deg[-1])) < east
    assert any(ring[:, 0].max() > 181.0 for ring in chart.land)  # land beyond it is drawn too


@pytest.mark.parametrize("act", [export, plot])
def test_an_unknown_form_names_those_that_there_are(hop: Transmitter, tmp_path: Path, act: object) -> None:
    with pytest.raises(FlightError, match=r"choose \."):
        act(hop, "F", tmp_path / "flight.gif")  # type: ignore[operator]  # two functions of one shape
