"""The studio's page in a real browser: what a hand on mouse and keyboard brings about."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import shown
from PIL import Image
from playwright.sync_api import Page, Route, expect

from fexgan import bundled
from fexgan.affects import Mixture
from fexgan.expressions import text_mixture
from fexgan.keyframes import parse_keyframes
from fexgan.units import recording


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


def test_reset_leaves_a_face_as_it_was_opened(page: Page):
    page.get_by_title("collins.jpg").click()
    expect(page.locator("#about")).to_contain_text("collins.jpg")
    as_opened = page.locator("#mixture").input_value()
    assert as_opened.startswith("joy")
    page.locator("#range-anger").fill("0.9")
    page.locator("#reset").click()
    expect(page.locator("#mixture")).to_have_value(as_opened)


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


def test_an_error_goes_with_the_next_thing_that_works(page: Page):
    page.locator("#mixture").fill("happy")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#error")).to_be_visible()
    page.locator("#mixture").fill("joy")
    page.locator("#mixture").press("Enter")
    expect(page.locator("#error")).to_be_hidden()


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
