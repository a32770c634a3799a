"""Smiles that fold deeper than the studio's: lines from the wings of the nose around the corners of the mouth.

In photographs a smile's folds are dark lines, and steps between a lit cheek and the shadow that it casts. The studio's
are faint, and a network that learned from them alone leaves them standing in the face that it calms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.media import Pixels
from fexgan.training.cartoons import Points

_WINGS, _CORNERS, _LIP = (31, 35), (48, 54), 51
_TAKEN = np.array([0.8, 1.0, 1.0], np.float32)
"""How much of each colour a fold takes: skin shadows are warm."""
_POINTS = 24
_HALO_SHARE = 0.45
"""Of what a fold takes at its darkest, how much its wide shadow does and not its line."""
_CHEEK = 5.0
"""Sigma of the light on the cheek, in those of the line, and how far outside the line it is brightest."""
_FARTHEST = 3.5
"""So many sigmas away from where it is darkest or brightest, nothing shows of a fold: a level of 255 at most."""


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
    inwards: float = 3.0
    """Sigma of the shadow on the side of the mouth, in those of the line."""
    upwards: float = 3.0
    """Sigma of the shadow on the cheek, likewise: where it is small a lit cheek ends at an edge."""
    cheek: float = 0.0
    """Share by which the cheek beside the line is lighter."""
    sides: tuple[float, float] = (1.0, 1.0)
    """How much of the depth the fold on the left of the picture has, and that on the right: light comes from a side."""

    @classmethod
    def draw(cls, generator: np.random.Generator) -> Folds:
        return cls(
            depth=generator.uniform(0.15, 0.7),
            width=generator.uniform(0.012, 0.04),
            outwards=generator.uniform(0.08, 0.22),
            below=generator.uniform(0.0, 0.4),
            inwards=generator.uniform(2.0, 8.0),
            upwards=generator.uniform(1.0, 4.0),
            cheek=generator.uniform(0.0, 0.25),
            sides=(generator.uniform(0.3, 1.0), generator.uniform(0.3, 1.0)),
        )


def crease(picture: Pixels, landmarks: Points, smile: float, folds: Folds) -> NDArray[np.float32]:
    """Fold the cheeks of a face, in place; where it folds when it smiles, [side, side], is 1 where that is darkest.

    `picture` uint8 [side, side, 3]; `landmarks` [68, 2] in its pixels; `smile`: how strongly it smiles, in [0, 1].
    """
    light, both = np.ones(picture.shape, np.float32), _both(landmarks, folds, picture.shape[0])
    for (shadow, cheek), share in zip(both, folds.sides, strict=True):
        light *= 1.0 - folds.depth * share * smile * shadow[..., None] * _TAKEN
        light *= 1.0 + folds.cheek * share * smile * cheek[..., None]
    picture[:] = np.rint((picture * light).clip(max=255.0))
    return np.maximum(*(shadow for shadow, _ in both))


def _both(landmarks: Points, folds: Folds, side: int) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The shadow of each of the two folds and the light on the cheek beside it, [side, side] in [0, 1]."""
    mouth = float(np.linalg.norm(landmarks[_CORNERS[1]] - landmarks[_CORNERS[0]]))
    down = landmarks[8] - landmarks[27]  # from the nose's root to the chin
    down = down / max(float(np.linalg.norm(down)), 1e-6)
    both = []
    for wing, corner in zip(_WINGS, _CORNERS, strict=True):
        half = landmarks[corner] - landmarks[_LIP]  # shorter on the side that a head turns away
        start = landmarks[wing] + 0.2 * half - 0.05 * mouth * down
        middle = landmarks[corner] + 3.0 * folds.outwards * half - 0.1 * mouth * down
        end = landmarks[corner] + 1.5 * folds.outwards * half + folds.below * mouth * down
        both.append(_shaded(_curve(start, middle, end), landmarks[_LIP], side, folds, folds.width * mouth))
    return both


def _curve(start: NDArray[np.float64], middle: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points [_POINTS, 2] from start to end, bent towards the middle."""
    t = np.linspace(0.0, 1.0, _POINTS)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def _shaded(
    curve: Points, mouth: Points, side: int, folds: Folds, sigma_px: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A line along the curve that fades towards its ends, in a wider and fainter shadow, and the light across from it
    on the side away from the mouth; both 1 where they are strongest."""
    shadow, cheek = np.zeros((2, side, side), np.float32)
    widest = max(folds.inwards, folds.upwards, _CHEEK)
    margin = sigma_px * (_CHEEK + _FARTHEST * widest)
    (left, top), (right, bottom) = (
        np.clip(corner, 0, side).astype(int) for corner in (curve.min(axis=0) - margin, curve.max(axis=0) + margin + 2)
    )
    curve, mouth = curve.astype(np.float32), mouth.astype(np.float32)
    x, y = np.arange(left, right, dtype=np.float32), np.arange(top, bottom, dtype=np.float32)[:, None]
    across, down = (x[:, None] - curve[:, 0]) ** 2, (y - curve[:, 1]) ** 2  # [columns, _POINTS] and [rows, _POINTS]
    away = down[:, None] + across  # [rows, columns, _POINTS]
    nearest = away.argmin(axis=-1)
    distance = np.sqrt(np.take_along_axis(away, nearest[..., None], axis=-1)[..., 0])
    to_mouth = (mouth - curve)[nearest]  # [rows, columns, 2]
    inside = (x - curve[nearest, 0]) * to_mouth[..., 0] + (y - curve[nearest, 1]) * to_mouth[..., 1] > 0
    reach = np.where(inside, np.float32(folds.inwards), np.float32(folds.upwards))
    fading = np.sin(np.pi * (nearest + 0.5) / _POINTS) ** 0.5
    line, halo = (np.exp(-0.5 * (distance / sigma) ** 2) for sigma in (sigma_px, reach * sigma_px))
    lit = np.where(inside, 0.0, np.exp(-0.5 * ((distance / sigma_px - _CHEEK) / _CHEEK) ** 2))
    part = np.s_[top:bottom, left:right]
    shadow[part], cheek[part] = fading * ((1 - _HALO_SHARE) * line + _HALO_SHARE * halo), fading * lit
    return shadow, cheek
