"""The tracking page in a real Chromium, fed by a real Kafka: what a customer sees."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from browser import DESKTOP, PHONE, open_browser, visit
from flown import new_flight, publish
from playwright.async_api import Browser, expect
from sites import RunningSite, happen, site, site_settings
from tracks import JOURNEY, event, manifest, telemetry

from telemetry.vocabulary import DeliveryStatus
from tracking.booking import book

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIVE_MS = 30_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(kafka_bootstrap: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSite]:
    async with site(site_settings(kafka_bootstrap), tmp_path_factory.mktemp("track")) as found:
        yield found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as found:
        yield found


async def booked(here: RunningSite, **changes: Any) -> tuple[str, str, str]:
    """Book a flight of its own; returns its name, a code and the page's address."""
    flight = new_flight()
    codes = dict(await book(here.settings, manifest(flight, count=2, **changes)))
    return flight, codes["P-1"], f"{here.address}/t/{codes['P-1']}"


def journey(flight: str, until_s: float) -> list[Any]:
    return [event(kind, t_s, flight=flight) for kind, t_s in JOURNEY if t_s <= until_s]


async def test_the_page_follows_the_parcel_while_it_is_looked_at(here: RunningSite, browser: Browser) -> None:
    flight, _, address = await booked(here)
    async with visit(browser, f"{address}?lang=en") as seen:
        page = seen.page
        await expect(page.get_by_role("heading", level=1)).to_have_text("Booked")
        await expect(page.locator("#signal")).to_have_text("No signal from the rocket yet")
        await expect(page.locator("#map .ship")).to_have_count(0)

        await publish(here.settings.kafka, telemetry(flight, 150, 190))
        await happen(here.settings, journey(flight, 165))
        await expect(page.get_by_role("heading", level=1)).to_have_text("In flight", timeout=LIVE_MS)
        await expect(page.locator("#announce")).to_contain_text("In flight")
        await expect(page.locator("#map .ship")).to_have_count(1, timeout=LIVE_MS)
        await expect(page.locator("#figures")).to_contain_text("Altitude", timeout=LIVE_MS)
        await expect(page.locator('[aria-current="step"]')).to_contain_text("In flight")
        await expect(page.locator("#updates")).to_contain_text("Booster separated")
        await expect(page).to_have_title(re.compile("^In flight · " + await page.locator(".code").inner_text()))

        await happen(here.settings, journey(flight, 2300))
        await expect(page.get_by_role("heading", level=1)).to_have_text("Out for delivery", timeout=LIVE_MS)
        await expect(page.locator("#signal")).to_have_text("The flight has ended")
        door = f"/v1/flights/{flight}/parcels/P-1/status"
        assert (await here.visitor.post(door, json={"status": "delivered"})).status_code == 200
        await expect(page.get_by_role("heading", level=1)).to_have_text("Delivered", timeout=LIVE_MS)

        assert seen.complaints == []
        assert all(url.startswith(here.address) for url in seen.asked), seen.asked


@pytest.mark.parametrize(("query", "locale"), [("?lang=zh", "en-US"), ("", "zh-CN")])
async def test_the_page_speaks_chinese(here: RunningSite, browser: Browser, query: str, locale: str) -> None:
    flight, _, address = await booked(here)
    await happen(here.settings, journey(flight, 0))
    async with visit(browser, address + query, locale=locale) as seen:
        page = seen.page
        await expect(page.get_by_role("heading", level=1)).to_have_text("已起飞", timeout=LIVE_MS)
        await expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        text = await page.locator("body").inner_text()
        for word in ("火箭已离开山东海阳", "全程进度", "货舱状况", "尚未收到火箭信号", "塔斯曼海", "悉尼", "千克"):
            assert word in text
        for word in ("Booked", "Liftoff", "Sydney", "Haiyang", "Landing in"):
            assert word not in text
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Lifted off")
        assert seen.complaints == []


async def test_the_countdown_runs_on_the_flights_own_clock(here: RunningSite, browser: Browser) -> None:
    flight, _, address = await booked(here)
    await happen(here.settings, journey(flight, 165))
    await publish(here.settings.kafka, telemetry(flight, 100, 300, rate=20.0))
    async with visit(browser, f"{address}?lang=en") as seen:
        page = seen.page
        await expect(page.locator("#map .ship")).to_have_count(1, timeout=LIVE_MS)
        await publish(here.settings.kafka, telemetry(flight, 300, 320, rate=20.0))
        shown_s = """() => new Promise((resolve) => {
            const read = () => {
                const [h, m, s] = document.querySelector(".eta .count").textContent.split(":").map(Number);
                return h * 3600 + m * 60 + s;
            };
            const seen = [[performance.now(), read()]];
            const timer = setInterval(() => {
                seen.push([performance.now(), read()]);
                if (seen.length > 15) { clearInterval(timer); resolve(seen); }
            }, 200);
        })"""
        seen_s = await page.evaluate(shown_s)
        left = [entry[1] for entry in seen_s]
        assert left == sorted(left, reverse=True)
        wall_s = (seen_s[-1][0] - seen_s[0][0]) / 1000
        assert (left[0] - left[-1]) / wall_s == pytest.approx(20, rel=0.35)
        # the clock of an accelerated flight stands still once nothing is heard
        await expect(page.locator("#signal")).to_contain_text("No signal for", timeout=LIVE_MS)


