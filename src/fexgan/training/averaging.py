"""The averaged copy of the networks that is drawn with and saved: calmer than the weights of any one step."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fexgan.model import DrawingFamily, Family
from fexgan.model.latents import ANCHORS
from fexgan.training.batches import Batch


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
        where they are fewer than random faces start from, the batches' own too. Between two poses of one person there
        is a torn face.
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
        if sum(len(images) for images, _ in at_rest) < ANCHORS:
            shown += [(batch.source_images, batch.source_affect) for batch in batches]
        networks.fit_latents(torch.cat([networks.encode(*faces)[0] for faces in shown]))
