"""Is an affect drawn as strongly as asked: what a recogniser trained apart measures, over what was asked for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torchmetrics.functional import spearman_corrcoef

from fexgan.affects import AFFECTS, EMOTIONS
from fexgan.dataset import FaceDataset
from fexgan.evaluation.bootstrap import Estimate, estimate
from fexgan.evaluation.judging import draw, latents, true_vectors
from fexgan.media import Pixels
from fexgan.model import DrawingFamily

ASKED = tuple(step / 10 for step in range(11))
EMOTION_INDICES = np.array([AFFECTS.index(affect) for affect in EMOTIONS])


@dataclass(frozen=True, eq=False)
class Ladder:
    """Neutral held-out frames, each drawn with every emotion at every asked strength."""

    sources: NDArray[np.int64]
    """Rows of the split, [n]."""
    character: NDArray[np.int64]
    """[n]"""
    pixels: Pixels
    """uint8 [n, 6, 11, side, side, 3], emotions in their order."""

    @classmethod
    def draw(cls, networks: DrawingFamily, faces: FaceDataset, sources: NDArray[np.int64]) -> Ladder:
        """`sources`: rows of neutral frames."""
        shape = len(sources), len(EMOTIONS), len(ASKED)
        affect = np.broadcast_to(EMOTION_INDICES[None, :, None], shape).ravel()
        asked = true_vectors(affect, np.broadcast_to(ASKED, shape).ravel())
        latent = latents(networks, faces.pixels[sources], true_vectors(faces.affect[sources], np.ones(len(sources))))
        pixels = draw(networks, latent.repeat_interleave(shape[1] * shape[2], dim=0), asked)
        return cls(sources, faces.character[sources], pixels.reshape(*shape, *pixels.shape[1:]))


@dataclass(frozen=True)
class AffectStrength:
    """One emotion. Means over characters, but for `measured`."""

    spearman: float | None
    """Rank correlation of asked and measured, of each source alone; None where what is measured never varies."""
    error: float
    """Mean absolute difference of asked and measured."""
    monotone: float
    """Share of the steps of 0.1 up at which the measured strength does not fall."""
    measured: tuple[float, ...]
    """Mean over sources at each asked strength."""
    real_spearman: float | None
    """The same of true strength and measured on held-out frames of each character; None where no strength is known."""
    real_error: float | None


@dataclass(frozen=True)
class Strength:
    """`spearman`, `error`: over all emotions and characters; None where nothing varies."""

    asked: tuple[float, ...]
    affects: dict[str, AffectStrength]
    spearman: Estimate | None
    error: Estimate | None
    real_spearman: Estimate | None
    real_error: Estimate | None


def strength(
    ladder: Ladder,
    read: NDArray[np.float32],
    faces: FaceDataset,
    rows: NDArray[np.int64],
    read_real: NDArray[np.float32],
) -> Strength:
    """`read`: affect vectors [n, 6, 11, 7] measured on the ladder; `read_real`: [m, 7] on `rows` [m] of a split."""
    measured = np.stack([read[:, emotion, :, index] for emotion, index in enumerate(EMOTION_INDICES)], axis=1)
    people = np.arange(len(faces.characters))
    ranks, errors, steps = (np.full((len(people), len(EMOTIONS)), np.nan) for _ in range(3))
    real_ranks, real_errors = (np.full((len(people), len(EMOTIONS)), np.nan) for _ in range(2))
    asked = np.array(ASKED, np.float32)
    known = ~np.isnan(faces.strength[rows])
    for character in people:
        own = measured[ladder.character == character]  # [sources, 6, 11]
        for emotion, index in enumerate(EMOTION_INDICES):
            curves = own[:, emotion]
            if len(curves):
                ranks[character, emotion] = _mean([rank_correlation(curve, asked) for curve in curves])
                errors[character, emotion] = np.abs(curves - asked).mean()
                steps[character, emotion] = (np.diff(curves, axis=1) >= 0).mean()
            chosen = known & (faces.character[rows] == character) & (faces.affect[rows] == index)
            if chosen.any():
                true = faces.strength[rows[chosen]]
                real_ranks[character, emotion] = rank_correlation(read_real[chosen, index], true)
                real_errors[character, emotion] = np.abs(read_real[chosen, index] - true).mean()
    affects = {
        affect: AffectStrength(
            spearman=_known(ranks[:, emotion]),
            error=float(np.nanmean(errors[:, emotion])),
            monotone=float(np.nanmean(steps[:, emotion])),
            measured=tuple(measured[:, emotion].mean(axis=0).tolist()),
            real_spearman=_known(real_ranks[:, emotion]),
            real_error=_known(real_errors[:, emotion]),
        )
        for emotion, affect in enumerate(EMOTIONS)
    }
    over = [estimate([_mean(row) for row in figures]) for figures in (ranks, errors, real_ranks, real_errors)]
    return Strength(ASKED, affects, *over)


def rank_correlation(measured: NDArray[np.float32], true: NDArray[np.float32]) -> float:
    """Spearman's, in [-1, 1]; NaN where the truth never varies, and 0 where it does and what is measured does not."""
    if np.ptp(true) == 0:
        return float("nan")
    if np.ptp(measured) == 0:
        return 0.0
    return spearman_corrcoef(torch.from_numpy(measured).double(), torch.from_numpy(true).double()).item()


def _mean(figures: list[float] | NDArray[np.float64]) -> float:
    """Of those that are known; NaN where none is."""
    known = np.asarray(figures)[~np.isnan(figures)]
    return float(known.mean()) if len(known) else float("nan")


def _known(figures: NDArray[np.float64]) -> float | None:
    mean = _mean(figures)
    return None if np.isnan(mean) else mean
