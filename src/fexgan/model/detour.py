"""The way from one emotion to another: first what the target lacks is taken away, then what the source lacks is added.

Networks meet far more pairs that start from a neutral face than smiles that become shouts. Asked for such a change at
once they leave a smile's teeth standing in a shouting mouth; by way of what both faces show they do not, and come a
little nearer to filmed truths as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from fexgan.affects import NEUTRAL_INDEX
from fexgan.model.edits import Edits, Palette, apply_edits, followed_by, keep_to, palette_of
from fexgan.model.family import EditingFamily

_EQUAL = 1e-5
"""Strengths that differ by less are the same: what is left are roundings."""


@dataclass(frozen=True, eq=False)
class Retreat:
    """Pictures from which everything is taken away that a target lacks."""

    affect: Tensor
    """[batch, 7]: what they still show."""
    features: Any
    """What the networks keep of them."""
    edits: Edits
    """How they came from the sources."""


def in_common(source_affect: Tensor, target_affect: Tensor) -> Tensor:
    """The affect vectors [batch, 7] of what sources and targets both show: of each emotion the lesser strength."""
    emotions = torch.minimum(source_affect, target_affect)
    rest = (1.0 - emotions.sum(dim=1) + emotions[:, NEUTRAL_INDEX]).clamp(min=0.0)
    return emotions.index_copy(1, torch.tensor([NEUTRAL_INDEX], device=rest.device), rest[:, None])


def is_detour(source_affect: Tensor, common: Tensor, target_affect: Tensor) -> bool:
    """Whether the way by what they have in `common` is another than the straight one: in that it is neither all of the
    source, for every one of a batch, nor all of the target, for every one."""
    emotions = torch.arange(common.shape[1], device=common.device) != NEUTRAL_INDEX
    ends = (end[:, emotions] for end in (source_affect, target_affect))
    return not any(torch.allclose(common[:, emotions], end, rtol=0.0, atol=_EQUAL) for end in ends)


def edit_by_way(
    networks: EditingFamily,
    images: Tensor,
    features: Any,
    source_affect: Tensor,
    target_affect: Tensor,
    variants: Tensor | None = None,
) -> Edits:
    """How analysed images [batch, 3, height, width], with their `features`, come from one affect [batch, 7] to another:
    by way of what both show where that is a detour, with paint in the colours of the images."""
    palette, common = palette_of(images), in_common(source_affect, target_affect)
    if not is_detour(source_affect, common, target_affect):
        return keep_to(palette, networks.edit(features, source_affect, target_affect, variants))
    start = retreat(networks, images, features, source_affect, common, palette)
    return advance(networks, start, target_affect, variants, palette)


def retreat(
    networks: EditingFamily,
    images: Tensor,
    features: Any,
    source_affect: Tensor,
    common: Tensor,
    palette: Palette,
) -> Retreat:
    """Take away from analysed images [batch, 3, height, width] all but what is in `common`, with paint that keeps to a
    palette."""
    edits = keep_to(palette, networks.edit(features, source_affect, common))
    return Retreat(common, networks.analyse(apply_edits(images, edits).clamp(-1.0, 1.0)), edits)


def advance(
    networks: EditingFamily, start: Retreat, target_affect: Tensor, variants: Tensor | None, palette: Palette
) -> Edits:
    """How the sources of a retreat come to their targets in these variants, as one edit."""
    edits = networks.edit(start.features, start.affect, target_affect, variants)
    return followed_by(start.edits, keep_to(palette, edits))
