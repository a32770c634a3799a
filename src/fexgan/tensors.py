"""The one border between pixels and tensors, and latents that a seed names.

Pixels are uint8 [height, width, 3] or [batch, height, width, 3], 0 to 255; images are float32
[batch, 3, height, width] in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from fexgan.errors import InputError


def pixels_to_images(pixels: NDArray[np.uint8], device: torch.device | str = "cpu") -> torch.Tensor:
    """Images [batch, 3, height, width] of one picture's pixels (then batch is 1) or of a stack of them, on `device`."""
    stack = torch.from_numpy(np.array(pixels if pixels.ndim == 4 else pixels[None]))  # [batch, height, width, 3]
    return stack.to(device).permute(0, 3, 1, 2).contiguous().float() / 127.5 - 1.0


def images_to_pixels(images: torch.Tensor) -> NDArray[np.uint8]:
    """Pixels uint8 [batch, height, width, 3] of images [batch, 3, height, width]; values beyond [-1, 1] are clipped."""
    levels = (images.detach().float() + 1.0) * 127.5
    return levels.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def sample_latents(seeds: Sequence[int], latent_size: int) -> torch.Tensor:
    """Standard normal latents [len(seeds), latent_size], each from its own seed: batch size never changes a picture.

    Raises InputError for seeds outside [0, 2^32), of which torch's generator would use the last 32 bits.
    """
    for seed in seeds:
        if not 0 <= seed < 2**32:
            raise InputError(f"seed {seed} draws nobody; give a whole number from 0 to {2**32 - 1}")
    latents = [torch.randn(latent_size, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(latents) if latents else torch.empty(0, latent_size)
