from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn import face
from PIL import Image, ImageSequence

from fexgan import motion
from fexgan.errors import InputError
from fexgan.media import read_image
from fexgan.motion import Animation, check_motion, look_at_animation, write_animation, write_motion
from fexgan.video import count_clip_frames

FRAMES = [np.roll(face(64), shift, axis=0) for shift in range(7)]


def played(path: Path) -> list[tuple[np.ndarray, int]]:
    """Frames of an animation as pixels, and how long each shows in ms."""
    with Image.open(path) as animation:
        return [
            (np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(animation)
        ]


def test_a_folder_holds_every_frame_bit_by_bit_in_order(tmp_path: Path):
    for _ in range(2):
        write_motion(tmp_path / "frames", iter(FRAMES), fps=24)
    files = sorted((tmp_path / "frames").iterdir())
    assert [path.name for path in files] == [f"frame-{index:05d}.png" for index in range(7)]
    assert all(np.array_equal(read_image(path), frame) for path, frame in zip(files, FRAMES, strict=True))


@pytest.mark.parametrize(("name", "off_by"), [("clip.gif", 8.0), ("clip.webp", 3.0)])
def test_an_animation_shows_every_frame_and_lasts_as_long_as_asked(tmp_path: Path, name: str, off_by: float):
    write_motion(tmp_path / name, iter(FRAMES), fps=24)
    shown = played(tmp_path / name)
    assert len(shown) == 7 and sum(duration for _, duration in shown) == pytest.approx(7000 / 24, abs=5)
    assert all(
        np.abs(pixels.astype(int) - frame).mean() < off_by for (pixels, _), frame in zip(shown, FRAMES, strict=True)
    )


def test_a_gif_has_no_frame_that_lasts_no_time(tmp_path: Path):
    """Players show such frames for a tenth of a second."""
    durations_s = (0.004, 0.0005, 0.04, 0.004, 0.003, 0.1)
    write_animation(tmp_path / "clip.gif", FRAMES[:6], Animation(durations_s))
    shown = played(tmp_path / "clip.gif")
    assert [duration for _, duration in shown] == [40, 10, 100]
    for (pixels, _), frame in zip(shown, (FRAMES[2], FRAMES[3], FRAMES[5]), strict=True):
        assert np.abs(pixels.astype(int) - frame).mean() < 8
    write_animation(tmp_path / "short.gif", FRAMES[:2], Animation((0.001, 0.001)))
    with Image.open(tmp_path / "short.gif") as short:
        assert short.info["duration"] == 10 and getattr(short, "n_frames", 1) == 1


@pytest.mark.parametrize("repeats", [None, 0, 1, 2])
def test_an_animation_is_shown_again_as_often_whatever_its_kind(tmp_path: Path, repeats: int | None):
    """GIF counts how often it is shown again, and WebP how often it is shown."""
    for suffix, loop in ((".gif", repeats), (".webp", {None: 1, 0: 0}.get(repeats, (repeats or 0) + 1))):
        write_animation(tmp_path / f"a{suffix}", FRAMES[:2], Animation((0.1, 0.1), repeats))
        assert look_at_animation(tmp_path / f"a{suffix}").repeats == repeats
        with Image.open(tmp_path / f"a{suffix}") as written:
            assert written.info.get("loop") == loop


def test_a_gif_keeps_still_what_does_not_move(tmp_path: Path):
    ramp = np.arange(256, dtype=np.uint8).reshape(64, 4).repeat(16, axis=1)
    calm = np.dstack([ramp, ramp[::-1], ramp // 2 + 60])
    colourful = calm.copy()
    colourful[48:] = np.random.default_rng(0).integers(0, 256, (16, 64, 3))
    write_motion(tmp_path / "clip.gif", [calm, colourful], fps=10)
    first, second = (pixels for pixels, _ in played(tmp_path / "clip.gif"))
    assert np.array_equal(first[:44], second[:44]) and not np.array_equal(first, second)


@pytest.mark.parametrize("name", ["clip.gif", "clip.webp"])
def test_an_animation_is_refused_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    monkeypatch.setattr(motion, "LARGEST_ANIMATION_PX", 3 * 64 * 64)
    drawn = []
    write_motion(tmp_path / name, iter(FRAMES[:3]), fps=24)
    with pytest.raises(InputError, match=r"4 frames of 64x64 px .* or a \.mp4"):
        write_motion(tmp_path / name, (drawn.append(frame) or frame for frame in FRAMES), fps=24)
    assert len(drawn) == 4 and len(played(tmp_path / name)) == 3
    for streamed in ("clip.mp4", "frames"):
        write_motion(tmp_path / streamed, iter(FRAMES), fps=24)


def test_an_mp4_is_a_clip(tmp_path: Path):
    write_motion(tmp_path / "clip.mp4", iter(FRAMES), fps=24)
    assert count_clip_frames(tmp_path / "clip.mp4") == 7


@pytest.mark.parametrize(("name", "fps"), [("clip.avi", 24), ("clip.gif", 60), ("album", 24), ("file", 24)])
def test_what_cannot_be_written_is_refused_and_nothing_is_touched(tmp_path: Path, name: str, fps: float):
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "frame-1.png").write_bytes(b"someone's")
    (tmp_path / "file").write_text("someone's")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError):
        check_motion(tmp_path / name, fps)
    with pytest.raises(InputError):
        write_motion(tmp_path / name, iter(FRAMES), fps)
    assert sorted(tmp_path.rglob("*")) == before
