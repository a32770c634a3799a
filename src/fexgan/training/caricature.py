"""Faces of other proportions: larger eyes, smaller mouths, longer chins, as drawn and modelled characters have them.

The studio films people. Without this a network takes the wide eyes of a calm cartoon for surprise.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.framing.square import EYE_DISTANCE, EYE_HEIGHT

_EYE_DOWN = 2.0 * EYE_HEIGHT - 1.0
# Of what is magnified: where it lies in the studio's frame, which spans [-1, 1], how far its surroundings go along, and
# by how much it may shrink and grow.
_PARTS = (
    ((-EYE_DISTANCE, _EYE_DOWN), 0.17, (-0.15, 0.5)),
    ((EYE_DISTANCE, _EYE_DOWN), 0.17, (-0.15, 0.5)),
    ((0.0, _EYE_DOWN + 0.22), 0.13, (-0.3, 0.3)),
    ((0.0, _EYE_DOWN + 0.45), 0.18, (-0.3, 0.3)),
)
_CELLS, _LARGEST_BEND = 4, 0.04


def caricature(pairs: Tensor, places: Tensor, generator: torch.Generator) -> Tensor:
    """Pairs [count, 2, 3, side, side] with other proportions, source and truth alike.

    `places` [count, side, side, 2]: where in the studio's frame each pixel lies. Both eyes grow or shrink together.
    """
    count, side = len(pairs), pairs.shape[-1]
    amounts = torch.rand(len(_PARTS), count, 1, 1, 1, generator=generator)
    amounts[1] = amounts[0]
    fetched = places + _bend(count, side, generator)
    for (centre, radius, (least, most)), amount in zip(_PARTS, amounts, strict=True):
        away = places - torch.tensor(centre)
        near = torch.exp(-0.5 * (away / radius).square().sum(-1, keepdim=True))
        fetched = fetched - (least + (most - least) * amount) * near * away
    grid = _in_picture(places, fetched)
    return F.grid_sample(pairs.flatten(1, 2), grid, padding_mode="border", align_corners=False).view_as(pairs)


def _bend(count: int, side: int, generator: torch.Generator) -> Tensor:
    """Smooth shifts [count, side, side, 2], so that jaws, brows and cheeks differ too."""
    coarse = _LARGEST_BEND * (2.0 * torch.rand(count, 2, _CELLS, _CELLS, generator=generator) - 1.0)
    return F.interpolate(coarse, (side, side), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)


def _in_picture(places: Tensor, fetched: Tensor) -> Tensor:
    """Points `fetched` of the studio's frame as places in the picture, spanning [-1, 1]; both [count, side, side, 2].

    `places` is affine in the pixels, so two of its edges tell how to go back.
    """
    side = places.shape[1]
    across, down = places[:, 0, -1] - places[:, 0, 0], places[:, -1, 0] - places[:, 0, 0]
    frame = torch.stack([across, down], dim=-1) * (side / (2.0 * (side - 1)))  # [count, 2, 2], per picture's unit
    own = torch.linspace(1.0 / side - 1.0, 1.0 - 1.0 / side, side)
    grid = torch.stack(torch.meshgrid(own, own, indexing="xy"), dim=-1)  # [side, side, 2]
    return grid + torch.einsum("cij,cyxj->cyxi", torch.linalg.inv(frame), fetched - places)
