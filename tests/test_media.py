from __future__ import annotations

import os
from pathlib import Path

import av
import numpy as np
import pytest
from drawn import face
from PIL import Image

from fexgan.errors import InputError
from fexgan.media import (
    atomic_folder,
    atomic_path,
    count_clip_frames,
    decode_image,
    encode_image,
    read_clip,
    read_image,
    write_clip,
    write_image,
    write_text_atomically,
)

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


def test_a_picture_too_large_to_be_meant_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    write_image(tmp_path / "bomb.png", NOISE)
    with pytest.raises(InputError, match=r"bomb\.png"):
        read_image(tmp_path / "bomb.png")


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no picture at .*gone\.png"):
        read_image(tmp_path / "gone.png")
    with pytest.raises(InputError, match=r"no clip at .*gone\.mp4"):
        next(read_clip(tmp_path / "gone.mp4"))


def test_only_picture_suffixes_are_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"end its name in one of \.png"):
        write_image(tmp_path / "picture.txt", NOISE)
    assert not any(tmp_path.iterdir())


def test_a_clip_keeps_its_frames_times_and_colours(tmp_path: Path) -> None:
    frames = [face(x=0.4 + 0.02 * index) for index in range(6)]
    write_clip(tmp_path / "clip.mp4", frames, fps=25, crf=5)
    pixels, times = zip(*read_clip(tmp_path / "clip.mp4"), strict=True)
    assert count_clip_frames(tmp_path / "clip.mp4") == 6
    assert times == pytest.approx([index / 25 for index in range(6)])
    difference = np.stack(pixels).astype(float) - np.stack(frames)
    assert np.abs(difference).mean() < 2
    assert np.all(np.abs(difference.mean(axis=(0, 1, 2))) < 0.75)


def test_equal_frames_make_equal_files(tmp_path: Path) -> None:
    coarse = Image.fromarray(RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8))
    texture = np.asarray(coarse.resize((160, 160), Image.Resampling.BICUBIC))
    frames = [np.roll(texture, index, axis=1) for index in range(24)]
    for name in "abcdefghij":
        write_clip(tmp_path / f"{name}.mp4", frames, fps=24, crf=12)
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


def test_clips_play_everywhere(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [face()], fps=24)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_primaries, context.color_range) == (1, 1, 1)  # BT.709, limited range


@pytest.mark.parametrize(
    ("frames", "fps", "message"),
    [
        ([], 24, "no frames"),
        ([NOISE], 24, "9x7 px .* even sides"),
        ([face(32), face(34)], 24, "frame 1 .* 34x34 px, the first 32x32"),
        ([face(32)], 0, "0 frames a second"),
        ([face(32)], float("nan"), "nan frames a second"),
    ],
)
def test_a_refused_clip_leaves_nothing_behind(tmp_path: Path, frames: list, fps: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        write_clip(tmp_path / "clip.mp4", frames, fps=fps)
    assert not any(tmp_path.iterdir())


def test_unreadable_clips_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a clip")
    write_clip(tmp_path / "whole.mp4", [face()] * 8, fps=24)
    whole = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    for name in ("text", "cut"):
        with pytest.raises(InputError, match=rf"{name}\.mp4 cannot be read as a clip"):
            list(read_clip(tmp_path / f"{name}.mp4"))


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


def test_a_folder_that_cannot_be_replaced_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with atomic_folder(tmp_path / "set") as temporary:
        (temporary / "first").write_text("first")
    replace = os.replace

    def refuse_the_new(source: Path, target: Path) -> None:
        if source.name.endswith(".partial"):
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
