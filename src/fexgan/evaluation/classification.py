"""Table 1 of the paper as pure functions of true and predicted affects (indices into `AFFECTS`)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fexgan.affects import AFFECTS, NEUTRAL_INDEX

Indices = np.ndarray  # int [n], indices into AFFECTS
FULL_STRENGTH = 0.5
BIN_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class AffectScore:
    """How well one affect is named. Each figure lies in [0, 1]; it is 0 where its denominator is."""

    precision: float
    recall: float
    f1: float
    frames: int


@dataclass(frozen=True)
class Classification:
    """Affects named on one set of pictures. `confusion`: counts [7, 7], row = true, column = named."""

    confusion: np.ndarray

    @property
    def frames(self) -> int:
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share named right, in [0, 1]; 0 where there is nothing to name."""
        return _ratio(np.trace(self.confusion), self.confusion.sum())

    @property
    def affects(self) -> dict[str, AffectScore]:
        """Precision, recall and F1 of each affect."""
        return {affect: self._score(index) for index, affect in enumerate(AFFECTS)}

    def _score(self, index: int) -> AffectScore:
        hits = self.confusion[index, index]
        named, true = self.confusion[:, index].sum(), self.confusion[index].sum()
        return AffectScore(_ratio(hits, named), _ratio(hits, true), _ratio(2 * hits, named + true), int(true))


@dataclass(frozen=True)
class StrengthBin:
    """Frames of emotions whose true strength lies in [`low`, `high`), the last bin with its upper end."""

    low: float
    high: float
    frames: int
    accuracy: float


def classification(true: Indices, named: Indices) -> Classification:
    """Count every pair of `true` and `named`, both int [n]."""
    confusion = np.zeros((len(AFFECTS), len(AFFECTS)), dtype=np.int64)
    np.add.at(confusion, (true, named), 1)
    return Classification(confusion)


def shows_its_affect(affect: Indices, strength: np.ndarray) -> np.ndarray:
    """bool [n]: the frames that table 1 covers.

    Those are emotions of `strength` (float [n]) at least 0.5, all frames of neutral takes, and frames of unknown
    strength (NaN), whose label is all that is known. The rest is an emotion just coming or nearly gone.
    """
    return (affect == NEUTRAL_INDEX) | np.isnan(strength) | (strength >= FULL_STRENGTH)


def accuracy_by_strength(true: Indices, named: Indices, strength: np.ndarray) -> tuple[StrengthBin, ...]:
    """Share named right among the frames of emotions in bins of 0.2 of their true strength (float [n], NaN skipped)."""
    known_emotion = (true != NEUTRAL_INDEX) & ~np.isnan(strength)
    bin_of_frame = np.clip(np.digitize(strength, BIN_EDGES) - 1, 0, len(BIN_EDGES) - 2)
    bins = []
    for index, (low, high) in enumerate(pairwise(BIN_EDGES)):
        chosen = known_emotion & (bin_of_frame == index)
        right = (true[chosen] == named[chosen]).sum()
        bins.append(StrengthBin(low, high, int(chosen.sum()), _ratio(right, chosen.sum())))
    return tuple(bins)


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0
