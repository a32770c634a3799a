"""One steady square around a face, and pictures cut out along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fexgan.config import FramingConfig
from fexgan.media import Pixels
from fexgan.prepare.faces import FaceBox, FaceFinder
from fexgan.video import ClipFrame

EVEN_FROM = 2.0
"""From how many pixels of a clip to one of the dataset on a square may be moved by a pixel, then half a one at most."""


@dataclass(frozen=True)
class Square:
    """A square inside a picture, in its pixels, not rounded."""

    left: float
    top: float
    side: float


def square_around(face: FaceBox | None, width: int, height: int, framing: FramingConfig) -> Square:
    """The square that `framing` asks for around a face, inside a picture of `width` x `height`.

    A square that would leave the picture is made no larger than it and moved inside, so that nothing has to be painted
    in. Without a face it is the largest square in the middle.
    """
    if face is None:
        side = float(min(width, height))
        return Square((width - side) / 2, (height - side) / 2, side)
    side = min(face.height / framing.face_fraction, width, height)
    left = face.left + face.width / 2 - side / 2
    top = face.top + face.height / 2 + (framing.vertical_offset - 0.5) * side
    return Square(min(max(left, 0.0), width - side), min(max(top, 0.0), height - side), side)


def steady_square(frames: Sequence[Pixels], finder: FaceFinder, framing: FramingConfig) -> tuple[Square, bool]:
    """One square for all `frames` of one size, around the median of their face boxes; and whether a face was found."""
    height, width = frames[0].shape[:2]
    boxes = [box for frame in frames if (box := finder.find(frame)) is not None]
    if not boxes:
        return square_around(None, width, height, framing), False
    medians = np.median([(box.left, box.top, box.width, box.height) for box in boxes], axis=0)
    return square_around(FaceBox(*medians.tolist()), width, height, framing), True


def cut(pixels: Pixels, square: Square, size_px: int) -> Pixels:
    """The square of a picture as pixels [size_px, size_px, 3], resampled with an antialiased Lanczos filter."""
    box = (square.left, square.top, square.left + square.side, square.top + square.side)
    return np.asarray(Image.fromarray(pixels).resize((size_px, size_px), Image.Resampling.LANCZOS, box=box))


def cut_frame(frame: ClipFrame, square: Square, size_px: int) -> Pixels:
    """The square of a clip's frame as `cut` gives it.

    Where it shrinks to half or less, its corners go to the nearest even pixels, between which a clip keeps no colours,
    and it is cut before it becomes RGB.
    """
    if frame.quarter_turns or square.side < EVEN_FROM * size_px:
        return cut(frame.pixels(), square, size_px)
    width, height = frame.size
    side = min(_even(square.side), width // 2 * 2, height // 2 * 2)
    return frame.shrunk(min(_even(square.left), width - side), min(_even(square.top), height - side), side, size_px)


def _even(value: float) -> int:
    return 2 * round(value / 2)
