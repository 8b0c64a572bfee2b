from __future__ import annotations

import json
import re
import string
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tracks import JOURNEY, LIFTOFF_NS, NS, booking, event, manifest

from telemetry.events import Event
from telemetry.vocabulary import CargoEvent, DeliveryStatus, FlightEvent, short_name
from tracking.condition import Condition, Span, Switch
from tracking.flight import Flight
from tracking.language import LANGUAGES, Language, choose_language, clock_text, words_of
from tracking.load import Booking
from tracking.manifest import Manifest
from tracking.milestones import KEPT_TYPES
from tracking.motion import Position, Sample
from tracking.page import page_of
from tracking.register import Register
from tracking.renderer import STATIC_DIR, Renderer, _script_json
from tracking.view import PublicDelivery, public_delivery

RENDERER = Renderer()
PACKAGE = STATIC_DIR.parent
RECIPIENT = "SECRET-1"
GOOD = Condition(
    temperature_k=Span(last=294.15, t_ns=1, low=292.15, high=296.15),
    shock_m_s2=Span(last=3.0, t_ns=1, low=0.0, high=30.0),
    tilt_deg=Span(last=1.0, t_ns=1, low=0.0, high=6.0),
    seal_intact=Switch(last=True, t_ns=1),
)


def state(
    until_s: float,
    *more: Event,
    of: Booking | None = None,
    condition: Condition = GOOD,
    silent_s: float = 0.0,
    heard: bool = True,
) -> PublicDelivery:
    given = of or booking(manifest())
    flight = Flight("live", "F-1")
    flight.book(given, 0)
    for one in (*(event(kind, t_s) for kind, t_s in JOURNEY if t_s <= until_s), *more):
        flight.take_event(one)
    now_ns = LIFTOFF_NS + round(until_s * NS)
    if heard:
        for ago_s in (30, 20, 10, 0):
            t_ns = now_ns - ago_s * NS
            lat, lon = 36.6 - (until_s - ago_s) * 0.039, 121.2 + (until_s - ago_s) * 0.017
            position = Position(t_ns=t_ns, latitude_deg=lat, longitude_deg=lon, altitude_m=3e5, speed_m_s=7000.0)
            flight.take_sample(Sample(t_ns, t_ns, is_telemetry=True, position=position, condition=condition))
    register = Register()
    for delivery in flight.deliveries():
        register.put(delivery)
    register.put(flight.record())
    if heard:
        register.put(flight.present.now())
    tracked = register.track(given.codes["P-1"])
    assert tracked is not None
    found = public_delivery(tracked, now_ns + round(silent_s * NS))
    assert found is not None
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_words_with_the_same_places() -> None:
    en, zh = (words_of(language).entries for language in LANGUAGES)
    assert en.keys() == zh.keys()
    assert {key: placeholders(en[key]) for key in en} == {key: placeholders(zh[key]) for key in zh}


