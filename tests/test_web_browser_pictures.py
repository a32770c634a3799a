"""Pictures and faces in the studio's page, in a real browser: how they are opened, pointed at and opened again."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pytest
from browsing import failing_with_its_script, shown
from PIL import ExifTags, Image
from playwright.sync_api import Page, Route, expect

from fexgan import bundled


def test_the_picture_chosen_last_is_opened_in_whatever_order_answers_come(page: Page):
    page.evaluate(
        """() => {
            const fetched = window.fetch;
            window.late = new Promise((arrive) => {
                window.fetch = async (path, options) => {
                    const answer = await fetched(path, options);
                    if (!path.includes("collins")) return answer;
                    if (options) setTimeout(arrive, 500);  // its picture was sent in spite of all
                    else await new Promise((go) => { window.go = go; });
                    return answer;
                };
            });
        }"""
    )
    page.get_by_title("collins.jpg").click()
    page.get_by_title("clay.jpg").click()
    expect(page.locator("#about")).to_contain_text("clay.jpg")
    page.evaluate("(window.go(), window.late)")
    expect(page.locator("#about")).to_contain_text("clay.jpg")
    expect(page.locator("#stage")).to_have_attribute("aria-busy", "false")


def test_a_picture_is_opened_from_the_keyboard_and_sliders_are_wide_enough_for_fingers(page: Page):
    page.evaluate("file.addEventListener('click', (event) => { event.preventDefault(); window.asked = true; })")
    page.locator("#choose").press("Enter")
    page.wait_for_function("window.asked")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.locator("#range-joy").bounding_box()["width"] > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


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
    asked = "wall.png: no face found in the picture; click the eye on the left"
    expect(page.locator("#guide-text")).to_have_text(asked)
    expect(page.locator("#opened")).to_have_text("wall.png, 80 \u00d7 80 px")
    assert page.locator("#error").is_hidden() and page.evaluate("shown.src === state.pointing.address")
    of_the_open_one = (
        "save",
        "units",
        "sheet",
        "play",
        "add",
        "recording",
        "range-joy",
        "mixture",
        "reset",
        "keyframes",
    )
    for name in of_the_open_one:
        expect(page.locator(f"#{name}")).to_be_disabled()
    for name in ("source", "command", "sheet-command", "clip-command", "by-hand", "crowd"):
        expect(page.locator(f"#{name}")).to_be_hidden()
    page.locator("#guide-end").click()
    expect(page.locator("#guide")).to_be_hidden()
    expect(page.locator("#opened")).to_have_text("hopper.jpg, 512 \u00d7 600 px,")
    assert page.evaluate("shown.src === state.look") and page.locator("#source").is_visible()
    for name in of_the_open_one:
        expect(page.locator(f"#{name}")).to_be_enabled()


def click_at(page: Page, *points: tuple[float, float]) -> None:
    """Click on places of the picture shown, in its own pixels."""
    page.wait_for_function("state.pointing && state.pointing.isShown")
    for x, y in points:
        box = page.locator("#shown").bounding_box()
        scale = box["width"] / page.evaluate("shown.naturalWidth")
        page.mouse.click(box["x"] + x * scale, box["y"] + y * scale)


def test_three_clicks_tell_where_a_face_is_that_is_not_found(page: Page, tmp_path: Path):
    turned = tmp_path / "slab.jpg"
    rotated = Image.Exif()
    rotated[ExifTags.Base.Orientation] = 6
    Image.new("RGB", (400, 300), (120, 130, 150)).save(turned, exif=rotated)  # seen upright, 300 wide
    page.locator("#file").set_input_files(turned)
    expect(page.locator("#guide")).to_be_visible()
    click_at(page, (200, 150), (100, 150), (150, 240))  # the other eye first
    expect(page.locator("#about")).to_contain_text("slab.jpg, 300 \u00d7 400 px")
    expect(page.locator("#guide")).to_be_hidden()
    shown(page, "")
    shown_at = page.locator("#shown").bounding_box()
    assert shown_at["height"] / shown_at["width"] == pytest.approx(4 / 3, abs=0.01)
    points = page.evaluate("state.picture.points")
    assert np.allclose([[float(x) for x in one.split(",")] for one in points.split()],
                       [[99.5, 149.5], [199.5, 149.5], [149.5, 239.5]], atol=1.5)  # fmt: skip
    expect(page.locator("#command")).to_contain_text(f"--points {points} --out slab-edited.jpg")
    square = page.locator("div.box").bounding_box()
    assert abs(square["x"] + square["width"] / 2 - shown_at["x"] - shown_at["width"] / 2) < 4
    page.locator("#by-hand").click()
    click_at(page, (148, 150), (152, 150), (150, 154))
    told = r"slab.jpg: face of the points is \d px wide; give one of at least 32 px; click the eye on the left"
    expect(page.locator("#guide-text")).to_have_text(re.compile(told))
    assert page.locator("#error").is_hidden()


def test_keys_tell_where_a_face_is_that_is_not_found(page: Page, tmp_path: Path):
    Image.new("RGB", (300, 300), (120, 130, 150)).save(tmp_path / "slab.png")
    page.locator("#file").set_input_files(tmp_path / "slab.png")
    page.wait_for_function("state.pointing && state.pointing.isShown")
    assert page.evaluate("document.activeElement === shown")
    per_px = 300 / page.locator("#shown").bounding_box()["width"]
    page.keyboard.press("Enter")  # shows the cross, in the middle
    expect(page.locator(".cross")).to_be_visible()
    assert page.evaluate("state.pointing.points.length") == 0
    for keys in ([*["Shift+ArrowLeft"] * 3, "ArrowUp", "Enter"], ["Shift+ArrowRight"] * 6, ["Enter"],
                 [*["Shift+ArrowLeft"] * 3, *["Shift+ArrowDown"] * 6, "Enter"]):  # fmt: skip
        for key in keys:
            page.keyboard.press(key)
    expect(page.locator("#guide")).to_be_hidden()
    points = [[float(x) for x in one.split(",")] for one in page.evaluate("state.picture.points").split()]
    middle = np.array([149.5, 149.5])
    moved = per_px * np.array([[-60, -2], [60, -2], [0, 118]])
    assert np.allclose(points, middle + moved, atol=0.2)
    assert page.evaluate("document.activeElement.id") == "by-hand"
    page.keyboard.press("Enter")
    expect(page.locator("#guide-text")).to_have_text("slab.png: click the eye on the left")
    assert page.locator("#shown").get_attribute("tabindex") == "0"
    page.keyboard.press("Escape")
    expect(page.locator("#guide")).to_be_hidden()
    assert page.locator("#shown").get_attribute("tabindex") is None


def open_two_faces(page: Page, path: Path) -> None:
    """Make a picture of two faces at `path`, and open it."""
    two = Image.new("RGB", (1024, 600))
    for left, name in ((0, "hopper.jpg"), (512, "collins.jpg")):
        two.paste(Image.open(bundled.pictures_path() / name), (left, 0))
    two.save(path)
    page.locator("#file").set_input_files(path)


def test_of_several_faces_one_is_clicked_on_or_all_are_taken(page: Page, tmp_path: Path):
    expect(page.locator("#crowd")).to_be_hidden()
    open_two_faces(page, tmp_path / "two.png")
    expect(page.locator("#crowd")).to_be_visible()
    expect(page.locator("#crowd-text")).to_contain_text("2 faces: click on the one that is meant")
    pressed = page.locator(".box[aria-pressed=true]")
    for _ in range(2):  # a second click changes nothing
        page.locator(".box").nth(1).click()
        expect(pressed).to_have_count(1)
        expect(page.locator("#all")).to_have_attribute("aria-pressed", "false")
    assert page.locator("#source").is_editable()
    page.locator("#all").click()
    expect(pressed).to_have_count(2)
    expect(page.locator("#all")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#source")).to_have_value("several")
    assert not page.locator("#source").is_editable()
    page.locator(".box").nth(0).click()
    expect(pressed).to_have_count(1)
    expect(page.locator("#source")).not_to_have_value("several")
    assert page.locator("#source").is_editable()


def test_the_square_of_a_single_face_is_shown_and_lets_the_picture_be_held(page: Page):
    expect(page.locator("div.box")).to_have_count(1)
    box = page.locator("div.box").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    expect(page.locator("#badge")).to_be_visible()
    page.mouse.up()


def test_what_a_face_shows_can_be_said_and_is_then_taken_out(page: Page):
    before = shown(page, "")
    expect(page.locator("#source")).to_have_value("neutral")
    page.locator("#range-anger").fill("0.9")
    before = shown(page, before)
    page.locator("#source").fill("joy")
    page.locator("#source").press("Enter")
    shown(page, before)
    expect(page.locator("#mixture")).to_have_value("anger:0.9")
    expect(page.locator("#command")).to_contain_text("--to anger:0.9 --source-affect joy --out")
    page.locator("#reset").click()
    expect(page.locator("#mixture")).to_have_value("joy")
    page.locator("#source").fill("joy:0.5 + fear:0.5")
    page.locator("#source").press("Enter")
    expect(page.locator("#command")).to_contain_text("--source-affect 'joy:0.5 + fear:0.5'")
    page.locator("#source").fill("joy")
    page.locator("#source").press("Enter")
    expect(page.locator("#source")).to_have_value("joy")
    page.locator("#source").fill("happy")
    page.locator("#source").press("Enter")
    expect(page.locator("#error")).to_contain_text("affect 'happy' is unknown")
    expect(page.locator("#source")).to_have_value("joy")
    page.locator("#source").fill("")
    page.locator("#source").press("Enter")
    expect(page.locator("#source")).to_have_value("neutral")
    expect(page.locator("#mixture")).to_have_value("neutral")  # the sliders rested at what the face showed
    expect(page.locator("#command")).not_to_contain_text("--source-affect")


def forget(studio: str) -> None:
    """Have the server let go of all pictures that lie open, as when it is started anew."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("fexgan.web.desk.MOST_OPEN", 1)
        another = (bundled.pictures_path() / "clay.jpg").read_bytes()
        urlopen(Request(f"{studio}/api/pictures?name=clay.jpg", another)).close()


