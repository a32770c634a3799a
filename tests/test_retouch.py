from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from drawn import face
from fake_editor import fake_editor
from PIL import Image, features

from fexgan.affects import Mixture
from fexgan.editing import Editor
from fexgan.errors import InputError
from fexgan.media import BACKDROP_GREY, read_image
from fexgan.motion import is_animation, write_motion
from fexgan.picture import LoadedPicture, open_picture
from fexgan.retouch import RARE_DECODERS, Retouch, clip_frames, user_files
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
    assert said[1].startswith(f"left out {album / 'c.webp'}: cannot be read"), "each is named once"


def test_where_all_is_left_out_the_first_reason_is_the_error_and_told_once(retouch: Retouch, tmp_path: Path, capsys):
    gone = [tmp_path / "a.png", tmp_path / "b.png"]
    with pytest.raises(InputError) as caught:
        retouch.to_folder(user_files(gone), JOY, tmp_path / "out")
    assert str(caught.value).startswith(f"{gone[0]}: no picture; give") and capsys.readouterr().out == ""
    Image.fromarray(face(128)).save(gone[1])
    retouch.to_folder(user_files(gone), JOY, tmp_path / "out")
    said = capsys.readouterr().out.splitlines()
    assert said[0].count(str(gone[0])) == 1 and said[1] == f"wrote 1 file to {tmp_path / 'out'}; 1 of 2 files left out"


def test_faces_that_are_not_edited_are_told_of(editor: Editor, tmp_path: Path, capsys):
    smaller = np.pad(face(120), ((0, 40), (0, 0), (0, 0)), constant_values=128)
    Image.fromarray(np.hstack([face(160), smaller])).save(tmp_path / "pair.png")
    Image.fromarray(face(128)).save(tmp_path / "one.png")
    for choice, told in ((None, 1), (1, 0), ("all", 0)):
        Retouch(editor, None, choice).to_file(*user_files([tmp_path / "pair.png"]), JOY["joy:0.8"], tmp_path / "a.png")
        said = capsys.readouterr().err
        assert said.count("pair.png shows 2 faces; the largest is edited, --face 1 the next") == told
    Retouch(editor, None, None).to_file(*user_files([tmp_path / "one.png"]), JOY["joy:0.8"], tmp_path / "a.png")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("asked", "told"), [("joy", 1), ("joy.laugh", 0), ("neutral", 0), ("joy:0.8", 0), ("joy:0.9+fear:0.1", 0)]
)
def test_an_affect_that_is_there_already_is_told_of(editor: Editor, tmp_path: Path, capsys, asked: str, told: int):
    Image.fromarray(face(128)).save(tmp_path / "glad.png")
    shown = Mixture.parse("neutral" if asked == "neutral" else "joy:0.98")
    glad = Retouch(editor, shown, None)
    glad.to_file(*user_files([tmp_path / "glad.png"]), Mixture.of(asked), tmp_path / "out.png")
    said = capsys.readouterr().err
    assert said.count(f"glad.png shows joy:0.98 already, so that {asked} changes next to nothing; ask for") == told


def test_where_nothing_can_be_edited_the_first_reason_is_the_error(retouch: Retouch, tmp_path: Path):
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match="no face found in the picture"):
        retouch.to_folder(user_files([tmp_path / "a.png"], tmp_path / "out"), JOY, tmp_path / "out")


def test_a_folder_without_pictures_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(InputError, match="no pictures or clips in"):
        user_files([tmp_path], tmp_path / "out")


def test_results_do_not_go_among_their_sources(album: Path):
    with pytest.raises(InputError, match=r"results would lie among the sources in .*album; give another folder"):
        user_files([album], album / "summer" / "..")
    (album / "b.jpg").unlink()
    with pytest.raises(InputError, match=r"no pictures or clips in .*album but those in .*summer"):
        user_files([album], album / "summer")
    assert len(user_files([album], album.parent)) == 2  # beside them is not among them


