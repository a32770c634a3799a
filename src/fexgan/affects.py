"""The seven affects, their order, and the notation for mixtures of them.

A mixture gives each of some affects a strength in [0, 1]. Its text form is the same everywhere: `joy:0.8`,
`anger:0.5+sadness:0.5`, or a bare name, which means strength 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fexgan.errors import InputError

AFFECTS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
NEUTRAL = "neutral"
NEUTRAL_INDEX = AFFECTS.index(NEUTRAL)
EMOTIONS = tuple(affect for affect in AFFECTS if affect != NEUTRAL)


def affect_index(affect: str) -> int:
    """Position of `affect` in `AFFECTS`. Raises InputError for an unknown name."""
    if affect not in AFFECTS:
        raise InputError(f"affect {affect!r} is unknown; choose from {', '.join(AFFECTS)}")
    return AFFECTS.index(affect)


@dataclass(frozen=True)
class Mixture:
    """Affects and how strongly each is shown, in the order they were given.

    `strengths`: pairs (affect, strength in [0, 1]), each affect at most once. Raises InputError otherwise.
    """

    strengths: tuple[tuple[str, float], ...]

    def __post_init__(self) -> None:
        if not self.strengths:
            raise InputError("a mixture is empty; write one like 'joy:0.8' or 'anger:0.5+sadness:0.5'")
        seen = set()
        for affect, strength in self.strengths:
            affect_index(affect)
            if affect in seen:
                raise InputError(f"affect {affect!r} comes twice in a mixture; give each affect one strength")
            seen.add(affect)
            if not (math.isfinite(strength) and 0.0 <= strength <= 1.0):
                raise InputError(f"strength {strength:g} of {affect!r} is out of range; strengths lie in [0, 1]")

    @classmethod
    def parse(cls, text: str) -> Mixture:
        """Read the text form, `joy`, `joy:0.8` or `anger:0.5+sadness:0.5`. Raises InputError."""
        pairs = []
        for part in text.split("+"):
            affect, colon, number = part.strip().partition(":")
            try:
                strength = float(number) if colon else 1.0
            except ValueError:
                raise InputError(
                    f"strength {number!r} in mixture {text!r} is no number; write one in [0, 1], as in 'joy:0.8'"
                ) from None
            pairs.append((affect.strip(), strength))
        return cls(tuple(pairs))

    @classmethod
    def of(cls, mixture: Mixture | str | Mapping[str, float]) -> Mixture:
        """Accept what users write in Python: a mixture, its text, or a dict affect -> strength."""
        if isinstance(mixture, Mixture):
            return mixture
        if isinstance(mixture, str):
            return cls.parse(mixture)
        return cls(tuple((affect, float(strength)) for affect, strength in mixture.items()))

    @property
    def name(self) -> str:
        """The affects alone, joined by `+`: the folder name of its footage."""
        return "+".join(affect for affect, _ in self.strengths)

    def vector(self) -> tuple[float, ...]:
        """Seven numbers in the order of `AFFECTS`, what the networks read.

        An emotion's entry is its strength; neutral's is what the emotions leave of 1. So a neutral face and an affect
        at full strength are the published one-hot vectors, and strength 0 of anything is the neutral face.
        """
        values = [0.0] * len(AFFECTS)
        for affect, strength in self.strengths:
            if affect != NEUTRAL:
                values[affect_index(affect)] = strength
        values[NEUTRAL_INDEX] = max(0.0, 1.0 - sum(values))
        return tuple(values)

    def __str__(self) -> str:
        return "+".join(affect if strength == 1.0 else f"{affect}:{strength:g}" for affect, strength in self.strengths)


def affect_vector(affect: str, strength: float = 1.0) -> tuple[float, ...]:
    """The vector of one affect at one strength: `Mixture.vector` for the commonest case."""
    return Mixture(((affect, strength),)).vector()
