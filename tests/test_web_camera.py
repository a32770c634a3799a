"""The studio's camera in a real browser, to which a picture file stands for what the camera sees."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator

import numpy as np
import pytest
from browsing import chromium, failing_with_its_script, open_studio
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from fexgan import bundled

SIZE = (720, 600)
HELD = "Boolean(window.streams.at(-1)?.active)"
LET_GO = "window.streams.every((one) => one.getTracks().every((track) => track.readyState === 'ended'))"
FILE = """new Promise((read) => {
    const reader = new FileReader();
    reader.onload = () => read(reader.result);
    reader.readAsDataURL(state.picture.file);
})"""
RECORD = """
window.streams = [];
const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = await asked(wanted);
    await window.granted;
    window.streams.push(stream);
    return stream;
};
"""


@pytest.fixture(scope="module")
def seen() -> Image.Image:
    """What the camera sees: a face on the left of a grey room."""
    room = Image.new("RGB", SIZE, (128, 128, 128))
    room.paste(Image.open(bundled.pictures_path() / "hopper.jpg"))
    return room


@pytest.fixture(scope="module")
def browser(seen: Image.Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    film = tmp_path_factory.mktemp("camera") / "seen.mjpeg"
    seen.save(film, format="JPEG", quality=95)
    fake = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    with chromium(*fake) as one:
        yield one


def opened(browser: Browser, studio: str, *permissions: str, script: str = RECORD) -> Page:
    """The studio with its first picture, in a browser that grants `permissions` and refuses others."""
    page = browser.new_context(permissions=list(permissions)).new_page()
    page.add_init_script(script)
    return open_studio(page, studio)


@pytest.fixture
def page(browser: Browser, studio: str) -> Iterator[Page]:
    """The studio in a browser that lends it the camera; a test fails where the page's script does."""
    with failing_with_its_script(opened(browser, studio, "camera")) as page:
        yield page


def turn_on(page: Page) -> None:
    """Turn the camera on by keys; the page then shows its live picture, which can be taken."""
    page.locator("#camera").press("Enter")
    expect(page.locator("#shutter")).to_have_attribute("aria-busy", "false")
    expect(page.locator("#viewfinder")).to_be_visible()
    assert page.evaluate(HELD)


