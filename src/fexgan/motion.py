"""Frames as something that plays: an MP4, an animated GIF or WebP, or a folder of PNG pictures for an editing program.

GIF counts time in hundredths of a second and WebP in thousandths: each frame ends at the moment nearest to its own, so
a clip is never longer or shorter than asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fexgan.errors import InputError
from fexgan.media import Pixels, atomic_folder, atomic_path, write_image
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

    Animated GIF and WebP play without end, and are put together in memory. Atomic; raises InputError as
    `check_motion`, `check_held` and `write_clip` do.
    """
    check_motion(out, fps)
    suffix = _suffix(out)
    if suffix == ".mp4":
        write_clip(out, frames, fps)
    elif suffix == "":
        with atomic_folder(out) as folder:
            for index, pixels in enumerate(frames):
                write_image(folder / FRAME_NAME.format(index), pixels)
    elif suffix == ".gif":
        pictures = _in_one_palette(list(_held(suffix, frames)))
        _write_animation(out, pictures, _durations_ms(len(pictures), fps, unit_ms=10), optimize=False, disposal=1)
    else:
        pictures = [Image.fromarray(pixels) for pixels in _held(suffix, frames)]
        _write_animation(out, pictures, _durations_ms(len(pictures), fps, unit_ms=1), quality=WEBP_QUALITY, method=4)


def _held(suffix: str, frames: Iterable[Pixels]) -> Iterator[Pixels]:
    """The frames, as long as memory should hold them: who draws them need not know how many there will be."""
    for count, pixels in enumerate(frames, start=1):
        height, width = pixels.shape[:2]
        check_held(suffix, count, width, height)
        yield pixels


def _is_frame(path: Path) -> bool:
    number = path.stem.removeprefix("frame-")
    return number.isdecimal() and path.name == FRAME_NAME.format(int(number))


def _durations_ms(frames: int, fps: float, unit_ms: int) -> list[int]:
    """How long each frame shows, in whole units, their sum as near to `frames / fps` seconds as can be."""
    ends = [round((index + 1) * 1000 / fps / unit_ms) for index in range(frames)]
    return [unit_ms * (end - start) for start, end in zip([0, *ends], ends, strict=False)]


def _in_one_palette(frames: Sequence[Pixels]) -> list[Image.Image]:
    chosen = np.unique(np.linspace(0, len(frames) - 1, PALETTE_SAMPLES).round().astype(int))
    samples = Image.fromarray(np.vstack([frames[index] for index in chosen]))
    palette = samples.quantize(256, Image.Quantize.MEDIANCUT)
    return [Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]


def _write_animation(out: Path, pictures: Sequence[Image.Image], durations_ms: list[int], **options: object) -> None:
    with atomic_path(out) as temporary:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=durations_ms, loop=0, **options)
