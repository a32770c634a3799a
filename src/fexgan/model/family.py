"""What the rest of the program may ask of any networks, whatever their family."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from torch import Tensor, nn

from fexgan.config import ModelConfig

Capability = Literal["draw", "encode", "edit", "classify"]


@runtime_checkable
class Family(Protocol):
    """Networks of one family: an `nn.Module` that can do what `capabilities` lists.

    `draw`: `decode` turns random latents into new faces. `encode`: `encode` describes a face. `edit`: a face can be
    changed. `classify`: `discriminate` names affects. Images are float [batch, 3, height, width] in [-1, 1]; affects
    are vectors [batch, 7] in the order of `AFFECTS`.
    """

    config: ModelConfig
    capabilities: frozenset[Capability]
    discriminator: nn.Module
    """What `discriminate` runs, trained against the rest."""

    def encode(self, images: Tensor, source_affect: Tensor) -> tuple[Tensor, Tensor]:
        """Describe the characters: latent_mean and latent_log_sigma, both [batch, latent_size]."""
        ...

    def decode(self, latent: Tensor, target_affect: Tensor) -> Tensor:
        """Draw the characters of `latent` [batch, latent_size] with the target affects: images."""
        ...

    def discriminate(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Judge pictures: real_logit [batch], positive for real, and affect_logits [batch, 7]."""
        ...

    def draw_latent(self, noise: Tensor) -> Tensor:
        """Turn noise ~ Normal(0, 1) into latents of random characters, both [batch, latent_size]."""
        ...

    def fit_latents(self, latent_mean: Tensor, latent_log_sigma: Tensor) -> None:
        """Let `draw_latent` draw from where the latents of many pictures lie, both [n, latent_size]."""
        ...

    def generator_parameters(self) -> list[nn.Parameter]:
        """All parameters but the discriminator's."""
        ...


def sample_latent(latent_mean: Tensor, latent_log_sigma: Tensor, noise: Tensor) -> Tensor:
    """The reparameterised draw, mean + sigma * noise; all [batch, latent_size], noise ~ Normal(0, 1)."""
    return latent_mean + latent_log_sigma.exp() * noise