def test_a_still_of_the_camera_is_opened_as_a_file_unmirrored_and_at_the_cameras_size(page: Page, seen: Image.Image):
    turn_on(page)
    expect(page.get_by_role("button", name="Take it")).to_be_focused()
    assert page.evaluate("getComputedStyle(live).transform") == "matrix(-1, 0, 0, 1, 0, 0)"
    for name in ("frame", "guide", "tools", "empty"):
        expect(page.locator(f"#{name}")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#opened")).to_have_text("camera.png, 720 \u00d7 600 px,")
    still = Image.open(io.BytesIO(base64.b64decode(page.evaluate(FILE).partition(",")[2])))
    assert (still.format, still.size) == ("PNG", SIZE)
    taken, there = (np.asarray(one.convert("RGB")).astype(int) for one in (still, seen))
    assert np.abs(taken - there).mean() < 0.3 * np.abs(taken - there[:, ::-1]).mean()
    expect(page.locator("#viewfinder")).to_be_hidden()
    expect(page.locator("#camera")).to_be_focused()
    assert page.evaluate(LET_GO) and page.evaluate("state.picture.faces.length") == 1


@pytest.mark.parametrize("key", ["Space", "Enter"])
def test_keys_take_the_still_wherever_the_focus_is_and_held_ones_do_not(page: Page, key: str):
    turn_on(page)
    page.locator("#live").click()
    expect(page.locator("#shutter")).not_to_be_focused()
    held = {"key": {"Space": " "}.get(key, key), "repeat": True}
    page.evaluate("held => dispatchEvent(new KeyboardEvent('keydown', held))", held)
    page.locator("#shutter").evaluate(
        "(shutter, held) => { if (shutter.dispatchEvent(new KeyboardEvent('keydown', "
        "{ ...held, bubbles: true, cancelable: true }))) shutter.click(); }",
        held,
    )
    assert page.evaluate(HELD)
    page.keyboard.press(key)
    expect(page.locator("#opened")).to_contain_text("camera.png")
    assert page.evaluate(LET_GO)


def test_the_camera_is_let_go_without_a_still_by_escape_cancel_another_picture_and_a_hidden_page(page: Page):
    hide = ("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });"
            "document.dispatchEvent(new Event('visibilitychange')); delete document.hidden")  # fmt: skip
    ways = {
        "Escape": lambda: page.keyboard.press("Escape"),
        "Cancel": lambda: page.get_by_role("button", name="Cancel").click(),
        "a hidden page": lambda: page.evaluate(hide),
        "another picture": lambda: page.get_by_title("clay.jpg").click(),
    }
    for way, leave in ways.items():
        turn_on(page)
        for name in ("save", "range-joy", "play"):
            expect(page.locator(f"#{name}")).to_be_disabled()
        leave()
        expect(page.locator("#viewfinder")).to_be_hidden()
        assert page.evaluate(LET_GO), way
        for name in ("save", "range-joy", "play"):
            expect(page.locator(f"#{name}")).to_be_enabled()
    expect(page.locator("#opened")).to_contain_text("clay.jpg")
    assert page.locator("#error").is_hidden()


def test_a_camera_that_comes_after_another_picture_was_chosen_is_let_go_unseen(page: Page):
    page.evaluate("() => { window.granted = new Promise((grant) => { window.grant = grant; }); }")
    page.locator("#camera").click()
    expect(page.locator("#camera")).to_have_attribute("aria-busy", "true")
    page.get_by_title("clay.jpg").click()
    page.evaluate("window.grant()")
    expect(page.locator("#camera")).to_have_attribute("aria-busy", "false")
    assert page.evaluate("window.streams.length") == 1 and page.evaluate(LET_GO)
    expect(page.locator("#viewfinder")).to_be_hidden()
    expect(page.locator("#opened")).to_contain_text("clay.jpg")


def test_a_camera_that_stops_by_itself_is_told_of(page: Page):
    turn_on(page)
    page.evaluate("window.streams[0].getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#error")).to_have_text(
        "the camera has stopped; connect it and click Camera again, or open a picture"
    )
    expect(page.locator("#viewfinder")).to_be_hidden()
    assert page.evaluate(LET_GO)


def test_the_camera_fits_a_narrow_window(page: Page):
    page.set_viewport_size({"width": 360, "height": 740})
    turn_on(page)
    live = page.locator("#live").bounding_box()
    assert live["width"] > 280 and page.evaluate("document.documentElement.scrollWidth") <= 360
    assert live["width"] / live["height"] == pytest.approx(SIZE[0] / SIZE[1], abs=0.02)


def test_a_camera_that_is_refused_is_told_of_in_one_line(browser: Browser, studio: str):
    page = opened(browser, studio)
    page.locator("#camera").click()
    told = "the browser does not let the page use the camera; allow it beside the page's address, or open a picture"
    expect(page.locator("#error")).to_have_text(told)
    for failure, start in (("NotFoundError", "no camera is found; "), ("NotReadableError", "the camera cannot be read"),
                           ("AbortError", "the camera does not start (broken); ")):  # fmt: skip
        page.evaluate("name => { navigator.mediaDevices.getUserMedia = "
                      "async () => { throw new DOMException('broken', name); }; }", failure)  # fmt: skip
        page.locator("#camera").click()
        expect(page.locator("#error")).to_contain_text(start)
        assert page.locator("#error").text_content().endswith(", or open a picture")
    expect(page.locator("#viewfinder")).to_be_hidden()
    page.context.close()


def test_where_the_browser_lends_no_camera_there_is_no_button(browser: Browser, studio: str):
    script = "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })"
    page = opened(browser, studio, "camera", script=script)
    expect(page.locator("#choose")).to_be_visible()
    expect(page.locator("#camera")).to_be_hidden()
    page.context.close()
