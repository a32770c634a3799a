from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import torch

from fexgan import __version__, bundled, cli
from fexgan.checkpoints import Metadata, newest_checkpoint, read_metadata, save_checkpoint
from fexgan.config import config_from_dict
from fexgan.demo import _run_that_goes_on, demo, steps_to_show
from fexgan.errors import InputError
from fexgan.manifest import FrameTruth, read_sidecar, write_sidecar
from fexgan.model import build
from fexgan.prepare import scan_footage
from fexgan.video import read_clip, write_clip

FILES = (
    "blend.png",
    "calibration.png",
    "cast.mp4",
    "classification.json",
    "classification.md",
    "confusion.png",
    "index.html",
    "joy.mp4",
    "pictures.mp4",
    "pictures.png",
    "random-edited.png",
    "random.png",
    "report.html",
    "report.json",
    "report.md",
    "transform.png",
)
THIN = {
    "model": {
        "latent_size": 8,
        "encoder_widths": [8, 8, 8, 8, 8, 8, 8],
        "decoder_widths": [8, 8, 8, 8, 8, 8],
        "discriminator_widths": [8, 8, 8],
        "affect_hidden_width": 8,
        "code_width": 8,
    },
    "training": {"batch_size": 4},
}
THIN_EDITING = {
    "model": {
        "family": "portrait",
        "widths": [8, 8, 8, 8],
        "discriminator_widths": [8, 8, 8, 8],
        "variants": ["anger.shout", "joy.laugh"],
    }
}

SLICE_STEP = 9


class References(HTMLParser):
    """Every `src` and `href` of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attributes if name in ("src", "href") and value]


@pytest.fixture
def bundle(tiny_footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The drawn footage and thin untrained networks in the place of the bundled data; works in an empty folder."""
    data = tmp_path / "data"
    shutil.copytree(tiny_footage, data / "open-cast")
    config = config_from_dict(THIN)
    metadata = Metadata(config, ("ada", "bo"), dataset_fingerprint="none", step=1200)
    save_checkpoint(data / "checkpoints" / "open-cast", build(config.model, seed=0), metadata)
    editing = config_from_dict(THIN_EDITING)
    save_checkpoint(data / "checkpoints" / "portrait", build(editing.model, 0), Metadata(editing, (), "none", step=1))
    (data / "pictures").symlink_to(bundled.pictures_path())
    monkeypatch.setattr(bundled, "_DATA", data)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return data


@pytest.mark.skipif(torch.accelerator.is_available(), reason="the processor trains only where there is nothing faster")
def test_a_processor_without_bf16_shows_fewer_steps_of_training(monkeypatch: pytest.MonkeyPatch):
    shown = []
    for can in (True, False):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda can=can: {"avx512_bf16": can}, raising=False)
        shown.append(steps_to_show())
    assert shown[0] > shown[1] > 0


def test_the_demo_writes_all_and_shows_every_command(bundle: Path, capsys: pytest.CaptureFixture[str]):
    cli.run(["demo", "--out", "out/demo", "--train-steps", "2"])
    printed = capsys.readouterr().out
    out = Path("out/demo")
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == list(FILES)
    for name in FILES:
        assert f"wrote {out / name} (" in printed[printed.index("Done in") :]

    commands = [shlex.split(line.removeprefix("$ ")) for line in printed.splitlines() if line.startswith("$ ")]
    verbs = [command[1] for command in commands]
    assert verbs == [
        "prepare",
        "train",
        "evaluate",
        "generate",
        "generate",
        "transform",
        "blend",
        "animate",
        "transform",
        "animate",
        "animate",
    ]
    for program, *arguments in commands:
        assert program == "fexgan"
        cli.parse(arguments)

    page = (out / "index.html").read_text(encoding="utf-8")
    references = References(page).found
    shown = {name for name in FILES if Path(name).suffix in (".png", ".mp4")} - {"calibration.png"}
    assert shown <= set(references)
    for reference in references:
        assert reference.startswith("https://arxiv.org/abs/") or (out / reference).is_file(), reference
    assert not re.search(r"\$\w", page.replace("$ ", "")) and "1,200" in page
    for command in commands:
        assert command[1] in page

    run = out / "run"
    cli.run(["demo", "--out", "out/demo", "--train-steps", "1"])
    assert read_metadata(newest_checkpoint(run)).step == 3 and not (out / "run-2").exists()

    description = newest_checkpoint(run) / "model.json"
    description.write_text(description.read_text().replace(__version__, "0.0.1"))
    left = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    capsys.readouterr()
    demo(out, 1, lambda arguments: cli.run(arguments) if arguments[0] in ("prepare", "train") else None)
    (told,) = (line for line in capsys.readouterr().out.splitlines() if "cannot go on as it began" in line)
    assert f"{run} cannot" in told and f"fexgan was 0.0.1 and is {__version__}" in told
    assert read_metadata(newest_checkpoint(out / "run-2")).step == 1
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == left
    assert f"--out {out / 'run-2'}" in (out / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def bundled_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two characters of the bundled footage, every ninth frame, beside the bundled checkpoint; in an empty folder."""
    data = tmp_path / "data"
    entries = scan_footage(bundled.footage_path()).entries
    two = sorted({entry.character for entry in entries})[:2]
    for entry in entries:
        if entry.character in two:
            clip = data / "open-cast" / entry.character / entry.affect / f"{entry.take}.mp4"
            frames = [pixels for pixels, _ in read_clip(entry.path)][::SLICE_STEP]
            write_clip(clip, frames, preset="ultrafast")
            truth = read_sidecar(entry.sidecar_path)
            strength = {affect: column[::SLICE_STEP] for affect, column in truth.frames.strength.items()}
            write_sidecar(clip.with_suffix(".json"), replace(truth, frames=FrameTruth(strength)))
    (data / "checkpoints").symlink_to(bundled.checkpoint_path("open-cast").parent)
    (data / "pictures").symlink_to(bundled.pictures_path())
    monkeypatch.setattr(bundled, "_DATA", data)
    monkeypatch.chdir(tmp_path)


def test_the_whole_road_on_a_slice_of_the_bundled_footage(bundled_slice: None):
    cli.run(["demo", "--out", "out", "--train-steps", "1"])
    sets = json.loads(Path("out/report.json").read_text(encoding="utf-8"))["classification"]
    assert sets["test"]["accuracy"] > 0.8 and sets["generated"]["accuracy"] > 0.8


def test_a_training_on_other_footage_or_of_unknown_settings_starts_anew(bundle: Path, tmp_path: Path):
    cli.run(["prepare", "open-cast", "--out", "out/dataset", "--seed", "1"])
    cli.run(["train", "out/dataset", "--start-from", "open-cast", "--steps", "1", "--out", "out/run"])
    assert _run_that_goes_on(Path("out")) == Path("out/run")
    cli.run(["prepare", "open-cast", "--out", "out/dataset"])
    assert _run_that_goes_on(Path("out")) == Path("out/run-2")
    cli.run(["prepare", "open-cast", "--out", "out/dataset", "--seed", "1"])
    description = newest_checkpoint(Path("out/run")) / "model.json"
    description.write_text(description.read_text().replace('"batch_size"', '"size_of_batch"'))
    assert _run_that_goes_on(Path("out")) == Path("out/run-2")


def test_a_demo_into_a_file_is_refused_and_the_file_kept(bundle: Path):
    Path("out").write_text("mine")
    with pytest.raises(InputError, match="is a file"):
        cli.run(["demo", "--out", "out"])
    assert Path("out").read_text() == "mine"
