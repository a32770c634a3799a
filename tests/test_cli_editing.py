from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from drawn import face, film
from PIL import Image
from rich.console import Console

from fexgan import bundled, load, terminal
from fexgan.affects import Mixture
from fexgan.checkpoints import Metadata, save_checkpoint
from fexgan.config import FramingConfig, config_from_dict
from fexgan.editing import Editor
from fexgan.expressions import write_expression
from fexgan.faces import Face, FaceFinder
from fexgan.media import read_image
from fexgan.model import build
from fexgan.prepare import prepare
from fexgan.synthesis import Model
from fexgan.verbs.sources import named_mixtures
from fexgan.video import count_clip_frames, read_clip, write_clip

Run = Callable[..., int]
SIZE = 64
EXPRESSIONS = bundled.expressions_path()


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bundled data with nothing but a tiny untrained `portrait` in it."""
    folder = tmp_path_factory.mktemp("data")
    shape = {"family": "portrait", "image_size_px": SIZE, "widths": (8, 16), "discriminator_widths": (8, 16)}
    variants = ("joy.laugh", "joy.closed")
    config = config_from_dict({"model": {**shape, "variants": variants}, "framing": {"image_size_px": SIZE}})
    networks = build(config.model, seed=0)
    save_checkpoint(folder / "checkpoints" / "portrait", networks, Metadata(config, ("ada",), "", step=0))
    return folder


@pytest.fixture
def fexgan(run_command: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkpoints: Path) -> Run:
    """Run `fexgan` with these arguments in a folder with pictures, where `portrait` is bundled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(bundled, "_DATA", checkpoints)
    monkeypatch.setattr(bundled, "expressions_path", lambda: EXPRESSIONS)
    Image.fromarray(face(160)[:, :150]).save("face.jpg")
    Image.fromarray(face(160)).save("face.png")
    return run_command


def test_a_checkpoint_that_edits_opens_as_an_editor(fexgan: Run, checkpoints: Path):
    editor = load("portrait")
    assert isinstance(editor, Editor) and editor.image_size_px == SIZE
    image = Image.open("face.png")
    same = editor.transform(image, "joy:0.4+fear:0.3", source_affect="joy:0.4+fear:0.3")
    assert np.array_equal(np.asarray(same), np.asarray(image))
    assert not np.array_equal(np.asarray(editor.transform(image, "joy", "neutral")), np.asarray(image))


def test_pictures_are_edited_at_their_own_size_where_portrait_is_bundled(fexgan: Run):
    assert fexgan("transform", "face.jpg", "--to", "joy", "--out", "joy.jpg") == 0
    with Image.open("joy.jpg") as picture:
        assert (picture.format, picture.size) == ("JPEG", (150, 160))


def test_sheets_show_close_ups(fexgan: Run):
    assert fexgan("transform", "face.jpg", "face.png", "--to", "joy", "fear", "--out", "sheet.png") == 0
    height, width = read_image(Path("sheet.png")).shape[:2]
    assert width > 3 * 256 and height > 2 * 256
    assert fexgan("blend", "face.png", "--mixtures", "anger+sadness", "--out", "blend.png") == 0


def test_no_picture_is_lost_where_names_are_alike(fexgan: Run):
    Image.fromarray(face(160)).save("face-2.png")
    pictures = ("face.png", "face.jpg", "face-2.png")
    for count, given in enumerate((pictures[:1], pictures), start=1):
        assert fexgan("transform", *given, "--to", "joy", "fear", "--out", f"{count}.png") == 0
    assert read_image(Path("2.png")).shape[0] > 3 * 256 > read_image(Path("1.png")).shape[0]
    for flags in (["--to", "joy", "--sheet"], ["--to", "joy"]):
        assert fexgan("transform", *pictures, *flags, "--out", f"made{len(flags)}") == 0
        assert len(list(Path(f"made{len(flags)}").iterdir())) == 3


