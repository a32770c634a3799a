"""Where somebody says that a face is: its eyes and its mouth, in pictures whose face no finder knows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.framing.locate import SMALLEST_FACE_PX
from fexgan.framing.square import BOX_HEIGHT, BOX_WIDTH, FaceSquare, face_square

Points = Sequence[Sequence[float]]
"""Three points (x, y) in pixels of the upright picture, from its top left corner: the eye that is on the left where the
face is upright, the other eye, and the middle of the mouth."""

LEAST_DEPTH, MOST_DEPTH = 0.2, 4.0
"""How far the mouth lies below the eyes, in distances between them: about 1 on people."""

_WAY = "give the left eye, the other eye and the mouth, as in 210,240 300,238 255,330"


def parse_points(text: str) -> Points:
    """Three points of a text such as `210,240 300,238 255,330`. Raises InputError for any other text."""
    try:
        points = [[float(number) for number in point.split(",")] for point in text.split()]
    except ValueError:
        points = []
    if [len(point) for point in points] != [2, 2, 2]:
        raise InputError(f"points {text!r:.60} are not three of X,Y in pixels; {_WAY}")
    return points


def pointed_square(points: Points, width: int, height: int, framing: FramingConfig) -> FaceSquare:
    """The square that `framing` asks for around the eyes and the mouth of a face in a picture of `width` x `height`.

    Raises InputError for points outside the picture, for those that make no face, and for a face that is too small.
    """
    if [len(point) for point in points] != [2, 2, 2]:
        raise InputError(f"points {points!r:.60} are not three of (x, y); {_WAY}")
    for x, y in points:
        if not (0 <= x <= width - 1 and 0 <= y <= height - 1):  # which refuses what is no number, too
            raise InputError(
                f"point {x:g},{y:g} lies outside the picture; give x from 0 to {width - 1}, y from 0 to {height - 1}"
            )
    left_eye, right_eye, mouth = np.asarray(points, np.float64)
    if min(math.dist(left_eye, right_eye), math.dist(left_eye, mouth), math.dist(right_eye, mouth)) < 1:
        raise InputError(f"two of the points {_written(points)} coincide; {_WAY}")
    across, down = right_eye - left_eye, mouth - (left_eye + right_eye) / 2
    depth = float(across[0] * down[1] - across[1] * down[0]) / float(across @ across)
    if depth < 0:
        raise InputError(f"points {_written(points)} put the mouth above the eyes; y counts from the top, and {_WAY}")
    if not LEAST_DEPTH <= depth <= MOST_DEPTH:
        raise InputError(
            f"the mouth of the points {_written(points)} lies {depth:.2g} eye distances below the eyes; "
            f"give one {LEAST_DEPTH:g} to {MOST_DEPTH:g} of them below"
        )
    square = face_square(np.array([left_eye, right_eye, mouth, mouth, mouth]), framing)
    face_px = square.side_px * BOX_WIDTH * framing.face_fraction / BOX_HEIGHT
    if face_px < SMALLEST_FACE_PX:
        raise InputError(
            f"face of the points {_written(points)} is {math.floor(face_px)} px wide; "
            f"give one of at least {SMALLEST_FACE_PX} px"
        )
    return square


def _written(points: Points) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
