"""Where random characters come from: normal noise, moved to where the encoder found people."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ANCHORS = 128
"""Encoded faces that random ones are drawn between."""
REACH, NEIGHBOURHOOD = 0.08, 0.25
"""How far noise reaches for an anchor, and how far around it others join in, as shares of how far two anchors lie apart
(median); two to three anchors then make a face."""
_BALANCING_NOISE, _BALANCING_ROUNDS = 4096, 60


class LatentMap(nn.Module):
    """Moves noise ~ Normal(0, 1) to latents of random characters, both [batch, latent_size].

    The published network draws latents from Normal(0, 1), which training only pulls the encoder's towards: random ones
    then fall where no character is, and their faces break. A density fitted to the encoded latents after training
    (Ghosh et al., arXiv 1903.12436) is better and still covers the gaps between people, where hair styles and beards
    are laid over each other. So noise that follows the density is moved on to a person, by the entropic form of
    semi-discrete optimal transport from noise to encoded faces (An et al., AE-OT, ICLR 2020), such that every one of
    them is met as often as another; and then mixed with those alike, each weighted by the noise.
    """

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        self.register_buffer("center", torch.zeros(latent_size))
        self.register_buffer("spread", torch.eye(latent_size))
        self.register_buffer("anchors", torch.zeros(ANCHORS, latent_size))
        self.register_buffer("prices", torch.zeros(ANCHORS))
        self.register_buffer("apart", torch.zeros(1))
        """How far two anchors lie apart; 0 until fitted, and then noise stays as it is."""

    def forward(self, noise: Tensor) -> Tensor:
        if not self.apart:
            return noise
        person = (self._scores(noise) + self.prices).softmax(dim=1) @ self.anchors
        likeness = self._nearness(person, NEIGHBOURHOOD)
        liking = noise @ F.normalize(self.anchors - self.center).T
        return (likeness + liking).softmax(dim=1) @ self.anchors

    @torch.no_grad()
    def fit(self, latent_mean: Tensor) -> None:
        """Let random characters come from between those of many encoded pictures [n, latent_size]."""
        self.anchors.copy_(latent_mean[_far_apart(latent_mean, ANCHORS)])
        values, vectors = torch.linalg.eigh(torch.cov(self.anchors.T))
        self.center.copy_(self.anchors.mean(dim=0))
        self.spread.copy_(vectors * values.clamp(min=0.0).sqrt() @ vectors.T)
        self.apart.copy_(torch.pdist(self.anchors).median().clamp(min=1e-6))
        self._balance()

    def _balance(self) -> None:
        """Raise the prices of anchors that too little noise goes to until all get alike (Sinkhorn's iteration)."""
        self.prices.zero_()
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(_BALANCING_NOISE, len(self.center), generator=generator)
        scores = self._scores(noise.to(self.center))
        for _ in range(_BALANCING_ROUNDS):
            share = (scores + self.prices).softmax(dim=1).mean(dim=0)
            self.prices -= 0.5 * (share * ANCHORS).clamp(min=1e-6).log()

    def _scores(self, noise: Tensor) -> Tensor:
        """How near each noise, once it follows the density, is to each anchor: [batch, anchors], 0 or less."""
        return self._nearness(self.center + noise @ self.spread.T, REACH)

    def _nearness(self, latents: Tensor, sigma: float) -> Tensor:
        """Logarithm of a normal kernel of width `sigma`, a share of `apart`, around each anchor: [batch, anchors]."""
        return -torch.cdist(latents, self.anchors).square() / (2.0 * (sigma * self.apart).square())


def _far_apart(points: Tensor, count: int) -> Tensor:
    """Indices [count] of points, each the farthest from those before it (Gonzalez 1985); repeated where too few."""
    distance = (points - points.mean(dim=0)).norm(dim=1)
    chosen = [distance.argmin()]
    nearest = torch.full_like(distance, torch.inf)
    for _ in range(count - 1):
        nearest = torch.minimum(nearest, (points - points[chosen[-1]]).norm(dim=1))
        chosen.append(nearest.argmax())
    return torch.stack(chosen)
