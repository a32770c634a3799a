"""The square in which the editing network sees a face: upright, and of one size.

Points are (x, y). In the picture they are in pixels, with pixel centres at whole numbers; in the square they are
fractions of its side, from its top left corner.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.config import FramingConfig
from fexgan.media import Pixels
from fexgan.picture import Box, LoadedPicture

# Where YuNet sees the eyes and the mouth's middle in the studio's own frames: medians over neutral takes of the ten
# characters of the open cast (eyes (0.400, 0.506) and (0.610, 0.508), mouth corners (0.418, 0.709) and (0.596, 0.711)),
# made symmetric. There the face box is 0.44 of the side wide and 0.60 high, its middle at (0.50, 0.57).
EYE_HEIGHT = 0.507
EYE_DISTANCE = 0.21
MOUTH_HEIGHT = 0.710
BOX_WIDTH = 0.44
BOX_HEIGHT = 0.60
BOX_MIDDLE = 0.57

STUDIO_FRAMING = FramingConfig(face_fraction=BOX_HEIGHT, vertical_offset=0.5 - BOX_MIDDLE)
"""That of the studio's own frames."""

_REFERENCE = np.array([complex(0.5 - EYE_DISTANCE / 2, EYE_HEIGHT), complex(0.5 + EYE_DISTANCE / 2, EYE_HEIGHT),
                       complex(0.5, MOUTH_HEIGHT)])  # fmt: skip

OVERSAMPLING = 4
"""Pixels of the picture, along each side, that a pixel of the cut-out is the mean of, unless told otherwise."""


@dataclass(frozen=True)
class FaceSquare:
    """A square turned and placed in a picture."""

    centre_x: float
    centre_y: float
    side_px: float
    roll_rad: float
    """By how much the face is turned in the picture, clockwise as seen."""

    def to_picture(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points of the square [..., 2], in the picture."""
        return (np.asarray(points, np.float64) - 0.5) @ self.turn().T + (self.centre_x, self.centre_y)

    def to_square(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points of the picture [..., 2], in the square."""
        offsets = np.asarray(points, np.float64) - (self.centre_x, self.centre_y)
        return offsets @ self.turn() / self.side_px**2 + 0.5

    def turn(self) -> NDArray[np.float64]:
        """[2, 2]: brings a direction and length in the square into the picture."""
        cosine, sine = self.side_px * math.cos(self.roll_rad), self.side_px * math.sin(self.roll_rad)
        return np.array([[cosine, -sine], [sine, cosine]])

    def bounds(self, width: int, height: int, margin_px: int = 0) -> Box:
        """The part of a picture of `width` x `height` that holds the square, or what of it lies in the picture."""
        corners = self.to_picture(np.array([(0, 0), (1, 0), (0, 1), (1, 1)]))
        return box_around(corners, width, height, margin_px)


def face_square(landmarks: NDArray[np.floating], framing: FramingConfig = STUDIO_FRAMING) -> FaceSquare:
    """The square that `framing` asks for around the five landmarks [5, 2] of a `Face`.

    The face box, as it lies in the studio's frames, gets the height and place in the square that `framing` names; its
    own height would jump as the mouth opens. A similarity, by least squares over both eyes and the middle of the mouth:
    its corners move apart in a smile, and the nose moves as the head turns (Umeyama 1991, with points as complex
    numbers).
    """
    left_eye, right_eye, _, *mouth = np.asarray(landmarks, np.float64) @ (1, 1j)
    points = np.array([left_eye, right_eye, np.mean(mouth)])
    reference = _REFERENCE - _REFERENCE.mean()
    turn = np.vdot(reference, points - points.mean()) / np.vdot(reference, reference).real
    frames = BOX_HEIGHT / framing.face_fraction  # the square's side, in sides of the studio's frame
    middle = complex(0.5, BOX_MIDDLE + framing.vertical_offset * frames)
    centre = points.mean() + turn * (middle - _REFERENCE.mean())
    return FaceSquare(float(centre.real), float(centre.imag), float(abs(turn)) * frames, float(np.angle(turn)))


def face_landmarks(framing: FramingConfig) -> dict[str, tuple[float, float]]:
    """Where a face's eyes and the middle of its mouth come to lie in its square, in fractions of the side."""
    left_eye, right_eye, mouth = points = np.column_stack([_REFERENCE.real, _REFERENCE.imag])
    square = face_square(np.array([left_eye, right_eye, mouth, mouth, mouth]), framing)
    places = square.to_square(points).round(4).tolist()
    return dict(zip(("left_eye", "right_eye", "mouth"), map(tuple, places), strict=True))


def cut(picture: LoadedPicture, square: FaceSquare, size_px: int, oversampling: int = OVERSAMPLING) -> Pixels:
    """What the square shows, uint8 [size_px, size_px, 3], without aliasing; beyond the picture its edge goes on.

    `oversampling`: how finely, along each side, the square is sampled for each pixel of the cut-out; 1 is fast, and not
    quite without aliasing where the square is up to twice as large as the cut-out.
    """
    sides = square.side_px / (oversampling * size_px)
    factor = max(1, math.ceil(sides) if oversampling > 1 else math.floor(sides))
    box = square.bounds(picture.width, picture.height, margin_px=4 * factor)
    side = oversampling * size_px
    # From pixels of the canvas to pixels of the picture, then to pixels of the shrunk view.
    turn = square.turn() / side
    shift = np.array([square.centre_x, square.centre_y]) - turn @ ((side - 1) / 2, (side - 1) / 2)
    matrix = np.column_stack([turn, shift - box[:2] + 0.5]) / factor
    matrix[:, 2] -= 0.5
    canvas = cv2.warpAffine(
        picture.view(box, factor),
        matrix,
        (side, side),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return cv2.resize(canvas, (size_px, size_px), interpolation=cv2.INTER_AREA)


def box_around(points: NDArray[np.floating], width: int, height: int, margin_px: int = 0) -> Box:
    """The smallest box with `points` [n, 2] and a margin around them, as far as a picture of that size goes."""
    left, top = np.floor(points.min(axis=0)).astype(int) - margin_px
    right, bottom = np.ceil(points.max(axis=0)).astype(int) + margin_px + 1
    left, right = np.clip((left, right), 0, width).tolist()
    top, bottom = np.clip((top, bottom), 0, height).tolist()
    return left, top, right, bottom
