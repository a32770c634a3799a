"""Drawings in flat colours: how far a face is one, and which colours its paint is to be made of.

Networks paint as light falls, in slopes from one colour to the next. Beside flat colours with hard edges that looks
airbrushed, so there each pixel of the paint takes that colour of the drawing which is nearest.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fexgan.framing.square import FaceSquare, cut
from fexgan.picture import LoadedPicture

Floats = NDArray[np.float32]

EVEN = 5 / 255
"""Pixels whose neighbours differ by less than this, of 2 from black to white, are a flat colour: what compression and
the finest grain leave of one."""
BLACK, WHITE = -0.8, 0.8
"""What is darker or lighter is even in photographs as well, in the dark and in glaring light, and does not count."""
NOT_FLAT, FLAT = 0.3, 0.42
"""Of what is left of a drawing's face the second and more is even; of photographs, films and smooth renderings less
than the first."""
NOT_INK, INK = 0.3, 0.15
"""Of a face in ink no more than the second is left, edges of lines; of others the first and more."""
LEAST_CONTRAST = 1.0
"""How far apart the darkest and the lightest of a drawing are at least, of 2: what is dark all over is even as well."""
FACE, LOWER = (0.25, 0.95), (0.55, 0.95)
"""Rows of the face and of what lies below its eyes, in fractions of the square."""
COLUMNS = (0.2, 0.8)
PAINTED_FROM, PAINTED_WHOLLY_FROM = 0.5, 0.56
"""Rows between which paint begins to take the colours: those of eyes, with their irises and lids, are too fine."""
LARGEST_CUT_PX = 256
ALIKE, OTHER = 0.12, 0.25
"""Colours nearer to each other than the first are one; the darkest and the lightest count apart from the second on."""
LEAST_SHARE, EXTREMES = 0.002, 0.005
"""Of the pixels: what makes a colour one of the drawing's, and how many are its darkest and its lightest."""
MOST_COLOURS = 16
BINS = 16
"""How many steps each colour has from grey to black, and to white, where the frequent ones are counted."""
SOFTNESS = 0.02
"""Squared distances of paint to two colours that differ by this leave it between them."""
EDGE = 4.0
"""How much steeper paint ends than a network has it."""


@dataclass(frozen=True, eq=False)
class FlatColours:
    """What paint on a drawing is made of."""

    share: float
    """How far the face is drawn in flat colours, in [0, 1]."""
    colours: Floats
    """[k, 3]: RGB in [-1, 1]."""

    @property
    def is_ink(self) -> bool:
        """Whether there are but two colours, with which eyes are drawn as well."""
        return len(self.colours) <= 2

    def rows(self, count: int) -> Floats:
        """How much paint takes the colours, [count, 1] from the top of the square to its bottom, in [0, 1]."""
        if self.is_ink:
            return np.full((count, 1), self.share, np.float32)
        places = (np.arange(count, dtype=np.float32)[:, None] + 0.5) / count
        return self.share * ((places - PAINTED_FROM) / (PAINTED_WHOLLY_FROM - PAINTED_FROM)).clip(0, 1)

    def draw(self, mask: Floats, gain: Floats, paint: Floats) -> None:
        """Bring mask and gain of light [m, m] and paint [m, m, 3] in [-1, 1] to flat colours, in place: paint ends as
        lines do, takes the drawing's colours, and nothing is shaded."""
        share = self.rows(len(mask))
        mask += share * (((mask - 0.5) * EDGE + 0.5).clip(0, 1) - mask)
        gain *= 1 - self.share
        painted = np.nonzero((mask > 0) & (share > 0))
        slopes = paint[painted]  # [n, 3]
        far = ((slopes[:, None] - self.colours) ** 2).sum(axis=2)
        near = np.exp((far.min(axis=1, keepdims=True) - far) / SOFTNESS)
        near /= near.sum(axis=1, keepdims=True)
        paint[painted] += share[painted[0]] * (near @ self.colours - slopes)


def flat_colours(picture: LoadedPicture, square: FaceSquare, seen: Floats) -> FlatColours | None:
    """The flat colours of the face in a square; None where it is no drawing in such.

    `seen`: the square as an editor sees it, [n, n, 3] in [-1, 1].
    """
    face = _part(seen, FACE)
    dark, light = _extremes(face)
    grey = face.mean(axis=2)
    left = (grey > BLACK) & (grey < WHITE)
    flat = (float(_even(face)[left].mean()) - NOT_FLAT) / (FLAT - NOT_FLAT) if left.any() else 0.0
    ink = (NOT_INK - float(left.mean())) / (NOT_INK - INK)
    share = min(1.0, max(flat, ink)) if light.mean() - dark.mean() > LEAST_CONTRAST else 0.0
    if share <= 0:
        return None
    size_px = round(min(LARGEST_CUT_PX, max(square.side_px, len(seen))))
    large = cut(picture, square, size_px, oversampling=1).astype(np.float32) / 127.5 - 1
    colours = _frequent(_part(large, LOWER))
    for extreme in _extremes(_part(large, FACE)):  # of pupils and of the whites of eyes, or of lines alone
        if all(_distance(extreme, one) > OTHER for one in colours):
            colours.append(extreme)
    return FlatColours(share, np.array(colours, np.float32))


def _part(pixels: Floats, rows: tuple[float, float]) -> Floats:
    (top, bottom), (left, right) = (np.rint(np.multiply(ends, len(pixels))).astype(int) for ends in (rows, COLUMNS))
    return np.ascontiguousarray(pixels[top:bottom, left:right])


def _even(pixels: Floats) -> NDArray[np.bool_]:
    """Which pixels [rows, columns, 3] are next to none that differs."""
    around = np.ones((3, 3), np.uint8)
    return (cv2.dilate(pixels, around) - cv2.erode(pixels, around)).max(axis=2) < EVEN


def _extremes(pixels: Floats) -> tuple[Floats, Floats]:
    """The darkest and the lightest colour of pixels [rows, columns, 3]."""
    colours = pixels.reshape(-1, 3)
    order, count = colours.mean(axis=1).argsort(), max(1, round(EXTREMES * len(colours)))
    return colours[order[:count]].mean(axis=0), colours[order[-count:]].mean(axis=0)


def _frequent(pixels: Floats) -> list[Floats]:
    """The even colours of pixels [rows, columns, 3], the most frequent first."""
    even = pixels[_even(pixels)]
    steps = np.rint((even + 1) * BINS).astype(np.int32) @ np.array([(2 * BINS + 1) ** 2, 2 * BINS + 1, 1], np.int32)
    _, bins, counts = np.unique(steps, return_inverse=True, return_counts=True)
    colours = np.column_stack([np.bincount(bins, channel) for channel in even.T]) / counts[:, None]
    found: list[Floats] = []
    while len(counts) and len(found) < MOST_COLOURS:
        near = _distance(colours, colours[counts.argmax()]) < ALIKE
        if counts[near].sum() < LEAST_SHARE * pixels.shape[0] * pixels.shape[1]:
            break
        found.append(np.average(colours[near], axis=0, weights=counts[near]))
        colours, counts = colours[~near], counts[~near]
    return found


def _distance(colours: Floats, other: Floats) -> NDArray[np.floating]:
    return np.linalg.norm(colours - other, axis=-1)