async def test_a_page_that_loses_the_service_says_so_and_comes_back(
    kafka_bootstrap: str, tmp_path: Path, browser: Browser
) -> None:
    settings = site_settings(kafka_bootstrap)
    async with site(settings, tmp_path) as first:
        flight, _, address = await booked(first)
        async with visit(browser, f"{address}?lang=en") as seen:
            page = seen.page
            await expect(page.locator("#signal")).to_have_text("No signal from the rocket yet")
            await first.process.kill()
            await expect(page.locator("#signal")).to_have_text("Connection lost, trying again", timeout=LIVE_MS)
            async with site(settings, tmp_path):
                await happen(settings, journey(flight, 0))
                await expect(page.get_by_role("heading", level=1)).to_have_text("Lifted off", timeout=LIVE_MS)
                await expect(page.locator("#signal")).to_have_text("No signal from the rocket yet")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
async def test_it_fits_the_screen(here: RunningSite, browser: Browser, size: dict[str, int], language: str) -> None:
    flight, _, address = await booked(here)
    await publish(here.settings.kafka, telemetry(flight, 100, 130))
    await happen(here.settings, journey(flight, 1000))
    for page_address in (f"{address}?lang={language}", f"{here.address}/t/nope?lang={language}"):
        async with visit(browser, page_address, viewport=size) as seen:
            wide = await seen.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert wide <= 0
            outside = await seen.page.evaluate(
                """() => [...document.querySelectorAll("h1, p, dd, dt, time, a, button, li")]
                    .filter((e) => e.getClientRects().length && !e.closest(".unseen, .skip"))
                    .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
                    .map((e) => e.outerHTML.slice(0, 80))"""
            )
            assert outside == []


async def test_it_can_be_heard(here: RunningSite, browser: Browser) -> None:
    _, _, address = await booked(here)
    async with visit(browser, f"{address}?lang=en") as seen:
        page = seen.page
        for role in ("banner", "main", "contentinfo"):
            await expect(page.get_by_role(role)).to_have_count(1)
        await expect(page.get_by_role("navigation", name="Language")).to_have_count(1)
        for name in ("Booked", "The journey", "In the container", "All updates", "Your parcel"):
            await expect(page.get_by_role("region", name=name)).to_have_count(1)
        globe = page.get_by_role("img", name="Globe with the route from Haiyang, Shandong to Sydney")
        await expect(globe).to_have_count(1)
        await expect(page.get_by_role("status")).to_have_attribute("aria-live", "polite")
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the status of the parcel")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_stands_out_from_its_ground(here: RunningSite, browser: Browser, scheme: str) -> None:
    flight, _, address = await booked(here)
    await happen(here.settings, journey(flight, 165))
    async with visit(browser, f"{address}?lang=en", color_scheme=scheme) as seen:
        await expect(seen.page.get_by_role("heading", level=1)).to_have_text("In flight", timeout=LIVE_MS)
        weak = await seen.page.evaluate(
            """() => {
                const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
                const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
                    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
                    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
                const ground = (element) => {
                    // the bar lies over the hero
                    const first = element.closest(".bar") ? document.querySelector(".hero") : element;
                    for (let e = first; e; e = e.parentElement) {
                        const [r, g, b, a = 1] = rgb(getComputedStyle(e).backgroundColor);
                        if (a > 0.9) return [r, g, b];
                    }
                    return [255, 255, 255];
                };
                return [...document.querySelectorAll("h1, h2, p, dt, dd, time, .step-name, .level, .where, a, button")]
                    .filter((e) => e.innerText?.trim() && !e.closest(".skip"))
                    .map((e) => {
                        const pair = [light(rgb(getComputedStyle(e).color)), light(ground(e))].sort((a, b) => b - a);
                        return [(pair[0] + 0.05) / (pair[1] + 0.05), e.outerHTML.slice(0, 80)];
                    })
                    .filter(([contrast]) => contrast < 4.5);
            }"""
        )
        assert weak == []


async def test_without_javascript_the_moment_is_shown(here: RunningSite, browser: Browser) -> None:
    _, code, address = await booked(here)
    async with visit(browser, f"{address}?lang=en", java_script_enabled=False) as seen:
        await expect(seen.page.get_by_role("heading", level=1)).to_have_text("Booked")
        await expect(seen.page.locator(".planned")).to_have_count(2)
    assert (await here.state(code))["status"] == DeliveryStatus.BOOKED.value


async def test_a_wrong_code_leads_to_help_and_from_there_to_the_parcel(here: RunningSite, browser: Browser) -> None:
    _, code, _ = await booked(here)
    async with visit(browser, f"{here.address}/t/{code[:-1]}?lang=en") as seen:
        page = seen.page
        await expect(page.get_by_role("heading", level=1)).to_have_text("We do not know this code")
        await page.get_by_role("textbox").fill(code.lower())
        await page.get_by_role("button", name="Track").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Booked")
