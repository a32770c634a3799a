"""Characters drawn at random, balanced over sex, age and origin: people that nobody described.

Every draw is stratified: among any 2, 3 or 6 neighbours in the list sexes and origins are even, and ages fall into
equal bands. Character number i of a seed is the same however many are drawn after it.
"""

from __future__ import annotations

import colorsys
from typing import NamedTuple

import numpy as np

from fexgan.studio.cast import ORIGINS, Beard, Character, Color, Hair
from fexgan.studio.wardrobe import dressed

AGE_BANDS_YEARS = ((20, 30), (30, 42), (42, 56), (56, 75))
PURE_ORIGIN_SHARE = (0.6, 1.0)
MASCULINITY = {"f": (0.0, 0.12), "m": (0.88, 1.0)}
GREY: Color = (0.50, 0.48, 0.45)
# Linear RGB from light to dark; a character's skin lies between the two.
SKIN: dict[str, tuple[Color, Color]] = {
    "african": ((0.36, 0.20, 0.125), (0.10, 0.052, 0.034)),
    "asian": ((0.64, 0.44, 0.34), (0.42, 0.26, 0.17)),
    "caucasian": ((0.66, 0.44, 0.35), (0.46, 0.27, 0.185)),
}
DARK_HAIR: tuple[Color, ...] = ((0.010, 0.008, 0.007), (0.022, 0.013, 0.009), (0.05, 0.024, 0.012))
LIGHT_HAIR: tuple[Color, ...] = (*DARK_HAIR, (0.10, 0.05, 0.022), (0.24, 0.07, 0.02), (0.38, 0.24, 0.09))
DARK_IRIS: tuple[Color, ...] = ((0.035, 0.018, 0.010), (0.07, 0.035, 0.015))
LIGHT_IRIS: tuple[Color, ...] = (*DARK_IRIS, (0.10, 0.09, 0.045), (0.14, 0.22, 0.30), (0.10, 0.16, 0.10))
SHAPES = (
    "head/head-oval", "head/head-round", "head/head-rectangular", "head/head-square", "head/head-triangular",
    "head/head-invertedtriangular", "head/head-diamond", "head/head-fat-incr", "head/head-fat-decr",
    "cheek/*-cheek-bones-incr", "cheek/*-cheek-volume-incr", "chin/chin-width-incr", "chin/chin-width-decr",
    "chin/chin-prominent-incr", "chin/chin-height-decr", "eyes/*-eye-scale-incr", "eyes/*-eye-scale-decr",
    "eyes/*-eye-corner1-up", "eyes/*-eye-height2-incr", "mouth/mouth-scale-horiz-incr", "mouth/mouth-scale-horiz-decr",
    "mouth/mouth-upperlip-volume-incr", "mouth/mouth-lowerlip-volume-incr", "nose/nose-hump-incr",
    "nose/nose-scale-horiz-incr", "nose/nose-scale-horiz-decr", "nose/nose-scale-vert-incr", "nose/nose-point-up",
    "nose/nose-point-down", "nose/nose-volume-incr", "forehead/forehead-scale-vert-incr", "ears/*-ear-scale-incr",
)  # fmt: skip
SHAPES_EACH, LARGEST_SHAPE = 6, 0.5


class HairRange(NamedTuple):
    """A style with the strand lengths (dm) it is worn at."""

    style: str
    shortest_dm: float
    longest_dm: float


LONG_STYLES = (
    HairRange("long", 2.2, 3.2), HairRange("bob", 1.6, 2.2), HairRange("bun", 2.0, 2.0), HairRange("tied", 2.0, 2.0),
    HairRange("short", 0.4, 0.7),
)  # fmt: skip
SHORT_STYLES = (
    HairRange("short", 0.3, 0.7), HairRange("short", 0.3, 0.7), HairRange("buzz", 0.05, 0.12),
    HairRange("bald", 0.1, 0.1),
)  # fmt: skip
CURLY_STYLES = (HairRange("afro", 0.25, 0.55), HairRange("buzz", 0.05, 0.10))


def random_cast(count: int, seed: int, wardrobe: bool = False) -> list[Character]:
    """`count` characters named `r<seed>-000`, `r<seed>-001`, ...; see the module on how they are balanced.

    In plain round necks, or with `wardrobe` in clothing and glasses drawn for each; nothing else about them changes.
    """
    cast = [random_character(index, seed) for index in range(count)]
    return [dressed(character, index, seed) for index, character in enumerate(cast)] if wardrobe else cast


