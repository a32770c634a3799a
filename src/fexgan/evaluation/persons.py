"""Is it still the same character: generated faces and filmed ones, compared with neutral frames of the cast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fexgan.evaluation.bootstrap import Estimate, over_characters
from fexgan.evaluation.identity import IdentityReader
from fexgan.faces import own_finder
from fexgan.media import Pixels
from fexgan.terminal import tracked

FEATURES = 128


@dataclass(frozen=True)
class Same:
    """Pictures beside one neutral held-out frame of each character."""

    pictures: int
    without_face: int
    """Pictures in which no face is found; they count as not recognised and have no similarity."""
    similarity: Estimate | None
    """Cosine to the frame of the character shown."""
    worst: float | None
    first: Estimate | None
    """Share of the pictures that are nearest to their own character among the cast."""


@dataclass(frozen=True)
class Persons:
    """The same figures of generated and of filmed faces, and how alike different characters are."""

    characters: int
    generated: Same
    filmed: Same
    strangers: float | None
    """Mean cosine of the neutral frames of two characters."""
    closest_strangers: float | None


class PersonReader:
    """Finds the face of each picture and describes whose it is."""

    def __init__(self) -> None:
        self._reader = IdentityReader()

    def read(self, pixels: Pixels) -> NDArray[np.float32]:
        """Unit vectors [n, 128] of pictures uint8 [n, side, side, 3]; NaN where no face is found."""
        vectors = np.full((len(pixels), FEATURES), np.nan, np.float32)
        for row, picture in enumerate(tracked(list(pixels), "telling persons")):
            faces = own_finder().find_all(picture)
            if faces:
                vectors[row] = self._reader.read(picture[None], faces[0])[0]
        return vectors


def persons(
    neutral: NDArray[np.float32],
    generated: tuple[NDArray[np.float32], NDArray[np.int64]],
    filmed: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> Persons:
    """`neutral`: a unit vector of each character, [characters, 128], NaN where there is none. `generated`, `filmed`:
    unit vectors [n, 128], and which character each shows, [n]."""
    known = np.flatnonzero(~np.isnan(neutral[:, 0]))
    between = (neutral[known] @ neutral[known].T)[np.triu_indices(len(known), k=1)]
    return Persons(
        characters=len(known),
        generated=_same(neutral, *generated),
        filmed=_same(neutral, *filmed),
        strangers=float(between.mean()) if len(between) else None,
        closest_strangers=float(between.max()) if len(between) else None,
    )


def _same(neutral: NDArray[np.float32], vectors: NDArray[np.float32], character: NDArray[np.int64]) -> Same:
    cosines = vectors @ neutral.T  # [n, characters]
    own = cosines[np.arange(len(vectors)), character].astype(np.float64)
    nearest = np.nan_to_num(cosines, nan=-2.0).argmax(axis=1)
    found = ~np.isnan(vectors[:, 0])
    return Same(
        pictures=len(vectors),
        without_face=int((~found).sum()),
        similarity=over_characters(own, character),
        worst=float(np.nanmin(own)) if not np.isnan(own).all() else None,
        first=over_characters((found & (nearest == character)).astype(np.float64), character),
    )
