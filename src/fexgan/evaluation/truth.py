"""How near a face given an affect comes to the filmed frame, beside what needs no network.

Each held-out frame of an emotion is drawn from a neutral held-out frame of its character whose head is turned most
alike. Copied: that neutral frame as it is. Looked up: the training frame of the same character, affect and strength
whose head is turned most alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL_INDEX
from fexgan.dataset import FaceDataset
from fexgan.evaluation.bootstrap import Estimate, over_characters
from fexgan.evaluation.choosing import like
from fexgan.evaluation.judging import redraw, true_vectors
from fexgan.evaluation.reconstruction import ssim
from fexgan.faces import FaceBox, FaceFinder
from fexgan.media import Pixels
from fexgan.model import DrawingFamily
from fexgan.tensors import pixels_to_images

KINDS = ("generated", "copied", "looked up")
SMALLEST_BOX_PX = 12
"""What the window of SSIM needs."""


@dataclass(frozen=True)
class TruthNearness:
    """Of one kind of picture to the filmed frames."""

    ssim: Estimate
    """In the face box, at most 1."""
    difference: Estimate
    """Mean absolute difference in the face box, in levels of 255."""
    outside: Estimate
    """The same outside of it."""


@dataclass(frozen=True)
class Truth:
    """`kinds`: by name, generated, copied, looked up. `ssim_by_affect`: affect -> kind -> mean SSIM in the face box."""

    pictures: int
    kinds: dict[str, TruthNearness]
    ssim_by_affect: dict[str, dict[str, float]]


def truth(networks: DrawingFamily, train: FaceDataset, test: FaceDataset, targets: NDArray[np.int64]) -> Truth | None:
    """`targets`: rows of emotions in `test`. Those without a face found, a neutral frame of their character or a
    training frame of their affect are left out; None where none is left."""
    finder = FaceFinder()
    chosen: list[tuple[int, int, int, FaceBox]] = []
    for row in targets:
        box = finder.find(test.pixels[row])
        seen = test.character[row], test.head_deg[row]
        source = like(test, seen[0], NEUTRAL_INDEX, 1.0, seen[1])
        label = test.characters[seen[0]]
        same = train.characters.index(label) if label in train.characters else -1
        known = like(train, same, test.affect[row], test.strength[row], seen[1])
        if box is not None and source is not None and known is not None:
            chosen.append((int(row), source, known, box))
    if not chosen:
        return None
    rows, sources, looked_up = (np.array([one[part] for one in chosen]) for part in range(3))
    neutral = true_vectors(test.affect[sources], np.ones(len(sources)))
    made = redraw(networks, test.pixels[sources], neutral, true_vectors(test.affect[rows], test.strength[rows]))
    shown = dict(zip(KINDS, (made, test.pixels[sources], train.pixels[looked_up]), strict=True))
    boxes = [one[3] for one in chosen]
    figures = {kind: _figures(pixels, test.pixels[rows], boxes) for kind, pixels in shown.items()}
    character, affect = test.character[rows], test.affect[rows]
    return Truth(
        pictures=len(rows),
        kinds={
            kind: TruthNearness(*(over_characters(column, character) for column in columns.T))
            for kind, columns in figures.items()
        },
        ssim_by_affect={
            name: {kind: float(columns[affect == AFFECTS.index(name), 0].mean()) for kind, columns in figures.items()}
            for name in EMOTIONS
            if (affect == AFFECTS.index(name)).any()
        },
    )


def _figures(pixels: Pixels, filmed: Pixels, boxes: list[FaceBox]) -> NDArray[np.float64]:
    """SSIM and difference in the box, and difference outside, [n, 3]."""
    rows = []
    for one, true, box in zip(pixels, filmed, boxes, strict=True):
        inside = _mask(box, len(true))
        rows_in, columns_in = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
        cut = np.ix_(rows_in, columns_in)
        alike = ssim(pixels_to_images(one[cut]), pixels_to_images(true[cut])).item()
        off = np.abs(one.astype(np.float64) - true).mean(axis=2)
        rows.append((alike, off[inside].mean(), off[~inside].mean() if not inside.all() else 0.0))
    return np.array(rows)


def _mask(box: FaceBox, side: int) -> NDArray[np.bool_]:
    """The pixels of a box, at least 12 a side, as far as it lies in the picture."""
    inside = np.zeros((side, side), np.bool_)
    spans = []
    for start, length in ((box.top, box.height), (box.left, box.width)):
        first = int(np.clip(round(start), 0, side - SMALLEST_BOX_PX))
        spans.append(slice(first, max(first + SMALLEST_BOX_PX, round(start + length))))
    inside[tuple(spans)] = True
    return inside