def test_a_picture_that_the_server_let_go_is_opened_again_as_it_was(page: Page, studio: str, tmp_path: Path):
    open_two_faces(page, tmp_path / "two.png")
    expect(page.locator("#opened")).to_contain_text("two.png")
    page.locator(".box").nth(1).click()
    page.locator("#source").fill("fear")
    page.locator("#source").press("Enter")
    expect(page.locator("#command")).to_contain_text("--source-affect fear")
    page.locator("#mixture").fill("anger:0.7")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#range-anger")).to_have_value("0.7")
    before = page.evaluate("state.picture.key")
    saved = urlopen(f"{studio}/api/pictures/{before}/save.png?mixture=anger:0.7&face=1").read()
    page.wait_for_function("!state.busy")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/pictures" in request.url else None)
    forget(studio)
    with page.expect_download() as download:
        page.locator("#save").click()
    assert Path(download.value.path()).read_bytes() == saved
    assert len([url for url in asked if "/api/pictures?" in url]) == 1
    assert page.evaluate("state.picture.key") != before and page.evaluate("state.face") == 1
    for name, value in (("source", "fear"), ("mixture", "anger:0.7"), ("range-anger", "0.7")):
        expect(page.locator(f"#{name}")).to_have_value(value)
    assert page.locator("#error").is_hidden()


