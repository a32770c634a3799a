"""Smiles that fold deeper than the studio's: lines from the wings of the nose around the corners of the mouth.

In photographs a smile's folds are dark lines. The studio's are faint, and a network that learned from them alone leaves
those lines standing in the face that it calms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.media import Pixels
from fexgan.training.cartoons import Points

_WINGS, _CORNERS, _LIP = (31, 35), (48, 54), 51
_TAKEN = np.array([0.8, 1.0, 1.0])
"""How much of each colour a fold takes: skin shadows are warm."""
_POINTS = 24
_HALO = 3.0
"""How much wider than its line the shadow around a fold is."""
_HALO_SHARE = 0.45


@dataclass(frozen=True)
class Folds:
    """How deep one person's smile folds, and where."""

    depth: float
    """Share of the light that the line takes, in [0, 1], where the smile is full."""
    width: float
    """Sigma of the line, in widths of the mouth."""
    outwards: float
    """How far outside the mouth's corners it passes, in widths of the mouth."""
    below: float
    """How far below them it ends, likewise."""

    @classmethod
    def draw(cls, generator: np.random.Generator) -> Folds:
        return cls(
            depth=generator.uniform(0.15, 0.6),
            width=generator.uniform(0.012, 0.04),
            outwards=generator.uniform(0.1, 0.2),
            below=generator.uniform(0.1, 0.4),
        )


def crease(picture: Pixels, landmarks: Points, smile: float, folds: Folds) -> None:
    """Fold the cheeks of a face, in place.

    `picture` uint8 [side, side, 3]; `landmarks` [68, 2] in its pixels; `smile`: how strongly it smiles, in [0, 1].
    """
    mouth = float(np.linalg.norm(landmarks[_CORNERS[1]] - landmarks[_CORNERS[0]]))
    down = landmarks[8] - landmarks[27]  # from the nose's root to the chin
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    rows, columns = np.indices(picture.shape[:2])
    light = np.ones(picture.shape)
    for wing, corner in zip(_WINGS, _CORNERS, strict=True):
        half = landmarks[corner] - landmarks[_LIP]  # shorter on the side that a head turns away
        start = landmarks[wing] + 0.2 * half - 0.05 * mouth * down
        middle = landmarks[corner] + 3.0 * folds.outwards * half - 0.1 * mouth * down
        end = landmarks[corner] + 1.5 * folds.outwards * half + folds.below * mouth * down
        shadow = _shadow(_curve(start, middle, end), columns, rows, folds.width * mouth)
        light *= 1.0 - folds.depth * smile * shadow[..., None] * _TAKEN
    picture[:] = np.rint(picture * light)


def _curve(start: NDArray[np.float64], middle: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points [_POINTS, 2] from start to end, bent towards the middle."""
    t = np.linspace(0.0, 1.0, _POINTS)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def _shadow(curve: NDArray[np.float64], x: NDArray, y: NDArray, sigma_px: float) -> NDArray[np.float64]:
    """A line along the curve that fades towards its ends, in a wider and fainter shadow; 1 at its darkest."""
    away = (x[..., None] - curve[:, 0]) ** 2 + (y[..., None] - curve[:, 1]) ** 2  # [side, side, _POINTS]
    nearest = away.argmin(axis=-1)
    distance = np.take_along_axis(away, nearest[..., None], axis=-1)[..., 0]
    line, halo = (np.exp(-0.5 * distance / sigma**2) for sigma in (sigma_px, _HALO * sigma_px))
    fading = np.sin(np.pi * (nearest + 0.5) / _POINTS) ** 0.5
    return fading * ((1 - _HALO_SHARE) * line + _HALO_SHARE * halo)
