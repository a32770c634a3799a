"""Affects as face units: the recipes of recipes.yaml, scaled and mixed."""

from __future__ import annotations

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
def recipes() -> dict[str, Recipe]:
    """Every affect's recipe, sides written out."""
    content = yaml.safe_load(files("fexgan.studio").joinpath("recipes.yaml").read_text(encoding="utf-8"))
    return {
        affect: Recipe(
            units={side: weight for name, weight in entry["units"].items() for side in _sides(name)},
            head_deg=tuple(entry["head_deg"]),
            facs=entry["facs"],
        )
        for affect, entry in ((affect, content[affect]) for affect in AFFECTS)
    }


def mixed_units(mixture: Mixture) -> tuple[dict[str, float], tuple[float, float, float]]:
    """Unit weights and head lean of a mixture: the sum of its affects' recipes, each times its strength.

    Where strengths sum to more than 1, shared units would overshoot what a face can do: a unit never passes the
    largest weight that any one of the mixed affects gives it.
    """
    units: dict[str, float] = {}
    largest: dict[str, float] = {}
    lean = [0.0, 0.0, 0.0]
    for affect, strength in mixture.strengths:
        if affect == NEUTRAL:
            continue
        recipe = recipes()[affect]
        for unit, weight in recipe.units.items():
            units[unit] = units.get(unit, 0.0) + strength * weight
            largest[unit] = max(largest.get(unit, 0.0), weight)
        lean = [total + strength * angle for total, angle in zip(lean, recipe.head_deg, strict=True)]
    return {unit: min(weight, largest[unit]) for unit, weight in units.items()}, tuple(lean)


def _sides(name: str) -> tuple[str, ...]:
    """`browDown*` -> browDownLeft, browDownRight; `expression/nose-*-elevation` -> ...left..., ...right...."""
    if "*" not in name:
        return (name,)
    left, right = ("left", "right") if name.startswith("expression/") else ("Left", "Right")
    return name.replace("*", left), name.replace("*", right)
