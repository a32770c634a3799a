"""Clothing and glasses drawn for random characters, from a stream of their own: all else about them stays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fexgan.studio.cast import GARMENTS, LENS_SHAPES, Character, Clothing, Color, Glasses

STREAM = 1
# What each garment is worn in; named twice where twice as often.
WORN_IN = {
    "hoodie": ("plain",),
    "shirt": ("checks", "plain", "stripes"),
    "tee": ("plain", "stripes"),
    "turtleneck": ("plain", "plain", "stripes"),
}
GLASSES_SHARE = {"young": 0.3, "old": 0.5}
OLD_YEARS = 45
FRAME_COLORS: tuple[Color, ...] = (
    (0.012, 0.012, 0.014), (0.05, 0.022, 0.012), (0.16, 0.06, 0.025), (0.55, 0.38, 0.16), (0.45, 0.45, 0.46),
    (0.02, 0.03, 0.09), (0.14, 0.012, 0.02),
)  # fmt: skip
LIGHT_ACCENT, DARK_ACCENT = (0.60, 0.58, 0.54), (0.015, 0.017, 0.025)
MIDDLE_LIGHTNESS = 0.18


def dressed(character: Character, index: int, seed: int) -> Character:
    """Number `index` of the crowd that `seed` draws, in clothing and perhaps glasses drawn for it."""
    generator = np.random.default_rng((seed, index, STREAM))
    kind = GARMENTS[generator.integers(len(GARMENTS))]
    pattern = WORN_IN[kind][generator.integers(len(WORN_IN[kind]))]
    share = generator.uniform(0.6, 1.0)
    away = DARK_ACCENT if np.mean(character.shirt) > MIDDLE_LIGHTNESS else LIGHT_ACCENT
    accent = tuple(round(float(own + (far - own) * share), 4) for own, far in zip(character.shirt, away, strict=True))
    worn = generator.uniform() < GLASSES_SHARE["old" if character.age_years > OLD_YEARS else "young"]
    shape = LENS_SHAPES[generator.integers(len(LENS_SHAPES))]
    color = FRAME_COLORS[generator.integers(len(FRAME_COLORS))]
    return replace(character, clothing=Clothing(kind, pattern, accent), glasses=Glasses(shape, color) if worn else None)
