"""What the studio's page gives away, in a real browser: clips, saved files and commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from playwright.sync_api import Page, Route, expect


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
