"""Random faces beside the training frames that they look most like: learned by heart, or new?

Distance: root mean square difference in levels of 255, at 32 pixels a side.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fexgan import sheets
from fexgan.evaluation.choosing import evenly_spaced
from fexgan.evaluation.distribution import nearest
from fexgan.media import Pixels

SHOWN = 16
COLUMNS = 8
COMPARED_PX = 32


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Median distances to the nearest training frame."""

    random: float
    """Of random faces."""
    test: float
    """Of held-out frames."""
    sheet: Image.Image
    """16 random faces, each above its nearest training frame."""


def neighbours(random: Pixels, test: Pixels, train: Pixels) -> Neighbours:
    """All uint8 [n, side, side, 3]."""
    known = _small(train)
    found, apart = nearest(_small(random), known)
    rows: list[list[Pixels]] = []
    labels: list[str] = []
    shown = evenly_spaced(np.arange(len(random)), SHOWN)
    for start in range(0, len(shown), COLUMNS):
        part = shown[start : start + COLUMNS]
        rows += [list(random[part]), list(train[found[part]])]
        labels += ["random", "nearest"]
    sheet = sheets.sheet(rows, row_labels=labels, cell_px=train.shape[1])
    return Neighbours(float(np.median(apart)), float(np.median(nearest(_small(test), known)[1])), sheet)


def _small(pixels: Pixels) -> NDArray[np.float64]:
    """Shrunk pictures, [n, 3072], scaled so that Euclidean distances are root mean squares."""
    size = (COMPARED_PX, COMPARED_PX)
    small = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in pixels])
    return small.reshape(len(pixels), -1) / np.sqrt(small[0].size)