def test_whatever_is_asked_of_a_picture_that_was_let_go_is_answered(page: Page, studio: str):
    page.locator("#keyframes").fill("0s neutral, 0.1s joy")
    opened: list[str] = []
    page.on("request", lambda request: opened.append(request.url) if "/api/pictures?" in request.url else None)

    def take(name: str) -> None:
        with page.expect_download():
            page.locator(f"#{name}").click()

    def slide() -> None:
        before = shown(page, "")
        page.locator("#range-joy").fill("0.6")
        shown(page, before)

    def say() -> None:
        page.locator("#source").fill("sadness")
        page.locator("#source").press("Enter")
        expect(page.locator("#command")).to_contain_text("--source-affect sadness")

    def hold() -> None:
        page.locator("#shown").dispatch_event("pointerdown")
        page.wait_for_function("shown.src.endsWith('source.jpg') && shown.complete && shown.naturalWidth")
        page.mouse.up()

    def play() -> None:
        page.locator("#play").click()
        expect(page.locator("#clip")).to_be_visible()

    ways = {"a slider": slide, "what it shows": say, "holding": hold, "a sheet": lambda: take("sheet"), "a clip": play}
    for count, (way, ask) in enumerate(ways.items(), start=1):
        page.wait_for_function("!state.busy")
        forget(studio)
        ask()
        assert len(opened) == count and page.locator("#error").is_hidden(), way


def test_a_picture_that_cannot_be_opened_again_is_told_of_and_is_tried_but_once(page: Page, studio: str):
    opened: list[Route] = []

    def answer(route: Route) -> None:
        opened.append(route)
        route.fulfill(status=201, json={"key": "elsewhere"})  # which then is not open either

    page.route("**/api/pictures?*", answer)
    forget(studio)
    page.locator("#sheet").click()
    expect(page.locator("#error")).to_have_text("the picture is no longer open; open it again")
    assert len(opened) == 1
    page.unroute("**/api/pictures?*")
    page.route("**/api/pictures?*", lambda route: route.abort())
    page.evaluate("error.hidden = true")
    page.locator("#range-joy").fill("0.6")
    expect(page.locator("#error")).to_contain_text("is fexgan serve still running?")


def test_before_a_picture_is_open_nothing_fails_and_nothing_is_said_of_it(browser, studio: str):
    with failing_with_its_script(browser.new_page()) as page:
        page.set_default_timeout(60_000)
        page.route("**/api/pictures?*", lambda route: None)  # is never opened
        page.goto(studio)
        page.locator("#range-joy").fill("0.5")
        expect(page.locator("#empty")).to_be_visible()
        expect(page.locator("#tools")).to_be_hidden()
        expect(page.get_by_text("to see it as it was")).to_be_hidden()
        for name, file in (("recording", "units.csv"), ("units", "units.json")):
            with page.expect_download() as download:
                page.locator(f"#{name}").click()
            assert download.value.suggested_filename == file
        page.locator("#play").click()
        expect(page.locator("#error")).to_contain_text("no picture is open; drop one")
        page.keyboard.press("o")
