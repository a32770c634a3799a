"""From a user's picture to the square that the editing network sees, and back: arrays in, arrays out."""

from fexgan.framing.carry import Details, Edit, carry_back, details_pay
from fexgan.framing.flat import FlatColours, flat_colours
from fexgan.framing.follow import Track, choose_tracks, follow_faces, presence
from fexgan.framing.locate import (
    FaceChoice,
    NoFace,
    choose_face,
    find_faces,
    flaw,
    near_faces,
    parse_face,
    usable_faces,
)
from fexgan.framing.points import Points, parse_points, pointed_square
from fexgan.framing.shots import find_shots, glance
from fexgan.framing.square import FaceSquare, cut, face_landmarks, face_square
from fexgan.framing.steady import steady, steady_squares

__all__ = [
    "Details",
    "Edit",
    "FaceChoice",
    "FaceSquare",
    "FlatColours",
    "NoFace",
    "Points",
    "Track",
    "carry_back",
    "choose_face",
    "choose_tracks",
    "cut",
    "details_pay",
    "face_landmarks",
    "face_square",
    "find_faces",
    "find_shots",
    "flat_colours",
    "flaw",
    "follow_faces",
    "glance",
    "near_faces",
    "parse_face",
    "parse_points",
    "pointed_square",
    "presence",
    "steady",
    "steady_squares",
    "usable_faces",
]
