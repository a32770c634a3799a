"""Is a classifier as often right as it is sure: the expected calibration error (Guo et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 15


@dataclass(frozen=True)
class ConfidenceBin:
    """Pictures whose likeliest affect has a probability in (`low`, `high`]; means are 0 where there is none."""

    low: float
    high: float
    frames: int
    confidence: float
    """Mean probability of the affect named."""
    accuracy: float
    """Share named right."""


@dataclass(frozen=True)
class Calibration:
    """How confidence and accuracy go together."""

    bins: tuple[ConfidenceBin, ...]

    @property
    def error(self) -> float:
        """Mean gap between confidence and accuracy over all pictures, bin by bin: 0 is best, at most 1."""
        frames = sum(part.frames for part in self.bins)
        gaps = sum(part.frames * abs(part.confidence - part.accuracy) for part in self.bins)
        return gaps / frames if frames else 0.0


def calibration(true: NDArray[np.int64], probabilities: NDArray[np.float32]) -> Calibration:
    """Of `true` affects [n] and `probabilities` [n, 7], in 15 bins of equal width."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == true
    bin_of = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    return Calibration(tuple(_bin(index, confidence[bin_of == index], right[bin_of == index]) for index in range(BINS)))


def _bin(index: int, confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> ConfidenceBin:
    means = (float(confidence.mean()), float(right.mean())) if len(right) else (0.0, 0.0)
    return ConfidenceBin(index / BINS, (index + 1) / BINS, len(right), *means)
