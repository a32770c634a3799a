"""A face of a picture as an editor keeps it between edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from fexgan.affects import Mixture
from fexgan.framing import FaceSquare, FlatColours
from fexgan.model import Palette, Retreat


@dataclass(frozen=True, eq=False)
class OpenFace:
    """One face of a picture: where it is, what the networks keep of it, and the affect that it shows."""

    square: FaceSquare
    images: Tensor
    """The square as the networks see it, [1, 3, size, size]."""
    features: Any
    source: Mixture
    palette: Palette
    """The colours that paint on it keeps to."""
    tint: NDArray[np.float32]
    """[3]: how much of a shade each colour of it takes."""
    flat: FlatColours | None = None
    """The colours of a drawing in flat ones, which alone are painted with there."""
    large: Tensor | None = None
    """The square as close-ups see it, [1, 3, fineness * size, fineness * size]; None where no details are painted."""
    number: int = 0
    """Which of the picture's faces it is, 0 being the largest."""
    retreats: dict[tuple[float, ...], Retreat] = field(default_factory=dict)
    """The last one, by the affect vector that it leaves: a slider that adds to that asks for the same again."""
