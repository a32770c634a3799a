"""Strengths of a mixture found by gradient, so that a model reads off the face what was asked for.

The paper chose them by hand and left finding them open (arXiv 2203.05975, where they are called lambda). Half of each
affect is seldom read as half of each: which one wins tips over, at other strengths from face to face.

Sought is the smallest change that is read as asked (Wachter et al., arXiv 1711.00399): the gap between what is read and
what was asked, plus the difference to the picture with the strengths as asked, which keeps the person. The networks
stay as they are, and strengths share 1 at most, as in every blend; beyond that networks were hardly trained.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from fexgan.affects import NEUTRAL, NEUTRAL_INDEX, Mixture, affect_index
from fexgan.editing import Editor, Portrait
from fexgan.losses import mixture_labels, reading, reconstruction
from fexgan.synthesis import MixtureLike, Model, Sitter, require, share_strength
from fexgan.terminal import tracked

STEPS = 40
RATE = 0.15
"""Adam's, on the logarithms of the shares."""
CHANGE_WEIGHT = 1.0
"""Nats of the gap that outweigh a mean difference of 1 between pictures in [-1, 1]."""
LEAST_SHARE = 0.01
"""A share of nothing starts here, for from nothing no gradient leads back."""
GRAIN = 1000
"""Strengths are found in fractions of this, so that their text draws the same picture."""


@dataclass(frozen=True)
class Optimised:
    """Strengths that were found for a face, beside those asked for."""

    asked: Mixture
    mixture: Mixture
    """The same affects; as asked where nothing nearer was found."""
    asked_read: tuple[float, ...]
    """What is read off the face with the strengths as asked, in the order of `AFFECTS`."""
    read: tuple[float, ...]
    """What is read with those found."""
    asked_gap: float
    """How far `asked_read` is from what was asked, in nats; 0 where it is just that."""
    gap: float
    """How far `read` is, never more."""

    def __str__(self) -> str:
        return f"{self.mixture} is read as {self._shown(self.read)}, {self.asked} as {self._shown(self.asked_read)}"

    def _shown(self, read: tuple[float, ...]) -> str:
        return " and ".join(f"{read[affect_index(affect)]:.2f}" for affect, _ in self.asked.strengths)


@dataclass(frozen=True)
class _Measured:
    """`read`: affect vector [7], mean over faces; `gap` and `objective`: scalars."""

    read: Tensor
    gap: Tensor
    objective: Tensor


def optimise(opened: Sitter | Portrait, mixture: MixtureLike, steps: int = STEPS) -> Optimised:
    """The strengths with which a mixture of two affects or more is read off an opened face as it was asked for.

    Where several faces of a picture are opened, they suit all on the whole. Two runs find the same. Raises InputError
    for a mixture of one affect and for networks that name no affects.
    """
    asked = share_strength(Mixture.of(mixture))
    model = opened.model if isinstance(opened, Sitter) else opened.editor
    require(model.networks, "classify", "name affects, so no strengths can be found")
    start = torch.tensor([asked.vector()], device=model.device)  # [1, 7]
    wanted = _wanted(model, start)
    start_images = opened.images(start)

    def measure(affect: Tensor) -> _Measured:
        images = opened.images(affect)
        read = _reading(model, images)  # [faces, 7]
        gap = _gap(read, wanted.expand_as(read))
        return _Measured(read.mean(dim=0), gap, gap + CHANGE_WEIGHT * reconstruction(images, start_images))

    names = dict.fromkeys([*(affect for affect, _ in asked.strengths), NEUTRAL])  # neutral is what is left of 1
    indices = torch.tensor([affect_index(name) for name in names], device=model.device)
    logits = start[0, indices].clamp(min=LEAST_SHARE).log().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=RATE)
    tried: list[tuple[float, list[float]]] = []
    for _ in tracked(range(steps), f"optimising {asked.name}"):
        shares = logits.softmax(dim=0)  # [affects]
        objective = measure(torch.zeros_like(start).index_copy(1, indices, shares[None])).objective
        tried.append((objective.item(), shares.tolist()))
        optimizer.zero_grad()
        objective.backward()
        optimizer.step()
    nearest = dict(zip(names, min(tried)[1], strict=True))
    # Rounded down, so that the sum stays within 1.
    found = Mixture(tuple((affect, math.floor(GRAIN * nearest[affect]) / GRAIN) for affect, _ in asked.strengths))
    with torch.no_grad():
        before, after = (measure(torch.tensor([one.vector()], device=model.device)) for one in (asked, found))
    if not after.objective < before.objective:
        found, after = asked, before
    return Optimised(
        asked, found, tuple(before.read.tolist()), tuple(after.read.tolist()), before.gap.item(), after.gap.item()
    )


def _wanted(model: Model | Editor, affect: Tensor) -> Tensor:
    """What `_reading` was trained to say of faces that show an affect vector; both [1, 7]."""
    if isinstance(model, Editor):
        return affect
    return mixture_labels(affect, model.checkpoint.config.loss.full_label_strength, NEUTRAL_INDEX)


def _reading(model: Model | Editor, images: Tensor) -> Tensor:
    """What a model reads off images [faces, 3, side, side], [faces, 7]: strengths, or of one that draws, shares."""
    if isinstance(model, Editor):
        return model.networks.read(images)
    return model.networks.discriminate(images)[1].softmax(dim=1)


def _gap(read: Tensor, wanted: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence, over the emotions, of what is read from what is wanted; both [faces, 7]."""
    return reading(read, wanted, NEUTRAL_INDEX) - reading(wanted, wanted, NEUTRAL_INDEX)
