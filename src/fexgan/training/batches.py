"""What one step trains on: pictures, the affects they show, and all of the step's noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.affects import AFFECTS, NEUTRAL_INDEX
from fexgan.config import Config
from fexgan.dataset import FaceDataset
from fexgan.losses import soft_labels
from fexgan.tensors import pixels_to_images


@dataclass(frozen=True)
class Batch:
    """Pairs of a source and a target picture of the same character."""

    source_images: Tensor
    """[batch, 3, height, width] in [-1, 1]"""
    source_affect: Tensor
    """[batch, 7]: the affect vector of what the source shows."""
    target_images: Tensor
    """[batch, 3, height, width] in [-1, 1]"""
    target_affect: Tensor
    """[batch, 7]: the affect vector asked of the decoder."""
    target_labels: Tensor
    """[batch, 7]: how certain each affect is in the target, summing to 1."""
    noise: Tensor
    """[batch, latent_size] from Normal(0, 1), for the latent."""


def step_generator(seed: int, step: int, *part: int) -> torch.Generator:
    """The source of all of a step's randomness: it depends on seed and step alone, so resuming needs no state.

    `part`: of what in the step; numbers that end in 0 mean the same without it.
    """
    entropy = np.random.SeedSequence((seed, step, *part))
    return torch.Generator().manual_seed(int(entropy.generate_state(1, np.uint64)[0]))


def mirror_pairs(images: Tensor, generator: torch.Generator) -> Tensor:
    """Half of the pairs mirrored, source and target alike; images [2 * pairs, ...], the targets last."""
    mirrored = (torch.rand(len(images) // 2, 1, 1, 1, generator=generator) < 0.5).repeat(2, 1, 1, 1)
    return torch.where(mirrored.to(images.device), images.flip(3), images)


def make_batch(
    faces: FaceDataset, config: Config, step: int, generator: torch.Generator, device: torch.device
) -> Batch:
    """The pairs of a step, with their conditions and noise, on `device`."""
    training = config.training
    pairs = faces.pairs(training.batch_size, training.seed, step)
    pixels = np.concatenate([faces.pixels[pairs.source_index], faces.pixels[pairs.target_index]])
    images = pixels_to_images(pixels, device)
    if training.augmentation.mirror_pairs:
        images = mirror_pairs(images, generator)
    source_images, target_images = images.contiguous(memory_format=torch.channels_last).chunk(2)
    source_affect, source_strength = affect_and_strength(faces, pairs.source_index)
    target_affect, target_strength = affect_and_strength(faces, pairs.target_index)
    unknown_strength = torch.randn(training.batch_size, generator=generator)
    noise = torch.randn(training.batch_size, config.model.latent_size, generator=generator)
    labels = soft_labels(target_affect, target_strength, config.loss.full_label_strength, NEUTRAL_INDEX)
    return Batch(
        source_images=source_images,
        source_affect=affect_vectors(source_affect, source_strength).to(device),
        target_images=target_images,
        target_affect=affect_vectors(target_affect, target_strength, unknown_strength).to(device),
        target_labels=labels.to(device),
        noise=noise.to(device),
    )


def faces_at_rest(faces: FaceDataset, batch_size: int, device: torch.device) -> list[tuple[Tensor, Tensor]]:
    """A neutral frame of every character that has one, as images and affect vectors, `batch_size` at a time."""
    neutral = np.flatnonzero(faces.affect == NEUTRAL_INDEX)
    _, first = np.unique(faces.character[neutral], return_index=True)
    rows = [neutral[first[start : start + batch_size]] for start in range(0, len(first), batch_size)]
    return [
        (pixels_to_images(faces.pixels[part], device), affect_vectors(*affect_and_strength(faces, part)).to(device))
        for part in rows
    ]


def affect_vectors(affect: Tensor, strength: Tensor, unknown_strength: Tensor | None = None) -> Tensor:
    """The vectors [batch, 7] of affects shown at a strength: `affects.affect_vector` for a batch.

    `affect`: indices [batch]. `strength`: [batch] in [0, 1]; where it is NaN the vector is the one-hot of the affect,
    scaled, as in the paper, by `unknown_strength` [batch] where that is given.
    """
    one_hot = F.one_hot(affect, len(AFFECTS)).float()
    vectors = one_hot * strength[:, None]
    emotions = vectors.sum(dim=1) - vectors[:, NEUTRAL_INDEX]
    vectors[:, NEUTRAL_INDEX] = 1.0 - emotions
    published = one_hot if unknown_strength is None else one_hot * unknown_strength[:, None]
    return torch.where(strength.isnan()[:, None], published, vectors)


def affect_and_strength(faces: FaceDataset, index: np.ndarray) -> tuple[Tensor, Tensor]:
    """What rows of a dataset show, as `affect_vectors` takes it: both [rows]."""
    return torch.from_numpy(faces.affect[index]).long(), torch.from_numpy(faces.strength[index]).float()
