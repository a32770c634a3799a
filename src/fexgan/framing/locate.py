"""Whose face is meant: the faces of a user's picture, and one-line refusals of those that cannot be edited."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.errors import InputError
from fexgan.faces import SEARCHED_SIDES_PX, Face, FaceBox, FaceFinder
from fexgan.framing.square import FaceSquare, cut, face_square
from fexgan.media import Pixels
from fexgan.picture import LoadedPicture

FaceChoice = int | Literal["all"] | None
"""Which face of a picture: a number, 0 being the largest, all that can be edited, or None for the largest."""

LONGEST_FACE_NUMBER = 9
"""Digits of a face's number in text; Python itself reads no number of thousands of them."""

SMALLEST_FACE_PX = 32
MOST_TURNED = 0.75
"""How far the nose's tip may lie from the middle of the eyes towards one of them, 1 being that eye. A rough bound: on
the studio's heads the tip moves by 0.6 tan(yaw), which makes this a turn of about 50 degrees, but it was not measured
on photographs, where noses and the finder's errors differ."""

_CLOSE_SIDE_PX = 160  # a face is then about 70 px wide: on larger ones YuNet's points lean further
_FARTHEST_NOSE = 0.15
_SURE = 0.92
"""From which score on a face in its own square is the right way up. YuNet also sees faces that stand on their head, as
upright ones with eyes for a mouth, and is nearly as sure of them, up to 0.91; a look from close by tells them apart."""
_QUARTERS_DEG, _BETWEEN_DEG = (90, 180, 270), (45, 135, 225, 315)
_NEAR_SHARE = 1 / 16
"""From which share of the picture's longer side on a face shows in the smallest view that is searched."""
_MIRRORED = [1, 0, 2, 4, 3]  # the points as they follow one another in a mirror
_MOST_LOOKS = 5
_NEARLY_UPRIGHT_RAD = math.radians(20)
_SETTLED_RAD = math.radians(1)


class NoFace(InputError):
    """A picture shows no face that the finder knows; somebody may say where it is."""


def find_faces(
    picture: LoadedPicture, finder: FaceFinder, largest_only: bool = False, any_way_up: bool = False
) -> list[Face]:
    """All faces of a picture, largest first, or the largest alone.

    Each is looked at again in its own square, at one size and turned upright, for YuNet places the landmarks of a
    tilted face as if it were less tilted. `any_way_up`: the picture may lie on its side or stand on its head, and where
    it shows no face it may be tilted.
    """
    factor = _shrinking(picture)
    view = picture.view((0, 0, picture.width, picture.height), factor)

    def find(degrees: float, largest_only: bool, near_only: bool = False) -> list[Face]:
        turned, back = _turned(view, degrees)
        found = finder.find_all(turned, largest_only, near_only)
        return [_enlarged(_moved(face, back), factor) for face in found]

    @cache  # the one that tells the way up is wanted again
    def closer(face: Face) -> Face | None:
        return _closer(picture, face, finder)

    def sureness(faces: list[Face]) -> float:
        close = closer(faces[0]) if faces else None
        return close.score if close else 0.0

    seen = find(0, largest_only)
    if any_way_up and (sure := sureness(seen)) < _SURE:
        ways_up = _QUARTERS_DEG if seen else (*_QUARTERS_DEG, *_BETWEEN_DEG)
        near = bool(seen) and seen[0].box.width >= _NEAR_SHARE * max(picture.width, picture.height)
        sure_of = {0: sure} | {degrees: sureness(find(degrees, True, near)) for degrees in ways_up}
        surest = max(sure_of, key=sure_of.__getitem__)
        seen = find(surest, largest_only) if surest else seen
    return [closer(face) or face for face in seen]


def near_faces(picture: LoadedPicture, finder: FaceFinder) -> int:
    """How many faces of an upright picture can be edited and are not far away, in the time of one short look."""
    factor = _shrinking(picture)
    view = picture.view((0, 0, picture.width, picture.height), factor)
    return sum(flaw(_enlarged(face, factor)) is None for face in finder.find_all(view, near_only=True))


