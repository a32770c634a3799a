from __future__ import annotations

import os
import struct
import zlib
from fractions import Fraction
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


def test_a_header_that_promises_too_many_pixels_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    for side in (12_000, 40_000):
        header = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
        (tmp_path / "bomb.png").write_bytes(bomb + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", 0x35AF061E))
        with pytest.raises(InputError, match=r"bomb\.png is too large a picture; give one of at most 128 megapixels"):
            read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize("suffix", ["png", "webp", "tiff"])
def test_a_file_of_several_pictures_is_refused(tmp_path: Path, suffix: str) -> None:
    pages = [Image.new("RGB", (8, 8), (level, 0, 0)) for level in (0, 120, 240)]
    pages[0].save(tmp_path / f"moving.{suffix}", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError, match="holds 3 pictures; give a single one, or a clip"):
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


def test_a_clip_keeps_its_frames_times_and_colours(tmp_path: Path) -> None:
    frames = [face(x=0.4 + 0.02 * index) for index in range(6)]
    write_clip(tmp_path / "clip.mp4", frames, fps=25, crf=5)
    pixels, times = zip(*read_clip(tmp_path / "clip.mp4"), strict=True)
    assert count_clip_frames(tmp_path / "clip.mp4") == 6
    assert times == pytest.approx([index / 25 for index in range(6)])
    difference = np.stack(pixels).astype(float) - np.stack(frames)
    assert np.abs(difference).mean() < 2
    assert np.all(np.abs(difference.mean(axis=(0, 1, 2))) < 0.75)


def _tag_rotation(path: Path, quarters: int) -> None:
    """Write the matrix that phones write into the track header of an MP4: turned clockwise by `quarters` to show."""
    turns = {0: (1, 0, 0, 1), 1: (0, 1, -1, 0), 2: (-1, 0, 0, -1), 3: (0, -1, 1, 0)}
    a, b, c, d = turns[quarters]
    content = bytearray(path.read_bytes())
    start = content.index(b"tkhd") + 44
    content[start : start + 36] = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    path.write_bytes(content)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_clip_filmed_with_a_turned_phone_comes_upright(tmp_path: Path, quarters: int) -> None:
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :16] = 255
    write_clip(tmp_path / "clip.mp4", [np.rot90(upright, quarters)] * 3, fps=24, crf=5)
    _tag_rotation(tmp_path / "clip.mp4", quarters)
    for pixels, _ in read_clip(tmp_path / "clip.mp4"):
        assert pixels.shape == upright.shape
        assert np.abs(pixels.astype(int) - upright).mean() < 3


CODECS = [
    ("mkv", "ffv1", "yuv420p10le"),
    ("mov", "prores_ks", "yuv422p10le"),
    ("webm", "libvpx-vp9", "yuv420p"),
    ("avi", "mpeg4", "yuv420p"),
    ("mp4", "libx265", "yuv420p10le"),
    ("gif", "gif", "rgb8"),
]


@pytest.mark.parametrize(("suffix", "codec", "pixel_format"), CODECS)
def test_clips_of_every_kind_keep_frames_and_colours(
    tmp_path: Path, suffix: str, codec: str, pixel_format: str
) -> None:
    path = tmp_path / f"clip.{suffix}"
    frames = [face(64, x=0.4 + 0.05 * index) for index in range(4)]
    with av.open(str(path), "w") as container:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream = container.add_stream(codec, rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = 64, 64, pixel_format
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    pixels, times = zip(*read_clip(path), strict=True)
    assert times == pytest.approx([0, 0.1, 0.2, 0.3], abs=0.011)
    rough = 20 if suffix == "gif" else 4  # 256 colours in all
    assert np.abs(np.stack(pixels).astype(float) - np.stack(frames)).mean() < rough


def test_uneven_times_are_kept_and_sound_is_passed_over(tmp_path: Path) -> None:
    times_s = [0, 0.1, 0.5, 0.6]
    with av.open(str(tmp_path / "clip.mkv"), "w") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        stream = container.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        tone = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        tone.sample_rate, tone.pts = 8000, 0
        container.mux(sound.encode(tone))
        for time_s in times_s:
            frame = av.VideoFrame.from_ndarray(face(32), format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(1000 * time_s), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        container.mux(sound.encode(None))
    assert [time_s for _, time_s in read_clip(tmp_path / "clip.mkv")] == pytest.approx(times_s)


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
