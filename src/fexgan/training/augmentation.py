"""Random variations of pictures, through which gradients flow (after DiffAugment, arXiv 2006.10738).

The discriminator sees real and generated pictures through the same variations, so it can neither learn the training
frames by heart nor tell the two apart by the variation.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.config import AugmentationConfig


def augment(images: Tensor, config: AugmentationConfig, generator: torch.Generator) -> Tensor:
    """Vary each picture on its own: [batch, 3, height, width] in and out, in [-1, 1] up to the changes of colour.

    A share `1 - config.probability` of the pictures is left as it is, but for mirroring.
    """
    varied = (_uniform(images, generator) < config.probability).to(images.dtype)  # [batch, 1, 1, 1], 0 or 1
    images = _change_geometry(images, varied, config, generator)
    images = _change_colour(images, varied, config, generator)
    return _cut_out(images, varied, config, generator)


def _change_geometry(images: Tensor, varied: Tensor, config: AugmentationConfig, generator: torch.Generator) -> Tensor:
    """Mirror, rotate, scale and shift in one resampling; the border's colour fills what comes into view."""
    amount = varied.flatten()  # [batch]
    draw = _signed(images, generator, columns=4)  # [batch, 4]
    angle = amount * math.radians(config.rotation_deg) * draw[:, 0]
    scale = 1.0 + amount * config.scale * draw[:, 1]
    shift = amount[:, None] * 2.0 * config.shift * draw[:, 2:]  # [batch, 2]; the grid spans [-1, 1]
    side = 1.0 - 2.0 * (_uniform(images, generator).flatten() < 0.5) if config.mirror else torch.ones_like(amount)
    cosine, sine = angle.cos() / scale, angle.sin() / scale
    rows = [torch.stack([side * cosine, -sine, shift[:, 0]], 1), torch.stack([side * sine, cosine, shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)  # [batch, height, width, 2]
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def _change_colour(images: Tensor, varied: Tensor, config: AugmentationConfig, generator: torch.Generator) -> Tensor:
    brightness, contrast, saturation = (varied * _signed(images, generator)[..., None, None] for _ in range(3))
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * (1.0 + config.saturation * saturation)
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (images - mean) * (1.0 + config.contrast * contrast) + config.brightness * brightness


def _cut_out(images: Tensor, varied: Tensor, config: AugmentationConfig, generator: torch.Generator) -> Tensor:
    """Grey out a square somewhere, in part perhaps beyond the edge."""
    height, width = images.shape[2:]
    rows = torch.arange(height, device=images.device).view(1, 1, -1, 1) + 0.5
    columns = torch.arange(width, device=images.device).view(1, 1, 1, -1) + 0.5
    far_down = (rows - height * _uniform(images, generator)).abs() >= 0.5 * config.cutout * height * varied
    far_across = (columns - width * _uniform(images, generator)).abs() >= 0.5 * config.cutout * width * varied
    return images * (far_down | far_across)


def _uniform(images: Tensor, generator: torch.Generator) -> Tensor:
    """One number in [0, 1) per picture: [batch, 1, 1, 1], drawn on the CPU so that every device gets the same."""
    return torch.rand(len(images), 1, 1, 1, generator=generator).to(images)


def _signed(images: Tensor, generator: torch.Generator, columns: int = 1) -> Tensor:
    """Numbers in [-1, 1): [batch, columns]."""
    return (2.0 * torch.rand(len(images), columns, generator=generator) - 1.0).to(images)
