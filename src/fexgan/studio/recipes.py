"""Affects as face units: the recipes of recipes.yaml in their variants, scaled and mixed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from fexgan.affects import AFFECTS, NEUTRAL, Mixture


@dataclass(frozen=True)
class Recipe:
    """Full strength of one affect: unit weights, the head's lean (yaw, pitch, roll in degrees), the FACS reading."""

    units: dict[str, float]
    head_deg: tuple[float, float, float]
    facs: str


@cache
def recipes() -> dict[str, dict[str, Recipe]]:
    """Every affect's recipe by variant, the default first, sides written out."""
    content = yaml.safe_load(files("fexgan.studio").joinpath("recipes.yaml").read_text(encoding="utf-8"))
    return {
        affect: {
            name: Recipe(
                units=both_sides(content[affect]["units"]) | both_sides(variant["units"]),
                head_deg=tuple(content[affect]["head_deg"]),
                facs=f"{content[affect]['facs']} {variant['facs']}",
            )
            for name, variant in content[affect]["variants"].items()
        }
        for affect in AFFECTS
    }


def variants_of(*affects: str) -> list[str]:
    """The variants of some affects by their full names, as in `joy.laugh`."""
    return [f"{affect}.{name}" for affect in affects for name in recipes()[affect]]


def default_variant(affect: str) -> str:
    """The variant that `affect` takes where none is asked for."""
    return next(iter(recipes()[affect]))


def variants_shown(character: str, affect: str, seed: int, varied: bool) -> tuple[str, ...]:
    """Every variant of `affect` once, in the order in which this character shows them; most pictures show the first.

    As listed, the default first; or, `varied`, from one on that is drawn for the character, the same for all of its
    takes and stills.
    """
    names = tuple(recipes()[affect])
    first = zlib.crc32(f"{seed}/{character}/{affect}/variant".encode()) % len(names) if varied else 0
    return names[first:] + names[:first]


def mixed_units(
    mixture: Mixture, variants: Mapping[str, str] | None = None
) -> tuple[dict[str, float], tuple[float, float, float]]:
    """Unit weights and head lean of a mixture: the sum of its affects' recipes, each times its strength.

    `variants`: affect -> the variant it takes; the default where none is named. Where strengths sum to more than 1,
    shared units would overshoot what a face can do: a unit never passes the largest weight that any one of the mixed
    affects gives it. Raises KeyError for an unknown variant.
    """
    units: dict[str, float] = {}
    largest: dict[str, float] = {}
    lean = [0.0, 0.0, 0.0]
    for affect, strength in mixture.strengths:
        if affect == NEUTRAL:
            continue
        recipe = recipes()[affect][(variants or {}).get(affect) or default_variant(affect)]
        for unit, weight in recipe.units.items():
            units[unit] = units.get(unit, 0.0) + strength * weight
            largest[unit] = max(largest.get(unit, 0.0), weight)
        lean = [total + strength * angle for total, angle in zip(lean, recipe.head_deg, strict=True)]
    return {unit: min(weight, largest[unit]) for unit, weight in units.items()}, tuple(lean)


def both_sides(units: Mapping[str, float]) -> dict[str, float]:
    """Weights by unit, those of a name with a * written out for the left and the right side."""
    return {side: weight for name, weight in units.items() for side in _sides(name)}


def _sides(name: str) -> tuple[str, ...]:
    """`browDown*` -> browDownLeft, browDownRight; `expression/nose-*-elevation` -> ...left..., ...right...."""
    if "*" not in name:
        return (name,)
    left, right = ("left", "right") if name.startswith("expression/") else ("Left", "Right")
    return name.replace("*", left), name.replace("*", right)