def test_a_mixture_asked_for_in_two_orders_is_made_once_and_called_as_it_was_first_written(fexgan: Run):
    assert fexgan("transform", "face.png", "--to", "joy+fear", "fear+joy", "--out", "made") == 0
    assert [path.name for path in Path("made").iterdir()] == ["face-joy+fear.png"]
    assert fexgan("transform", "face.png", "--to", "fear+joy", "--out", "other") == 0
    assert Path("made/face-joy+fear.png").read_bytes() == Path("other/face-fear+joy.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--to", "joy", "face.png"], "face.png is a file, where a mixture such as joy:0.8 is wanted"),
        (["face.png", "--to", "anger", "+", "joy"], "'+' is a piece of a mixture; write it without spaces"),
        (["face.png", "--to", "anger+", "joy"], "'anger+' is a piece of a mixture"),
        (["face.png", "--to", "joy,", "fear"], "'joy,' ends in a comma; leave it out"),
        (["face.png", "joy"], "joy is no file but a mixture; write it after --to"),
        (["face.png", "wry-smile:0.5"], "wry-smile:0.5 is no file but a mixture"),
    ],
)
def test_files_and_mixtures_at_each_others_place_are_refused_and_nothing_is_written(
    fexgan: Run, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture
):
    before = sorted(Path().iterdir())
    assert fexgan("transform", *arguments, "--out", "out.png") == 2
    assert complaint in capsys.readouterr().err
    assert sorted(Path().iterdir()) == before


def test_a_file_that_is_called_as_an_affect_is_a_file(fexgan: Run):
    Path("face.png").rename("joy")
    assert fexgan("transform", "joy", "--to", "fear", "--out", "fear.png") == 0


@pytest.mark.parametrize("flags", [["--cell-px", "64", "--out", "a.webp"], ["--out", "a.gif"]])
def test_transparency_that_a_clip_of_pictures_loses_is_told(fexgan: Run, flags: list[str], capsys):
    glass = np.dstack([face(160), np.full((160, 160), 255, np.uint8)])
    glass[:20, :, 3] = 0
    Image.fromarray(glass).save("glass.png")
    for name in ("face.png", "glass.png"):
        assert fexgan("animate", name, "--keyframes", "0 neutral, 0.1 joy", *flags) == 0
        assert ("transparent is laid on grey" in capsys.readouterr().err) is (name == "glass.png")


def test_expressions_of_one_name_that_differ_in_a_variant_alone_are_two(tmp_path: Path):
    for folder, mixture in (("a", "joy:0.5"), ("b", "joy.laugh:0.5")):
        write_expression(tmp_path / folder / "sly.yaml", Mixture.parse(mixture))
    named = named_mixtures([str(tmp_path / folder / "sly.yaml") for folder in "ab"])
    assert [mixture.variants for mixture in named.values()] == [(), (("joy", "laugh"),)]


def test_no_mixture_is_lost_where_affects_or_names_are_alike(fexgan: Run):
    mixtures = ("anger:0.7+sadness:0.3", "anger:0.3+sadness:0.7", "joy+fear")
    assert fexgan("blend", "face.png", "--mixtures", *mixtures, "--out", "blended") == 0
    names = {"anger-0.7+sadness-0.3", "anger-0.3+sadness-0.7", "joy+fear"}
    assert {path.stem for path in Path("blended").iterdir()} == {f"face-{name}" for name in names}
    for folder, mixture in (("a", "joy:0.5"), ("b", "fear:0.5")):
        assert fexgan("expressions", f"{folder}/sly.yaml", "--save", mixture) == 0
    files = ("a/sly.yaml", "b/sly.yaml")
    assert fexgan("transform", "face.png", "--to", *files, "--out", "sly") == 0
    assert sorted(path.name for path in Path("sly").iterdir()) == ["face-sly-2.png", "face-sly.png"]
    assert fexgan("expressions", *files, "--units", "units.csv") == 0
    assert len(Path("units.csv").read_text().splitlines()) == 3
    assert fexgan("animate", "face.png", "--keyframes", "0s neutral, 0.1s a/sly.yaml", "--out", "sly.mp4") == 0


def test_frames_keep_size_and_transparency_for_an_editing_program(fexgan: Run):
    rgba = np.dstack([face(151)[:, :149], np.full((151, 149), 90, np.uint8)])
    Image.fromarray(rgba).save("glass.png")
    assert fexgan("animate", "glass.png", "--keyframes", "0s neutral, 0.1s joy", "--out", "frames") == 0
    first = sorted(Path("frames").iterdir())[0]
    with Image.open(first) as frame:
        assert frame.mode == "RGBA" and frame.size == (149, 151)
        assert (np.asarray(frame)[..., 3] == 90).all()


