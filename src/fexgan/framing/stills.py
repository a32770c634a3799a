"""Filmed stills in the square in which the editing network sees a face: one square for all stills of a character."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.config import FramingConfig
from fexgan.errors import InputError
from fexgan.faces import own_finder
from fexgan.framing.locate import find_faces
from fexgan.framing.square import face_square
from fexgan.media import Pixels
from fexgan.picture import LoadedPicture
from fexgan.stills import WAY_OUT, StillSet

Maps = NDArray[np.float64]


def face_squares(stills: StillSet, framing: FramingConfig) -> Maps:
    """Affine maps [characters, 2, 3] from each character's square, as an edit cuts it, to the filmed picture.

    Both span [-1, 1]. The face is looked for in the neutral still, for all stills of a character are of one pose; one
    that is not found is taken to lie where the others do on average. Raises InputError where none is found at all.
    """
    size = np.array(stills.pixels.shape[3:1:-1])  # width, height
    maps = np.full((len(stills), 2, 3), np.nan)
    for index, pixels in enumerate(stills.pixels[:, stills.neutral_index]):
        faces = find_faces(LoadedPicture(pixels), own_finder(), largest_only=True)
        if faces:
            square = face_square(faces[0].landmarks, framing)
            centre = 2.0 * (np.array([square.centre_x, square.centre_y]) + 0.5) / size - 1.0
            maps[index] = np.column_stack([square.turn() / size[:, None], centre])
    found = ~np.isnan(maps[:, 0, 0])
    if not found.any():
        raise InputError(f"no face is found in any of {len(stills)} characters' stills; {WAY_OUT}")
    maps[~found] = maps[found].mean(axis=0)
    return maps


def pixel_maps(maps: Maps, picture_shape: tuple[int, int], size_px: int) -> Maps:
    """`maps` [batch, 2, 3] from square to picture, both spanning [-1, 1], as maps between their pixels.

    `picture_shape`: height and width. Pixel centres are at whole numbers.
    """
    half = np.array(picture_shape[::-1])[:, None] / 2.0  # of width and height
    matrices = maps * half  # from the square to pixels from the picture's middle
    matrices[:, :, :2] *= 2.0 / size_px
    matrices[:, :, 2] += half[:, 0] - 0.5 - matrices[:, :, :2].sum(axis=2) * (size_px - 1) / 2.0
    return matrices


def in_squares(points: NDArray[np.float32], maps: Maps, picture_shape: tuple[int, int], size_px: int) -> Maps:
    """Points [batch, stills, points, 2] of the filmed pictures where squares as `cut_squares` cuts them show them."""
    matrices = pixel_maps(maps, picture_shape, size_px)
    away = points - matrices[:, None, None, :, 2]
    return np.einsum("bij,bspj->bspi", np.linalg.inv(matrices[:, :, :2]), away)


def cut_squares(pixels: Pixels, maps: Maps, size_px: int) -> Pixels:
    """What squares show, uint8 [batch, stills, size_px, size_px, 3], resampled once.

    `pixels` uint8 [batch, stills, height, width, 3]; `maps` [batch, 2, 3] from square to picture, both spanning
    [-1, 1]. Beyond the picture its edge goes on.
    """
    matrices = pixel_maps(maps, pixels.shape[2:4], size_px)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (size_px, size_px)
    return np.array(
        [
            [cv2.warpAffine(still, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE) for still in row]
            for row, matrix in zip(pixels, matrices, strict=True)
        ]
    )
