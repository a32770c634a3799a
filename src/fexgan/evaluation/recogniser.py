"""A recogniser of affects, trained apart from the networks that it judges, on pictures with their affect vectors."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from fexgan.affects import AFFECTS
from fexgan.config import FramingConfig
from fexgan.framing.stills import cut_squares, face_squares
from fexgan.media import Pixels, atomic_path
from fexgan.stills import StillSet
from fexgan.tensors import pixels_to_images
from fexgan.terminal import tracked

SIDE_PX = 64
MIDDLE = 0.75
"""Share of a square's side that is looked at: brows to chin take two thirds of it."""
WIDTHS = (24, 48, 96, 128)
STEPS = 1200
BATCH_SIZE = 64
LEARNING_RATE = 3e-3
WARMUP_SHARE = 0.1
WEIGHT_DECAY = 0.05
DROPOUT = 0.3
RECIPE = 1
"""Raised whenever what is written below changes what a training comes to: the layers, `_varied`, the schedule."""
FINGERPRINT = "fingerprint"


class Recogniser(nn.Module):
    """A picture of a face in its square -> its affect vector, as a distribution over the seven affects.

    An affect vector of one still sums to 1, so one answer says both which affect is shown and how strongly.
    """

    def __init__(self) -> None:
        super().__init__()
        pairs = zip((3, *WIDTHS[:-1]), WIDTHS, strict=True)
        self.stages = nn.Sequential(*(_halve(in_width, width) for in_width, width in pairs))
        smallest = SIDE_PX // 2 ** len(WIDTHS)
        self.answer = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(DROPOUT),
            nn.Linear(WIDTHS[-1] * smallest**2, 64),
            nn.SiLU(),
            nn.Linear(64, len(AFFECTS)),
        )

    def forward(self, images: Tensor) -> Tensor:
        """images [batch, 3, 64, 64] in [-1, 1] -> logits [batch, 7]."""
        features = self.stages(images)  # 24x32x32, 48x16x16, 96x8x8, 128x4x4
        return self.answer(features)

    @torch.inference_mode()
    def recognise(self, pixels: Pixels) -> NDArray[np.float32]:
        """Affect vectors [..., 7] of squares of any side, uint8 [..., side, side, 3]."""
        flat = pixels.reshape(-1, *pixels.shape[-3:])
        vectors = [self(_shrunk(part)).softmax(dim=1) for part in np.array_split(flat, len(flat) // 128 + 1)]
        return torch.cat(vectors).numpy().reshape(*pixels.shape[:-3], len(AFFECTS))

    @torch.inference_mode()
    def features(self, pixels: Pixels) -> NDArray[np.float64]:
        """What the last layer reads, [n, 64], of squares uint8 [n, side, side, 3]."""
        parts = np.array_split(pixels, len(pixels) // 128 + 1)
        return torch.cat([self.answer[:-1](self.stages(_shrunk(part))) for part in parts]).double().numpy()

    @torch.inference_mode()
    def distance(self, pixels: Pixels, others: Pixels) -> Tensor:
        """How differently pairs of squares look to each stage, [batch]: squared differences of features of unit length,
        as in LPIPS (Zhang et al. 2018) but without its learned weights, and of features that tell affects."""
        features, other_features = _shrunk(pixels), _shrunk(others)
        total = torch.zeros(len(features))
        for stage in self.stages:
            features, other_features = stage(features), stage(other_features)
            apart = F.normalize(features, dim=1) - F.normalize(other_features, dim=1)  # [batch, width, side, side]
            total += apart.square().sum(dim=1).mean(dim=(1, 2))
        return total / len(self.stages)


def obtain_recogniser(
    path: Path, stills: StillSet, framing: FramingConfig, seed: int = 0, steps: int = STEPS
) -> Recogniser:
    """The recogniser kept at `path` if it learned from just these stills in just this way; else trained and kept."""
    fingerprint = _fingerprint(stills, framing, seed, steps)
    kept = _read(path, fingerprint)
    if kept is not None:
        return kept
    squares = cut_squares(stills.pixels, face_squares(stills, framing), framing.image_size_px)
    affects = stills.affects.reshape(-1, len(AFFECTS))
    recogniser = train_recogniser(squares.reshape(-1, *squares.shape[2:]), affects, seed, steps)
    with atomic_path(path) as temporary:
        temporary.write_bytes(save(recogniser.state_dict(), {FINGERPRINT: fingerprint}))
    return recogniser


def train_recogniser(squares: Pixels, affects: NDArray[np.float32], seed: int = 0, steps: int = STEPS) -> Recogniser:
    """Train on squares uint8 [n, side, side, 3] and the affect vectors [n, 7] they show; equal seeds, equal weights.

    The affect vector is the soft label of a cross-entropy. Squares are shifted, lit and blurred, so that neither a
    character's colours nor a picture's sharpness give an affect away.
    """
    images = torch.cat([_shrunk(part) for part in np.array_split(squares, len(squares) // 512 + 1)])  # [n, 3, 64, 64]
    labels = torch.from_numpy(affects)
    labels = labels / labels.sum(dim=1, keepdim=True)
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)  # first weights and dropout take no generator
        recogniser = Recogniser().train()
        optimizer = torch.optim.AdamW(recogniser.parameters(), LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate((step + 0.5) / steps))
        for _ in tracked(range(steps), "teaching a recogniser"):
            chosen = torch.randint(len(images), (BATCH_SIZE,), generator=generator)
            loss = F.cross_entropy(recogniser(_varied(images[chosen], generator)), labels[chosen])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return recogniser.eval()


def _halve(in_width: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_width, width, kernel_size=3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.SiLU()
    )


def _rate(progress: float) -> float:
    """The learning rate's share at a progress in (0, 1): a linear warm-up under a cosine."""
    return min(1.0, progress / WARMUP_SHARE) * 0.5 * (1.0 + math.cos(math.pi * progress))


def _shrunk(pixels: Pixels) -> Tensor:
    """The middle of squares uint8 [batch, side, side, 3] as images of the side that a recogniser reads."""
    side = pixels.shape[1]
    rim = round(side * (1.0 - MIDDLE) / 2)
    images = pixels_to_images(pixels[:, rim : side - rim, rim : side - rim])
    return F.interpolate(images, size=(SIDE_PX, SIDE_PX), mode="bilinear", antialias=True)


def _varied(images: Tensor, generator: torch.Generator) -> Tensor:
    """Images shifted by up to 5 % of their side, scaled by 10 %, turned by 6 degrees, mirrored, lit, soft and noisy."""
    count = len(images)

    def spread(*shape: int) -> Tensor:
        return 2.0 * torch.rand(count, *shape, generator=generator) - 1.0

    turn, scale, mirror = 0.1 * spread(), 1.0 + 0.1 * spread(), spread().sign()
    cosine, sine = scale * turn.cos(), scale * turn.sin()
    place = torch.stack([mirror * cosine, -sine, mirror * sine, cosine], dim=1).unflatten(1, (2, 2))
    place = torch.cat([place, 0.1 * spread(2, 1)], dim=2)  # [batch, 2, 3]
    grid = F.affine_grid(place, list(images.shape), align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    soft = F.avg_pool2d(moved, kernel_size=3, stride=1, padding=1, count_include_pad=False)
    blurred = moved.lerp(soft, 0.5 + 0.5 * spread(1, 1, 1))
    noise = 0.04 * torch.randn(images.shape, generator=generator)
    return (1.0 + 0.25 * spread(3, 1, 1)) * blurred + 0.25 * spread(1, 1, 1) + noise


def _fingerprint(stills: StillSet, framing: FramingConfig, seed: int, steps: int) -> str:
    """SHA-256 over all that a training follows from, but for the machine."""
    settings = (SIDE_PX, MIDDLE, WIDTHS, BATCH_SIZE, LEARNING_RATE, WARMUP_SHARE, WEIGHT_DECAY, DROPOUT)
    learned = stills.fingerprint, stills.characters, asdict(framing)
    values = [*learned, seed, steps, settings, RECIPE, torch.__version__]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


def _read(path: Path, fingerprint: str) -> Recogniser | None:
    """The recogniser at `path`; None where there is none of that fingerprint whose weights fit."""
    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get(FINGERPRINT) != fingerprint:
                return None
            recogniser = Recogniser()
            recogniser.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118
    except (SafetensorError, OSError, RuntimeError):  # the last where weights have another name or shape
        return None
    return recogniser.eval()
