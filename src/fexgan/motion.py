"""Frames as something that plays: an MP4, an animated GIF or WebP, or a folder of PNG pictures for an editing program.
Animated GIF and WebP are read here, too.

GIF counts time in hundredths of a second and WebP in thousandths: each frame ends at the moment nearest to its own, so
a clip is never longer or shorter than asked for. Frames so short that nothing is left of them are not written.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from fexgan.errors import InputError
from fexgan.media import Pixels, atomic_folder, atomic_path, checked_picture, to_pixels, write_image
from fexgan.video import write_clip

ANIMATED_SUFFIXES = (".gif", ".webp")
FASTEST_GIF_FPS = 50
"""Browsers slow a GIF down whose frames are shorter than two hundredths of a second."""
WEBP_QUALITY = 90
LARGEST_ANIMATION_PX = 250_000_000
"""Pixels of all frames of a GIF or WebP together, which take about five bytes each until it is written."""
PALETTE_SAMPLES = 16
"""Frames, evenly spread, whose colours a GIF's one palette is made for; a palette of each frame's own would flicker."""
FRAME_NAME = "frame-{:05d}.png"
MOVING_FORMATS = ("GIF", "WEBP", "PNG")
UNTIMED_S = 0.1
"""How long browsers show a frame that is to last no time at all."""


@dataclass(frozen=True)
class Animation:
    """How the frames of an animated GIF or WebP are shown."""

    durations_s: tuple[float, ...]
    """How long, each."""
    repeats: int | None = 0
    """How often they are shown again, 0 being without end and None never."""
    see_through: bool = False
    """Whether a part of one is transparent, which does not survive: `read_animation` lays it on grey."""

    @property
    def ends_s(self) -> list[float]:
        """When each frame gives way to the next."""
        return np.cumsum(self.durations_s).tolist()


def is_animation(path: Path) -> bool:
    """Whether `path` is called GIF or WebP and holds several pictures."""
    return path.suffix.lower() in ANIMATED_SUFFIXES and path.is_file() and moves(path)


def moves(source: Path | io.BytesIO) -> bool:
    """Whether a picture file holds several pictures that follow one another: GIF, WebP or PNG."""
    try:
        with Image.open(source) as picture:
            return picture.format in MOVING_FORMATS and getattr(picture, "n_frames", 1) > 1
    except Exception:  # broken files make Pillow's readers raise almost anything; who opens them next says so
        return False


def look_at_animation(path: Path) -> Animation:
    """How an animated GIF or WebP is shown. Raises InputError for what cannot be read."""
    durations_s, see_through, repeats = [], False, None
    for frame in _animation_frames(path):
        durations_s.append(_duration_s(frame))
        see_through |= frame.has_transparency_data and frame.convert("RGBA").getextrema()[3][0] < 255
        repeats = frame.info.get("loop", repeats)
    if path.suffix.lower() == ".webp" and repeats:  # which counts how often it is shown in all
        repeats = None if repeats == 1 else repeats - 1
    return Animation(tuple(durations_s), repeats, see_through)


def animation_of(times_s: Sequence[float], fps: float) -> Animation:
    """Frames shown from these times on, the last as long as `fps` says, as an animation without end."""
    return Animation((*np.maximum(np.diff(times_s), 0.0).tolist(), 1 / fps))


def read_animation(path: Path) -> Iterator[tuple[Pixels, float]]:
    """Yield (pixels, time_s) of each frame of an animated GIF or WebP, transparency laid on grey. Raises InputError."""
    time_s = 0.0
    for frame in _animation_frames(path):
        yield to_pixels(frame), time_s
        time_s += _duration_s(frame)


def _animation_frames(path: Path) -> Iterator[Image.Image]:
    with checked_picture(io.BytesIO(path.read_bytes()), str(path), may_move=True) as animation:
        for frame in ImageSequence.Iterator(animation):
            frame.load()  # before that a WebP does not know how long its frame lasts
            yield frame


def _duration_s(frame: Image.Image) -> float:
    return frame.info.get("duration", 0) / 1000 or UNTIMED_S


def _suffix(out: Path) -> str:
    """What `out` is written as: a suffix, or nothing for a folder of frames, also for a folder that is called v1.2."""
    return "" if out.is_dir() else out.suffix.lower()


def check_motion(out: Path, fps: float) -> None:
    """Raise InputError where frames at `fps` a second cannot be written to `out`."""
    suffix = _suffix(out)
    if suffix not in (".mp4", "", *ANIMATED_SUFFIXES):
        raise InputError(f"cannot write a clip as {out}; end it in .mp4, .gif or .webp, or name a folder")
    if suffix == ".gif" and fps > FASTEST_GIF_FPS:
        raise InputError(f"a GIF cannot play {fps:g} frames a second; give at most {FASTEST_GIF_FPS}, or a .mp4")
    if not suffix and out.exists() and (not out.is_dir() or any(not _is_frame(path) for path in out.iterdir())):
        raise InputError(f"{out} holds something else than frames; give a new folder")


def check_held(suffix: str, frames: int, width_px: int, height_px: int) -> None:
    """Raise InputError where so many frames are more than memory should hold; MP4 and folders hold none."""
    if suffix in ANIMATED_SUFFIXES and frames * width_px * height_px > LARGEST_ANIMATION_PX:
        raise InputError(
            f"{frames} frames of {width_px}x{height_px} px are too many for a {suffix}, which may have "
            f"{LARGEST_ANIMATION_PX / 1e6:g} megapixels in all; give a shorter clip, fewer frames a second or smaller "
            "frames, or a .mp4"
        )


def write_motion(out: Path, frames: Iterable[Pixels], fps: float) -> None:
    """Write frames, all of one even-sided size, as the suffix of `out` says; without one, as a folder of PNG files.

    WebP and PNG also take frames with a fourth channel, their opacity, and such WebP is lossless. Animated GIF and WebP
    play without end, and are put together in memory. Atomic; raises InputError as `check_motion`, `check_held` and
    `write_clip` do.
    """
    check_motion(out, fps)
    suffix = _suffix(out)
    if suffix == ".mp4":
        write_clip(out, frames, fps)
    elif suffix == "":
        with atomic_folder(out) as folder:
            for index, pixels in enumerate(frames):
                write_image(folder / FRAME_NAME.format(index), pixels)
    else:
        held = list(_held(suffix, frames))
        _write_held(out, held, [(index + 1) / fps for index in range(len(held))], repeats=0)


def write_animation(out: Path, frames: Iterable[Pixels], shown: Animation) -> None:
    """Write frames as an animated GIF or WebP, as the suffix of `out` says, each for as long as `shown` says.

    Put together in memory. Atomic; raises InputError as `check_held` does.
    """
    _write_held(out, list(_held(out.suffix.lower(), frames)), shown.ends_s, shown.repeats)


def _write_held(out: Path, frames: Sequence[Pixels], ends_s: Sequence[float], repeats: int | None) -> None:
    options: dict[str, object] = {} if repeats is None else {"loop": repeats}
    is_gif = out.suffix.lower() == ".gif"
    durations_ms = _durations_ms(ends_s, 10 if is_gif else 1)
    frames = [frame for frame, duration_ms in zip(frames, durations_ms, strict=True) if duration_ms]
    if is_gif:
        pictures = _in_one_palette(frames)
        options |= {"optimize": False, "disposal": 1}
    else:
        pictures = [Image.fromarray(pixels) for pixels in frames]
        # With losses, libwebp leaves out that a picture is see-through where all that is lies around its frames.
        see_through = pictures[0].mode == "RGBA"
        showings = 1 if repeats is None else repeats + 1 if repeats else 0  # 0 is without end here, too
        options |= {"loop": showings, "quality": WEBP_QUALITY, "method": 4, "lossless": see_through}
    with atomic_path(out) as temporary:
        durations_ms = list(filter(None, durations_ms))
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=durations_ms, **options)


def _held(suffix: str, frames: Iterable[Pixels]) -> Iterator[Pixels]:
    """The frames, as long as memory should hold them: who draws them need not know how many there will be."""
    for count, pixels in enumerate(frames, start=1):
        height, width = pixels.shape[:2]
        check_held(suffix, count, width, height)
        yield pixels


def _is_frame(path: Path) -> bool:
    number = path.stem.removeprefix("frame-")
    return number.isdecimal() and path.name == FRAME_NAME.format(int(number))


def _durations_ms(ends_s: Sequence[float], unit_ms: int) -> list[int]:
    """How long each frame shows, in whole units, given when it ends: each as near to that moment as can be.

    0 is for frames that end with the one before: players show what lasts no time for a tenth of a second.
    """
    ends = [round(end_s * 1000 / unit_ms) for end_s in ends_s]
    ends[-1] = max(1, ends[-1])  # something shows, however short all is
    return [unit_ms * (end - start) for start, end in zip([0, *ends], ends, strict=False)]


def _in_one_palette(frames: Sequence[Pixels]) -> list[Image.Image]:
    chosen = np.unique(np.linspace(0, len(frames) - 1, PALETTE_SAMPLES).round().astype(int))
    samples = Image.fromarray(np.vstack([frames[index] for index in chosen]))
    palette = samples.quantize(256, Image.Quantize.MEDIANCUT)
    return [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
