"""From a user's picture to the square that the editing network sees, and back: arrays in, arrays out."""

from fexgan.framing.carry import Edit, carry_back
from fexgan.framing.locate import choose_face, find_faces, usable_faces
from fexgan.framing.square import FaceSquare, cut, face_square
from fexgan.framing.steady import steady_squares

__all__ = [
    "Edit",
    "FaceSquare",
    "carry_back",
    "choose_face",
    "cut",
    "face_square",
    "find_faces",
    "steady_squares",
    "usable_faces",
]
