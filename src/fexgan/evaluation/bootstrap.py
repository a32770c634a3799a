"""How far a figure would move with other characters: the percentile bootstrap (Efron 1979)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
COVERED = (2.5, 97.5)


@dataclass(frozen=True)
class Estimate:
    """A mean over characters and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


def estimate(by_character: Sequence[float] | np.ndarray) -> Estimate | None:
    """Of one figure of each character, all counted alike; NaN says that a character has none. None where none has.

    Characters are drawn again 2,000 times from a fixed seed.
    """
    figures = np.asarray(by_character, np.float64)
    figures = figures[~np.isnan(figures)]
    if not len(figures):
        return None
    drawn = np.random.default_rng(0).integers(len(figures), size=(RESAMPLES, len(figures)))
    low, high = np.percentile(figures[drawn].mean(axis=1), COVERED)
    return Estimate(float(figures.mean()), float(low), float(high))


def over_characters(figures: np.ndarray, character: np.ndarray) -> Estimate | None:
    """Of a figure of each picture, [n], and whom it shows, [n]: means of characters first. NaN is left out."""
    known = ~np.isnan(figures.astype(np.float64))
    return estimate([figures[known & (character == index)].mean() for index in np.unique(character[known])])
