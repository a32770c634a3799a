"""Where random characters come from: one after another of the encoded ones, mixed with those alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fexgan.tensors import sample_latents

ANCHORS = 192
"""Encoded faces that random ones are drawn between."""
NEIGHBOURHOOD = 0.2
"""How far around an anchor others join in, as a share of how far two anchors lie apart (median). From 0.25 on, the
hair of different people is laid over each other in one face of fifty."""


class RandomLatents(nn.Module):
    """Turns seeds into latents of random characters, [number of seeds, latent_size].

    The published network draws latents from Normal(0, 1), which training only pulls the encoder's towards: random ones
    then fall where no character is, and their faces break. A density fitted to the encoded latents (Ghosh et al., arXiv
    1903.12436) still covers the gaps between people, where hair styles and beards are laid over each other; and draws
    from any density repeat themselves: among 64 of 192 people, ten pairs would be the same two. So seeds take encoded
    faces in turn, without replacement, as strata of the density: as many seeds in a row as there are anchors start from
    different people, those who look most different first. Each is mixed a little with those alike, weighted by the
    noise of its seed: a face stays close to somebody, and the next round brings others close to the same people.
    """

    def __init__(self, latent_size: int) -> None:
        super().__init__()
        self.register_buffer("anchors", torch.zeros(ANCHORS, latent_size))
        """Each the one that looks least like those before it."""
        self.register_buffer("apart", torch.zeros(1))
        """How far two anchors lie apart; 0 until fitted, and then latents are plain noise."""

    def forward(self, seeds: Sequence[int]) -> Tensor:
        noise = sample_latents(seeds, self.anchors.shape[1]).to(self.anchors)
        if not self.apart:
            return noise
        starts = self.anchors[[seed % ANCHORS for seed in seeds]]
        distance = (starts[:, None] - self.anchors).norm(dim=2) / (NEIGHBOURHOOD * self.apart)  # [seeds, anchors]
        liking = noise @ F.normalize(self.anchors - self.anchors.mean(dim=0)).T
        return (liking - 0.5 * distance.square()).softmax(dim=1) @ self.anchors

    @torch.no_grad()
    def fit(self, latent_mean: Tensor, looks: Tensor) -> None:
        """Let random characters come from between those of many encoded pictures [n, latent_size].

        `looks`: what each of them looks like, [n, numbers]; equal distances are as easily seen.
        """
        self.anchors.copy_(latent_mean[_far_apart(looks, ANCHORS)])
        self.apart.copy_(torch.pdist(self.anchors).median().clamp(min=1e-6))


def _far_apart(points: Tensor, count: int) -> Tensor:
    """Indices [count] of points, each the farthest from those before it (Gonzalez 1985); all in turn again
    where they are fewer."""
    distance = (points - points.mean(dim=0)).norm(dim=1)
    chosen = [distance.argmin()]
    nearest = torch.full_like(distance, torch.inf)
    for _ in range(min(count, len(points)) - 1):
        nearest = torch.minimum(nearest, (points - points[chosen[-1]]).norm(dim=1))
        chosen.append(nearest.argmax())
    return torch.stack(chosen).repeat(-(-count // len(chosen)))[:count]
