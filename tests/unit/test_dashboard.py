"""Mission control's dashboard as it is built, committed and published."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import pytest
from pydantic import SecretStr

from dashboards.channels import COLOURS, GOOD, GRAFANA_UNITS, aggregates
from dashboards.influxql import DATASOURCE_UID
from dashboards.mission_control import build
from dashboards.publish import View, dashboard_url, datasource, publish
from dashboards.render import PROVISIONED, render
from runtime.settings import GrafanaSettings, InfluxSettings
from telemetry.channels import UNITS, Channel, Limit
from telemetry.dictionary import built_in
from telemetry.errors import SettingsError, TransientError

RENDER = "python -c 'from dashboards.render import render; render()'"
VIEW = View("live", "YX1-7", 1_000_000_001, 2_000_000_001)


def panels() -> list[dict[str, Any]]:
    return [panel for panel in build()["panels"] if panel["type"] != "row"]


def queries() -> list[str]:
    return [target["query"] for panel in panels() for target in panel["targets"]]


def colour_at(panel: dict[str, Any], value: float) -> str:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    reached = [step["color"] for step in steps if step["value"] is None or value >= step["value"]]
    found: str = reached[-1]
    return found


def test_the_committed_file_is_the_build() -> None:
    assert json.loads(PROVISIONED.read_text(encoding="utf-8")) == build(), f"run: {RENDER}"


def test_rendering_writes_the_same_text_each_time(tmp_path: Any) -> None:
    first, second = render(tmp_path / "a.json"), render(tmp_path / "b.json")
    assert first.read_text(encoding="utf-8") == second.read_text(encoding="utf-8")


def test_every_unit_of_the_dictionaries_has_one_of_grafana() -> None:
    assert set(GRAFANA_UNITS) == UNITS


def test_every_channel_with_limits_has_a_panel_with_the_colours_of_its_limits() -> None:
    severity = [GOOD, *COLOURS.values()]
    limited = [channel for _, channel in built_in("yuanxing-1").channels() if channel.limits]
    assert limited
    for channel in limited:
        (panel,) = [each for each in panels() if f'("{channel.name}")' in each["targets"][0]["query"]]
        edges = sorted(limit.above or limit.below or 0 for limit in channel.limits)
        between = [(low + high) / 2 for low, high in itertools.pairwise([edges[0] - 10, *edges, edges[-1] + 10])]
        for value in between:
            passed = [
                COLOURS[limit.level]
                for limit in channel.limits
                if (limit.above is not None and value > limit.above)
                or (limit.below is not None and value < limit.below)
            ]
            assert colour_at(panel, value) == max([GOOD, *passed], key=severity.index), (channel.name, value)


def test_a_limit_is_written_once_in_the_dictionary() -> None:
    dictionary = built_in("yuanxing-1")
    tilt = dictionary.packets["cargo"].channel("tilt_deg")
    steeper = tilt.model_copy(update={"limits": (Limit(level="critical", above=50, clear=40),)})
    channels = tuple(steeper if each is tilt else each for each in dictionary.packets["cargo"].channels)
    cargo = dictionary.packets["cargo"].model_copy(update={"channels": channels})
    other = dictionary.model_copy(update={"packets": dictionary.packets | {"cargo": cargo}})
    (panel,) = [each for each in build((other,))["panels"] if each["title"] == "Tilt"]
    assert (colour_at(panel, 45), colour_at(panel, 51)) == (GOOD, "red")


def test_an_average_never_hides_a_limit() -> None:
    above, below = Limit(level="watch", above=5, clear=4), Limit(level="watch", below=1, clear=2)
    channel = Channel(name="tilt_deg", raw="i16", description="")
    assert aggregates(channel) == ("mean",)
    assert aggregates(channel.model_copy(update={"limits": (above,)})) == ("max",)
    assert aggregates(channel.model_copy(update={"limits": (above, below)})) == ("max", "min")


def test_gaps_are_not_drawn_over() -> None:
    for panel in panels():
        if panel["type"] == "timeseries":
            assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False, panel["title"]
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        for target in panel["targets"]:
            if "time($__interval)" in target["query"]:
                assert panel["interval"], panel["title"]
                breaks = panel["type"] == "geomap" or "insertNulls" in panel["fieldConfig"]["defaults"]["custom"]
                counted = "count(" in target["query"]
                wanted = "fill(0)" if counted else "fill(none)" if breaks else "fill(null)"
                assert target["query"].endswith(wanted), panel["title"]


def test_an_interval_holds_at_least_one_sample() -> None:
    dictionary = built_in("yuanxing-1")
    for panel in panels():
        for target in panel["targets"]:
            source = re.search(r'FROM "(\w+)"', target["query"])
            if source is None or source[1] not in dictionary.packets or "$__interval" not in target["query"]:
                continue
            number, unit = re.fullmatch(r"(\d+)(ms|s)", panel["interval"]).groups()  # type: ignore[union-attr]  # or fail
            length_s = int(number) / (1000 if unit == "ms" else 1)
            assert length_s * dictionary.packets[source[1]].rate_hz >= 2, panel["title"]


def test_grafana_does_not_spoil_the_queries() -> None:
    for query in queries():
        assert "'$run'" in query
        assert "'$flight'" in query
        assert not re.search(r"/.*\$(run|flight).*/", query), (
            f"its value would be escaped as in a regular expression: {query}"
        )
    board = build()
    asked = [each["target"]["query"] for each in board["annotations"]["list"]]
    asked += [each["query"] for each in board["templating"]["list"]]
    assert not any("'$" in query for query in asked), "the value is escaped here, so it must stand in an expression"


def test_panels_have_their_own_numbers_and_places() -> None:
    everything = build()["panels"]
    assert len({panel["id"] for panel in everything}) == len(everything)
    taken: set[tuple[int, int]] = set()
    for panel in everything:
        place = panel["gridPos"]
        cells = set(
            itertools.product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"]))
        )
        assert max(x for x, _ in cells) < 24
        assert not cells & taken, panel["title"]
        taken |= cells
    for panel in panels():
        assert panel["pluginVersion"] == "12.2.0"
        assert panel["datasource"]["uid"] == DATASOURCE_UID
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_the_map_needs_no_internet() -> None:
    (ground,) = [panel for panel in panels() if panel["type"] == "geomap"]
    assert ground["options"]["basemap"]["type"] == "geojson"
    assert ground["options"]["basemap"]["config"]["src"].startswith("public/")
    assert ground["options"]["view"]["layer"] == ground["options"]["layers"][0]["name"]
    assert "http" not in json.dumps(ground)


@pytest.mark.parametrize(
    ("base", "start"),
    [
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000/d/"),
        ("https://ops.example/grafana/", "https://ops.example/grafana/d/"),
    ],
)
def test_an_address_shows_the_whole_flight(base: str, start: str) -> None:
    url = dashboard_url(base, VIEW)
    assert url.startswith(start)
    assert url.endswith("?var-run=live&var-flight=YX1-7&from=1000&to=2001")


def test_the_token_is_kept_among_the_secrets() -> None:
    content = datasource(InfluxSettings(token=SecretStr("t0p"), bucket="b"))
    assert content["uid"] == DATASOURCE_UID
    assert content["jsonData"]["dbName"] == "b"
    assert content["secureJsonData"] == {"httpHeaderValue1": "Token t0p"}
    assert "t0p" not in json.dumps(content["jsonData"])


async def test_publishing_says_what_is_missing() -> None:
    with pytest.raises(SettingsError, match="DOWNRANGE_GRAFANA_URL"):
        await publish(GrafanaSettings(), InfluxSettings(), VIEW)
    nobody = GrafanaSettings(url="http://127.0.0.1:1")
    with pytest.raises(TransientError, match=re.escape("no Grafana at http://127.0.0.1:1: start it")):
        await publish(nobody, InfluxSettings(), VIEW)
