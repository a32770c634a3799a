"""Pictures through a model's networks, many at a time: judged, rebuilt, and given other affects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from fexgan.affects import AFFECTS, affect_vector
from fexgan.media import Pixels
from fexgan.model import DrawingFamily
from fexgan.tensors import images_to_pixels, pixels_to_images
from fexgan.terminal import tracked

BATCH_SIZE = 32


@dataclass(frozen=True)
class Judgement:
    """What a discriminator says of n pictures. `named`: int [n] into `AFFECTS`; `real`: bool [n], takes it for real."""

    named: np.ndarray
    real: np.ndarray


def true_vectors(affect: np.ndarray, strength: np.ndarray) -> Tensor:
    """Affect vectors [n, 7] of frames: `affect` int [n], `strength` float [n], 1 where it is unknown (NaN)."""
    known = np.nan_to_num(strength, nan=1.0)
    pairs = zip(affect, known, strict=True)
    return torch.tensor([affect_vector(AFFECTS[index], float(value)) for index, value in pairs]).reshape(-1, 7)


@torch.inference_mode()
def judge(networks: DrawingFamily, pixels: Pixels) -> Judgement:
    """Name the affect of each of `pixels`, uint8 [n, height, width, 3], and say whether it passes for real."""
    named, real = [], []
    for batch in _batches(len(pixels), "naming affects"):
        real_logit, affect_logits = networks.discriminate(pixels_to_images(pixels[batch]))  # [b], [b, 7]
        named.append(affect_logits.argmax(dim=1).numpy())
        real.append((real_logit.flatten() > 0).numpy())
    return Judgement(np.concatenate(named), np.concatenate(real))


@torch.inference_mode()
def redraw(networks: DrawingFamily, pixels: Pixels, source_affect: Tensor, target_affect: Tensor) -> Pixels:
    """Encode each picture with its source affect and draw it with its target affect, both [n, 7].

    With equal affects that rebuilds the picture. Returns pixels of the same shape as the given ones.
    """
    drawn = []
    for batch in _batches(len(pixels), "drawing faces"):
        latent_mean, _ = networks.encode(pixels_to_images(pixels[batch]), source_affect[batch])
        drawn.append(images_to_pixels(networks.decode(latent_mean, target_affect[batch])))
    return np.concatenate(drawn)


def _batches(count: int, description: str) -> Iterator[slice]:
    starts = range(0, count, BATCH_SIZE)
    return (slice(start, start + BATCH_SIZE) for start in tracked(starts, description))