def test_a_folder_is_one_whatever_it_is_called(fexgan: Run):
    Path("v1.3").mkdir()
    assert fexgan("transform", "face.png", "--to", "joy", "--out", "v1.3") == 0
    assert fexgan("blend", "face.png", "--mixtures", "joy+fear", "--out", "v1.3") == 0
    assert {path.name for path in Path("v1.3").iterdir()} == {"face-joy.png", "face-joy+fear.png"}
    Path("v1.4").mkdir()
    assert fexgan("animate", "face.png", "--keyframes", "0s neutral, 0.1s joy", "--out", "v1.4") == 0
    assert all(path.suffix == ".png" for path in Path("v1.4").iterdir())


def test_a_sheet_names_the_picture_that_it_cannot_show(fexgan: Run, capsys):
    Image.new("RGB", (99, 99)).save("empty.png")
    Path("talk.mp4").write_bytes(b"talk")
    assert fexgan("transform", "empty.png", "talk.mp4", "--out", "sheet.png") == 2
    assert "empty.png: no face found" in capsys.readouterr().err
    assert fexgan("transform", "face.png", "--face", "all", "--out", "sheet.png") == 2
    assert "a sheet shows one face" in capsys.readouterr().err
    assert fexgan("animate", "talk.mp4", "--out", "moved.mp4") == 2
    assert "talk.mp4: a clip, where a picture is wanted" in capsys.readouterr().err


TOGETHER = (
    ("transform", "--to", "wry-smile:0.5+fear:0.2", "--sheet", "--out", "sheet.png"),
    ("blend", "--mixtures", "wry-smile", "--out", "sheet.png"),
    ("animate", "--keyframes", "0s neutral, 100ms wry-smile", "--cell-px", 64, "--out", "clip.mp4"),
)
"""Commands that show faces of several pictures together."""


@pytest.mark.parametrize("command", TOGETHER)
def test_what_has_no_face_is_left_out_of_a_sheet_or_clip_of_many(fexgan: Run, capsys, command: tuple[object, ...]):
    verb, *flags = command
    Path("album").mkdir()
    Image.new("RGB", (99, 99)).save("album/empty.png")
    Path("album/broken.png").write_bytes(b"no picture")
    Path("album/notes.txt").touch()
    assert fexgan(verb, "album", "face.png", "face.jpg", *flags) == 0
    said = capsys.readouterr()
    told = said.out.splitlines()
    assert said.err.count("passed over 1 other file in album") == 1  # folders are looked through once
    assert any(line.startswith("left out album/empty.png: no face found") for line in told)
    assert any(line.startswith("left out album/broken.png: cannot be read") for line in told)
    if flags[-1] == "sheet.png":
        assert read_image(Path("sheet.png")).shape[0] < 3 * 256
    else:
        assert next(read_clip(Path("clip.mp4")))[0].shape == (64, 128, 3)


@pytest.mark.parametrize("command", TOGETHER)
def test_a_picture_is_searched_for_its_face_once(
    fexgan: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[object, ...]
):
    searched: list[FaceFinder] = []
    find_all = FaceFinder.find_all

    def noted(own: FaceFinder, *asked: object, **short_look: bool) -> list[Face]:
        searched.extend([own] if not short_look else [])  # which tells how many faces there are
        return find_all(own, *asked, **short_look)

    monkeypatch.setattr(FaceFinder, "find_all", noted)
    verb, *flags = command
    for name in ("face.png", "face.jpg"):
        load("portrait").open(name)
    alone = len(searched)
    assert fexgan(verb, "face.png", "face.jpg", *flags) == 0
    assert len(searched) == 2 * alone


@pytest.mark.parametrize("command", TOGETHER)
def test_of_a_dataset_too_what_has_no_face_is_left_out(
    fexgan: Run, tiny_dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys, command: tuple[object, ...]
):
    verb, *flags = command
    data = (verb, "--data", tiny_dataset, "--checkpoint", "portrait", *flags)
    faces = {"blank": np.zeros((99, 99, 3), np.uint8), "ada": face(160)}
    monkeypatch.setattr("fexgan.figures.neutral_faces", lambda _: faces)
    assert fexgan(*data) == 0
    assert "left out blank: no face found" in capsys.readouterr().out
    del faces["ada"]
    assert fexgan(*data) == 2
    error = capsys.readouterr().err
    assert "error: blank: no face found" in error and "--points" not in error  # which datasets do not take