def test_chinese_words_are_chinese() -> None:
    latin = {key for key, text in words_of("zh").entries.items() if text and not re.search(r"[\u4e00-\u9fff]", text)}
    assert latin == {"brand", "title.track", "condition.limit", "unit.celsius", "unit.g", "unit.deg"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_can_happen_has_words(language: Language) -> None:
    words = words_of(language)
    for status in DeliveryStatus:
        assert words(f"status.{status.value}")
        assert f"tells.{status.value}" in words.entries
    assert all(f"update.{short_name(kind)}" in words.entries for kind in KEPT_TYPES)


def keys_of(source: str) -> Iterator[str]:
    yield from re.findall(r"""words\(\s*"([a-z_.]+)\"""", source)


def test_a_word_that_is_asked_for_is_there() -> None:
    asked = set(keys_of((PACKAGE / "page.py").read_text()))
    for path in (PACKAGE / "templates").iterdir():
        asked |= set(keys_of(path.read_text()))
    assert len(asked) > 20
    assert asked <= set(words_of("en").entries)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("until_s", [-60, -30, 0, 200, 1000, 1800, 2100, 2300])
def test_every_state_has_a_page_and_an_update(until_s: float, language: Language) -> None:
    delivery = state(until_s)
    html = RENDERER.track(delivery, language)
    assert words_of(language)(f"status.{delivery.status.value}") in html
    update = json.loads(RENDERER.update(delivery, language))
    assert update["status"] == delivery.status.value
    for part in update["parts"].values():
        assert part.strip() in html


@pytest.mark.parametrize("kind", [*FlightEvent, *CargoEvent])
def test_every_event_has_a_line(kind: FlightEvent | CargoEvent) -> None:
    RENDERER.track(state(1000, event(kind, 900, ordinal=1), event(kind, 901, ordinal=2, status="retracted")), "zh")


@pytest.mark.parametrize("status", DeliveryStatus)
def test_every_status_has_a_page(status: DeliveryStatus) -> None:
    html = RENDERER.track(state(2300, event(status, 3000, vehicle="P-1")), "en")
    assert "<h1" in html


def test_the_recipient_is_nowhere() -> None:
    delivery = state(2300)
    assert RECIPIENT not in delivery.model_dump_json()
    for language in LANGUAGES:
        assert RECIPIENT not in RENDERER.track(delivery, language)
        assert RECIPIENT not in RENDERER.update(delivery, language)


def test_what_a_shipper_wrote_is_text_and_never_markup() -> None:
    evil = "<script>alert(1)</script>\"'&{{7*7}}</script>"
    given = booking(manifest())
    parcels = tuple(p.model_copy(update={"description": evil}) for p in given.manifest.parcels)
    html = RENDERER.track(
        state(0, of=given.model_copy(update={"manifest": Manifest(plan=given.manifest.plan, parcels=parcels)})), "en"
    )
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html
    assert "{{7*7}}" in html


@given(st.text(max_size=60))
def test_what_a_visitor_asked_for_is_text_and_never_markup(asked: str) -> None:
    html = RENDERER.find("en", asked=f"<b>{asked}", missing=True)
    assert "<b>" not in html


def test_no_page_asks_for_anything_from_elsewhere_or_needs_inline_code() -> None:
    for html in (RENDERER.track(state(1000), "en"), RENDERER.find("zh"), RENDERER.find("en", asked="X", missing=True)):
        assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", html)
        assert not re.findall(r"\s(?:style|on[a-z]+)=", html)
        assert all("src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_the_data_for_the_script_is_json_even_inside_html() -> None:
    html = RENDERER.track(state(1000), "zh")
    found = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    assert data["clock"]["rate"] == 1.0
    assert data["words"]["unit.min"] == "{value} 分钟"


def test_nothing_in_the_data_for_the_script_can_end_its_element() -> None:
    text = _script_json({"a": "</script><!--&"})
    assert not {"<", ">", "&"} & set(text)
    assert json.loads(text) == {"a": "</script><!--&"}


def test_the_page_says_how_sure_the_time_is() -> None:
    page = page_of(state(1000), words_of("en"))
    assert page.main is not None
    assert page.main.text == clock_text(2400 - 1000)
    assert page.sigma == "give or take 4 min"
    assert page.basis == "from the actual liftoff"
    assert page.next is not None
    assert (page.next.label, page.next.text) == ("Landing in", "0:13:20")


def test_the_page_says_how_old_the_signal_is() -> None:
    words = words_of("en")
    assert page_of(state(1000), words).signal.state == "fresh"
    assert page_of(state(1000, silent_s=12), words).signal.text == "Last signal 12 s ago"
    assert page_of(state(1000, silent_s=600), words).signal.text == "No signal for 10 min"
    assert page_of(state(-60, heard=False), words).signal.state == "never"
    assert page_of(state(2300), words).signal.state == "ended"


def test_condition_in_words() -> None:
    gauges = {gauge.icon: gauge for gauge in page_of(state(1000), words_of("en")).gauges}
    assert (gauges["temperature"].value, gauges["temperature"].level) == ("21 °C", "ok")
    assert gauges["temperature"].tells == "between 19 °C and 23 °C so far"
    assert (gauges["shock"].value, gauges["shock"].tells) == ("3.1 g", "Softer than a parcel van on a cobbled road.")
    assert gauges["seal"].value == "Intact"


def test_a_limit_and_a_broken_seal_are_told_plainly() -> None:
    hot = event(CargoEvent.TEMPERATURE, 900, values={"level": "critical"})
    page = page_of(state(1000, hot, event(CargoEvent.SEAL_BROKEN, 950)), words_of("en"))
    gauges = {gauge.icon: gauge for gauge in page.gauges}
    assert (gauges["temperature"].level, gauges["temperature"].level_text) == ("critical", "Far over the limit")
    assert (gauges["seal"].value, gauges["seal"].level) == ("Broken", "critical")
    assert page.limits == ("Temperature: Far over the limit",)


def test_a_seal_opened_on_arrival_is_good() -> None:
    opened = GOOD.model_copy(update={"seal_intact": Switch(last=False, t_ns=2)})
    gauges = {gauge.icon: gauge for gauge in page_of(state(2300, condition=opened), words_of("en")).gauges}
    assert (gauges["seal"].value, gauges["seal"].level) == ("Open", "ok")


def test_no_figures_are_made_up() -> None:
    page = page_of(state(-60, heard=False), words_of("en"))
    assert {gauge.level for gauge in page.gauges} == {"none"}
    assert page.progress.at is None
    assert page.progress.flown == ""


@given(st.text(max_size=40), st.text(max_size=80))
def test_any_header_gives_a_language(wanted: str, accepted: str) -> None:
    assert choose_language(wanted, accepted) in LANGUAGES


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("zh-CN,zh;q=0.9", "zh"), ("en-US,zh;q=0.9", "en"), ("de", "en"), ("zh;q=0", "en"), ("zh;q=x,en;q=0.1", "en")],
)
def test_the_best_language_of_a_visitor_counts(accepted: str, language: Language) -> None:
    assert choose_language(None, accepted) == language
