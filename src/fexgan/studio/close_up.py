"""The part of the picture around the mouth, so that mouths are filmed large for the price of a small picture."""

from __future__ import annotations

import numpy as np

from fexgan.errors import InputError
from fexgan.picture import Box

MOUTH = slice(48, 68)
"""The lips among the 68 customary landmarks."""
WIDTH, HEIGHT = 1 / 3, 0.27
"""Of the close-up, in sides of the picture: half again as large as any mouth, for squares are turned and shifted."""


def mouth_window(landmarks_px: np.ndarray, size_px: int) -> Box:
    """Left, top, right and bottom of a close-up in a picture of `size_px`, around where the mouth ever is in
    `landmarks_px` [frames, 68, 2]. Its sides are even, as H.264 wants them, and the same for all pictures of that size.
    Raises InputError where the mouth moves farther than that.
    """
    lips = landmarks_px[:, MOUTH].reshape(-1, 2)
    centre = (lips.min(axis=0) + lips.max(axis=0)) / 2
    sides = 2 * np.round(np.array([WIDTH, HEIGHT]) * size_px / 2).astype(int)
    left, top = np.clip(np.round(centre - sides / 2).astype(int), 0, size_px - sides).tolist()
    window = left, top, left + int(sides[0]), top + int(sides[1])
    if (lips < window[:2]).any() or (lips > window[2:]).any():
        raise InputError("the mouth moves out of its close-up; film stills, or without --close-up")
    return window


def borders(window: Box | None, size_px: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a window as Blender takes them: fractions of the side, counted from below.

    Blender cuts them off to whole pixels. None is the whole picture.
    """
    left, top, right, bottom = window or (0, 0, size_px, size_px)
    return tuple((place + 0.25) / size_px for place in (left, size_px - top, right, size_px - bottom))
