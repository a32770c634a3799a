from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from drawn import face
from PIL import Image

from fexgan.errors import InputError
from fexgan.media import (
    atomic_folder,
    atomic_path,
    decode_image,
    encode_image,
    file_name,
    free_name,
    read_image,
    write_image,
    write_text_atomically,
)
from fexgan.video import read_clip

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (7, 9, 3), dtype=np.uint8)


def test_png_bytes_give_back_every_pixel_and_depend_on_pixels_alone() -> None:
    assert np.array_equal(decode_image(encode_image(NOISE)), NOISE)
    assert encode_image(NOISE) == encode_image(NOISE.copy())


def test_a_written_picture_reads_back(tmp_path: Path) -> None:
    write_image(tmp_path / "new" / "noise.png", NOISE)
    assert np.array_equal(read_image(tmp_path / "new" / "noise.png"), NOISE)


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to show
    Image.fromarray(NOISE).save(tmp_path / "turned.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "turned.png"), np.rot90(NOISE, k=-1))


def test_transparent_parts_turn_grey(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(tmp_path / "glass.png")
    assert np.all(read_image(tmp_path / "glass.png") == 128)


@pytest.mark.parametrize("mode", ["L", "P", "CMYK", "1", "LA"])
def test_every_colour_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("picture.jpg" if mode == "CMYK" else "picture.png")
    Image.new(mode, (5, 3)).save(path)
    assert read_image(path).shape == (3, 5, 3)


def test_sixteen_bits_keep_their_brightness(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 200 << 8, np.uint16)).save(tmp_path / "deep.png")
    assert np.all(read_image(tmp_path / "deep.png") == 200)


@pytest.mark.parametrize("content", [b"", b"not a picture", encode_image(face())[:300]])
def test_an_unreadable_picture_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.png").write_bytes(content)
    with pytest.raises(InputError, match=r"broken\.png cannot be read as a picture"):
        read_image(tmp_path / "broken.png")


def test_a_header_that_promises_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    for side in (12_000, 40_000):
        header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
        (tmp_path / "bomb.png").write_bytes(bomb + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", 0x35AF061E))
        with pytest.raises(InputError, match=r"bomb\.png .*; give a picture of at most 128 megapixels"):
            read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
def test_a_file_of_several_pictures_is_refused(tmp_path: Path, suffix: str) -> None:
    pages = [Image.new("RGB", (8, 8), (level, 0, 0)) for level in (0, 120, 240)]
    pages[0].save(tmp_path / f"moving.{suffix}", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match="holds 3 pictures; give a single one, or a clip to transform: MP4"):
        read_image(tmp_path / f"moving.{suffix}")


def test_fractions_are_no_colours(tmp_path: Path) -> None:
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "map.tiff")
    with pytest.raises(InputError, match=r"map\.tiff holds fractions"):
        read_image(tmp_path / "map.tiff")


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no picture at .*gone\.png"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(InputError, match=r"no clip at .*gone\.mp4"):
        next(read_clip(tmp_path / "gone.mp4"))


def test_only_picture_suffixes_are_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"end its name in one of \.png"):
        write_image(tmp_path / "picture.txt", NOISE)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(("suffix", "side"), [(".webp", 16384), (".jpg", 65501)])
def test_a_picture_beyond_what_its_format_holds_is_refused_in_one_line(tmp_path: Path, suffix: str, side: int) -> None:
    long = np.zeros((side, 2, 3), np.uint8)
    with pytest.raises(InputError, match=rf"at most {side - 1} px a side, not 2x{side}; end its name in \.png$"):
        write_image(tmp_path / f"sheet{suffix}", long)
    write_image(tmp_path / f"sheet{suffix}", long[1:])
    write_image(tmp_path / "sheet.png", long)


