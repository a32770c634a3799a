"""The studio's page in a real browser, for tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

expect.set_options(timeout=30_000)  # machines that test may be slow
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser of its own; where none is installed tests are skipped, unless they are not to be."""
    if not CHROMIUM and not os.environ.get("FEXGAN_REQUIRE_BROWSER"):
        pytest.skip("no chromium on this machine; apt install chromium brings it")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", *flags]
        )


@contextmanager
def failing_with_its_script(page: Page) -> Iterator[Page]:
    """A page whose test fails where the page's script does."""
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    page.context.close()
    assert not problems


def shown(page: Page, before: str) -> str:
    """Address of the picture shown, once it is another than `before` and no newer one is asked for."""
    page.wait_for_function(
        "before => !state.busy && shown.src.startsWith('blob:') && shown.complete && shown.src !== before", arg=before
    )
    return page.evaluate("shown.src")


def open_studio(page: Page, studio: str) -> Page:
    """The studio at its address, with its first picture open; `state` is the page's own."""
    page.set_default_timeout(60_000)
    page.goto(studio)
    page.evaluate("import('./studio/state.js').then((module) => { window.state = module.state; })")
    shown(page, "")
    return page
