from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracks import manifest, plan

from telemetry.errors import ManifestError, Reason
from tracking.manifest import MAX_MASS_KG, MAX_PARCELS, MAX_VOLUME_M3, Manifest, read_manifest

CSV_HEADER = "parcel,mass_kg,volume_m3,recipient\n"


def as_dict(**changes: Any) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(manifest().to_json())
    return {**content, **changes}


def with_parcels(*rows: dict[str, Any]) -> str:
    return json.dumps(as_dict(parcels=list(rows)))


def row(name: str = "P-1", mass_kg: float = 1.0, volume_m3: float = 0.01, **changes: Any) -> dict[str, Any]:
    return {"parcel": name, "mass_kg": mass_kg, "volume_m3": volume_m3, "recipient": "R", **changes}


def refusal(text: str | bytes, csv: str | None = None) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        read_manifest(text, csv)
    return caught.value


def test_it_reads_what_it_wrote() -> None:
    assert read_manifest(manifest().to_json()) == manifest()


def test_liftoff_may_be_an_iso_time() -> None:
    content = as_dict(liftoff="2026-11-23T12:00:00.25+08:00")
    del content["liftoff_ns"]
    assert read_manifest(json.dumps(content)).plan.liftoff_ns == 1_795_406_400_250_000_000


def test_parcels_may_be_csv_inside_or_beside_the_plan() -> None:
    csv = CSV_HEADER + "P-1,2.5,0.02,R-77\n\nP-2,3,0.1,R-78\n"
    content = as_dict(parcels_csv=csv)
    del content["parcels"]
    inside = read_manifest(json.dumps(content))
    del content["parcels_csv"]
    assert inside == read_manifest(json.dumps(content), csv)
    assert [(p.parcel, p.mass_kg) for p in inside.parcels] == [("P-1", 2.5), ("P-2", 3.0)]


def test_an_overfull_container_is_refused_with_the_parcel_that_broke_it() -> None:
    error = refusal(with_parcels(row("P-1", 6000), row("P-2", 4000), row("P-3", 0.5), row("P-4", 1)))
    assert error.reason is Reason.OVERFULL
    assert "parcels[2]: parcel P-3 brings the container to 10,000.500 kg, over 10,000 kg" in error.detail
    assert "all 4 parcels are 10,001.500 kg and 0.040 m3" in error.detail


def test_volume_is_checked_as_mass_is() -> None:
    error = refusal(with_parcels(row("P-1", volume_m3=119), row("P-2", volume_m3=1.001)))
    assert error.reason is Reason.OVERFULL
    assert "parcel P-2 brings the container to 120.001 m3, over 120 m3" in error.detail


