"""From a user's picture to the square that the editing network sees, and back: arrays in, arrays out."""

from fexgan.framing.carry import Edit, carry_back
from fexgan.framing.follow import Track, choose_tracks, follow_faces, presence
from fexgan.framing.locate import choose_face, find_faces, flaw, usable_faces
from fexgan.framing.square import FaceSquare, cut, face_landmarks, face_square
from fexgan.framing.steady import steady, steady_squares

__all__ = [
    "Edit",
    "FaceSquare",
    "Track",
    "carry_back",
    "choose_face",
    "choose_tracks",
    "cut",
    "face_landmarks",
    "face_square",
    "find_faces",
    "flaw",
    "follow_faces",
    "presence",
    "steady",
    "steady_squares",
    "usable_faces",
]
