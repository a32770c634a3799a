"""Clips keep frames, times and colours, whatever they come in; and squares cut out of them."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from drawn import face
from PIL import Image

from fexgan.errors import InputError
from fexgan.video import count_clip_frames, decode_clip, decode_key_frames, is_see_through, read_clip, write_clip

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (7, 9, 3), dtype=np.uint8)


def test_a_clip_keeps_its_frames_times_and_colours(tmp_path: Path) -> None:
    frames = [face(x=0.4 + 0.02 * index) for index in range(6)]
    write_clip(tmp_path / "clip.mp4", frames, fps=25, crf=5)
    pixels, times = zip(*read_clip(tmp_path / "clip.mp4"), strict=True)
    assert count_clip_frames(tmp_path / "clip.mp4") == 6
    assert times == pytest.approx([index / 25 for index in range(6)])
    difference = np.stack(pixels).astype(float) - np.stack(frames)
    assert np.abs(difference).mean() < 2
    assert np.all(np.abs(difference.mean(axis=(0, 1, 2))) < 0.75)


def test_frames_of_one_moment_are_shown_one_after_the_other(tmp_path: Path):
    frames = [face(x=0.4 + 0.02 * index) for index in range(4)]
    write_clip(tmp_path / "clip.mp4", frames, fps=1e6, times_s=[0.0, 0.0, 0.04, 0.03])
    times = [time_s for _, time_s in read_clip(tmp_path / "clip.mp4")]
    assert len(times) == 4 and times == sorted(times)
    assert times == pytest.approx([0.0, 0.0, 0.04, 0.04], abs=1e-3)


@pytest.mark.parametrize("fps", [0.0, 1e-4, 241.0, float("nan")])
def test_paces_that_no_clip_has_are_refused(tmp_path: Path, fps: float):
    with pytest.raises(InputError, match=r"give a number from 0\.01 to 240"):
        write_clip(tmp_path / "clip.mp4", [face()] * 2, fps=fps)
    assert not list(tmp_path.iterdir())


def test_what_the_encoder_refuses_is_told_in_one_line(tmp_path: Path):
    with pytest.raises(InputError, match="cannot be written as a clip") as caught:
        write_clip(tmp_path / "clip.mp4", [face()] * 2, preset="swift")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


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


def _write(path: Path, frames: list, codec: str, pixel_format: str) -> None:
    """A clip of 10 frames a second in any codec."""
    with av.open(str(path), "w") as container:
        options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream = container.add_stream(codec, rate=10, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        for index, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_what_is_transparent_in_a_clip_is_laid_on_grey(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "clip.mov"), "w") as container:
        stream = container.add_stream("qtrle", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "argb"
        pixels = np.zeros((64, 64, 4), np.uint8)
        pixels[:, 32:] = (255, 0, 0, 255)
        frame = av.VideoFrame.from_ndarray(pixels, format="rgba").reformat(format="argb")
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        container.mux([*stream.encode(frame), *stream.encode(None)])
    ((pixels, _),) = read_clip(tmp_path / "clip.mov")
    assert is_see_through(tmp_path / "clip.mov")
    write_clip(tmp_path / "solid.mp4", [pixels] * 2, fps=10)
    assert not is_see_through(tmp_path / "solid.mp4")
    assert (pixels[:, :32] == 128).all() and (pixels[:, 32:] == (255, 0, 0)).all()


def test_a_coding_that_is_not_known_is_told(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", [face(64)] * 2, fps=10)
    encoded = (tmp_path / "clip.mp4").read_bytes()
    (tmp_path / "other.mp4").write_bytes(encoded.replace(b"avc1", b"zzz1"))
    with pytest.raises(InputError, match="coded in a way that cannot be decoded"):
        list(read_clip(tmp_path / "other.mp4"))


def test_a_colon_in_a_name_is_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(Path("12:30.mp4"), [face(64)] * 2, fps=10)
    assert len(list(read_clip(Path("12:30.mp4")))) == 2


@pytest.mark.parametrize(("suffix", "codec", "pixel_format"), CODECS)
def test_clips_of_every_kind_keep_frames_and_colours(
    tmp_path: Path, suffix: str, codec: str, pixel_format: str
) -> None:
    path = tmp_path / f"clip.{suffix}"
    frames = [face(64, x=0.4 + 0.05 * index) for index in range(4)]
    _write(path, frames, codec, pixel_format)
    pixels, times = zip(*read_clip(path), strict=True)
    assert times == pytest.approx([0, 0.1, 0.2, 0.3], abs=0.011)
    rough = 20 if suffix == "gif" else 4  # 256 colours in all
    assert np.abs(np.stack(pixels).astype(float) - np.stack(frames)).mean() < rough


@pytest.mark.parametrize(("suffix", "codec", "pixel_format"), [*CODECS, ("mp4", "libx264", "yuvj420p")])
def test_a_shrunk_square_is_that_of_the_whole_frame(tmp_path: Path, suffix: str, codec: str, pixel_format: str) -> None:
    path = tmp_path / f"clip.{suffix}"
    _write(path, [face(200, x=0.4), face(200, x=0.6)], codec, pixel_format)
    for frame in decode_clip(path):
        whole = Image.fromarray(frame.pixels()).resize((64, 64), Image.Resampling.LANCZOS, box=(20, 30, 180, 190))
        difference = frame.shrunk(20, 30, 160, 64).astype(float) - np.asarray(whole)
        assert np.abs(difference).mean() < (2 if suffix == "gif" else 0.7)
        assert np.abs(difference.mean(axis=(0, 1))).max() < 0.3


def test_pixels_that_are_wider_than_high_become_square(tmp_path: Path) -> None:
    """As DVDs have them: a face of full width in three quarters of the columns."""
    path, upright = tmp_path / "dvd.mp4", face(192)
    narrow = np.asarray(Image.fromarray(upright).resize((144, 192), Image.Resampling.LANCZOS))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"crf": "3"})
        stream.width, stream.height, stream.pix_fmt = 144, 192, "yuv444p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(narrow, format="rgb24")))
        container.mux(stream.encode(None))
    (frame,) = decode_clip(path)
    assert frame.size == (192, 192) and frame.pixels().shape == upright.shape
    assert np.abs(frame.pixels().astype(int) - upright).mean() < 3
    whole = Image.fromarray(frame.pixels()).resize((64, 64), Image.Resampling.LANCZOS, box=(20, 30, 180, 190))
    assert np.abs(frame.shrunk(20, 30, 160, 64).astype(float) - np.asarray(whole)).mean() < 1


def test_key_frames_are_some_of_a_clips_frames(tmp_path: Path) -> None:
    frames = [face(64, x=0.3 + 0.03 * (index % 12)) for index in range(300)]
    write_clip(tmp_path / "clip.mp4", frames, fps=25, preset="ultrafast")  # x264's key frames are 250 frames apart
    key_frames = {frame.time_s: frame.pixels() for frame in decode_key_frames(tmp_path / "clip.mp4")}
    assert list(key_frames) == [0.0, 10.0]
    same = [
        np.array_equal(pixels, key_frames[at]) for pixels, at in read_clip(tmp_path / "clip.mp4") if at in key_frames
    ]
    assert same == [True, True]


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
