"""A small world for tests: two drawn characters, filmed, prepared for real, and an untrained model that fits."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import browsing
import numpy as np
import pytest
import uvicorn
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

from fexgan import cli, load
from fexgan.affects import AFFECTS, affect_index
from fexgan.checkpoints import Metadata, save_checkpoint
from fexgan.config import FramingConfig, load_preset
from fexgan.dataset import FaceDataset
from fexgan.editing import Editor
from fexgan.manifest import FrameTruth, Take, write_sidecar
from fexgan.model import build
from fexgan.prepare import prepare
from fexgan.synthesis import Model
from fexgan.video import write_clip
from fexgan.web.desk import Desk
from fexgan.web.server import Server

CHARACTERS = {"ada": (230, 190, 160), "bo": (120, 80, 60)}
STRENGTHS = (0.1, 0.6, 1.0, 0.3)
STUDIO_REQUIRED = "FEXGAN_REQUIRE_STUDIO"
LONGEST = ("test_demo", "test_studio_film", "test_export", "test_training", "test_cli")
"""Files of tests that take longest, by minutes: a process that begins one of them last lets the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


def draw_face(skin: tuple[int, int, int], affect: str, strength: float, side: int = 80) -> np.ndarray:
    """A cartoon face, uint8 [side, side, 3]: the mouth's place tells the affect, its size the strength."""
    picture = Image.new("RGB", (side, side), (128, 128, 128))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((10, 5, side - 10, side - 5), skin)
    for eye in (28, 52):
        draw.ellipse((eye - 4, 28, eye + 4, 36), (20, 20, 30))
    left = 20 + 4 * affect_index(affect)
    draw.rectangle((left, 52, left + 14, 54 + round(12 * strength)), (150, 30, 40))
    return np.asarray(picture)


@pytest.fixture
def photographed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawn faces stand for photographs."""
    monkeypatch.setattr("fexgan.editing.editor.flat_colours", lambda *given: None)


@pytest.fixture(scope="session")
def tiny_footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Footage: two characters, seven affects, two takes of four frames, with sidecars."""
    folder = tmp_path_factory.mktemp("footage")
    for character, skin in CHARACTERS.items():
        for affect in AFFECTS:
            strengths = (1.0,) * len(STRENGTHS) if affect == "neutral" else STRENGTHS
            for take in ("1", "2"):
                clip = folder / character / affect / f"{take}.mp4"
                frames = [draw_face(skin, affect, strength) for strength in strengths]
                write_clip(clip, frames, fps=24, preset="ultrafast")
                truth = FrameTruth(strength={affect: strengths})
                write_sidecar(clip.with_suffix(".json"), Take(character, affect, take, 24, 0, 80, truth))
    return folder


@pytest.fixture(scope="session")
def tiny_dataset(tiny_footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The footage as a dataset of 64 px pictures, one take of each character and affect in test."""
    folder = tmp_path_factory.mktemp("prepared") / "dataset"
    prepare(tiny_footage, folder, FramingConfig(image_size_px=64), test_share=0.5)
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of preset `tiny` as it is before training."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    config = load_preset("tiny")
    faces = FaceDataset.load(tiny_dataset, "train")
    save_checkpoint(folder, build(config.model, seed=0), Metadata(config, faces.characters, faces.fingerprint, step=0))
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_checkpoint: Path) -> Model:
    return load(str(tiny_checkpoint))


@pytest.fixture(scope="session")
def blender():
    """Blender as a module; tests that render are skipped without it, unless the environment asks for it."""
    try:
        import bpy
    except ImportError as error:
        if os.environ.get(STUDIO_REQUIRED):
            raise
        pytest.skip(f"Blender cannot be loaded: {error}")
    return bpy


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run `fexgan` with these arguments as its command line; returns the exit code."""

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["fexgan", *map(str, arguments)])
        try:
            return cli.main()
        except SystemExit as exit_:
            return int(exit_.code or 0)

    return run


@pytest.fixture(scope="session")
def editor() -> Editor:
    """The bundled `portrait`."""
    return load("portrait")


@pytest.fixture(scope="session")
def studio(editor: Editor) -> Iterator[str]:
    """Address of a browser studio that really listens."""
    server = uvicorn.Server(uvicorn.Config(Server(Desk(editor)).app(["127.0.0.1"]), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing.chromium() as one:
        yield one


@pytest.fixture
def page(browser: Browser, studio: str) -> Iterator[Page]:
    """The studio with its first picture open; a test fails where the page's script does."""
    with browsing.failing_with_its_script(browser.new_page()) as page:
        yield browsing.open_studio(page, studio)