def random_character(index: int, seed: int) -> Character:
    """Number `index` (from 0) of the crowd that `seed` draws."""
    generator = np.random.default_rng((seed, index))
    sex = "fm"[index % 2]
    origin = ORIGINS[(index // 2) % len(ORIGINS)]
    age = generator.uniform(*AGE_BANDS_YEARS[(index // (2 * len(ORIGINS))) % len(AGE_BANDS_YEARS)])
    greyness = float(np.clip((age - 45) / 25, 0, 1)) * generator.uniform(0.4, 1.0)
    hair_color = _between(_choice(generator, LIGHT_HAIR if origin == "caucasian" else DARK_HAIR), GREY, greyness)
    skin = _between(*SKIN[origin], generator.uniform())
    return Character(
        name=f"r{seed}-{index:03d}",
        seed=int(generator.integers(2**31)),
        masculinity=_uniform(generator, *MASCULINITY[sex]),
        age_years=round(float(age), 1),
        origins=_origins(origin, generator),
        shape={
            str(name): _uniform(generator, 0.1, LARGEST_SHAPE)
            for name in generator.choice(SHAPES, SHAPES_EACH, replace=False)
        },
        skin=skin,
        lips=_lips(skin, sex, generator),
        iris=_choice(generator, LIGHT_IRIS if origin == "caucasian" else DARK_IRIS),
        shirt=_shirt(generator),
        blush=_uniform(generator, 0.2, 0.9),
        freckles=_uniform(generator, 0, 1) if origin == "caucasian" and generator.uniform() < 0.3 else 0.0,
        brow_thickness=_uniform(generator, 0.7, 1.1) if sex == "f" else _uniform(generator, 0.9, 1.5),
        hair=_hair(sex, origin, float(age), hair_color, generator),
        beard=_beard(sex, generator),
    )


def _hair(sex: str, origin: str, age: float, color: Color, generator: np.random.Generator) -> Hair:
    styles = (LONG_STYLES if sex == "f" else SHORT_STYLES) + (CURLY_STYLES * 2 if origin == "african" else ())
    style = _choice(generator, styles)
    receding = sex == "m" and age > 40 and style.style == "short"
    return Hair(
        style=style.style,
        length_dm=_uniform(generator, style.shortest_dm, style.longest_dm),
        color=color,
        parting_dm=_uniform(generator, -0.3, 0.3),
        recession_dm=_uniform(generator, 0, 0.35) if receding else 0.0,
        sweep=_uniform(generator, -0.8, 0.8) if style.style == "short" else 0.0,
        fringe=style.style == "bob" and generator.uniform() < 0.5,
        wave=_uniform(generator, 0, 0.8) if style.style == "long" else 0.0,
    )


def _beard(sex: str, generator: np.random.Generator) -> Beard:
    if sex == "f" or generator.uniform() < 0.35:
        return Beard()
    stubble = _uniform(generator, 0.1, 0.8)
    if generator.uniform() < 0.4:
        return Beard(stubble=stubble)
    return Beard(_uniform(generator, 0.06, 0.32), stubble, goatee=bool(generator.uniform() < 0.3))


def _origins(main: str, generator: np.random.Generator) -> dict[str, float]:
    """Mostly `main`, the rest another origin."""
    share = _uniform(generator, *PURE_ORIGIN_SHARE)
    other = _choice(generator, tuple(origin for origin in ORIGINS if origin != main))
    return {main: share, other: round(1 - share, 3)}


def _lips(skin: Color, sex: str, generator: np.random.Generator) -> Color:
    """Redder than the skin; painted on some women."""
    painted = sex == "f" and generator.uniform() < 0.4
    red, green, blue = skin
    return _rounded((min(1.0, red * 0.95), green * (0.35 if painted else 0.55), blue * (0.5 if painted else 0.65)))


def _shirt(generator: np.random.Generator) -> Color:
    """Any hue, from washed out to strong, from dark to light."""
    return _rounded(colorsys.hsv_to_rgb(generator.uniform(), generator.uniform(0, 0.8), generator.uniform(0.03, 0.6)))


def _between(start: Color, end: Color, share: float) -> Color:
    return _rounded(tuple(a + (b - a) * share for a, b in zip(start, end, strict=True)))


def _choice(generator: np.random.Generator, options: tuple) -> tuple:
    return options[generator.integers(len(options))]


def _uniform(generator: np.random.Generator, low: float, high: float) -> float:
    return round(float(generator.uniform(low, high)), 3)


def _rounded(color: tuple[float, ...]) -> Color:
    return tuple(round(float(channel), 4) for channel in color)
