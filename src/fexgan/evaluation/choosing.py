"""Which frames are looked at: evenly spaced ones, so that nothing is left to chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fexgan.dataset import FaceDataset

STRENGTH_GAP = 0.05


def evenly_spaced(indices: NDArray[np.int64], at_most: int) -> NDArray[np.int64]:
    """`at_most` of `indices` at even steps through them, first included; all of them where there are no more."""
    if len(indices) <= at_most:
        return indices
    return indices[np.arange(at_most) * len(indices) // at_most]


def per_character(faces: FaceDataset, indices: NDArray[np.int64], at_most: int) -> NDArray[np.int64]:
    """`at_most` evenly spaced ones of `indices` for each character, in the order of characters."""
    characters = np.unique(faces.character[indices])
    parts = [evenly_spaced(indices[faces.character[indices] == character], at_most) for character in characters]
    return np.concatenate(parts) if parts else indices


def like(faces: FaceDataset, character: int, affect: int, strength: float, head_deg: NDArray[np.float32]) -> int | None:
    """The frame of a character and affect that is as strong, within 0.05 of the nearest, and has its head most alike.

    Unknown strengths count as 1, and unknown poses as alike. None where there is no frame of the two.
    """
    own = np.flatnonzero((faces.character == character) & (faces.affect == affect))
    if not len(own):
        return None
    gap = np.abs(np.nan_to_num(faces.strength[own], nan=1.0) - np.nan_to_num(strength, nan=1.0))
    near = own[gap <= gap.min() + STRENGTH_GAP]
    turned = np.nan_to_num(np.linalg.norm(faces.head_deg[near] - head_deg, axis=1))
    return int(near[turned.argmin()])
