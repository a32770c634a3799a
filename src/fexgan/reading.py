"""What a picture shows, from affect vectors that networks read off it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fexgan.affects import AFFECTS, EMOTIONS, NEUTRAL, Mixture
from fexgan.framing import steady

LEAST_READ = dict.fromkeys(EMOTIONS, 0.85) | {"anger": 0.9, "joy": 0.4}
"""A strength read off a picture counts from here on. A shadow of an emotion read into a neutral face would be taken out
of it as if it were there: a calm face of clay with low brows is read as showing 0.87 of anger, and networks that saw
fewer drawings read up to 0.82 of surprise in those with large eyes. Of smiles little is read in photographs, and hardly
any in faces that do not smile."""


def mixture_read(vector: Sequence[float]) -> Mixture:
    """The mixture of an affect vector, in hundredths, without what is too weak to count; shared, as targets are."""
    strengths = {affect: round(100 * strength) for affect, strength in _emotions(vector).items()}
    counting = {affect: value for affect, value in strengths.items() if value >= 100 * LEAST_READ[affect]}
    whole = max(100, sum(counting.values()))
    return Mixture.of({affect: 100 * value // whole / 100 for affect, value in counting.items()} or NEUTRAL)


def mixtures_read(vectors: Sequence[Sequence[float] | None], fps: float) -> list[Mixture]:
    """The mixture that a face shows in each frame of a clip, steady; None is for frames in which it was not read.

    An affect that never counts in the clip is absent throughout, any other present throughout: nothing switches.
    """
    smooth = steady([None if vector is None else np.asarray(vector) for vector in vectors], fps)
    counts = smooth.max(axis=0) >= [LEAST_READ.get(affect, 0.0) for affect in AFFECTS]
    return [Mixture.of(_emotions(np.where(counts, values, 0.0).tolist())).shared() for values in smooth]


def _emotions(vector: Sequence[float]) -> dict[str, float]:
    strengths = zip(AFFECTS, vector, strict=True)
    return {affect: min(max(strength, 0.0), 1.0) for affect, strength in strengths if affect != NEUTRAL}
