"""Does a model that draws know the face it is given: it redraws the face as it is, and SFace compares the two.

What it draws of a stranger is whoever of its cast is nearest, and no longer the person in the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fexgan.evaluation.identity import IdentityReader
from fexgan.faces import FaceFinder
from fexgan.synthesis import Sitter
from fexgan.terminal import say

LEAST_FAMILIAR = 0.6
"""Redrawn by the bundled model, 165 of 170 frames of those it learned are this like themselves (in the middle 0.84),
and 2 of 68 strangers are (in the middle 0.34, at most 0.67)."""


@cache
def _readers() -> tuple[FaceFinder, IdentityReader]:
    return FaceFinder(), IdentityReader()


def familiarity(sitter: Sitter) -> float | None:
    """Cosine of SFace's vectors of a face as it came and as it is redrawn; None where YuNet sees no face in it."""
    cosines = similarities(sitter, [sitter.redrawn()])
    return None if cosines is None else float(cosines[0])


def similarities(sitter: Sitter, drawn: Sequence[Image.Image]) -> NDArray[np.float32] | None:
    """Cosines [n] of SFace's vectors of a face as it came and as it is `drawn`; None where YuNet sees no face in it."""
    finder, reader = _readers()
    faces = finder.find_all(sitter.source)
    if not faces:
        return None
    source, *others = reader.read(np.stack([sitter.source, *map(np.asarray, drawn)]), faces[0])
    return np.stack(others) @ source


def tell_if_unfamiliar(sitter: Sitter, name: str) -> None:
    """Say in one line where the face called `name` is nobody that the model knows."""
    similarity = familiarity(sitter)
    if similarity is not None and similarity < LEAST_FAMILIAR:
        say(
            f"{name}: this face is outside the cast (identity similarity {similarity:.2f}), so the result shows "
            "someone else; fexgan adapt teaches it, --checkpoint portrait edits faces that it never saw",
            style="yellow",
        )