def test_what_a_picture_shows_may_be_told_by_the_name_of_an_expression(fexgan: Run):
    told = ("--source-affect", "wry-smile", "--to", "wry-smile", "--out", "same.png")
    assert fexgan("transform", "face.png", *told) == 0
    assert np.array_equal(read_image(Path("same.png")), read_image(Path("face.png")))


def test_a_datasets_names_cannot_lead_out_of_the_folder(fexgan: Run, monkeypatch: pytest.MonkeyPatch):
    rows = []
    for number, name in enumerate(("../../escaped", "..:..:escaped", "../escaped")):
        for take in range(2):
            Image.fromarray(face(160, x=0.44 + 0.04 * number, y=0.46 + 0.08 * take)).save(f"{number}{take}.png")
            rows.append(f"{number}{take}.png,neutral,{name}")
    Path("list.csv").write_text("\n".join(["file,affect,character", *rows]))
    assert fexgan("prepare", "list.csv", "--out", "dataset", "--split", "frame", "--test-share", "0.5") == 0
    data = ("--data", "dataset", "--checkpoint", "portrait")
    made, found = Path("deep/within/made"), Path("deep/within/found")
    assert fexgan("transform", *data, "--to", "joy", "fear", "--out", made) == 0
    monkeypatch.setattr("fexgan.optimising.optimise", lambda _, mixture: SimpleNamespace(mixture=mixture))
    mix = ("--mixtures", "anger+sadness", "--optimise", "--save", found)
    assert fexgan("blend", *data, *mix, "--out", "blend.png") == 0
    assert len(list(made.iterdir())) == 6 and len(list(found.iterdir())) == 3
    assert {path.parent for path in Path().rglob("*escaped*")} == {made, found}


def test_folders_and_clips_come_out_as_such(fexgan: Run):
    write_clip(Path("album/clip.mp4"), [face(160)] * 2, preset="ultrafast")
    Path("face.jpg").rename("album/face.jpg")
    assert fexgan("transform", "album", "face.png", "--to", "joy", "--face", "all", "--out", "made") == 0
    assert sorted(path.name for path in Path("made").iterdir()) == ["clip-joy.mp4", "face-2-joy.png", "face-joy.jpg"]
    assert fexgan("transform", "album/clip.mp4", "--to", "fear:0.5", "--out", "fear.mp4") == 0
    assert count_clip_frames(Path("fear.mp4")) == 2
    assert fexgan("blend", "face.png", "--mixtures", "anger+sadness", "--out", "blends") == 0
    assert [path.name for path in Path("blends").iterdir()] == ["face-anger+sadness.png"]


def test_a_variant_is_shown_where_the_checkpoint_knows_it(fexgan: Run, tiny_checkpoint: Path, capsys):
    joy = ("transform", "face.png", "--source-affect", "neutral", "--to", "joy")
    assert fexgan(*joy, "--out", "joy.png") == 0
    assert fexgan(*joy, "--variants", "joy.laugh", "--out", "laugh.png") == 0
    assert not np.array_equal(read_image(Path("joy.png")), read_image(Path("laugh.png")))
    assert fexgan(*joy[:-1], "joy.laugh:0.9", "joy.laugh", "--out", "made") == 0
    assert np.array_equal(read_image(Path("made/face-joy.laugh.png")), read_image(Path("laugh.png")))
    assert sorted(path.name for path in Path("made").iterdir()) == ["face-joy.laugh-0.9.png", "face-joy.laugh.png"]
    for wrong in (["joy.grin"], ["joy.laugh", "joy.closed"], ["joy.laugh", "--checkpoint", str(tiny_checkpoint)]):
        assert fexgan(*joy, "--variants", *wrong, "--out", "none.png") == 2
    told = capsys.readouterr().err
    for reason in ("unknown; choose from joy.laugh, joy.closed", "two of one affect", "no variants"):
        assert reason in told
    assert not Path("none.png").exists()


