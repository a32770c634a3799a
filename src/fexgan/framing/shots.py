"""The shots of a clip: where one picture gives way to another at once, and nothing must be smoothed across.

A cut is told from motion, flashes and noise by small views of the frames, in which noise is averaged away. At a cut
three things hold at once, for the levels pixel by pixel and for the levels whatever their place alike: the step from
one frame to the next is large, it is far larger than the steps around it, and no frame shortly before resembles one
shortly after. Motion moves levels about but keeps them, and steps as far again in the next frame; after a flash the
picture comes back. Dissolves and fades are no cuts: nothing in them is sudden.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.media import Pixels
from fexgan.picture import LoadedPicture

GLANCE_PX = 32
"""Side of the small views: noise and fine motion vanish in them, and a clip of an hour takes 0.3 GB."""
LEAST_STEP = 10.0
"""How many levels of 255 pixels differ at a cut, in the mean, at least. Eight pictures that were tried differ by 35 to
180 from each other and by 29 to 57 from their own middle, half as large again; heads that sway step by up to 9."""
LEAST_SHIFT = 3.0
"""How many levels apart the pixels lie at a cut once they are sorted by brightness, which is how far their histograms
are apart. It was 20 to 170 between different pictures, 6 to 23 for the closer view, and 1 to 4 in whip pans."""
LEAST_RATIO = 3.0
"""How many times the steps around it a cut is: shaken cameras and pans step by 60 levels, but frame after frame. At
most as many times is it the least that a frame shortly before and one shortly after are apart."""
NEIGHBOURS = 6
"""Steps on either side that count as those around it. Of the 12 the third largest is taken, so that two more cuts close
by do not count, and steps of drawings in which every other frame is repeated do."""
FLASH_S = 0.12
"""How long a flash may last before it counts as a picture of its own."""


def glance(picture: LoadedPicture) -> Pixels:
    """A small view of a frame [GLANCE_PX, GLANCE_PX, 3], every pixel the mean of its part of the frame."""
    seen = picture.view((0, 0, picture.width, picture.height))
    return cv2.resize(seen, (GLANCE_PX, GLANCE_PX), interpolation=cv2.INTER_AREA)


def find_shots(glances: Sequence[Pixels], fps: float) -> list[range]:
    """The frames of each shot of a clip, in order, from the small views of all of its frames; without cuts, one shot.

    A shot that is shorter than FLASH_S and lies between two alike belongs to them.
    """
    starts = [0, *_cuts(glances, fps), len(glances)]
    return [range(start, end) for start, end in itertools.pairwise(starts)]


def _cuts(glances: Sequence[Pixels], fps: float) -> Iterator[int]:
    """The frames that begin a new shot."""
    if len(glances) < 2:
        return
    steps = np.array([_apart(before, after) for before, after in itertools.pairwise(glances)])
    least = np.array([LEAST_STEP, LEAST_SHIFT])
    reach = max(2, round(FLASH_S * fps))
    for frame, step in enumerate(steps, start=1):
        if (step < least).any() or (step < LEAST_RATIO * _usual(steps, frame - 1)).any():
            continue
        pairs = itertools.product(glances[max(0, frame - reach) : frame], glances[frame : frame + reach])
        nearest = np.min([_apart(before, after) for before, after in pairs], axis=0)
        if (nearest >= least).all() and (nearest >= step / LEAST_RATIO).all():
            yield frame


def _usual(steps: NDArray[np.float64], index: int) -> NDArray[np.float64]:
    """The third largest of the steps around one, [2]; nothing where there are fewer."""
    around = np.concatenate([steps[max(0, index - NEIGHBOURS) : index], steps[index + 1 : index + 1 + NEIGHBOURS]])
    return np.sort(around, axis=0)[-3] if len(around) >= 3 else np.zeros(2)


def _apart(before: Pixels, after: Pixels) -> NDArray[np.float64]:
    """How many levels two views differ, in the mean: pixel by pixel, and with each one's levels sorted, [2]."""
    views = [view.reshape(-1, 3).astype(np.int16) for view in (before, after)]
    ordered = [np.sort(view, axis=0) for view in views]
    return np.array([np.abs(first - second).mean() for first, second in (views, ordered)])
