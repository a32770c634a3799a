"""Random variations of pictures, through which gradients flow (after DiffAugment, arXiv 2006.10738).

The discriminator sees real and generated pictures through the same variations, so it can neither learn the training
frames by heart nor tell the two apart by the variation.
"""

from __future__ import annotations

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.config import AugmentationConfig


def augment(images: Tensor, config: AugmentationConfig, generator: torch.Generator) -> Tensor:
    """Vary each picture on its own: [batch, 3, height, width] in and out, in [-1, 1] up to the changes of colour.

    A share `1 - config.probability` of the pictures is left as it is, but for mirroring.
    """
    drawn = _draw(len(images), config.mirror, generator).to(images)  # [batch, 11], in one transfer
    chosen, placed, mirrored, coloured, cut = drawn.split([1, 4, 1, 3, 2], dim=1)
    varied = (chosen < config.probability).to(images.dtype)  # [batch, 1], 0 or 1
    images = _change_geometry(images, varied, placed, mirrored, config)
    images = _change_colour(images, varied, coloured, config)
    return _cut_out(images, varied, cut, config)


def _draw(count: int, mirror: bool, generator: torch.Generator) -> Tensor:
    """All that is random about the variations of so many pictures, [count, 11]: drawn on the CPU, so that every device
    gets the same."""
    uniform = partial(torch.rand, count, generator=generator)  # in [0, 1)
    parts = [
        uniform(1),
        2.0 * uniform(4) - 1.0,
        uniform(1) if mirror else torch.ones(count, 1),
        *(2.0 * uniform(1) - 1.0 for _ in range(3)),
        *(uniform(1) for _ in range(2)),
    ]
    return torch.cat(parts, dim=1)


def _change_geometry(
    images: Tensor, varied: Tensor, placed: Tensor, mirrored: Tensor, config: AugmentationConfig
) -> Tensor:
    """Mirror, rotate, scale and shift in one resampling; the border's colour fills what comes into view."""
    amount = varied.flatten()  # [batch]
    angle = amount * math.radians(config.rotation_deg) * placed[:, 0]
    scale = 1.0 + amount * config.scale * placed[:, 1]
    shift = varied * 2.0 * config.shift * placed[:, 2:]  # [batch, 2]; the grid spans [-1, 1]
    side = 1.0 - 2.0 * (mirrored.flatten() < 0.5)
    cosine, sine = angle.cos() / scale, angle.sin() / scale
    rows = [torch.stack([side * cosine, -sine, shift[:, 0]], 1), torch.stack([side * sine, cosine, shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)  # [batch, height, width, 2]
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _change_colour(images: Tensor, varied: Tensor, coloured: Tensor, config: AugmentationConfig) -> Tensor:
    brightness, contrast, saturation = (varied * coloured)[..., None, None, None].unbind(1)  # each [batch, 1, 1, 1]
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (1.0 + config.saturation * saturation)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (1.0 + config.contrast * contrast) + config.brightness * brightness


def _cut_out(images: Tensor, varied: Tensor, cut: Tensor, config: AugmentationConfig) -> Tensor:
    """Grey out a square somewhere, in part perhaps beyond the edge."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device).view(1, 1, -1, 1) + 0.5
    columns = torch.arange(width, device=images.device).view(1, 1, 1, -1) + 0.5
    varied = varied[..., None, None]
    down, across = cut[..., None, None, None].unbind(1)  # each [batch, 1, 1, 1]
    far_down = (rows - height * down).abs() >= 0.5 * config.cutout * height * varied
    far_across = (columns - width * across).abs() >= 0.5 * config.cutout * width * varied
    return images * (far_down | far_across)
