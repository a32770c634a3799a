"""Where faces open: eyeballs that stay while lids slide over them, and all that may come to show at eyes and mouths."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fexgan.training.cartoons import EYES, LIPS, Points

FINENESS = 4
"""Openings are drawn so many times larger, for a line drawn around one is as wide as a lid."""
RIM = 0.03
"""How far around lids and lips paint may reach, as a fraction of the picture's side: about as far as they are wide."""


def shared_openings(landmarks: Points, size_px: int) -> Tensor:
    """How much of each pixel lies between the lids in both stills of a pair: [batch, 1, size_px, size_px] in [0, 1].

    `landmarks` [batch, 2, 68, 2].
    """
    return torch.from_numpy(_filled(landmarks, EYES, size_px).min(axis=1, keepdims=True))


def any_openings(landmarks: Points, size_px: int) -> Tensor:
    """How much of each pixel lies in the eyes or the mouth of either still of a pair, lids and lips counted in:
    [batch, 1, size_px, size_px] in [0, 1].

    `landmarks` [batch, 2, 68, 2].
    """
    openings = _filled(landmarks, (*EYES, LIPS), size_px).max(axis=1)
    reach = 2 * round(RIM * size_px) + 1
    rim = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return torch.from_numpy(np.stack([cv2.dilate(opening, rim) for opening in openings]))[:, None]


def _filled(landmarks: Points, outlines: Sequence[slice], size_px: int) -> NDArray[np.float32]:
    """How much of each pixel lies within one of the outlines of each still: [batch, 2, size_px, size_px]."""
    filled = np.zeros((*landmarks.shape[:2], size_px, size_px), np.float32)
    for index in np.ndindex(landmarks.shape[:2]):
        corners = np.rint(FINENESS * (landmarks[index] + 0.5) - 0.5).astype(np.int32)
        fine = np.zeros((FINENESS * size_px, FINENESS * size_px), np.uint8)
        for outline in outlines:
            cv2.fillPoly(fine, [corners[outline]], 255)
        filled[index] = cv2.resize(fine, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return filled / 255.0
