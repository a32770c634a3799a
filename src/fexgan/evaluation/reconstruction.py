"""How near reconstructed pictures come to the real ones: SSIM, PSNR and sharpness, picture by picture.

SSIM: Wang et al. 2004 (11-pixel Gaussian window), averaged over colours. Sharpness: variance of the Laplacian of
the luma in grey levels squared (Pech-Pacheco et al. 2000); blurred pictures score low.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

LARGEST_PSNR_DB = 100.0
FIGURES = ("ssim", "psnr_db", "sharpness", "sharpness_of_real")
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Likeness:
    """Means over one character's pictures. `ssim` is at most 1, `psnr_db` at most 100, sharpness in squared levels."""

    pictures: int
    ssim: float
    psnr_db: float
    sharpness: float
    sharpness_of_real: float


def ssim(images: Tensor, references: Tensor) -> Tensor:
    """Structural similarity of each pair, [batch], 1 for equal ones. Both are images, [batch, 3, height, width]."""
    # Its comparison of brightness is meant for values from 0 up: around 0 a negative would pass for its picture.
    light, reference_light = (images + 1) / 2, (references + 1) / 2
    return structural_similarity_index_measure(light, reference_light, data_range=1.0, reduction="none")


def psnr_db(images: Tensor, references: Tensor) -> Tensor:
    """Peak signal to noise ratio of each pair in decibels, [batch]; 100 for equal ones, where it has no bound."""
    ratio = peak_signal_noise_ratio(images, references, data_range=2.0, reduction="none", dim=(1, 2, 3))
    return ratio.clamp(max=LARGEST_PSNR_DB)


def sharpness(images: Tensor) -> Tensor:
    """Variance of the Laplacian of each picture's luma, [batch], in squared grey levels of 255."""
    luma = torch.einsum("bchw,c->bhw", images, images.new_tensor(LUMA)) * 127.5
    edges = F.conv2d(luma[:, None], images.new_tensor(LAPLACIAN)[None, None])  # [batch, 1, height - 2, width - 2]
    return edges.var(dim=(1, 2, 3), correction=0)


def likeness(images: Tensor, references: Tensor) -> Likeness:
    """Means over pairs of images [batch, 3, height, width] in [-1, 1]; `references` are the real ones."""
    return Likeness(
        pictures=len(images),
        ssim=ssim(images, references).mean().item(),
        psnr_db=psnr_db(images, references).mean().item(),
        sharpness=sharpness(images).mean().item(),
        sharpness_of_real=sharpness(references).mean().item(),
    )


def joint_likeness(parts: list[Likeness]) -> Likeness:
    """Mean over all the pictures of several parts."""
    return parts[0] if len(parts) == 1 else _mean(parts, [part.pictures for part in parts])


def mean_likeness(parts: list[Likeness]) -> Likeness:
    """Mean over characters, each counted once however many pictures it has."""
    return _mean(parts)


def _mean(parts: list[Likeness], weights: list[int] | None = None) -> Likeness:
    figures = {name: float(np.average([getattr(part, name) for part in parts], weights=weights)) for name in FIGURES}
    return Likeness(pictures=sum(part.pictures for part in parts), **figures)
