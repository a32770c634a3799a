"""What MediaPipe's blendshapes make of edits: a reader that saw neither this footage nor these networks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fexgan.evaluation.held_out import HeldOut
from fexgan.media import Pixels
from fexgan.studio.check import ReadBlendshapes
from fexgan.studio.emfacs import read_affect


def named_by_blendshapes(held_out: HeldOut, pixels: Pixels, read: ReadBlendshapes) -> dict[str, float]:
    """Affect -> share of the characters whose picture at strength 1 reads as it, by the rule of emfacs.yaml.

    `pixels`: pictures of what the held-out stills show, uint8 [characters, stills, side, side, 3], each read beside its
    character's own filmed neutral still. A picture in which `read` sees no face counts as read wrong; characters whose
    neutral still shows it none are left out.
    """
    resting = [read(still) for still in held_out.pixels[:, held_out.neutral]]
    shares = {}
    for affect, still in held_out.full().items():
        pairs = zip(pixels[:, still], resting, strict=True)
        right = [_reads_as(affect, read(picture), rest) for picture, rest in pairs if rest is not None]
        shares[affect] = float(np.mean(right)) if right else 0.0
    return shares


def _reads_as(affect: str, seen: Mapping[str, float] | None, resting: Mapping[str, float]) -> bool:
    return seen is not None and read_affect(seen, resting) == affect
