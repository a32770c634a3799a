"""The seven affects, their order, and the notation for mixtures of them.

A mixture gives each of some affects a strength in [0, 1]. Its text form is the same everywhere: `joy:0.8`,
`anger:0.5+sadness:0.5`, or a bare name, which means strength 1. An affect may be asked for in one of its variants, as
in `joy.laugh:0.8`. Wherever a user writes a mixture, its parts may be named expressions too (see `expressions`).
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fexgan.errors import InputError

AFFECTS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
NEUTRAL = "neutral"
NEUTRAL_INDEX = AFFECTS.index(NEUTRAL)
EMOTIONS = tuple(affect for affect in AFFECTS if affect != NEUTRAL)
LONGEST_MEANT = 60
"""Characters up to which a wrong name is guessed at; what is longer comes from nobody who mistyped one."""
_VARIANT_NAME = re.compile("[a-z][a-z0-9-]*")
PAPER_MIXTURES = ("anger+sadness", "joy+disgust", "fear+surprise")
"""Those of figure 8 of arXiv 2203.05975."""


def affect_index(affect: str) -> int:
    """Position of `affect` in `AFFECTS`. Raises InputError for an unknown name."""
    if affect not in AFFECTS:
        raise unknown_affect(affect)
    return AFFECTS.index(affect)


def unknown_affect(name: str, expressions: Sequence[str] = ()) -> InputError:
    """The refusal of a name that is no affect, nor one of `expressions` where these may be named too, with what was
    probably meant."""
    there = ", ".join(AFFECTS) + (f", or a named expression: {', '.join(expressions)}" if expressions else "")
    if len(name) > LONGEST_MEANT:
        way_out = f"choose from {there}"
    elif "," in name:
        way_out = f"mix with '+', as in {re.sub(r' *, *', '+', name)!r}"
    elif ":" in name:
        way_out = f"no strength goes here; give {name.partition(':')[0].strip() or 'joy'!r}"
    elif number := re.fullmatch(r"([^\d]*?)[\s=]*(\d*\.?\d+)", name):
        way_out = f"a strength follows a colon, as in '{number[1] or 'joy'}:{number[2]}'"
    elif meant := _meant(name, expressions):
        way_out = f"did you mean {meant}? choose from {there}"
    else:
        way_out = f"choose from {there}"
    return InputError(f"affect {name!r} is unknown; {way_out}")


def _meant(name: str, expressions: Sequence[str]) -> str | None:
    """The affect or expression that people call so, or nearly so."""
    from fexgan.prepare.labels import load_vocabulary, plain  # slow to import, and needed for refusals alone

    known = {plain(one): one for one in expressions} | load_vocabulary().affects
    close = difflib.get_close_matches(plain(name), known, n=1, cutoff=0.65)
    return known[close[0]] if close else None


def affect_of(variant: str) -> str:
    """The affect that a variant is one of: `joy` of `joy.laugh`."""
    return variant.partition(".")[0]


def is_variant_name(name: str) -> bool:
    """Whether a variant may be called so, without its affect: `laugh` of `joy.laugh`."""
    return _VARIANT_NAME.fullmatch(name) is not None


def split_strength(part: str, text: str) -> tuple[str, float]:
    """Name and strength of one part, such as `joy:0.8`, of the mixture `text`; 1 where none is given. Raises InputError
    for a strength that is no number."""
    name, colon, number = (piece.strip() for piece in part.partition(":"))
    try:
        return name, float(number) if colon else 1.0
    except ValueError:
        raise InputError(f"strength {number!r} in mixture {text!r} is no number; {_number_for(number)}") from None


def _number_for(text: str) -> str:
    """What to write instead of a strength that is no number."""
    if share := re.fullmatch(r"(\d+(?:[.,]\d+)?) *%", text):
        return f"write {float(share[1].replace(',', '.')) / 100:g}"
    if re.fullmatch(r"\d*,\d+", text):
        return f"write {text.replace(',', '.')}"
    if "," in text:
        return "mix with '+', as in 'joy:0.8+fear:0.2'"
    return "write one in [0, 1], as in 'joy:0.8'"


def check_strength(name: str, strength: float) -> None:
    """Raise InputError unless the strength of what is called `name` lies in [0, 1]."""
    if not (math.isfinite(strength) and 0.0 <= strength <= 1.0):
        raise InputError(f"strength {strength:g} of {name!r} is out of range; strengths lie in [0, 1]")


@dataclass(frozen=True)
class Mixture:
    """Affects and how strongly each is shown, in the order they were given.

    `strengths`: pairs (affect, strength in [0, 1]), each affect at most once. `variants`: pairs (affect, variant) for
    those of them that take another variant than their default. Raises InputError otherwise.
    """

    strengths: tuple[tuple[str, float], ...]
    variants: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not self.strengths:
            raise InputError("a mixture is empty; write one like 'joy:0.8' or 'anger:0.5+sadness:0.5'")
        seen = set()
        for affect, strength in self.strengths:
            affect_index(affect)
            if affect in seen:
                raise InputError(f"affect {affect!r} comes twice in a mixture; give each affect one strength")
            seen.add(affect)
            check_strength(affect, strength)
        for affect, variant in self.variants:
            if affect not in seen or affect == NEUTRAL or not is_variant_name(variant):
                raise InputError(
                    f"variant '{affect}.{variant}' is none of an emotion in the mixture; write 'joy.laugh'"
                )

    @classmethod
    def parse(cls, text: str) -> Mixture:
        """Read the text form of affects alone, `joy`, `joy.laugh:0.8` or `anger:0.5+sadness:0.5`. Raises InputError.

        What users write may hold named expressions, and is read by `expressions.text_mixture`.
        """
        return cls._of_named([split_strength(part, text) for part in text.split("+")])

    @classmethod
    def of(cls, mixture: Mixture | str | Mapping[str, float]) -> Mixture:
        """Accept what users write in Python: a mixture, its text, or a dict, affect or variant -> strength.

        In texts and dicts bundled expressions may stand beside affects. Raises InputError.
        """
        from fexgan.expressions import mixed, text_mixture  # which are made of mixtures

        if isinstance(mixture, Mixture):
            return mixture
        if isinstance(mixture, str):
            return text_mixture(mixture)[1]
        try:
            return mixed([(name, float(strength)) for name, strength in mixture.items()])
        except (TypeError, ValueError):
            raise InputError(f"mixture {mixture} holds no strengths; give numbers in [0, 1]") from None

    @classmethod
    def _of_named(cls, pairs: Iterable[tuple[str, float]]) -> Mixture:
        """Of strengths by affect, `joy`, or by variant, `joy.laugh`."""
        strengths, variants = [], []
        for name, strength in pairs:
            affect, dot, variant = name.partition(".")
            strengths.append((affect, strength))
            if dot:
                variants.append((affect, variant))
        return cls(tuple(strengths), tuple(variants))

    @property
    def name(self) -> str:
        """The affects alone, joined by `+`: the folder name of its footage."""
        return "+".join(affect for affect, _ in self.strengths)

    def parents(self) -> tuple[Mixture, ...]:
        """Each of the affects alone and in full, in the variant that it takes here."""
        taken = dict(self.variants)
        return tuple(
            Mixture(((affect, 1.0),), ((affect, taken[affect]),) if affect in taken else ())
            for affect, _ in self.strengths
        )

    def shared(self) -> Mixture:
        """The mixture itself, or, where its strengths sum to more than 1, scaled so that they sum to 1: no face shows
        more than one face can. Neutral takes its share like any other, so `joy+neutral` is half of each."""
        total = sum(strength for _, strength in self.strengths)
        if total <= 1.0:
            return self
        return replace(self, strengths=tuple((affect, strength / total) for affect, strength in self.strengths))

    def as_source(self) -> Mixture:
        """What a face shows of which somebody says that it shows the mixture: shared, and of its variants none, for
        networks know no variant of a source."""
        return replace(self.shared(), variants=())

    def target(self) -> Target:
        """What a face that shows the mixture shows, variants and all."""
        strengths = dict(self.strengths)
        return Target(self._vector(), {f"{affect}.{variant}": strengths[affect] for affect, variant in self.variants})

    def vector(self) -> tuple[float, ...]:
        """Seven numbers in the order of `AFFECTS`, what the networks read.

        An emotion's entry is its strength; neutral's is what the emotions leave of 1. So a neutral face and an affect
        at full strength are the published one-hot vectors, and strength 0 of anything is the neutral face. Raises
        InputError for a mixture with variants, of which the vector tells nothing; `target` does.
        """
        return self.target().plain()

    def _vector(self) -> tuple[float, ...]:
        values = [0.0] * len(AFFECTS)
        for affect, strength in self.strengths:
            values[affect_index(affect)] = strength
        return with_rest(values)

    def __str__(self) -> str:
        taken = {affect: f"{affect}.{variant}" for affect, variant in self.variants}
        named = [(taken.get(affect, affect), strength) for affect, strength in self.strengths]
        return "+".join(name if strength == 1.0 else f"{name}:{strength:g}" for name, strength in named)


@dataclass(frozen=True)
class Target:
    """What a face is to show.

    `vector`: an affect vector, seven numbers in the order of `AFFECTS`. `variants`: how much of an affect's strength is
    shown in a variant of it, by the variant's full name, as in `joy.laugh`; the rest takes the default.
    """

    vector: tuple[float, ...]
    variants: Mapping[str, float] = field(default_factory=dict)

    def plain(self) -> tuple[float, ...]:
        """The vector alone. Raises InputError where variants are asked for."""
        if self.variants:
            name = next(iter(self.variants))
            raise InputError(f"variant {name!r} is not known here; name the affect alone, {affect_of(name)!r}")
        return self.vector

    def in_variants(self, affect: str) -> float:
        """How much of an affect's strength is shown in variants that are named."""
        return sum(strength for name, strength in self.variants.items() if affect_of(name) == affect)

    def towards(self, other: Target, share: float) -> Target:
        """What is shown on the straight way to `other`, at `share` of it in [0, 1]."""
        names = dict.fromkeys([*self.variants, *other.variants])
        return Target(
            tuple((1.0 - share) * start + share * end for start, end in zip(self.vector, other.vector, strict=True)),
            {
                name: (1.0 - share) * self.variants.get(name, 0.0) + share * other.variants.get(name, 0.0)
                for name in names
            },
        )


def with_rest(values: Sequence[float]) -> tuple[float, ...]:
    """An affect vector of seven strengths in the order of `AFFECTS`, whose neutral is what the emotions leave of 1."""
    emotions = [0.0 if index == NEUTRAL_INDEX else value for index, value in enumerate(values)]
    emotions[NEUTRAL_INDEX] = max(0.0, 1.0 - sum(emotions))
    return tuple(emotions)


def affect_vector(affect: str, strength: float = 1.0) -> tuple[float, ...]:
    """The vector of one affect at one strength: `Mixture.vector` for the commonest case."""
    return Mixture(((affect, strength),)).vector()
