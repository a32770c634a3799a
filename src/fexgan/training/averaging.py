"""The averaged copy of the networks that is drawn with and saved: calmer than the weights of any one step."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fexgan.model import DrawingFamily, Family
from fexgan.model.latents import ANCHORS
from fexgan.training.batches import Batch

LEFT_OUT_SHARE = 0.3
"""Share of encoded faces that no random one starts from: those that come back least alike."""
MIDDLE = (0.34, 0.78, 0.31, 0.69)
"""Where eyes, nose and mouth of a framed face lie: top, bottom, left and right, as shares of the picture's side."""


class AveragedNetworks:
    """An exponential moving average of the parameters of `networks`, and batch-norm statistics of its own.

    Running statistics belong to the weights they were measured under. Averaged along with the weights, they lag
    behind them and grey every face out for hundreds of steps; so they are measured anew when the copy is used.
    """

    def __init__(self, networks: Family, decay: float) -> None:
        self.networks: Family = copy.deepcopy(networks).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, networks: Family, step: int) -> None:
        """Follow `networks` after its step `step` (from 1); the average begins short and lengthens to `decay`."""
        decay = min(self.decay, step / (step + 9))
        torch._foreach_lerp_(list(self.networks.parameters()), list(networks.parameters()), 1.0 - decay)

    @torch.no_grad()
    def measure(self, batches: Sequence[Batch], at_rest: Sequence[tuple[Tensor, Tensor]] = ()) -> None:
        """Set the batch-norm statistics of networks that draw to their mean over `batches`, as met in training but for
        the augmentation, and then the distribution of latents to what the encoder says of faces.

        `at_rest`: those faces, images [n, 3, height, width] with their affect vectors [n, 7], each another person;
        where fewer are left of them than random faces start from, the batches' own too. Between two poses of one person
        there is a torn face, and so is what is drawn of a person whom the networks never learned: those are left out,
        or random faces, which start from the most unusual ones, would start from them.
        """
        networks: DrawingFamily = self.networks
        norms = [module for module in self.networks.modules() if isinstance(module, nn.BatchNorm2d)]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # torch then keeps the plain mean over all batches
            norm.train()
        for batch in batches:
            latent_mean, _ = networks.encode(batch.source_images, batch.source_affect)
            generated = networks.decode(latent_mean, batch.target_affect)
            networks.discriminate(torch.cat([batch.target_images, generated]))
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()
        shown = list(at_rest)
        if (1.0 - LEFT_OUT_SHARE) * sum(len(images) for images, _ in at_rest) < ANCHORS:
            shown += [(batch.source_images, batch.source_affect) for batch in batches]
        latents = [networks.encode(*faces)[0] for faces in shown]
        alike = [
            likeness_of_faces(images, networks.decode(latent, affects))
            for (images, affects), latent in zip(shown, latents, strict=True)
        ]
        scores = torch.cat(alike).nan_to_num(nan=-1.0)  # weights that are not finite are refused when they are saved
        networks.fit_latents(torch.cat(latents)[scores >= scores.quantile(LEFT_OUT_SHARE)])


def likeness_of_faces(images: Tensor, others: Tensor) -> Tensor:
    """How well the features of framed faces agree, pair by pair: correlation of brightness over the middle, [batch].

    A difference in colour values would be smallest for dark skin, whatever became of the mouth.
    """
    size = images.shape[-1]
    top, bottom, left, right = (round(size * share) for share in MIDDLE)
    brightness = [part[..., top:bottom, left:right].float().mean(dim=1).flatten(1) for part in (images, others)]
    return F.cosine_similarity(*(part - part.mean(dim=1, keepdim=True) for part in brightness))
