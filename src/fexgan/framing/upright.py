"""One steady square around a face, as datasets are cut: its sides are parallel to the picture's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fexgan.config import FramingConfig
from fexgan.faces import FaceBox, FaceFinder
from fexgan.media import Pixels
from fexgan.video import ClipFrame

SAME_FACE = 0.2
"""From which overlap on, intersection over union, two boxes in frames that follow one another are one face's."""
EVEN_FROM = 2.0
"""From how many pixels of a clip to one of the dataset on a square may be moved by a pixel, then half a one at most."""


@dataclass(frozen=True)
class UprightSquare:
    """A square inside a picture, in its pixels, not rounded; `FaceSquare` is the one that turns with a face."""

    left: float
    top: float
    side: float


def upright_square(face: FaceBox | None, width: int, height: int, framing: FramingConfig) -> UprightSquare:
    """The square that `framing` asks for around a face, inside a picture of `width` x `height`.

    A square that would leave the picture is made no larger than it and moved inside, so that nothing has to be painted
    in. Without a face it is the largest square in the middle.
    """
    if face is None:
        side = float(min(width, height))
        return UprightSquare((width - side) / 2, (height - side) / 2, side)
    side = min(face.height / framing.face_fraction, width, height)
    left = face.left + face.width / 2 - side / 2
    top = face.top + face.height / 2 + (framing.vertical_offset - 0.5) * side
    return UprightSquare(min(max(left, 0.0), width - side), min(max(top, 0.0), height - side), side)


def steady_upright_square(
    frames: Sequence[Pixels], finder: FaceFinder, framing: FramingConfig
) -> tuple[UprightSquare, int]:
    """One square for all `frames` of one size, around the median of the boxes of the largest steady face.

    Also how many faces are steady, seen in at least half of the frames that show any. Where none is, for they move too
    far, the largest of each frame counts as one; where none is seen, the square is the largest in the middle.
    """
    height, width = frames[0].shape[:2]
    seen = [boxes for frame in frames if (boxes := [face.box for face in finder.find_all(frame)])]
    if not seen:
        return upright_square(None, width, height, framing), 0
    steady = [_median(track) for track in _tracks(seen) if 2 * len(track) >= len(seen)]
    steady = steady or [_median([boxes[0] for boxes in seen])]
    return upright_square(max(steady, key=lambda box: box.width * box.height), width, height, framing), len(steady)


def _tracks(seen: Sequence[Sequence[FaceBox]]) -> list[list[FaceBox]]:
    """The boxes of each face: one goes on where a frame's box overlaps it, the larger boxes choosing first."""
    tracks: list[list[FaceBox]] = []
    for boxes in seen:
        free = list(tracks)
        for box in boxes:
            near = max(free, key=lambda track: _overlap(track[-1], box), default=None)
            if near is None or _overlap(near[-1], box) < SAME_FACE:
                near = []
                tracks.append(near)
            else:
                free.remove(near)
            near.append(box)
    return tracks


def _overlap(one: FaceBox, other: FaceBox) -> float:
    """What two boxes share of what they cover together."""
    width = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    height = min(one.top + one.height, other.top + other.height) - max(one.top, other.top)
    shared = max(0.0, width) * max(0.0, height)
    return shared / (one.width * one.height + other.width * other.height - shared)


def _median(boxes: Sequence[FaceBox]) -> FaceBox:
    return FaceBox(*np.median([(box.left, box.top, box.width, box.height) for box in boxes], axis=0).tolist())


def cut_upright(pixels: Pixels, square: UprightSquare, size_px: int) -> Pixels:
    """The square of a picture as pixels [size_px, size_px, 3], resampled with an antialiased Lanczos filter."""
    box = (square.left, square.top, square.left + square.side, square.top + square.side)
    return np.asarray(Image.fromarray(pixels).resize((size_px, size_px), Image.Resampling.LANCZOS, box=box))


def cut_frame(frame: ClipFrame, square: UprightSquare, size_px: int) -> Pixels:
    """The square of a clip's frame as `cut` gives it.

    Where it shrinks to half or less, its corners go to the nearest even pixels, between which a clip keeps no colours,
    and it is cut before it becomes RGB.
    """
    if frame.quarter_turns or square.side < EVEN_FROM * size_px:
        return cut_upright(frame.pixels(), square, size_px)
    width, height = frame.size
    side = min(_even(square.side), width // 2 * 2, height // 2 * 2)
    return frame.shrunk(min(_even(square.left), width - side), min(_even(square.top), height - side), side, size_px)


def _even(value: float) -> int:
    return 2 * round(value / 2)