def test_one_picture_moves_whole_and_several_in_cells(fexgan: Run, monkeypatch: pytest.MonkeyPatch):
    flags = ("--keyframes", "0s neutral, 0.5s joy", "--fps", 4)
    assert fexgan("animate", "face.jpg", *flags, "--out", "whole.mp4") == 0
    assert next(read_clip(Path("whole.mp4")))[0].shape == (160, 150, 3)
    shown = io.StringIO()
    monkeypatch.setattr(terminal, "console", Console(file=shown, force_terminal=True, width=80))
    for out in ("seen.mp4", "seen"):
        shown.truncate(0)
        assert fexgan("animate", "face.jpg", *flags, "--out", out) == 0
        assert "animating" in shown.getvalue()
    assert fexgan("animate", "face.jpg", "face.png", *flags, "--cell-px", 64, "--out", "cells.mp4") == 0
    assert fexgan("animate", "face.jpg", "face.png", *flags, "--face", "all", "--out", "both.mp4") == 2
    assert next(read_clip(Path("cells.mp4")))[0].shape == (64, 128, 3)


def test_a_prepared_dataset_can_be_edited_when_asked_for(fexgan: Run):
    for take in ("1", "2"):
        film(Path("footage"), "ada", "neutral", take, frames=2)
    prepare(Path("footage"), Path("dataset"), FramingConfig())
    flags = ("--data", "dataset", "--checkpoint", "portrait", "--to", "joy")
    assert fexgan("transform", *flags, "--out", "sheet.png") == 0


def test_random_faces_are_given_their_affects_by_a_checkpoint_that_edits(
    fexgan: Run, tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch
):
    drawn = Image.fromarray(face(160))
    monkeypatch.setattr(Model, "draw", lambda *_: drawn)
    flags = ("--affect", "joy", "--count", 1, "--checkpoint", tiny_checkpoint)
    assert fexgan("generate", *flags, "--edit-with", "portrait", "--out", "edited.png") == 0
    expected = load("portrait").transform(drawn, "joy")
    assert np.array_equal(read_image(Path("edited.png")), np.asarray(expected))
    assert not np.array_equal(np.asarray(expected), np.asarray(drawn))


def test_wrong_input_is_one_line_and_leaves_nothing_behind(fexgan: Run, tiny_checkpoint: Path, capsys):
    Image.new("RGB", (64, 64)).save("blank.png")
    write_clip(Path("clip.mp4"), [face(160)], preset="ultrafast")
    Path("empty").mkdir()
    before = sorted(Path().rglob("*"))
    for arguments in [
        ("transform", "blank.png", "--to", "joy"),
        ("transform", "blank.png", "--to", "joy", "--out", "made"),
        ("transform", "face.png", "--to", "joy", "--face", "1"),
        ("transform", "face.png", "--to", "joy", "--face", "left"),
        ("transform", "face.png", "--to", "joy", "--out", "joy.bmp"),
        ("transform", "face.png", "--to", "joy", "--out", "joy.mp4"),
        ("transform", "clip.mp4", "--to", "joy", "--out", "joy.png"),
        ("transform", "clip.mp4", "--out", "sheet.png"),
        ("transform", "nowhere.mp4", "--to", "joy", "--out", "joy.mp4"),
        ("transform", "empty", "--to", "joy", "--out", "made"),
        ("animate", "clip.mp4", "--out", "again.mp4"),
        ("transform", "face.png", "--face", "1", "--checkpoint", tiny_checkpoint),
        ("classify", "face.png", "--json", "--out", "affects.csv"),
        ("generate", "--checkpoint", "portrait"),
        ("generate", "--checkpoint", tiny_checkpoint, "--edit-with", tiny_checkpoint),
        ("generate", "--checkpoint", tiny_checkpoint, "--edit-with", "portrait", "--dataset", "nobody"),
        ("generate", "--checkpoint", tiny_checkpoint, "--count", "7", "--dataset", "nobody"),
        ("generate", "--checkpoint", tiny_checkpoint, "--out", "nobody.png", "--dataset", "nobody"),
        ("generate", "--checkpoint", tiny_checkpoint, "--per-affect", "7"),
        ("transform", "face.png", "--face", "all", "--sheet", "--out", "made"),
        ("animate", "face.png", "--characters", "ada"),
        ("animate", "face.png", "--out", "rig.csv"),
        ("animate", "--fps", "23", "--out", "rig.csv"),
        ("animate", "--variants", "joy.grin", "--out", "rig.csv"),
        ("expressions", "--note", "nothing"),
        ("evaluate", "portrait", "--data", "stills", "--landmarker", "task", "--out", "made"),
    ]:
        assert fexgan(*arguments) == 2, arguments
        error = capsys.readouterr().err
        assert error.startswith("fexgan: error: ") and error.count("\n") == 1, (arguments, error)
        assert sorted(Path().rglob("*")) == before, arguments


