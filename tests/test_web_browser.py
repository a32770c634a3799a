"""The studio's page in a real browser: what a hand on mouse and keyboard brings about."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from fexgan import bundled

expect.set_options(timeout=30_000)  # machines that test may be slow
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

if not CHROMIUM and not os.environ.get("FEXGAN_REQUIRE_BROWSER"):
    pytest.skip("no chromium on this machine; apt install chromium brings it", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])


@pytest.fixture
def page(browser, studio: str) -> Iterator[Page]:
    """The studio with its first picture open; a test fails where the page's script does."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(studio)
    shown(page, "")
    yield page
    page.close()
    assert not problems


def shown(page: Page, before: str) -> str:
    """Address of the picture shown, once it is another than `before`."""
    page.wait_for_function(
        "before => shown.src.startsWith('blob:') && shown.complete && shown.src !== before", arg=before
    )
    return page.evaluate("shown.src")


def test_a_slider_changes_the_picture_and_says_how(page: Page):
    before = shown(page, "")
    page.locator("#range-joy").fill("0.8")
    shown(page, before)
    expect(page.locator("#mixture")).to_have_value("joy:0.8")
    expect(page.locator("#command")).to_have_text("fexgan transform hopper.jpg --to joy:0.8 --out hopper-edited.jpg")


def test_holding_the_picture_shows_it_as_it_was(page: Page):
    page.locator("#shown").dispatch_event("pointerdown")
    expect(page.locator("#badge")).to_be_visible()
    assert page.evaluate("shown.src").endswith("source.jpg")
    page.mouse.up()
    expect(page.locator("#badge")).to_be_hidden()
    assert page.evaluate("shown.src").startswith("blob:")


def test_named_expressions_and_typed_mixtures_move_the_sliders(page: Page):
    page.get_by_role("button", name="wry smile").click()
    assert float(page.locator("#range-joy").input_value()) > 0
    page.locator("#mixture").fill("anger:0.4+sadness:0.3")
    page.locator("#mixture").press("Enter")
    assert [page.locator(f"#range-{name}").input_value() for name in ("anger", "joy", "sadness")] == ["0.4", "0", "0.3"]
    page.get_by_role("button", name="laugh", exact=True).click()
    assert page.locator("#variant-joy").input_value() == "laugh"
    expect(page.locator("#command")).to_contain_text("--to joy.laugh:")
    page.locator("#mixture").fill("joy.closed:0.5")
    page.locator("#mixture").press("Enter")
    assert page.locator("#variant-joy").input_value() == "closed"
    page.locator("#mixture").fill("joy.giggle")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#error")).to_contain_text("variant 'joy.giggle' is unknown; choose from closed, laugh")
    page.locator("#mixture").fill("happy")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#error")).to_contain_text("affect 'happy' is unknown")


def test_ones_own_picture_is_opened_and_saved_at_its_size(page: Page, tmp_path: Path):
    own = tmp_path / "me.png"
    Image.open(bundled.pictures_path() / "collins.jpg").resize((600, 600)).save(own)
    page.locator("#file").set_input_files(own)
    expect(page.locator("#about")).to_contain_text("me.png, 600")
    with page.expect_download() as download:
        page.locator("#save").click()
    assert download.value.suggested_filename == "me-edited.png"
    assert Image.open(download.value.path()).size == (600, 600)


def test_a_picture_without_a_face_is_refused_and_the_open_one_stays(page: Page, tmp_path: Path):
    Image.new("RGB", (80, 80)).save(tmp_path / "wall.png")
    page.locator("#file").set_input_files(tmp_path / "wall.png")
    expect(page.locator("#error")).to_contain_text("no face found")
    expect(page.locator("#about")).to_contain_text("hopper.jpg")


def test_a_clip_is_made_and_plays(page: Page):
    page.locator("#keyframes").fill("0s neutral, 0.2s joy")
    page.locator("#play").click()
    expect(page.locator("#clip")).to_be_visible(timeout=60_000)
    page.wait_for_function("clip.readyState >= 2 && clip.duration > 0.15")
