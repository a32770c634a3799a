"""Where eyeballs show before an edit and after it: there nothing moves, for lids slide over eyes that stay."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from fexgan.training.cartoons import EYES, Points

FINENESS = 4
"""Openings are drawn so many times larger, for a line drawn around one is as wide as a lid."""


def shared_openings(landmarks: Points, size_px: int) -> Tensor:
    """How much of each pixel lies between the lids in both stills of a pair: [batch, 1, size_px, size_px] in [0, 1].

    `landmarks` [batch, 2, 68, 2].
    """
    openings = np.zeros((*landmarks.shape[:2], size_px, size_px), np.float32)
    for index in np.ndindex(landmarks.shape[:2]):
        corners = np.rint(FINENESS * (landmarks[index] + 0.5) - 0.5).astype(np.int32)
        fine = np.zeros((FINENESS * size_px, FINENESS * size_px), np.uint8)
        cv2.fillPoly(fine, [corners[eye] for eye in EYES], 255)
        openings[index] = cv2.resize(fine, (size_px, size_px), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(openings.min(axis=1, keepdims=True)) / 255.0
