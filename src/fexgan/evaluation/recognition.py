"""Do pictures show what was asked for, and as strongly: what a reader of affects says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, NEUTRAL
from fexgan.evaluation.held_out import Edited, HeldOut
from fexgan.evaluation.identity import IdentityReader
from fexgan.evaluation.strength import rank_correlation


@dataclass(frozen=True)
class Recognition:
    """How well a reader tells what pictures show, or pictures show what a reader is to tell."""

    named: float
    """Share of the pictures of an emotion at strength 1 in which it is the strongest affect read, in [0, 1]."""
    named_by_affect: dict[str, float]
    spearman: float | None
    """Rank correlation of strengths read and true, for each character and emotion apart, then the mean; None where no
    emotion was filmed at two strengths."""
    strength_error: float
    """Mean absolute difference of strengths read and true, over pictures of one emotion."""


@dataclass(frozen=True)
class PersonLikeness:
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


def likeness(held_out: HeldOut, edited: Edited) -> PersonLikeness | None:
    """Of all characters whose face the finder sees; None where it sees none."""
    reader = IdentityReader()
    shown = held_out.emotions.any(axis=1)
    made, filmed = [], []
    for character, face in enumerate(held_out.faces):
        if face is not None:
            source = reader.read(held_out.pixels[character, [held_out.neutral]], face)[0]  # [128]
            made.append(reader.read(edited.pixels[character, shown], face) @ source)
            filmed.append(reader.read(held_out.pixels[character, shown], face) @ source)
    if not made:
        return None
    figures = [float(figure) for cosines in (made, filmed) for figure in (np.mean(cosines), np.min(cosines))]
    return PersonLikeness(np.size(made), *figures)


def _spearman(seen: NDArray[np.float32], strength: NDArray[np.float32], emotion: NDArray[np.int64]) -> float | None:
    correlations = []
    for index in np.unique(emotion):
        own = emotion == index
        correlations += [rank_correlation(one, strength[own]) for one in seen[:, own]]
    known = [correlation for correlation in correlations if not np.isnan(correlation)]
    return float(np.mean(known)) if known else None
