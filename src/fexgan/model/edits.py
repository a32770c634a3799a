"""What an editing network says about a picture, and how the picture follows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

MORE_COLOURFUL = 200
"""One of so many pixels may be more colourful than paint; a face's lips are more than that."""


@dataclass(frozen=True, eq=False)
class Edits:
    """A change of each picture of a batch.

    Pixel p becomes mask(p) paint(p) + (1 - mask(p)) exp(shade(p)) source(p + flow(p)), with black at 0.
    """

    flow: Tensor
    """[batch, 2, height, width]: how far right and how far down to fetch, as fractions of the picture's sides."""
    mask: Tensor
    """[batch, 1, height, width]: how much of the paint shows, in [0, 1]."""
    shade: Tensor
    """[batch, 1, height, width]: logarithm of the light that falls on what is fetched: folds darken, cheeks shine."""
    paint: Tensor
    """[batch, 3, height, width] in [-1, 1]."""


def apply_edits(images: Tensor, edits: Edits) -> Tensor:
    """The edited pictures, fp32, of images [batch, 3, height, width] at the size of the edits.

    Where flow, mask and shade are zero the source comes back bit by bit; gradients reach the flow there all the same.
    What is lit beyond white stays beyond 1.
    """
    images, flow, mask, shade, paint = (
        tensor.float() for tensor in (images, edits.flow, edits.mask, edits.shade, edits.paint)
    )
    unmoved = torch.eye(2, 3, device=images.device).expand(flow.shape[0], 2, 3)
    grid = functional.affine_grid(unmoved, list(flow.shape), align_corners=False)  # [batch, height, width, 2]
    moved = grid + 2.0 * flow.permute(0, 2, 3, 1)  # the grid spans two units
    # Sampling in place rounds, so what the flow changes is added to the source instead.
    warped = images + (_sample(images, moved) - _sample(images, grid))
    lit = warped + (warped + 1.0) * shade.expm1()
    return mask * paint + (1.0 - mask) * lit


def colourfulness(images: Tensor) -> Tensor:
    """How far apart the channels of colourful pixels of images [batch, 3, height, width] lie, [batch, 1, 1, 1]: what
    all but a 200th of the pixels reach at most, a face's lips not among those."""
    spread = _spread(images.float()).flatten(1)  # [batch, pixels]
    return spread.topk(max(1, spread.shape[1] // MORE_COLOURFUL), dim=1).values[:, -1:, None, None]


def with_colours_of(most: Tensor, edits: Edits) -> Edits:
    """The edits with paint that is nowhere more colourful than `most`, the `colourfulness` of what it goes on.

    Gums and tongues are red, and an ink drawing has no red: there they become grey, as everything else is.
    """
    paint = edits.paint.float()
    grey = paint.mean(dim=1, keepdim=True)
    held = grey + (paint - grey) * (most / _spread(paint).clamp(min=1e-6)).clamp(max=1.0)
    return replace(edits, paint=held)


def _spread(images: Tensor) -> Tensor:
    """The largest channel less the smallest, [batch, 1, height, width]."""
    return images.amax(dim=1, keepdim=True) - images.amin(dim=1, keepdim=True)


def _sample(images: Tensor, grid: Tensor) -> Tensor:
    return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