@given(st.lists(st.integers(1, 999), min_size=1, max_size=60))
def test_a_container_filled_to_the_brim_is_accepted_and_a_gram_more_is_not(shares: list[int]) -> None:
    total = sum(shares)
    rows = [row(f"P-{n}", MAX_MASS_KG * s / total, MAX_VOLUME_M3 * s / total) for n, s in enumerate(shares)]
    assert len(read_manifest(with_parcels(*rows)).parcels) == len(shares)
    assert refusal(with_parcels(*rows, row("P-last", 0.001, 1e-9))).reason is Reason.OVERFULL


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("P-1"), row("P-2"), row("P-1")], "parcels[2]: parcel P-1 stands in parcels[0] already"),
        ([row("P-1"), row("P-2", -1)], "parcels[1]: parcel P-2: mass_kg"),
        ([row("P-1", 0)], "parcels[0]: parcel P-1: mass_kg"),
        ([row("P-1", volume_m3=float("inf"))], "parcels[0]: parcel P-1: volume_m3"),
        ([row("P-1", float("nan"))], "parcels[0]: parcel P-1: mass_kg"),
        ([row("P-1", recipient="")], "parcels[0]: parcel P-1: recipient"),
        ([row("P-1", description="a\x00b")], "parcels[0]: parcel P-1: description"),
        ([row("P-1", colour="red")], "parcels[0]: parcel P-1: colour"),
        ([row("../etc")], "parcels[0]: parcel '../etc' is not a name"),
        ([{"mass_kg": 1}], "parcels[0]: parcel: Field required"),
        (["P-1"], "parcels[0]"),
        ([], "0 parcels"),
        ([row(f"P-{n}", 0.1) for n in range(MAX_PARCELS + 1)], f"{MAX_PARCELS + 1} parcels"),
    ],
)
def test_a_bad_parcel_is_refused_by_name_and_row(rows: list[Any], said: str) -> None:
    error = refusal(with_parcels(*rows))
    assert error.reason is Reason.BAD_MANIFEST
    assert said in error.detail


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        (CSV_HEADER + "P-1,1,1,R\nP-2,nan,1,R\n", "line 3: parcel P-2: mass_kg"),
        (CSV_HEADER + "P-1,1,1,R\n\n\nP-1,1,1,R\n", "line 5: parcel P-1 stands in line 2 already"),
        (CSV_HEADER + "P-1,heavy,1,R\n", "line 2: parcel P-1: mass_kg"),
        (CSV_HEADER + "P-1,1,1\n", "line 2: 3 fields, the header names 4"),
        (CSV_HEADER + 'P-1,1,1,"R\n', "line 2: not CSV"),
        ("parcel,mass_kg,recipient\n", "line 1: no column 'volume_m3'"),
        ("parcel,parcel\n", "line 1: column 'parcel' stands there twice"),
        ("parcel,weight\n", "line 1: column 'weight' is none of"),
        ("", "0 parcels"),
    ],
)
def test_a_bad_line_of_csv_is_refused_by_line(csv: str, said: str) -> None:
    content = as_dict()
    del content["parcels"]
    error = refusal(json.dumps(content), csv)
    assert error.reason is Reason.BAD_MANIFEST
    assert said in error.detail


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"flight": "F/1"}, "flight 'F/1' is not a name"),
        ({"to_recovered_s": 1.0}, "must follow each other"),
        ({"to_splashdown_s": float("nan")}, "to_splashdown_s"),
        ({"liftoff_ns": 1_900_000_000}, "counts nanoseconds since 1970"),
        ({"liftoff_ns": 10**30}, "counts nanoseconds since 1970"),
        ({"liftoff": "2026-11-23T12:00:00Z"}, "not both"),
        ({"liftoff": "2026-11-23T12:00:00", "liftoff_ns": None}, "not both"),
        ({"origin": {"name": {"en": "A"}, "latitude_deg": 0, "longitude_deg": 0}}, "origin.name.zh"),
        ({"origin": {"name": {"en": "A", "zh": "B"}, "latitude_deg": 91, "longitude_deg": 0}}, "origin.latitude_deg"),
        ({"handover": "drone"}, "handover"),
        ({"parcels_csv": ""}, "give the parcels once"),
        ({"parcels": None}, "give the parcels once"),
        ({"parcels": "P-1"}, "'parcels' is not a list"),
        ({"color": 1}, "color"),
    ],
)
def test_a_bad_plan_is_refused_by_field(changes: dict[str, Any], said: str) -> None:
    assert said in refusal(json.dumps(as_dict(**changes))).detail


@pytest.mark.parametrize("liftoff", ["tomorrow", 5, "2026-11-23T12:00:00"])
def test_a_liftoff_that_is_no_time_is_refused(liftoff: object) -> None:
    content = as_dict(liftoff=liftoff)
    del content["liftoff_ns"]
    assert "liftoff" in refusal(json.dumps(content)).detail


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_noise_is_refused_and_never_raises_anything_else(noise: bytes) -> None:
    assert refusal(noise).reason is Reason.BAD_MANIFEST


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from([*as_dict(), "liftoff", "parcels_csv"]), json_values)
def test_any_value_in_any_field_is_read_or_refused(field: str, value: object) -> None:
    text = json.dumps(as_dict(**{field: value}))
    with suppress(ManifestError):
        assert isinstance(read_manifest(text), Manifest)


def test_the_landing_is_the_destination_unless_it_is_given() -> None:
    assert plan(landing=None).landing_place == plan().destination


def test_the_documented_manifest_is_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "tracking.md").read_text()
    blocks = dict(re.findall(r"```(json|csv)\n(.*?)```", text, re.DOTALL))
    given = read_manifest(blocks["json"])
    plan_alone = {name: value for name, value in json.loads(blocks["json"]).items() if name != "parcels"}
    assert read_manifest(json.dumps(plan_alone), blocks["csv"]) == given
