"""What affect a face shows, read from the 52 blendshapes by the rule of emfacs.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from fexgan.affects import NEUTRAL
from fexgan.studio.recipes import both_sides


@cache
def rule() -> dict[str, Any]:
    """The content of emfacs.yaml, with the blendshapes of each action unit written out for both sides."""
    content = yaml.safe_load(files("fexgan.studio").joinpath("emfacs.yaml").read_text(encoding="utf-8"))
    for action in content["action_units"].values():
        action["units"] = tuple(both_sides(dict.fromkeys(action["units"], 1.0)))
    return content


def action_units(blendshapes: Mapping[str, float], neutral: Mapping[str, float]) -> dict[str, float]:
    """Action unit -> intensity in [0, 1]: the mean of its blendshapes above the character's own `neutral` face.

    Blendshapes that a reader does not report count as 0.
    """
    return {
        name: max(0.0, sum(blendshapes.get(unit, 0.0) - neutral.get(unit, 0.0) for unit in units) / len(units))
        for name, units in ((name, action["units"]) for name, action in rule()["action_units"].items())
    }


def evidence(blendshapes: Mapping[str, float], neutral: Mapping[str, float]) -> dict[str, float]:
    """Emotion -> the weighted sum of the action units that belong to it, less those that speak against it."""
    seen = action_units(blendshapes, neutral)
    return {
        emotion: sum(weight * seen[action] for part, weight in rule()["weights"].items() for action in clues[part])
        for emotion, clues in rule()["affects"].items()
    }


def read_affect(blendshapes: Mapping[str, float], neutral: Mapping[str, float]) -> str:
    """The affect with the most evidence; neutral where none has enough."""
    found = evidence(blendshapes, neutral)
    best = max(found, key=lambda emotion: found[emotion])
    return best if found[best] >= rule()["least"] else NEUTRAL