def _shrinking(picture: LoadedPicture) -> int:
    """By how much a picture is shrunk to be searched."""
    return max(1, max(picture.width, picture.height) // max(SEARCHED_SIDES_PX))


def _turned(view: Pixels, degrees: float) -> tuple[Pixels, NDArray[np.float64]]:
    """The view turned counterclockwise, whole, and the matrix [2, 3] that leads from its pixels to the view's."""
    if degrees == 0:
        return view, np.eye(2, 3)
    height, width = view.shape[:2]
    there = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    size = np.rint(np.abs(there[:, :2]) @ (width, height)).astype(int)
    there[:, 2] += (size - (width, height)) / 2
    turned = cv2.warpAffine(view, there, tuple(size.tolist()), borderMode=cv2.BORDER_REPLICATE)
    return turned, cv2.invertAffineTransform(there)


def _moved(face: Face, matrix: NDArray[np.float64]) -> Face:
    """A face in pixels of another picture, to whose pixels `matrix` [2, 3] leads; its box as large as it takes."""
    box = face.box
    left, top = box.left - 0.5, box.top - 0.5  # boxes count from a pixel's edge, points from its centre
    corners = [(left + x, top + y) for x in (0, box.width) for y in (0, box.height)]
    points = np.vstack([corners, face.landmarks]) @ matrix[:, :2].T + matrix[:, 2]
    low, high = points[:4].min(axis=0), points[:4].max(axis=0)
    (left, top), (width, height) = (low + 0.5).tolist(), (high - low).tolist()
    return Face(FaceBox(left, top, width, height), points[4:], face.score)


def face_numbers(count: int) -> str:
    """By which numbers `count` faces can be asked for, as errors tell it."""
    return "the only one is 0" if count == 1 else f"choose from 0 (the largest) to {count - 1}"


def choose_face(faces: list[Face], index: int = 0) -> Face:
    """Face `index`, 0 being the largest. Raises NoFace where there is none at all, and
    InputError where this one is not there or cannot be edited."""
    if not isinstance(index, int):
        raise InputError(f"face {index!r:.40} is unknown; give a number, 0 being the largest, or all")
    if not faces:
        raise NoFace("no face found in the picture; give one with a face seen from the front")
    if not 0 <= index < len(faces):
        raise InputError(f"face {index} is not there; {face_numbers(len(faces))}")
    face = faces[index]
    problem = flaw(face)
    if problem:
        raise InputError(problem)
    return face


def usable_faces(faces: list[Face]) -> dict[int, Face]:
    """All faces that can be edited, by their number, largest first. Raises InputError, about the largest, where none
    can."""
    usable = {number: face for number, face in enumerate(faces) if not flaw(face)}
    return usable or {0: choose_face(faces)}


def flaw(face: Face) -> str | None:
    """Why a face cannot be edited, and the way out; None for one that can."""
    if face.box.width < SMALLEST_FACE_PX:
        return f"face is {math.floor(face.box.width)} px wide; give one of at least {SMALLEST_FACE_PX} px"
    if abs(_sideways(face)) > MOST_TURNED:
        return "face is turned too far to the side; give one seen from the front, with both eyes in view"
    return None


def _sideways(face: Face) -> float:
    """Where the nose's tip lies along the line of the eyes: 0 in their middle, -1 and 1 at one of them."""
    left_eye, right_eye, nose = face.landmarks[:3]
    between = (right_eye - left_eye) / 2
    return float(np.dot(nose - (left_eye + right_eye) / 2, between) / max(np.dot(between, between), 1e-9))


def _enlarged(face: Face, factor: int) -> Face:
    """A face found in a view that is shrunk by `factor`, in pixels of the picture."""
    box = face.box
    whole = FaceBox(box.left * factor, box.top * factor, box.width * factor, box.height * factor)
    return Face(whole, (face.landmarks + 0.5) * factor - 0.5, face.score)


def _closer(picture: LoadedPicture, face: Face, finder: FaceFinder) -> Face | None:
    """The same face as seen in its own square, upright; None where it is not seen there.

    A square that follows tilted landmarks is still tilted, though less, so the look is repeated in the new square until
    it turns no more. A face that seems nearly upright is looked at level first: there the finder's lean to one side
    cancels, while in a square that leans with it the finder sees nothing wrong.
    """
    square = face_square(face.landmarks)
    if abs(square.roll_rad) < _NEARLY_UPRIGHT_RAD:
        square = replace(square, roll_rad=0.0)
    close = None
    for _ in range(_MOST_LOOKS):
        seen = _look(picture, square, (close or face).landmarks[2], finder)
        if seen is None:
            break
        close, before, square = seen, square, face_square(seen.landmarks)
        if abs(math.remainder(square.roll_rad - before.roll_rad, math.tau)) < _SETTLED_RAD:
            break
    return close


def _look(picture: LoadedPicture, square: FaceSquare, nose: NDArray[np.float64], finder: FaceFinder) -> Face | None:
    """The face in `square` with its nose's tip nearest to `nose` (both in the picture); None where none is near.

    Its points are the mean of those seen in the square and in the square's mirror image, for YuNet leans to one side:
    alone it tilts the eyes of an upright face by up to 8 degrees.
    """
    if square.side_px < 1:
        return None
    pixels, expected = cut(picture, square, _CLOSE_SIDE_PX), square.to_square(nose)
    seen = _nearest(finder.find_all(pixels), expected)
    if seen is None:
        return None
    landmarks = _fractions(seen)
    mirrored = _nearest(finder.find_all(np.ascontiguousarray(pixels[:, ::-1])), expected * (-1, 1) + (1, 0))
    if mirrored is not None:
        landmarks = (landmarks + (_fractions(mirrored) * (-1, 1) + (1, 0))[_MIRRORED]) / 2
    return Face(_box_in_picture(seen.box, square), square.to_picture(landmarks), seen.score)


def _nearest(faces: list[Face], nose: NDArray[np.float64]) -> Face | None:
    """Of the faces in a close view the one with its nose's tip nearest to `nose`, in fractions of the view's side."""
    near = [face for face in faces if math.dist(_fractions(face)[2], nose) < _FARTHEST_NOSE]
    return min(near, key=lambda face: math.dist(_fractions(face)[2], nose), default=None)


def _fractions(face: Face) -> NDArray[np.float64]:
    """Points [5, 2] of a face in a close view, in fractions of the view's side."""
    return (face.landmarks + 0.5) / _CLOSE_SIDE_PX


def _box_in_picture(box: FaceBox, square: FaceSquare) -> FaceBox:
    """A box seen in the square's cut-out, in the picture: moved and enlarged, but not turned."""
    middle = np.array([box.left + box.width / 2, box.top + box.height / 2]) / _CLOSE_SIDE_PX
    x, y = square.to_picture(middle).tolist()
    scale = square.side_px / _CLOSE_SIDE_PX
    width, height = box.width * scale, box.height * scale
    return FaceBox(x + 0.5 - width / 2, y + 0.5 - height / 2, width, height)


def parse_face(text: str) -> int | Literal["all"]:
    """The choice of a face that a text makes. Raises InputError for anything but a number or `all`."""
    if text == "all":
        return "all"
    if not text.isdecimal() or len(text) > LONGEST_FACE_NUMBER:
        raise InputError(f"face {text!r:.40} is unknown; give a number, 0 being the largest, or all")
    return int(text)
