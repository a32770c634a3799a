"""Pictures through a model's networks, many at a time: judged, rebuilt, and given other affects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """What a discriminator says of n pictures. `probabilities`: of each affect, float32 [n, 7]; `real`: bool [n], takes
    it for real."""

    probabilities: np.ndarray
    real: np.ndarray

    @property
    def named(self) -> np.ndarray:
        """The likeliest affect, int [n] into `AFFECTS`."""
        return self.probabilities.argmax(axis=1)

    @classmethod
    def join(cls, parts: Sequence[Judgement]) -> Judgement:
        """What is said of one part of the pictures after another."""
        return cls(
            np.concatenate([part.probabilities for part in parts]), np.concatenate([part.real for part in parts])
        )


def true_vectors(affect: np.ndarray, strength: np.ndarray) -> Tensor:
    """Affect vectors [n, 7] of frames: `affect` int [n], `strength` float [n], 1 where it is unknown (NaN)."""
    known = np.nan_to_num(strength, nan=1.0)
    pairs = zip(affect, known, strict=True)
    return torch.tensor([affect_vector(AFFECTS[index], float(value)) for index, value in pairs]).reshape(-1, 7)


@torch.inference_mode()
def judge(networks: DrawingFamily, pixels: Pixels) -> Judgement:
    """Name the affect of each of `pixels`, uint8 [n, height, width, 3], and say whether it passes for real."""
    probabilities, real = [], []
    for batch in _batches(len(pixels), "naming affects"):
        real_logit, affect_logits = networks.discriminate(pixels_to_images(pixels[batch]))  # [b], [b, 7]
        probabilities.append(affect_logits.softmax(dim=1).numpy())
        real.append((real_logit.flatten() > 0).numpy())
    return Judgement(np.concatenate(probabilities), np.concatenate(real))


@torch.inference_mode()
def redraw(networks: DrawingFamily, pixels: Pixels, source_affect: Tensor, target_affect: Tensor) -> Pixels:
    """Encode each picture with its source affect and draw it with its target affect, both [n, 7].

    With equal affects that rebuilds the picture. Returns pixels of the same shape as the given ones.
    """
    return draw(networks, latents(networks, pixels, source_affect), target_affect)


@torch.inference_mode()
def latents(networks: DrawingFamily, pixels: Pixels, source_affect: Tensor) -> Tensor:
    """The latents' means [n, latent_size] of pictures that show `source_affect` [n, 7]."""
    batches = _batches(len(pixels), "encoding faces")
    return torch.cat([networks.encode(pixels_to_images(pixels[batch]), source_affect[batch])[0] for batch in batches])


@torch.inference_mode()
def draw(networks: DrawingFamily, latent: Tensor, target_affect: Tensor) -> Pixels:
    """Draw each latent [n, latent_size] with its affect [n, 7]."""
    batches = _batches(len(latent), "drawing faces")
    return np.concatenate([images_to_pixels(networks.decode(latent[batch], target_affect[batch])) for batch in batches])


def _batches(count: int, description: str) -> Iterator[slice]:
    starts = range(0, count, BATCH_SIZE)
    return (slice(start, start + BATCH_SIZE) for start in tracked(starts, description))
