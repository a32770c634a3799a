from __future__ import annotations

import csv
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from drawn import face
from fake_editor import fake_editor
from PIL import Image

from fexgan.adapting import characters as adapting
from fexgan.affects import AFFECTS
from fexgan.checkpoints import load_checkpoint, read_metadata, save_checkpoint
from fexgan.dataset import FaceDataset
from fexgan.editing import Editor, Portrait
from fexgan.evaluation.evaluate import rebuilt_likeness
from fexgan.evaluation.reconstruction import mean_likeness
from fexgan.loading import load
from fexgan.model import build
from fexgan.training.step import Trainer
from fexgan.video import write_clip

Run = Callable[..., int]


@pytest.fixture
def fexgan(run_command: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `fexgan` in an empty folder, with a simple editor instead of the checkpoint `portrait`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(adapting, "load", lambda name: fake_editor() if name == "portrait" else load(name))
    Image.fromarray(face(640)).save("cleo.png")
    return run_command


def test_a_character_is_taught_from_one_picture(
    fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(adapting, "WEIGHT", 1.0)
    flags = ("--character", "cleo.png", "--data", tiny_dataset, "--out", "run", "--steps", 2)
    command = ("adapt", tiny_checkpoint, *flags)
    assert fexgan(*command) == 0
    with Path("run/pictures/cleo/list.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 25 and {row["affect"] for row in rows} == set(AFFECTS)
    with Image.open(Path("run/pictures/cleo") / rows[0]["file"]) as picture:
        assert picture.size == (512, 512)
    learned = FaceDataset.load(Path("run/dataset"))
    assert sorted(set(learned.strength.tolist())) == [0.25, 0.5, 0.75, 1.0] and len(learned) == 25
    metadata = read_metadata(Path("run/checkpoints/000002"))
    assert metadata.characters == ("ada", "bo", "cleo")
    assert metadata.config.training.decay_share == 0.0
    both = FaceDataset.join([FaceDataset.load(tiny_dataset), learned, learned])
    assert metadata.dataset_fingerprint == both.fingerprint, "one new character weighs as much as two old ones"
    report = Path("run/adapt.md").read_text()
    assert all(f"| {affect} |" in report for affect in (*AFFECTS, "mean", "old characters, SSIM"))
    old = rebuilt_likeness(load(str(tiny_checkpoint)).networks, FaceDataset.load(tiny_dataset, "test"))
    assert f"SSIM | {mean_likeness(list(old.values())).ssim:.3f} |" in report, "first how it stood before"
    capsys.readouterr()
    assert fexgan(*command) == 0, "the same command again goes on"
    assert "2 steps" in capsys.readouterr().out and Path("run/adapt.md").read_text() == report
    untested = ("adapt", tiny_checkpoint, "--character", "cleo.png", "--out", "other", "--steps", 1, "--data")
    assert fexgan(*untested, "run/dataset") == 2 and not Path("other").exists()
    assert "has a test split to tell what is forgotten" in capsys.readouterr().err
    assert fexgan(*untested, tiny_dataset, "run/dataset") == 0, "beside a dataset with one, another needs none"


def test_a_folder_of_pictures_is_one_character(
    fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch
):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(adapting, "train", interrupted)
    Path("dana").mkdir()
    for name, side in (("left.jpg", 128), ("right.png", 160)):
        Image.fromarray(face(side)).save(Path("dana") / name)
    assert fexgan("adapt", tiny_checkpoint, "--character", "dana", "--data", tiny_dataset, "--out", "run") == 130
    learned = FaceDataset.load(Path("run/dataset"))
    assert learned.characters == ("dana",) and set(learned.take) == {"1", "2"} and len(learned) == 50


def test_the_same_call_goes_on_wherever_it_was_cut_short_and_no_other_one_does(
    fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    edited = []
    edit = Portrait.edit

    def edit_twice(self, *arguments):
        edited.append(arguments)
        if len(edited) > 2:
            raise KeyboardInterrupt
        return edit(self, *arguments)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    flags = ("--data", tiny_dataset, "--out", "run", "--steps", 1)
    command = ("adapt", tiny_checkpoint, "--character", "cleo.png", *flags)
    Path("run").mkdir()
    Path("run/.taught.99.partial.txt").touch()  # a kill at its very beginning
    for owner, name, cut in ((Portrait, "edit", edit_twice), (Trainer, "update", interrupted)):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, cut)
            assert fexgan(*command) == 130, name
        assert not Path("run/checkpoints").exists()
    Path("cleo.png").rename("dana.png")
    for other in (("--character", "dana.png"), ("--mixture", "joy+fear", "--examples", "dana.png")):
        capsys.readouterr()
        assert fexgan("adapt", tiny_checkpoint, *other, *flags) == 2
        assert "run holds something else than" in capsys.readouterr().err
    Path("dana.png").rename("cleo.png")
    assert fexgan(*command) == 0
    assert read_metadata(Path("run/checkpoints/000001")).characters == ("ada", "bo", "cleo")


def test_a_second_call_while_the_pictures_would_come_out_otherwise_goes_on_and_other_pictures_do_not(
    fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    """As edits do under another number of threads."""
    Path("dana").mkdir()
    Image.fromarray(face(160)).save("dana/1.png")
    command = ("adapt", tiny_checkpoint, "--character", "dana", "--data", tiny_dataset, "--out", "run", "--steps")
    assert fexgan(*command, 1) == 0
    learned = FaceDataset.load(Path("run/dataset")).fingerprint
    edit = Portrait.edit
    monkeypatch.setattr(Portrait, "edit", lambda self, target, *rest: edit(self, "joy", *rest))
    assert fexgan(*command, 2) == 0
    assert read_metadata(Path("run/checkpoints/000002")).step == 2
    before = {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")}
    capsys.readouterr()
    Image.fromarray(face(150)).save("dana/2.png")
    assert fexgan(*command, 3) == 2
    assert "run was begun with other pictures" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")} == before
    assert FaceDataset.load(Path("run/dataset")).fingerprint == learned


@pytest.mark.parametrize("changed", ["checkpoint", "details"])
def test_another_checkpoint_or_other_details_do_not_go_on_with_a_run(
    fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, capsys, monkeypatch: pytest.MonkeyPatch, changed: str
):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(adapting, "train", interrupted)
    flags = ("--character", "cleo.png", "--data", tiny_dataset, "--out", "run", "--steps", 1)
    assert fexgan("adapt", tiny_checkpoint, *flags) == 130
    before = load_checkpoint(tiny_checkpoint)
    save_checkpoint(Path("other"), build(before.config.model, seed=1), before.metadata)
    if changed == "details":
        monkeypatch.setattr(adapting, "_details_of", lambda painter: "others")
    assert fexgan("adapt", tiny_checkpoint if changed == "details" else "other", *flags) == 2
    assert "run was begun with other pictures, checkpoints or framing" in capsys.readouterr().err


def test_details_are_told_by_their_weights(editor: Editor):
    other = deepcopy(editor.details.networks)
    next(other.parameters()).data[0] += 1.0
    painters = [editor, editor.taking(), Editor(editor.checkpoint), Editor(editor.checkpoint, details=other)]
    told = [adapting._details_of(painter) for painter in painters]
    assert told[0] == told[1] and len(set(told)) == 3


def test_a_run_saves_every_fifty_steps_or_so_and_never_shortly_before_its_last(tiny_checkpoint: Path):
    model = load(str(tiny_checkpoint))
    every = {steps: adapting.settings_of(model, steps).training.save_every_steps for steps in (1, 120, 300)}
    assert every == {1: 1, 120: 60, 300: 50}


def test_a_character_is_taught_in_small_batches_and_smaller_ones_stay():
    model = load("open-cast")
    own, taught, smaller = (adapting.settings_of(model, 1, most).training.batch_size for most in (None, 16, 64))
    assert own == smaller == 32 and taught == 16


def test_of_the_old_characters_test_pictures_alone_are_decoded(
    tiny_dataset: Path, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
):
    asked, read = [], FaceDataset.load
    monkeypatch.setattr(
        adapting.FaceDataset, "load", lambda folder, split="train": asked.append(split) or read(folder, split)
    )
    framing = load(str(tiny_checkpoint)).checkpoint.config.framing
    known, old = adapting.old_characters("tiny", framing, [tiny_dataset, tiny_dataset])
    assert known == ["ada", "bo"] * 2 and asked == ["test", "test"] and old.split == "test"


def test_what_does_not_fit_is_one_line_and_writes_nothing(
    fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, tmp_path: Path, capsys
):
    Path("album").mkdir()
    write_clip(Path("clips/cleo.mp4"), [face(64)], preset="ultrafast")
    Path("used").mkdir()
    Path("used/thesis.txt").write_text("")
    Image.fromarray(np.full((90, 90, 3), 128, np.uint8)).save("wall.png")
    good = {"character": "cleo.png", "data": tiny_dataset, "out": "run"}
    before = sorted(tmp_path.rglob("*"))
    cases = {
        "no picture at nowhere.png": {"character": "nowhere.png"},
        "no pictures or clips in album": {"character": "album"},
        "no picture in clips": {"character": "clips"},
        "wall.png: no face found": {"character": "wall.png"},
        "no dataset folder at nowhere": {"data": "nowhere"},
        "no data of the old": {"data": ""},
        "used holds something else": {"out": "used"},
        "wall.png holds something else": {"out": "wall.png"},
        "cannot edit a new face": {"editor": tiny_checkpoint},
        "'training.steps' is -1": {"steps": "-1"},
    }
    for complaint, changes in cases.items():
        flags = [text for flag, value in (good | changes).items() for text in (f"--{flag}", value) if text]
        assert fexgan("adapt", tiny_checkpoint, *flags) == 2, complaint
        error = capsys.readouterr().err
        assert complaint in error and error.count("\n") == 1, error
        assert sorted(tmp_path.rglob("*")) == before
    nothing = ("--character", "nowhere.png", "--data", "nowhere", "--out", "used")
    assert fexgan("adapt", "nowhere", *nothing) == 2
    assert "no picture at nowhere.png" in capsys.readouterr().err, "what is to be learned is looked for first"
    assert fexgan("adapt", "portrait", "--character", "cleo.png", "--data", tiny_dataset, "--out", "run") == 2
    assert "give one that draws" in capsys.readouterr().err
    assert fexgan("adapt", "open-cast", "--character", "cleo.png", "--data", tiny_dataset, "--out", "run") == 2
    assert "framed otherwise than checkpoint open-cast; prepare it with --size-px 128" in capsys.readouterr().err
    assert not Path("run").exists()