def test_no_name_leaves_its_folder(tmp_path: Path) -> None:
    for name in ("../../escaped", "/etc/passwd", "..\\up", "C:drive", ".hidden", "a\0b\n", "..", ""):
        path = tmp_path / f"{file_name(name)}.txt"
        assert path.parent == tmp_path and not path.name.startswith(".")
        assert not set(file_name(name)) & set("/\\:\0\n")
        path.touch()
    assert file_name("Ada Å. (2)") == "Ada Å. (2)"


def test_no_free_name_is_given_twice() -> None:
    taken: set[str] = set()
    names = [free_name(name, taken) for name in ("a", "a", "a-2", "A", "b")]
    assert names[0] == "a" and names[-1] == "b" and len({name.casefold() for name in names}) == 5


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    write_text_atomically(tmp_path / "note.txt", "old")
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "note.txt") as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]
    assert (tmp_path / "note.txt").read_text() == "old"


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "set"
    for content in ("first", "second"):
        with atomic_folder(target) as temporary:
            (temporary / content).write_text(content)
    with pytest.raises(RuntimeError), atomic_folder(target) as temporary:
        (temporary / "third").write_text("half")
        raise RuntimeError
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
    assert [path.name for path in target.iterdir()] == ["second"]


def test_what_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "large" / "set").mkdir(parents=True)
    (tmp_path / "large" / "set" / "old").touch()
    for name in ("set", "new"):  # the second leads to what is not there yet
        (tmp_path / name).symlink_to(tmp_path / "large" / name)
        with atomic_folder(tmp_path / name) as temporary:
            (temporary / "whole").touch()
        assert (tmp_path / name).is_symlink()
        assert [path.name for path in (tmp_path / "large" / name).iterdir()] == ["whole"]
    assert {path.name for path in (tmp_path / "large").iterdir()} == {"set", "new"}


def test_the_file_that_a_link_leads_to_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "note.txt").write_text("old")
    for name in ("note.txt", "new.txt"):  # the second leads to what is not there yet
        (tmp_path / name).symlink_to(tmp_path / "large" / name)
        write_text_atomically(tmp_path / name, "whole")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "large" / name).read_text() == "whole"
    assert {path.name for path in (tmp_path / "large").iterdir()} == {"note.txt", "new.txt"}


def test_the_format_is_that_of_the_name_asked_for_wherever_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "joy.jpg").symlink_to(tmp_path / "kept.png")
    with atomic_path(tmp_path / "joy.jpg") as temporary:
        temporary.touch()
        assert temporary.suffix == ".jpg"


def test_of_links_in_a_circle_one_gives_way(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to("b.txt")
    (tmp_path / "b.txt").symlink_to("a.txt")
    write_text_atomically(tmp_path / "a.txt", "whole")
    assert "whole" in [path.read_text() for path in tmp_path.iterdir()]


def test_what_a_killed_run_left_is_not_in_the_way_of_one_with_its_number(tmp_path: Path) -> None:
    for end in ("partial", "replaced"):
        (tmp_path / f".set.{os.getpid()}.{end}" / "left").mkdir(parents=True)
    for _ in range(2):
        with atomic_folder(tmp_path / "set") as temporary:
            (temporary / "whole").touch()
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["whole"]


def test_a_folder_made_whole_is_as_open_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with atomic_folder(tmp_path / "set"):
        pass
    assert (tmp_path / "set").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with atomic_folder(tmp_path / "set") as temporary:
        (temporary / "first").write_text("first")
    replace = os.replace

    def refuse_the_new(source: Path, target: Path) -> None:
        if target == tmp_path / "set" and not source.name.endswith(".replaced"):
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse_the_new)
    with pytest.raises(InputError, match="permission denied"), atomic_folder(tmp_path / "set") as temporary:
        (temporary / "second").write_text("second")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["set", "set/first"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=r"cannot write .*note\.txt"):
        write_text_atomically(tmp_path / "file" / "note.txt", "text")
    with pytest.raises(InputError, match=r"cannot write .*set"), atomic_folder(tmp_path / "file" / "set"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
