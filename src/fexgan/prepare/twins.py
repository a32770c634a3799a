"""The leak check: test frames that have a near twin in train, whatever the split promises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.media import Pixels

THUMBNAIL_PX = 16
LARGEST_DIFFERENCE = 1.5
"""Root mean square in grey levels up to which two thumbnails are near twins. On the bundled footage a copy that was
shrunk and saved as a poor JPEG differs by 0.8 at most; a frame from its nearest other one by 1.8, from the nearest of
another take by 2.7 (medians)."""
EXAMPLES = 5
_BLOCK = 1024


@dataclass(frozen=True)
class Twin:
    """A test frame and the train frame that looks most like it, each as `source` and frame number."""

    test: tuple[str, int]
    train: tuple[str, int]
    difference: float


@dataclass(frozen=True)
class LeakReport:
    """`test_frames` were compared with all of train; `twin_count` of them have a near twin. `closest`: some of them."""

    test_frames: int
    twin_count: int
    closest: tuple[Twin, ...]


class LeakCheck:
    """Gathers the frames of both splits as thumbnails of half a kilobyte, and compares them."""

    def __init__(self) -> None:
        self._thumbnails: dict[str, list[NDArray[np.float16]]] = {"train": [], "test": []}
        self._names: dict[str, list[tuple[str, int]]] = {"train": [], "test": []}

    def add(self, split: str, small: NDArray[np.float16], source: str, frame: int) -> None:
        """Take note of a frame of `train` or `test` by its `thumbnail`; those of other splits are passed by."""
        if split not in self._names:
            return
        self._thumbnails[split].append(small)
        self._names[split].append((source, frame))

    def report(self, progress: Callable[[int, int], None] = lambda done, total: None) -> LeakReport:
        """Compare every test frame with every train frame. `progress(done, total)` counts train frames."""
        test, train = self._thumbnails["test"], self._thumbnails["train"]
        if not test or not train:
            return LeakReport(len(test), 0, ())
        differences, nearest = _nearest(np.stack(test), np.stack(train), progress)
        twins = [index for index in np.argsort(differences, kind="stable") if differences[index] <= LARGEST_DIFFERENCE]
        closest = tuple(
            Twin(self._names["test"][index], self._names["train"][nearest[index]], float(differences[index]))
            for index in twins[:EXAMPLES]
        )
        return LeakReport(len(test), len(twins), closest)


def thumbnail(pixels: Pixels) -> NDArray[np.float16]:
    """What is compared: grey levels of the shrunk picture less their mean, [256]."""
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA).ravel()
    return (small - small.mean()).astype(np.float16)


def _nearest(
    wanted: NDArray[np.float16], among: NDArray[np.float16], progress: Callable[[int, int], None]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """For each row of `wanted` [n, 256], the root mean square to the nearest row of `among` [m, 256], and its index."""
    differences = np.full(len(wanted), np.inf, np.float32)
    nearest = np.zeros(len(wanted), np.int64)
    for start in range(0, len(among), _BLOCK):
        block = among[start : start + _BLOCK].astype(np.float32)
        squares = np.square(block).sum(axis=1)
        for first in range(0, len(wanted), _BLOCK):
            rows = wanted[first : first + _BLOCK].astype(np.float32)
            # |a - b|^2 = |a|^2 - 2ab + |b|^2, so that a matrix product does the work
            squared = np.square(rows).sum(axis=1)[:, None] - 2.0 * rows @ block.T + squares
            best = squared.argmin(axis=1)
            found = np.sqrt(np.maximum(squared[np.arange(len(rows)), best], 0.0) / block.shape[1])
            nearer = found < differences[first : first + _BLOCK]
            differences[first : first + _BLOCK][nearer] = found[nearer]
            nearest[first : first + _BLOCK][nearer] = best[nearer] + start
        progress(min(start + _BLOCK, len(among)), len(among))
    return differences, nearest
