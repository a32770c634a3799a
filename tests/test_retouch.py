from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from drawn import face
from fake_editor import fake_editor
from PIL import Image

from fexgan.affects import Mixture
from fexgan.editing import Editor
from fexgan.errors import InputError
from fexgan.media import read_image
from fexgan.picture import LoadedPicture, open_picture
from fexgan.retouch import Retouch, clip_frames, user_files
from fexgan.synthesis import Model
from fexgan.video import count_clip_frames, write_clip

JOY = {"joy:0.8": Mixture.parse("joy:0.8")}


@pytest.fixture
def editor() -> Editor:
    return fake_editor()


@pytest.fixture
def retouch(editor: Editor) -> Retouch:
    return Retouch(editor, source_affect=None, face=None)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder of two pictures of different kinds, one of them deeper, a clip, and what is neither."""
    folder = tmp_path / "album"
    (folder / "summer").mkdir(parents=True)
    Image.fromarray(face(128)).save(folder / "b.jpg")
    Image.fromarray(face(128)).convert("RGBA").save(folder / "summer" / "a.PNG", format="PNG")
    write_clip(folder / "summer" / "clip.mov", [face(128)] * 2, preset="ultrafast")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".b.jpg").write_bytes(b"hidden")
    return folder


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_folder_keeps_its_structure_and_files_their_kind(retouch: Retouch, album: Path, tmp_path: Path):
    out = tmp_path / "out"
    retouch.to_folder(user_files([album], out), JOY, out)
    assert below(out) == ["b-joy-0.8.jpg", "summer/a-joy-0.8.PNG", "summer/clip-joy-0.8.mp4"]
    with Image.open(out / "b-joy-0.8.jpg") as picture, Image.open(out / "summer/a-joy-0.8.PNG") as deep:
        assert (picture.format, picture.size) == ("JPEG", (128, 128)) and (deep.format, deep.mode) == ("PNG", "RGBA")
    assert count_clip_frames(out / "summer/clip-joy-0.8.mp4") == 2


def test_results_inside_the_folder_are_not_taken_up_again(retouch: Retouch, album: Path):
    (album / "summer" / "clip.mov").unlink()
    for _ in range(2):
        retouch.to_folder(user_files([album], album / "out"), JOY, album / "out")
    assert below(album / "out") == ["b-joy-0.8.jpg", "summer/a-joy-0.8.PNG"]


def test_files_of_one_name_are_numbered_and_other_kinds_become_png(tmp_path: Path):
    names = [str(file.name) for file in user_files([Path("x/a.png"), Path("y/a.png"), Path("a.tif")], tmp_path)]
    assert names == ["a.png", "a-2.png", "a-3.png"]


def test_no_two_files_have_one_title(tmp_path: Path):
    given = [Path("a.png"), Path("a.jpg"), Path("a-2.png"), Path("A.mov"), Path("b:c.png"), Path("b-c.jpg")]
    files = user_files(given, tmp_path)
    assert [file.path for file in files] == given and files[0].title == "a"
    assert len({file.title.casefold() for file in files}) == len(given)
    assert not any(":" in file.title for file in files)


def test_all_pictures_of_a_folder_that_can_be_read_are_edited(retouch: Retouch, tmp_path: Path):
    album, out = tmp_path / "album", tmp_path / "out"
    album.mkdir()
    for suffix in ("bmp", "tif", "TIFF"):
        Image.fromarray(face(128)).save(album / f"{suffix.lower()}.{suffix}")
    retouch.to_folder(user_files([album], out), JOY, out)
    assert below(out) == ["bmp-joy-0.8.png", "tif-joy-0.8.png", "tiff-joy-0.8.png"]


def test_sheets_of_files_of_one_name_are_all_kept(retouch: Retouch, tmp_path: Path):
    for name in ("a.png", "a.jpg"):
        Image.fromarray(face(128)).save(tmp_path / name)
    out = tmp_path / "out"
    retouch.sheets_to_folder(user_files([tmp_path], out), JOY, out)
    assert len(below(out)) == 2


def test_an_edit_keeps_sixteen_bit_colours(retouch: Retouch, tmp_path: Path):
    deep = face(128).astype(np.uint16) * 257
    LoadedPicture(deep).save(tmp_path / "a.png")
    retouch.to_folder(user_files([tmp_path / "a.png"]), JOY, tmp_path / "out")
    edited = open_picture(tmp_path / "out" / "a-joy-0.8.png").levels
    assert edited.dtype == np.uint16 and np.array_equal(edited[0], deep[0]) and not np.array_equal(edited, deep)


def test_labels_cannot_lead_out_of_the_folder(tmp_path: Path):
    (file,) = user_files([Path("a.png")])
    assert file.result(tmp_path, "../../joy:1").parent == tmp_path


def test_what_cannot_be_edited_is_told_and_left_out(retouch: Retouch, album: Path, tmp_path: Path, capsys):
    Image.new("RGB", (64, 64)).save(album / "a.png")
    (album / "c.webp").write_bytes(b"DDS " + struct.pack("<31I", 124, *[9] * 30))  # Pillow raises what is no OSError
    out = tmp_path / "out"
    retouch.to_folder(user_files([album], out), JOY, out)
    said = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in said[:-1]] == [f"left out {album / name}" for name in ("a.png", "c.webp")]
    assert said[-1] == f"wrote 3 files to {out}; 2 of 5 files left out"


def test_where_nothing_can_be_edited_the_first_reason_is_the_error(retouch: Retouch, tmp_path: Path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="no face found in the picture"):
        retouch.to_folder(user_files([tmp_path / "a.png"], tmp_path / "out"), JOY, tmp_path / "out")


def test_a_folder_without_pictures_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match="no pictures or clips in"):
        user_files([tmp_path], tmp_path / "out")


def test_a_file_is_read_once_for_all_its_results(retouch: Retouch, album: Path, tmp_path: Path):
    targets = {text: Mixture.parse(text) for text in ("joy", "fear", "anger")}
    retouch.to_folder(user_files([album / "b.jpg"], tmp_path / "out"), targets, tmp_path / "out")
    assert len(below(tmp_path / "out")) == 3 and retouch.model.networks.analysed == 1


def test_a_picture_in_motion_keeps_its_size_up_to_what_players_take(editor: Editor, monkeypatch: pytest.MonkeyPatch):
    picture = open_picture(Image.fromarray(face(129)[:, :121]).convert("LA"))
    frames = list(clip_frames(editor.open(picture), "0s neutral, 0.5s joy", fps=4))
    assert len(frames) == 3 and {frame.shape for frame in frames} == {(130, 122, 3)}
    assert np.array_equal(frames[0][:129, :121], picture.view((0, 0, 121, 129)))
    monkeypatch.setattr("fexgan.retouch.LARGEST_CLIP_PX", 64)
    (first, *_) = clip_frames(editor.open(picture), "0s neutral, 0.5s joy", fps=4)
    assert first.shape == (64, 60, 3)


def test_a_sheet_of_each_picture_shows_the_source_first(retouch: Retouch, album: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    retouch.sheets_to_folder(user_files([album], out), {"calm": Mixture.parse("neutral"), **JOY}, out)
    assert below(out) == ["b-sheet.png", "summer/a-sheet.png"]
    assert "left out" in capsys.readouterr().out  # a clip does not fit on a sheet
    sheet = read_image(out / "b-sheet.png")
    assert sheet.shape[1] > 3 * 256
    cells = [sheet[100:200, sheet.shape[1] - 14 - 256 * back - 3 * (back - 1) :][:, :100] for back in (3, 2, 1)]
    assert np.array_equal(cells[0], cells[1]) and not np.array_equal(cells[0], cells[2])


def test_a_model_that_draws_takes_folders_too(tiny_model: Model, album: Path, tmp_path: Path, capsys):
    out = tmp_path / "out"
    Retouch(tiny_model, Mixture.parse("neutral"), face=None).to_folder(user_files([album], out), JOY, out)
    assert below(out) == ["b-joy-0.8.jpg", "summer/a-joy-0.8.PNG"]
    assert read_image(out / "summer/a-joy-0.8.PNG").shape == (64, 64, 3)
    assert "left out" in capsys.readouterr().out  # it draws no clips