@pytest.mark.parametrize("flag", ["--judges", "--all-frames", "--stills=open-cast"])
def test_flags_that_measure_drawing_are_refused_for_a_checkpoint_that_edits(fexgan: Run, capsys, flag: str):
    assert fexgan("evaluate", "portrait", "--data", "stills", "--out", "report", flag) == 2
    name = flag.partition("=")[0]
    assert f"{name} is for checkpoints that draw, and portrait does not; leave it out" in capsys.readouterr().err


def test_a_face_that_is_not_found_is_edited_where_points_say(fexgan: Run, capsys):
    gradient = np.linspace(0, 255, 200, dtype=np.uint8)[None, :, None].repeat(200, 0).repeat(3, 2)
    Image.fromarray(gradient).save("slab.png")
    for verb in (("transform", "--to", "joy"), ("blend", "--mixtures", "joy+fear"), ("animate",)):
        assert fexgan(verb[0], "slab.png", *verb[1:], "--out", "made") == 2
        assert "or say where its eyes and its mouth are, on that picture alone: --points\n" in capsys.readouterr().err
    pointed = ("slab.png", "--points", "70,80", "130,80", "100,140")
    assert fexgan("transform", *pointed, "--source-affect", "neutral", "--to", "joy", "--out", "joy.png") == 0
    points = [(70, 80), (130, 80), (100, 140)]
    made = load("portrait").transform(Image.open("slab.png"), "joy", "neutral", points=points)
    assert np.array_equal(read_image(Path("joy.png")), np.asarray(made))
    assert fexgan("transform", *pointed, "--out", "sheet.png") == 0
    assert fexgan("blend", *pointed, "--mixtures", "joy+fear", "--out", "blend.png") == 0
    flags = ("--keyframes", "0s neutral, 0.1s joy", "--out")
    assert fexgan("animate", *pointed, *flags, "whole.mp4") == 0
    assert fexgan("animate", *pointed, "--cell-px", 64, *flags, "cell.mp4") == 0


def test_points_are_refused_where_they_say_nothing(fexgan: Run, tiny_checkpoint: Path, tiny_dataset: Path, capsys):
    write_clip(Path("clip.mp4"), [face(160)], preset="ultrafast")
    points = ("--points", "60,70", "100,70", "80,105")
    for arguments, reason in [
        (("face.png", "--points", "60,70", "100,70"), "not three of X,Y"),
        (("face.png", "--points", "60,70", "100,70", "down"), "not three of X,Y"),
        (("face.png", "--points", "60,70", "100,70", "80,500"), "outside the picture"),
        (("face.png", "face.jpg", *points), "and 2 came; give one at a time"),
        (("face.png", "--face", "0", *points), "so does --face 0"),
        (("--data", tiny_dataset, "--checkpoint", "portrait", *points), "not those of --data"),
        (("clip.mp4", *points), "clip.mp4 is a clip"),
        (("face.png", "--checkpoint", tiny_checkpoint, *points), "this one draws"),
    ]:
        assert fexgan("transform", *arguments, "--to", "joy", "--out", "joy.png") == 2, arguments
        error = capsys.readouterr().err
        assert reason in error and error.count("\n") == 1, (arguments, error)


def test_what_a_picture_shows_may_be_told_and_is_then_nothing_to_edit(fexgan: Run):
    shown = "joy:0.4+fear:0.3"
    told = ("--source-affect", shown, "--out")
    assert fexgan("transform", "face.png", "--to", shown, *told, "same.png") == 0
    assert fexgan("blend", "face.png", "--mixtures", shown, *told, "mixed") == 0
    assert fexgan("animate", "face.png", "--keyframes", f"0s {shown}, 0.1s neutral", *told, "frames") == 0
    for made in (Path("same.png"), *Path("mixed").iterdir(), min(Path("frames").iterdir())):
        assert np.array_equal(read_image(made), read_image(Path("face.png"))), made
