"""Where eyeballs show before an edit and after it: there nothing moves, for lids slide over eyes that stay."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fexgan.framing.stills import Maps, pixel_maps

FINENESS = 4
"""Openings are drawn so many times larger, for a line drawn around one is as wide as a lid."""


def shared_openings(outlines: NDArray[np.float32], maps: Maps, picture_shape: tuple[int, int], size_px: int) -> Tensor:
    """How much of each pixel lies between the lids in both stills of a pair: [batch, 1, size_px, size_px] in [0, 1].

    `outlines` [batch, 2, eyes, points, 2]: (x, y) in the filmed pictures, of `picture_shape` (height, width), pixel
    centres at whole numbers; NaN where not known, and then nothing does. `maps` [batch, 2, 3]: from squares to
    pictures, both spanning [-1, 1].
    """
    matrices = pixel_maps(maps, picture_shape, size_px)
    turned = np.linalg.inv(matrices[:, :, :2])
    away = outlines - matrices[:, None, None, None, :, 2]
    places = np.einsum("bij,bsepj->bsepi", turned, away)  # in the squares
    fine_px = FINENESS * size_px
    openings = np.zeros((*outlines.shape[:2], size_px, size_px), np.float32)
    for row, opening in zip(places.reshape(-1, *places.shape[2:]), openings.reshape(-1, size_px, size_px), strict=True):
        if np.isfinite(row).all():
            corners = np.rint(FINENESS * (row + 0.5) - 0.5).astype(np.int32)
            fine = cv2.fillPoly(np.zeros((fine_px, fine_px), np.uint8), list(corners), 255)
            opening[:] = cv2.resize(fine, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(openings.min(axis=1, keepdims=True)) / 255.0
