"""What networks that draw keep beside their weights and is measured under them: statistics, and where faces lie."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fexgan.model import DrawingFamily
from fexgan.model.latents import ANCHORS
from fexgan.training.batches import Batch

LEFT_OUT_SHARE = 0.3
"""Share of encoded faces that no random one starts from: those that come back least alike."""
MIDDLE = (0.34, 0.78, 0.31, 0.69)
"""Where eyes, nose and mouth of a framed face lie: top, bottom, left and right, as shares of the picture's side."""


@torch.no_grad()
def measure_drawing(
    networks: DrawingFamily,
    batches: Sequence[Batch],
    at_rest: Sequence[tuple[Tensor, Tensor]] = (),
    frozen_norms: bool = False,
) -> None:
    """Set the batch-norm statistics of `networks`, in evaluation mode, to their mean over `batches`, as met in use:
    without the augmentation, dropout and noise of training; with `frozen_norms` those of the discriminator alone. Then
    set the distribution of latents to what the encoder says of faces.

    `at_rest`: those faces, images [n, 3, height, width] with their affect vectors [n, 7], each another person; where
    fewer are left of them than random faces start from, the batches' own too. Between two poses of one person there is
    a torn face, and so is what is drawn of a person whom the networks never learned: those are left out, or random
    faces, which start from the most unusual ones, would start from them.
    """
    norms = norms_of(networks.discriminator if frozen_norms else networks)
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


def norms_of(networks: nn.Module) -> list[nn.BatchNorm2d]:
    """Every batch norm in them."""
    return [module for module in networks.modules() if isinstance(module, nn.BatchNorm2d)]


def likeness_of_faces(images: Tensor, others: Tensor) -> Tensor:
    """How well the features of framed faces agree, pair by pair: correlation of brightness over the middle, [batch].

    A difference in colour values would be smallest for dark skin, whatever became of the mouth.
    """
    size = images.shape[-1]
    top, bottom, left, right = (round(size * share) for share in MIDDLE)
    brightness = [part[..., top:bottom, left:right].float().mean(dim=1).flatten(1) for part in (images, others)]
    return F.cosine_similarity(*(part - part.mean(dim=1, keepdim=True) for part in brightness))
