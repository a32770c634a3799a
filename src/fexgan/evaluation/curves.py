"""Calibrated strength: curves with which a model that draws shows an affect as strongly as asked.

Two recognisers of affects learn from one half of the train takes each. On frames of the other half they say how they
read a true strength, on drawn faces how they read an asked one; a curve asks for what is read like the truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
import torch
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL_INDEX
from fexgan.dataset import FaceDataset
from fexgan.errors import InputError
from fexgan.evaluation.apart import LEARNED_FRAMES, RECOGNISER_STEPS, SOURCES_PER_CHARACTER
from fexgan.evaluation.choosing import evenly_spaced, per_character
from fexgan.evaluation.judging import true_vectors
from fexgan.evaluation.recogniser import Recogniser, train_recogniser
from fexgan.evaluation.strength import ASKED, EMOTION_INDICES, Ladder
from fexgan.model import DrawingFamily
from fexgan.tables import Section

RECOGNISER_SEED = 1
"""Other recognisers than those of the evaluation, which begin from seed 0."""
READ_AT_ONCE = 1000
"""Frames that are taken from the dataset at a time: all of a large one are more than memory should hold."""
NEAR = 0.15
"""Frames within this of a strength tell how it is read, the nearer the more."""
FEWEST_FRAMES = 10
"""That are near enough, for each strength of an emotion."""


@dataclass(frozen=True, eq=False)
class StrengthCalibration:
    """All [6, 11], emotions in their order, at the asked or true strengths 0, 0.1, ... 1."""

    curves: NDArray[np.float32]
    """The strengths to draw with."""
    real: NDArray[np.float64]
    """How true strengths are read."""
    drawn: NDArray[np.float64]
    """How asked strengths are read without the curves."""

    def section(self) -> Section:
        """The middle of each curve, and how far asked strengths are read from true ones, as a table."""
        middle = len(ASKED) // 2
        gaps = np.abs(self.drawn - self.real).mean(axis=1)
        rows = [
            [affect, *(f"{part[emotion, middle]:.2f}" for part in (self.real, self.drawn, self.curves)), f"{gap:.3f}"]
            for emotion, (affect, gap) in enumerate(zip(EMOTIONS, gaps, strict=True))
        ]
        header = ["emotion", "0.5 filmed is read", "0.5 drawn was read", "0.5 is drawn with", "mean gap before"]
        return Section("Calibrated strength", "As recognisers trained apart read it, in the mean.", header, rows)


def calibrate(networks: DrawingFamily, train: FaceDataset, steps: int = RECOGNISER_STEPS) -> StrengthCalibration:
    """Find the curves of `networks` on the train split that they learned from. Minutes on two cores.

    Curves that they have are not looked at. Raises InputError where nobody is shown neutral, or an emotion's true
    strengths are not known.
    """
    for index, affect in enumerate(AFFECTS):
        if np.isnan(train.strength[train.affect == index]).all():  # nothing at all, too
            raise InputError(
                f"the dataset holds no frames of {affect} of known strength to calibrate with; "
                "give one that shows all affects, with sidecars that tell the strength of every frame"
            )
    networks.set_curves(torch.zeros(len(EMOTIONS), len(ASKED)))
    neutral = np.flatnonzero(train.affect == NEUTRAL_INDEX)
    ladder = Ladder.draw(networks, train, per_character(train, neutral, SOURCES_PER_CHARACTER))
    real, drawn = [], []
    for learned, measured in permutations(_halves(train)):
        chosen = evenly_spaced(learned, LEARNED_FRAMES)
        affects = true_vectors(train.affect[chosen], train.strength[chosen])
        recogniser = train_recogniser(train.pixels[chosen], affects.numpy(), RECOGNISER_SEED, steps)
        real.append(_read_real(recogniser, train, measured))
        read = recogniser.recognise(ladder.pixels).mean(axis=0)  # [6, 11, 7]
        drawn.append([read[emotion, :, index] for emotion, index in enumerate(EMOTION_INDICES)])
    real, drawn = np.mean(real, axis=0), np.mean(drawn, axis=0)
    curves = np.stack([matched(*pair) for pair in zip(real, drawn, strict=True)])
    networks.set_curves(torch.from_numpy(curves))
    return StrengthCalibration(curves, real, drawn)


def matched(real: NDArray[np.floating], drawn: NDArray[np.floating]) -> NDArray[np.float32]:
    """The strengths to draw with, [11], so that each is read as `real` says of it where asking is read as `drawn`."""
    rising = np.maximum.accumulate(drawn) + 1e-6 * np.arange(len(drawn))
    found = np.maximum.accumulate(np.interp(real, rising, ASKED))
    found[0], found[-1] = 0.0, 1.0
    return found.astype(np.float32)


def _halves(train: FaceDataset) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of every other take, and the rest; which take comes first goes round, for first takes are the strongest."""
    _, number = np.unique(train.take, return_inverse=True)
    parity = (number + train.character + train.affect) % 2
    return np.flatnonzero(parity == 0), np.flatnonzero(parity == 1)


def _read_real(recogniser: Recogniser, train: FaceDataset, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """How the strengths 0, 0.1, ... of each emotion are read on frames, [6, 11]."""
    known = rows[~np.isnan(train.strength[rows])]
    parts = np.array_split(known, -(-len(known) // READ_AT_ONCE) or 1)
    read = np.concatenate([recogniser.recognise(train.pixels[part]) for part in parts])
    curves = []
    for affect, index in zip(EMOTIONS, EMOTION_INDICES, strict=True):
        own = train.affect[known] == index
        curves.append(_curve(train.strength[known][own], read[own, index], affect))
    return np.stack(curves)


def _curve(true: NDArray[np.float32], read: NDArray[np.float32], affect: str) -> NDArray[np.float64]:
    """How each of the strengths 0, 0.1, ... is read, [11]: means over frames near to it, made to rise."""
    weights = np.clip(1.0 - np.abs(true[None] - np.array(ASKED)[:, None]) / NEAR, 0.0, None)  # [11, frames]
    if (np.count_nonzero(weights, axis=1) < FEWEST_FRAMES).any():
        raise InputError(
            f"the dataset holds too few frames of {affect} at some strength to calibrate with; "
            "give one whose sidecars tell the strength of every frame"
        )
    return np.maximum.accumulate(weights @ read / weights.sum(axis=1))
