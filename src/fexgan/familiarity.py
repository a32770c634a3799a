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
from fexgan.faces import own_finder
from fexgan.synthesis import Sitter
from fexgan.terminal import say

LEAST_FAMILIAR = 0.6
"""Redrawn by the bundled model, all of 170 held-out frames of those it learned are this like themselves (0.61 to 0.94,
in the middle 0.87), and 13 of 150 strangers are (0.08 to 0.76, in the middle 0.41): benchmarks/familiarity.py."""


_reader = cache(IdentityReader)


def familiarity(sitter: Sitter) -> float | None:
    """Cosine of SFace's vectors of a face as it came and as it is redrawn; None where YuNet sees no face in it."""
    cosines = similarities(sitter, [sitter.redrawn()])
    return None if cosines is None else float(cosines[0])


def similarities(sitter: Sitter, drawn: Sequence[Image.Image]) -> NDArray[np.float32] | None:
    """Cosines [n] of SFace's vectors of a face as it came and as it is `drawn`; None where YuNet sees no face in it."""
    faces = own_finder().find_all(sitter.source)
    if not faces:
        return None
    source, *others = _reader().read(np.stack([sitter.source, *map(np.asarray, drawn)]), faces[0])
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
