"""The studio's page in a real browser: what a hand on mouse and keyboard brings about."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from urllib.request import Request, urlopen

import numpy as np
import pytest
from PIL import ExifTags, Image
from playwright.sync_api import Page, Route, expect, sync_playwright

from fexgan import bundled
from fexgan.affects import Mixture
from fexgan.expressions import text_mixture
from fexgan.keyframes import parse_keyframes
from fexgan.units import recording

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
    page.evaluate("import('./studio/state.js').then((module) => { window.state = module.state; })")
    shown(page, "")
    yield page
    page.close()
    assert not problems


def shown(page: Page, before: str) -> str:
    """Address of the picture shown, once it is another than `before` and no newer one is asked for."""
    page.wait_for_function(
        "before => !state.busy && shown.src.startsWith('blob:') && shown.complete && shown.src !== before", arg=before
    )
    return page.evaluate("shown.src")


def test_a_slider_changes_the_picture_and_says_how(page: Page):
    before = shown(page, "")
    page.locator("#range-joy").fill("0.8")
    shown(page, before)
    expect(page.locator("#mixture")).to_have_value("joy:0.8")
    command = "fexgan transform pictures/hopper.jpg --to joy:0.8 --out hopper-edited.jpg"
    expect(page.locator("#command")).to_have_text(command)


def test_a_slider_asks_for_a_preview_and_once_it_rests_for_all_of_it(page: Page):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "edit.jpg" in request.url else None)
    before = shown(page, "")
    page.evaluate("const range = document.getElementById('range-anger');"
                  "for (const value of [0.2, 0.5, 0.8]) { range.value = value; "
                  "range.dispatchEvent(new Event('input')); }")  # fmt: skip
    shown(page, before)
    asked = [parse_qs(urlsplit(url).query) for url in asked]
    assert [one["mixture"] for one in asked] == [["anger:0.2"], ["anger:0.8"], ["anger:0.8"]]
    assert [one.get("details") for one in asked] == [["0"], ["0"], None]


def test_a_slider_says_its_own_name_and_percent_to_who_listens_and_nothing_else_does(page: Page):
    slider = page.get_by_role("slider", name="joy")
    expect(slider).to_have_attribute("aria-valuetext", "0 %")
    page.get_by_role("button", name="laugh", exact=True).click()
    percent = round(100 * float(slider.input_value()))
    expect(slider).to_have_attribute("aria-valuetext", f"{percent} %")
    assert percent and page.locator("#emotions").get_by_role("status").count() == 0  # no output without a name
    for button in page.get_by_role("button").all():
        assert button.is_hidden() or button.text_content() or button.locator("img[alt]").count()


def test_strengths_beyond_one_are_shared_alike_in_picture_clip_units_and_command(page: Page):
    asked: dict[str, str] = {}

    def listen(request) -> None:
        address = urlsplit(request.url)
        asked[address.path.rpartition("/")[2]] = parse_qs(address.query).get("mixture", [""])[0]

    page.on("request", listen)
    before = shown(page, "")
    page.locator("#mixture").fill("anger+joy.laugh+surprise")
    page.locator("#mixture").press("Enter")
    shown(page, before)
    shared = "anger:0.33+joy.laugh:0.33+surprise:0.33"
    expect(page.locator("#mixture")).to_have_value(shared)
    expect(page.locator("#command")).to_contain_text(f"--to {shared} --out")
    page.locator("#keyframes").fill("")
    for time_s in (0, 0.8):
        page.locator("#add").click()
        assert page.locator("#keyframes").input_value().endswith(f"{time_s}s {shared}")
    page.locator("#keyframes").fill("0s neutral, 800ms joy, 1.5 fear,")
    page.locator("#add").click()
    assert page.locator("#keyframes").input_value() == f"0s neutral, 800ms joy, 1.5 fear, 2.3s {shared}"
    with page.expect_download():
        page.locator("#units").click()
    assert {asked["edit.jpg"], asked["units.json"]} == {shared}
    with page.expect_download() as download:
        page.locator("#recording").click()
    assert download.value.suggested_filename == "hopper-units.csv"
    recorded = recording(parse_keyframes(page.locator("#keyframes").input_value()), 60, ["joy.laugh"])
    assert Path(download.value.path()).read_text() == recorded
    page.locator("#range-surprise").fill("0")
    expect(page.locator("#mixture")).to_have_value("anger:0.5+joy.laugh:0.5")


def test_the_box_of_mixtures_takes_named_expressions(page: Page):
    page.locator("#mixture").fill("wry-smile:0.5+fear:0.2")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#mixture")).not_to_have_value("wry-smile:0.5+fear:0.2")
    _, mixture = text_mixture("wry-smile:0.5+fear:0.2")
    shown = Mixture.parse(page.locator("#mixture").input_value())
    assert dict(shown.strengths) == pytest.approx(dict(mixture.strengths), abs=0.01)


def test_the_command_names_the_file_and_the_face_as_a_shell_reads_them(page: Page, tmp_path: Path):
    two = Image.new("RGB", (1024, 600))
    for left in (0, 512):
        two.paste(Image.open(bundled.pictures_path() / "hopper.jpg"), (left, 0))
    for name in ("it's me & $HOME.png", "-odd.png"):
        two.save(tmp_path / name)
        page.locator("#file").set_input_files(tmp_path / name)
        expect(page.locator("#about")).to_contain_text(name)
        page.locator("#mixture").fill("joy")
        page.locator("#mixture").press("Enter")
        expect(page.locator("#command")).to_contain_text("--to joy ")
        program, verb, file, *flags = shlex.split(page.locator("#command").text_content())
        assert (program, verb, Path(file)) == ("fexgan", "transform", Path(name))
        assert flags == ["--to", "joy", "--out", file.replace(".png", "-edited.png")] and not file.startswith("-")
    page.locator(".box").nth(1).click()
    expect(page.locator("#command")).to_contain_text("--to neutral --face 1 --out")  # what that face shows
    page.locator("#mixture").fill("joy")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#command")).to_contain_text("--to joy --face 1 --out")
    page.locator("#all").click()
    expect(page.locator("#command")).to_contain_text("--to joy --face all --out")


def test_the_command_of_somebody_drawn_draws_them_first(page: Page):
    page.locator("#random").click()
    expect(page.locator("#about")).to_contain_text("nobody-0.png")
    first, second = page.locator("#command").text_content().splitlines()
    assert first == "fexgan generate --count 1 --affect neutral --seed 0 --out nobody-0.png"
    assert second.startswith("fexgan transform nobody-0.png --to ")


def test_the_names_of_variants_are_text_and_never_markup(browser, studio: str):
    name = "</select><img src=x onerror='window.reached = true'>"

    def add(route: Route) -> None:
        choices = json.loads(route.fetch().body())
        route.fulfill(json={**choices, "variants": [f"joy.{name}"]})

    page = browser.new_page()
    page.route("**/api/studio", add)
    page.goto(studio)
    page.locator("#variant-joy option").nth(1).wait_for(state="attached", timeout=30_000)
    assert page.locator("#variant-joy option").nth(1).text_content() == name
    assert page.locator("#emotions img").count() == 0 and page.evaluate("window.reached") is None
    page.close()


def test_holding_the_picture_shows_it_as_it_was(page: Page):
    page.locator("#shown").dispatch_event("pointerdown")
    expect(page.locator("#badge")).to_be_visible()
    assert page.evaluate("shown.src").endswith("source.jpg")
    page.mouse.up()
    expect(page.locator("#badge")).to_be_hidden()
    assert page.evaluate("shown.src").startswith("blob:")


def test_a_look_that_arrives_while_the_picture_is_held_is_shown_after_it(page: Page):
    before = shown(page, "")
    page.locator("#shown").dispatch_event("pointerdown")
    with page.expect_response("**/edit.jpg*"):
        page.locator("#range-joy").fill("0.7")
    page.wait_for_function("before => !state.busy && state.look !== before", arg=before)
    assert page.evaluate("shown.src").endswith("source.jpg") and page.locator("#badge").is_visible()
    page.evaluate("dispatchEvent(new Event('pointercancel'))")
    expect(page.locator("#badge")).to_be_hidden()
    assert shown(page, before) == page.evaluate("state.look") and page.evaluate("shown.naturalWidth") > 0


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


def test_reset_leaves_a_face_as_it_was_opened(page: Page):
    page.get_by_title("collins.jpg").click()
    expect(page.locator("#about")).to_contain_text("collins.jpg")
    as_opened = page.locator("#mixture").input_value()
    assert as_opened.startswith("joy")
    page.locator("#range-anger").fill("0.9")
    page.locator("#reset").click()
    expect(page.locator("#mixture")).to_have_value(as_opened)


def test_a_picture_is_opened_from_the_keyboard_and_sliders_are_wide_enough_for_fingers(page: Page):
    page.evaluate("file.addEventListener('click', (event) => { event.preventDefault(); window.asked = true; })")
    page.locator("#choose").press("Enter")
    page.wait_for_function("window.asked")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.locator("#range-joy").bounding_box()["width"] > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_studio_that_ended_is_told_of_in_words(page: Page):
    page.route("**/edit.jpg*", lambda route: route.abort())
    page.locator("#range-joy").fill("0.7")
    expect(page.locator("#error")).to_contain_text("is fexgan serve still running?")


def test_named_expressions_and_typed_mixtures_move_the_sliders(page: Page):
    page.get_by_role("button", name="wry smile").click()
    assert float(page.locator("#range-joy").input_value()) > 0
    page.locator("#mixture").fill("anger:0.4+sadness:0.3")
    page.locator("#mixture").press("Enter")
    for name, strength in (("anger", "0.4"), ("joy", "0"), ("sadness", "0.3")):
        expect(page.locator(f"#range-{name}")).to_have_value(strength)
    page.get_by_role("button", name="laugh", exact=True).click()
    assert page.locator("#variant-joy").input_value() == "laugh"
    expect(page.locator("#command")).to_contain_text("--to joy.laugh:")
    page.locator("#mixture").fill("joy.closed:0.5")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#variant-joy")).to_have_value("closed")


def test_what_is_wrong_with_a_mixture_is_told_alike_by_the_box_the_face_and_the_keyframes(page: Page):
    for wrong in ("happy", "joy.giggle", "toString", "joy:0.3+joy:0.4", "joy:80%"):
        told = []
        for field in ("mixture", "source"):
            if field == "source" and wrong == "joy.giggle":  # networks know no variant of a source
                continue
            page.locator(f"#{field}").fill(wrong)
            page.locator(f"#{field}").press("Enter")
            told.append(told_next(page))
        page.locator("#keyframes").fill(f"0s neutral, 0.2s {wrong}")
        page.locator("#play").click()
        told.append(told_next(page))
        assert len(set(told)) == 1 and "\n" not in told[0], told
        if wrong == "happy":
            assert "did you mean joy?" in told[0] and "wry-smile" in told[0]


def told_next(page: Page) -> str:
    """The error that shows next; it is taken away again."""
    expect(page.locator("#error")).to_be_visible()
    told = page.locator("#error").text_content()
    page.evaluate("error.hidden = true")
    return told


def test_a_mixture_that_is_read_late_does_not_move_sliders_back(page: Page):
    asked: list[Route] = []
    page.route("**/api/mixture.json*", lambda route: asked.append(route))
    page.locator("#mixture").fill("anger")
    page.locator("#mixture").press("Enter")
    page.wait_for_function("mixture.value === 'anger'")
    page.locator("#range-joy").fill("0.7")
    with page.expect_response("**/api/mixture.json*"):
        asked[0].continue_()
    page.wait_for_timeout(300)
    expect(page.locator("#mixture")).to_have_value("joy:0.7")


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


def test_of_several_faces_one_is_clicked_on_or_all_are_taken(page: Page, tmp_path: Path):
    expect(page.locator("#crowd")).to_be_hidden()
    two = Image.new("RGB", (1024, 600))
    for left, name in ((0, "hopper.jpg"), (512, "collins.jpg")):
        two.paste(Image.open(bundled.pictures_path() / name), (left, 0))
    two.save(tmp_path / "two.png")
    page.locator("#file").set_input_files(tmp_path / "two.png")
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
    two = Image.new("RGB", (1024, 600))
    for left, name in ((0, "hopper.jpg"), (512, "collins.jpg")):
        two.paste(Image.open(bundled.pictures_path() / name), (left, 0))
    two.save(tmp_path / "two.png")
    page.locator("#file").set_input_files(tmp_path / "two.png")
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


def test_an_error_goes_with_the_next_thing_that_works(page: Page):
    page.locator("#mixture").fill("happy")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#error")).to_be_visible()
    page.locator("#mixture").fill("joy")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#error")).to_be_hidden()


def test_a_clip_is_told_of_the_command_that_takes_it(page: Page, tmp_path: Path):
    (tmp_path / "talk.mp4").write_bytes(b"talk")
    page.locator("#file").set_input_files(tmp_path / "talk.mp4")
    expect(page.locator("#error")).to_contain_text("fexgan transform talk.mp4 --to joy --out joy.mp4")
    expect(page.locator("#guide")).to_be_hidden()


def test_a_clip_is_made_and_plays(page: Page):
    page.locator("#keyframes").fill("0s neutral, 0.2s joy")
    page.locator("#play").click()
    expect(page.locator("#clip")).to_be_visible(timeout=60_000)
    page.wait_for_function("clip.readyState >= 2 && clip.duration > 0.15")
    page.locator("#keyframes").fill("0s happy")
    page.locator("#play").click()
    expect(page.locator("#error")).to_be_visible()
    expect(page.locator("#clip")).to_be_hidden()


def test_a_clip_goes_with_its_picture_even_when_it_arrives_late(page: Page):
    page.locator("#keyframes").fill("0s neutral, 0.1s joy")
    page.locator("#play").click()
    expect(page.locator("#clip")).to_be_visible(timeout=60_000)
    page.get_by_title("clay.jpg").click()
    expect(page.locator("#about")).to_contain_text("clay.jpg")
    expect(page.locator("#clip")).to_be_hidden()
    expect(page.locator("#clip-save")).to_be_hidden()
    page.locator("#keyframes").fill("0s neutral, 9s joy")
    page.locator("#play").click()
    with page.expect_event("requestfailed", lambda request: "clip.mp4" in request.url):
        page.get_by_title("hopper.jpg").click()
    expect(page.locator("#stop")).to_be_hidden()
    assert page.locator("#clip").is_hidden() and page.locator("#error").is_hidden()


def test_a_clip_tells_how_far_it_is_and_can_be_stopped(page: Page):
    expect(page.locator("#done")).to_be_hidden()
    page.locator("#keyframes").fill("0s neutral, 9s joy")
    page.locator("#play").press("Enter")
    expect(page.locator("#working[role=status]")).to_have_text("making it ...")
    expect(page.locator("#play")).to_be_disabled()
    expect(page.locator("#how-far")).to_have_text(
        re.compile(r"^[1-9]\d* of 217 frames, \d+ %, about \d+ (s|min) left$")
    )
    done, frames, percent = map(int, re.findall(r"\d+", page.locator("#how-far").text_content())[:3])
    assert percent == 100 * done // frames
    assert page.evaluate("[document.getElementById('done').max, document.getElementById('done').value > 0]") == [
        frames,
        True,
    ]
    page.wait_for_function(
        "done => Number(document.getElementById('how-far').textContent.split(' ')[0]) > done", arg=done
    )
    with page.expect_event("requestfailed", lambda request: "clip.mp4?" in request.url):
        page.locator("#stop").click()
    for name in ("working", "done", "how-far", "stop", "error", "clip"):
        expect(page.locator(f"#{name}")).to_be_hidden()
    expect(page.locator("#play")).to_be_enabled()
    assert page.evaluate("document.activeElement.id") == "play"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1200)
    assert not any("progress" in url for url in asked)


def test_a_clip_whose_frames_are_drawn_is_put_together(page: Page):
    told = {"frames_done": 0, "frames": 0}
    page.route("**/progress.json*", lambda route: route.fulfill(json=told))
    page.route("**/clip.gif?*", lambda route: None)  # is never answered
    page.locator("#kind").select_option("gif")
    page.locator("#play").click()
    expect(page.locator("#how-far")).to_have_text(re.compile(r"^[1-9]\d* s$"))
    assert page.locator("#done").get_attribute("value") is None
    told |= {"frames_done": 58, "frames": 58}
    expect(page.locator("#working")).to_have_text("putting it together ...")
    expect(page.locator("#how-far")).to_have_text(re.compile(r"^58 of 58 frames, 100 %, \d+ s$"))


def test_the_second_clip_of_the_same_words_comes_from_the_browser(page: Page):
    page.locator("#keyframes").fill("0s neutral, 0.1s joy")
    sizes = []
    for _ in range(2):
        with page.expect_response("**/clip.mp4?*") as answer:
            page.locator("#play").click()
        expect(page.locator("#clip")).to_be_visible(timeout=60_000)
        answer.value.finished()
        sizes.append(answer.value.request.sizes()["responseBodySize"])
    assert sizes[0] > 0 and page.evaluate(
        "performance.getEntriesByType('resource').filter((one) => one.name.includes('clip.mp4?')).at(-1).transferSize"
    ) == 0  # fmt: skip


def test_before_a_picture_is_open_nothing_fails_and_nothing_is_said_of_it(browser, studio: str):
    page = browser.new_page()
    page.set_default_timeout(60_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
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
    page.close()
    assert not problems


def test_a_button_that_saves_takes_no_second_click_and_keeps_the_focus(page: Page):
    waiting: list[Route] = []
    page.route("**/save.jpg?*", lambda route: waiting.append(route))
    page.locator("#save").focus()
    for _ in range(2):
        page.keyboard.press("Enter")
    expect(page.locator("#save")).to_have_attribute("aria-busy", "true")
    with page.expect_download():
        waiting[0].continue_()
    expect(page.locator("#save")).to_have_attribute("aria-busy", "false")
    assert len(waiting) == 1 and page.evaluate("document.activeElement.id") == "save"


def test_a_look_that_takes_long_is_told_of_while_it_does(page: Page):
    waiting: list[Route] = []
    page.route("**/edit.jpg?*", lambda route: waiting.append(route))
    page.locator("#reset").click()
    page.wait_for_function("getComputedStyle(stage, '::after').content.includes('drawing')")
    waiting[0].continue_()
    page.wait_for_function("!state.busy && getComputedStyle(stage, '::after').content === 'none'")


def test_an_error_stays_while_it_is_pointed_at(page: Page):
    page.clock.install()
    page.locator("#mixture").fill("happy")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#error")).to_be_visible()
    page.locator("#error").hover()
    page.clock.run_for(60_000)
    expect(page.locator("#error")).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.run_for(60_000)
    expect(page.locator("#error")).to_be_hidden()


def test_clips_and_sheets_have_their_commands_and_commands_are_copied(browser, studio: str):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(studio)
    expect(page.locator("#opened")).to_contain_text("hopper.jpg")
    page.locator("#variant-joy").select_option("laugh")
    page.locator("#keyframes").fill("0s neutral, 1s joy")
    page.locator("#kind").select_option("gif")
    moving = ["--keyframes", "0s neutral, 1s joy", "--variants", "joy.laugh", "--out", "hopper.gif"]
    for name, verb, flags in (
        ("clip-command", "animate", moving),
        ("sheet-command", "transform", ["--variants", "joy.laugh", "--out", "hopper-sheet.png"]),
        ("command", "transform", ["--to", "neutral", "--out", "hopper-edited.jpg"]),
    ):
        command = page.locator(f"#{name}").text_content()
        assert shlex.split(command) == ["fexgan", verb, "pictures/hopper.jpg", *flags]
        page.locator(f"#{name} + .copy").click()
        expect(page.locator(f"#{name} + .copy")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == command
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")  # as on other machines' pages
    page.locator("#command + .copy").click()
    expect(page.locator("#error")).to_contain_text("press Ctrl-C")
    assert page.evaluate("getSelection().toString()").split() == page.locator("#command").text_content().split()
    context.close()
