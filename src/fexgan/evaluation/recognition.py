"""Do pictures show what was asked for, and as strongly: by the affects that are read off them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, NEUTRAL
from fexgan.evaluation.held_out import Edited, HeldOut
from fexgan.evaluation.identity import IdentityReader
from fexgan.evaluation.strength import rank_correlation
from fexgan.media import Pixels


@dataclass(frozen=True)
class Recognition:
    """How well affects read off pictures tell what they were to show."""

    named: float
    """Share of the pictures of an emotion at strength 1 in which it is the strongest affect read, in [0, 1]."""
    named_by_affect: dict[str, float]
    spearman: float | None
    """Rank correlation of strengths read and true, for each character and emotion apart, then the mean; None where no
    emotion was filmed at two strengths."""
    strength_error: float
    """Mean absolute difference of strengths read and true, over pictures of one emotion."""


@dataclass(frozen=True)
class PersonSimilarity:
    """Cosines of SFace between pictures and the neutral stills they come from, edited and filmed."""

    pictures: int
    mean: float
    worst: float
    filmed_mean: float
    filmed_worst: float


def recognition(held_out: HeldOut, read: NDArray[np.float32]) -> Recognition:
    """`read`: affect vectors [characters, stills, 7] of pictures of what the held-out stills show."""
    full = {affect: still for affect, still in held_out.full().items() if affect != NEUTRAL}
    right = {affect: read[:, still].argmax(axis=1) == AFFECTS.index(affect) for affect, still in full.items()}
    single = held_out.single()
    emotion = held_out.emotions[single].argmax(axis=1)
    strength = held_out.affects[single, emotion]  # [single]
    seen = read[:, single, emotion]  # [characters, single]
    return Recognition(
        named=float(np.mean(list(right.values()))),
        named_by_affect={affect: float(shown.mean()) for affect, shown in right.items()},
        spearman=_spearman(seen, strength, emotion),
        strength_error=float(np.abs(seen - strength).mean()),
    )


def similarity(held_out: HeldOut, pixels: Pixels) -> NDArray[np.float32] | None:
    """Cosines of SFace between pictures of each character and its neutral still, [characters, n].

    `pixels`: uint8 [characters, n, side, side, 3]. Characters whose face the finder does not see are left out; None
    where it sees none.
    """
    reader = IdentityReader()
    cosines = [
        reader.read(own, face) @ reader.read(squares[[held_out.neutral]], face)[0]
        for own, squares, face in zip(pixels, held_out.pixels, held_out.faces, strict=True)
        if face is not None
    ]
    return np.stack(cosines) if cosines else None


def person_similarity(held_out: HeldOut, edited: Edited) -> PersonSimilarity | None:
    """Of all characters whose face the finder sees; None where it sees none."""
    shown = held_out.emotions.any(axis=1)
    both = similarity(held_out, np.concatenate([edited.pixels[:, shown], held_out.pixels[:, shown]], axis=1))
    if both is None:
        return None
    made, filmed = np.split(both, 2, axis=1)
    figures = [float(figure) for cosines in (made, filmed) for figure in (cosines.mean(), cosines.min())]
    return PersonSimilarity(made.size, *figures)


def _spearman(seen: NDArray[np.float32], strength: NDArray[np.float32], emotion: NDArray[np.int64]) -> float | None:
    correlations = []
    for index in np.unique(emotion):
        own = emotion == index
        correlations += [rank_correlation(one, strength[own]) for one in seen[:, own]]
    known = [correlation for correlation in correlations if not np.isnan(correlation)]
    return float(np.mean(known)) if known else None