def test_a_source_is_never_replaced(retouch: Retouch, album: Path):
    before = {name: (album / name).read_bytes() for name in below(album)}
    (album / "link.jpg").symlink_to(album / "b.jpg")
    for given, out in [("b.jpg", "b.jpg"), ("b.jpg", "summer/../b.jpg"), ("link.jpg", "b.jpg")]:
        with pytest.raises(InputError, match="is the source itself; give another name"):
            user_files([album / given], album / out)
    (album / "link.jpg").unlink()
    clip = album / "summer" / "clip.mov"
    with pytest.raises(InputError, match=r"clip\.mov is the source itself"):
        user_files([clip], clip)
    for suffix, write in [("joy.jpg", retouch.to_folder), ("sheet.png", retouch.sheets_to_folder)]:
        Image.fromarray(face(128)).save(album / f"b-{suffix}")
        files = user_files([album / "b.jpg", album / f"b-{suffix}"], album)
        with pytest.raises(InputError, match=f"b-{suffix} is the source itself"):
            write(files, {"joy": Mixture.parse("joy")}, album)
        (album / f"b-{suffix}").unlink()
    assert {name: (album / name).read_bytes() for name in below(album)} == before


def test_files_of_a_folder_that_are_passed_over_are_counted(album: Path, capsys):
    assert len(user_files([album])) == 3
    assert capsys.readouterr().err.splitlines() == [
        f"passed over 1 other file in {album}, by name no pictures or clips: notes.txt"
    ]
    for name in ("a.heic", "noext", "summer/x.psd"):
        (album / name).write_bytes(b"")
    user_files([album], album / "summer" / "x.psd")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("passed over 3 other files") and line.endswith(": a.heic, noext, notes.txt")
    user_files([album])
    assert capsys.readouterr().err.endswith(": a.heic, noext, notes.txt, ...\n")


def test_animations_and_rare_pictures_of_a_folder_are_edited(retouch: Retouch, tmp_path: Path, capsys):
    album, out = tmp_path / "album", tmp_path / "out"
    album.mkdir()
    for name in ("still.gif", *(f"rare{suffix}" for suffix, name in RARE_DECODERS.items() if features.check(name))):
        Image.fromarray(face(128)).save(album / name)
    write_motion(album / "moving.gif", [face(128), face(128, x=0.52)], fps=10)
    write_motion(album / "moving.webp", [face(128), face(128, x=0.52)], fps=10)
    files = user_files([album], out)
    retouch.to_folder(files, JOY, out)
    assert capsys.readouterr().err == "" and len(below(out)) == len(files) == len(list(album.iterdir()))
    assert {"moving-joy-0.8.gif", "moving-2-joy-0.8.webp", "still-joy-0.8.png"} <= set(below(out))
    assert is_animation(out / "moving-joy-0.8.gif") and is_animation(out / "moving-2-joy-0.8.webp")


def test_transparency_that_a_clip_loses_is_told(retouch: Retouch, tmp_path: Path, capsys, monkeypatch):
    write_clip(tmp_path / "clip.mp4", [face(128), face(128, x=0.52)], fps=10)
    for see_through in (False, True):  # encoders of clips that are so are not at hand everywhere
        monkeypatch.setattr("fexgan.editing.clips.is_see_through", lambda path, told=see_through: told)
        retouch.to_folder(user_files([tmp_path / "clip.mp4"]), JOY, tmp_path / "out")
        assert ("clip.mp4 is partly transparent" in capsys.readouterr().err) is see_through


def test_transparency_that_an_animation_loses_is_told(retouch: Retouch, tmp_path: Path, capsys):
    frames = [Image.fromarray(np.dstack([face(128, x=x), np.full((128, 128), 90, np.uint8)])) for x in (0.5, 0.52)]
    frames[0].save(tmp_path / "glass.webp", save_all=True, append_images=frames[1:])
    retouch.to_folder(user_files([tmp_path / "glass.webp"]), JOY, tmp_path / "out")
    assert "glass.webp is partly transparent" in capsys.readouterr().err


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


def test_what_is_transparent_stays_so_in_motion_where_the_file_can_hold_it(editor: Editor, tmp_path: Path):
    glass = np.dstack([face(128), np.full((128, 128), 255, np.uint8)])
    glass[:20, :, 3] = 0
    portrait = editor.open(Image.fromarray(glass))
    write_motion(tmp_path / "glass.webp", clip_frames(portrait, "0s neutral, 0.5s joy", 4, see_through=True), 4)
    with Image.open(tmp_path / "glass.webp") as animation:
        assert animation.n_frames == 3
        for index in range(3):
            animation.seek(index)
            opacity = np.asarray(animation.convert("RGBA"))[..., 3]
            assert (opacity[:20] == 0).all() and (opacity[20:] == 255).all()
    (first, *_) = clip_frames(portrait, "0s neutral, 0.5s joy", 4)
    assert first.shape == (128, 128, 3) and (first[:20] == BACKDROP_GREY).all()


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
    said = capsys.readouterr().out
    assert "left out" in said and "a clip, and this checkpoint draws pictures; choose one that edits" in said
