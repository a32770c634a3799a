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
    (found, apart), (_, test_apart) = (nearest(_small(pixels), known) for pixels in (random, test))
    rows: list[list[Pixels]] = []
    labels: list[str] = []
    shown = evenly_spaced(np.arange(len(random)), SHOWN)
    for start in range(0, len(shown), COLUMNS):
        part = shown[start : start + COLUMNS]
        rows += [list(random[part]), list(train[found[part]])]
        labels += ["random", "nearest"]
    sheet = sheets.sheet(rows, row_labels=labels, cell_px=train.shape[1])
    root_mean_square = 1.0 / np.sqrt(known.shape[1])
    return Neighbours(*(float(np.median(one)) * root_mean_square for one in (apart, test_apart)), sheet)


def _small(pixels: Pixels) -> NDArray[np.uint8]:
    """Shrunk pictures, [n, 3072]."""
    size = (COMPARED_PX, COMPARED_PX)
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA).ravel() for one in pixels])
