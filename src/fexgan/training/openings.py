"""Where faces open: eyeballs that stay while lids slide over them, and what may come to show about eyes and mouth."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fexgan.training.cartoons import BROWS, EYES, LIPS, Points

FINENESS = 4
"""Openings are drawn so many times larger, for a line drawn around one is as wide as a lid."""
RIM = 0.03
"""How far around lids and lips paint may reach, as a fraction of the picture's side: about as far as they are wide."""
SOFTNESS = 0.02
"""Sigma of that rim's end, likewise: paint that ends at once shows as a band on skin of another colour."""


def shared_openings(landmarks: Points, size_px: int) -> Tensor:
    """How much of each pixel lies between the lids in both stills of a pair: [batch, 1, size_px, size_px] in [0, 1].

    `landmarks` [batch, 2, 68, 2].
    """
    outlines = [landmarks[..., eye, :] for eye in EYES]
    return torch.from_numpy(_filled(outlines, size_px).min(axis=1, keepdims=True))


def any_openings(landmarks: Points, size_px: int) -> Tensor:
    """How much of each pixel lies in the mouth or between eyes and brows of either still of a pair, with lips, lids and
    brows: [batch, 1, size_px, size_px] in [0, 1], less and less towards a rim.

    Brows rise behind glasses and hair, which then have to be covered. `landmarks` [batch, 2, 68, 2].
    """
    sides = [
        np.concatenate([landmarks[..., part, :] for part in side], axis=2) for side in zip(EYES, BROWS, strict=True)
    ]
    openings = _filled([*sides, landmarks[..., LIPS, :]], size_px).max(axis=1)
    reach = 2 * round(RIM * size_px) + 1
    rim = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    sigma = SOFTNESS * size_px
    return torch.from_numpy(
        np.stack([cv2.GaussianBlur(cv2.dilate(opening, rim), (0, 0), sigma) for opening in openings])
    )[:, None]


def _filled(outlines: Sequence[Points], size_px: int) -> NDArray[np.float32]:
    """How much of each pixel lies within the hull of one of the outlines, each [batch, 2, points, 2]: [batch, 2,
    size_px, size_px]."""
    shape = outlines[0].shape[:2]
    filled = np.zeros((*shape, size_px, size_px), np.float32)
    for index in np.ndindex(shape):
        fine = np.zeros((FINENESS * size_px, FINENESS * size_px), np.uint8)
        for outline in outlines:
            corners = np.rint(FINENESS * (outline[index] + 0.5) - 0.5).astype(np.int32)
            cv2.fillConvexPoly(fine, cv2.convexHull(corners), 255)
        filled[index] = cv2.resize(fine, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return filled / 255.0
