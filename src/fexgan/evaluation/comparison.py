"""Edited faces beside the filmed truth, pixel by pixel inside the face box, and beside copying the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL
from fexgan.evaluation.held_out import Edited, HeldOut
from fexgan.evaluation.recogniser import Recogniser
from fexgan.evaluation.reconstruction import sharpness, ssim
from fexgan.media import Pixels
from fexgan.tensors import pixels_to_images

MIXTURES = "mixtures"
ALL = "all"
SWAPS = "another emotion"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Pictures against truths, each figure [characters, stills]."""

    ssim: NDArray[np.float64]
    """Inside the face box, at most 1."""
    difference: NDArray[np.float64]
    """Mean absolute difference inside the face box, in levels of 255."""
    distance: NDArray[np.float64]
    """Between what the recogniser makes of whole squares, stage by stage; 0 for equal ones."""
    sharpness: NDArray[np.float64]
    """Of the pictures inside the face box, in squared levels."""


@dataclass(frozen=True)
class Nearness:
    """How near edits of one kind come to the truth, beside copying the source; means over pictures."""

    pictures: int
    ssim: float
    copied_ssim: float
    difference: float
    copied_difference: float
    distance_share: float
    """Distance to the truth, as a share of the copied source's."""
    sharpness_share: float
    """Sharpness as a share of the truth's."""


@dataclass(frozen=True)
class MixtureScore:
    """Shares in [0, 1] of the edited mixtures that lie nearer to their filmed truth, inside the face box."""

    pictures: int
    than_parents: float
    """Nearer than either parent's filmed still at strength 1."""
    than_edited_parents: float
    """Nearer than the edits to either parent."""


def compare(held_out: HeldOut, pictures: Pixels, truths: Pixels, recogniser: Recogniser) -> Comparison:
    """Both uint8 [characters, stills, side, side, 3]."""
    figures = []
    for own, true, (rows, columns) in zip(pictures, truths, held_out.regions, strict=True):
        inside, true_inside = (pixels_to_images(pixels[:, rows, columns]) for pixels in (own, true))
        difference = 127.5 * (inside - true_inside).abs().mean(dim=(1, 2, 3))
        measured = (ssim(inside, true_inside), difference, recogniser.distance(own, true), sharpness(inside))
        figures.append([figure.double().numpy() for figure in measured])
    return Comparison(*np.array(figures).swapaxes(0, 1))


def nearness(held_out: HeldOut, edited: Edited, recogniser: Recogniser) -> dict[str, Nearness]:
    """By kind of edit: from neutral to each emotion (all strengths), to mixtures, to all; from all to neutral; and from
    each emotion in full to each other one."""
    truths, sources = held_out.pixels, held_out.sources()
    shown = (edited.pixels, sources, truths)
    made, copied, filmed = (compare(held_out, pixels, truths, recogniser) for pixels in shown)
    single = held_out.single()
    kinds = {affect: single[held_out.emotions[single, AFFECTS.index(affect)]] for affect in EMOTIONS}
    kinds |= {MIXTURES: held_out.mixed(), ALL: np.flatnonzero(held_out.emotions.any(axis=1))}
    result = {kind: _nearness(made, copied, filmed, stills) for kind, stills in kinds.items() if len(stills)}
    shown = (edited.calmed, truths, sources)
    calmed, kept, neutral = (compare(held_out, pixels, sources, recogniser) for pixels in shown)
    result[NEUTRAL] = _nearness(calmed, kept, neutral, kinds[ALL])
    swaps = held_out.swaps()
    if len(swaps):
        start, end = (held_out.pixels[:, stills] for stills in swaps.T)
        shown = (edited.swapped, start, end)
        swapped, left, other = (compare(held_out, pixels, end, recogniser) for pixels in shown)
        result[SWAPS] = _nearness(swapped, left, other, np.arange(len(swaps)))
    return result


def mixture_score(held_out: HeldOut, edited: Edited) -> MixtureScore | None:
    """None where no mixture was filmed together with all its parents at strength 1."""
    full, nearer, nearer_edited = held_out.full(), [], []
    for mixed in held_out.mixed():
        names = [AFFECTS[index] for index in np.flatnonzero(held_out.emotions[mixed])]
        if any(name not in full for name in names):
            continue
        parents = [full[name] for name in names]
        for character, region in enumerate(held_out.regions):
            truth = held_out.pixels[character, mixed][region].astype(np.int16)

            def off(pixels: Pixels, region=region, truth=truth) -> float:
                return float(np.abs(pixels[region] - truth).mean())

            own = off(edited.pixels[character, mixed])
            nearer.append(own < min(off(held_out.pixels[character, parent]) for parent in parents))
            nearer_edited.append(own < min(off(edited.pixels[character, parent]) for parent in parents))
    return MixtureScore(len(nearer), float(np.mean(nearer)), float(np.mean(nearer_edited))) if nearer else None


def _nearness(made: Comparison, copied: Comparison, filmed: Comparison, stills: NDArray[np.int64]) -> Nearness:
    def mean(figure: NDArray[np.float64]) -> float:
        return float(figure[:, stills].mean())

    return Nearness(
        pictures=made.ssim[:, stills].size,
        ssim=mean(made.ssim),
        copied_ssim=mean(copied.ssim),
        difference=mean(made.difference),
        copied_difference=mean(copied.difference),
        distance_share=mean(made.distance) / max(mean(copied.distance), 1e-12),
        sharpness_share=mean(made.sharpness) / max(mean(filmed.sharpness), 1e-12),
    )
