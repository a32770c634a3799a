"""Strengths of a mixture found by gradient, so that a model reads off the face what was asked for.

The paper chose them by hand and left finding them open (arXiv 2203.05975, where they are called lambda). Half of each
affect is seldom read as half of each: which one wins tips over, at other strengths from face to face.

Sought is the smallest change that is read as asked (Wachter et al., arXiv 1711.00399): the gap between what is read and
what was asked, plus the difference to the picture with the strengths as asked, which keeps the person. The networks
stay as they are, and strengths share 1 at most, as in every blend; beyond that networks were hardly trained.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fexgan.affects import NEUTRAL, NEUTRAL_INDEX, Mixture, affect_index
from fexgan.config import AnyConfig
from fexgan.editing import Portrait
from fexgan.losses import mixture_labels, reading, reconstruction
from fexgan.model import Family
from fexgan.synthesis import MixtureLike, Sitter, require, share_strength
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

Show = Callable[[Tensor], Tensor]
"""Affect vector [1, 7] -> images [faces, 3, side, side] of the faces that show it; gradients flow."""
Read = Callable[[Tensor], Tensor]
"""Images -> the affect vectors [faces, 7] read off them."""


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
    gap: float
    """How far `read` is from what was asked, in nats; 0 where it is just that."""

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
    affect = torch.tensor([asked.vector()], device=model.device)  # [1, 7]
    wanted = wanted_of(model.networks, model.checkpoint.config, affect)
    return search(opened.images, read_of(model.networks), asked, wanted, steps)


def read_of(networks: Family) -> Read:
    """What the networks themselves have to read faces with."""
    if "edit" in networks.capabilities:
        return networks.read
    return lambda images: networks.discriminate(images)[1].softmax(dim=1)


def wanted_of(networks: Family, config: AnyConfig, affect: Tensor) -> Tensor:
    """What that was trained to say of faces that show affect vectors, both [n, 7]: of a reader the vectors themselves,
    of a classifier how its sureness is shared."""
    if "edit" in networks.capabilities:
        return affect
    return mixture_labels(affect, config.loss.full_label_strength, NEUTRAL_INDEX)


def search(show: Show, read: Read, asked: Mixture, wanted: Tensor, steps: int = STEPS) -> Optimised:
    """The strengths of a mixture, which sum to at most 1, with which what is read of what is shown is as `wanted`.

    `wanted`: affect vector [1, 7].
    """
    start = torch.tensor([asked.vector()], device=wanted.device)  # [1, 7]
    with torch.no_grad():
        start_images = show(start)

    def measure(affect: Tensor) -> _Measured:
        images = show(affect)
        vectors = read(images)  # [faces, 7]
        off = gap(vectors, wanted)
        return _Measured(vectors.mean(dim=0), off, off + CHANGE_WEIGHT * reconstruction(images, start_images))

    names = dict.fromkeys([*(affect for affect, _ in asked.strengths), NEUTRAL])  # neutral is what is left of 1
    indices = torch.tensor([affect_index(name) for name in names], device=wanted.device)
    logits = start[0, indices].clamp(min=LEAST_SHARE).log().requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=RATE)
    tried: list[tuple[float, list[float]]] = []
    for _ in tracked(range(steps), f"optimising {asked.name}"):
        shares = logits.softmax(dim=0)  # [affects]
        objective = measure(torch.zeros_like(start).index_copy(1, indices, shares[None])).objective
        tried.append((objective.item(), shares.tolist()))
        (logits.grad,) = torch.autograd.grad(objective, [logits])  # and none of the weights
        optimizer.step()
    nearest = dict(zip(names, min(tried)[1], strict=True))
    # Rounded down, so that the sum stays within 1.
    found = Mixture(tuple((affect, math.floor(GRAIN * nearest[affect]) / GRAIN) for affect, _ in asked.strengths))
    with torch.no_grad():
        before, after = (measure(start.new_tensor([one.vector()])) for one in (asked, found))
    if not after.objective < before.objective:
        found, after = asked, before
    return Optimised(asked, found, tuple(before.read.tolist()), tuple(after.read.tolist()), after.gap.item())


def gap(read: Tensor, wanted: Tensor) -> Tensor:
    """Mean Kullback-Leibler divergence over the emotions, in nats, of what is read [n, 7] from what is wanted, [n, 7]
    or [1, 7]; 0 where the two are equal."""
    wanted = wanted.expand_as(read)
    return reading(read, wanted, NEUTRAL_INDEX) - reading(wanted, wanted, NEUTRAL_INDEX)
