"""What the rest of the program may ask of any networks, whatever their family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from torch import Tensor, nn

from fexgan.config import AnyModelConfig
from fexgan.model.edits import CloseUp, Edits

Capability = Literal["draw", "encode", "edit", "classify", "refine"]


@runtime_checkable
class Family(Protocol):
    """Networks of one family: an `nn.Module` that can do what `capabilities` lists.

    `draw`: `decode` turns random latents into new faces. `encode`: `encode` describes a face. `edit`: `edit` says how
    to change a picture. `classify`: `discriminate` names affects. `refine`: `refine` paints parts of edited pictures
    anew, larger. Images are float [batch, 3, height, width] in [-1, 1]; affects are vectors [batch, 7] in the order of
    `AFFECTS`.
    """

    config: AnyModelConfig
    capabilities: frozenset[Capability]
    discriminator: nn.Module
    """What `discriminate` runs, trained against the rest."""

    def generator_parameters(self) -> list[nn.Parameter]:
        """All parameters but the discriminator's."""
        ...


@runtime_checkable
class JudgingFamily(Family, Protocol):
    """Networks whose discriminator names affects beside telling real from made."""

    def discriminate(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Judge pictures: real logits, positive for real, [batch] or one per patch [batch, 1, rows, columns], and
        affect_logits [batch, 7]."""
        ...


@runtime_checkable
class DrawingFamily(JudgingFamily, Protocol):
    """Networks that describe a face by a latent and draw pictures anew; they can `draw` and `encode`."""

    def encode(self, images: Tensor, source_affect: Tensor) -> tuple[Tensor, Tensor]:
        """Describe the characters: latent_mean and latent_log_sigma, both [batch, latent_size]."""
        ...

    def decode(self, latent: Tensor, target_affect: Tensor) -> Tensor:
        """Draw the characters of `latent` [batch, latent_size] with the target affects: images.

        In training the decoder sees the affects as they are; in use they go through the curves of `set_curves`.
        """
        ...

    def draw_latents(self, seeds: Sequence[int]) -> Tensor:
        """Latents [number of seeds, latent_size] of random characters, each from its own seed, 0 or more."""
        ...

    def fit_latents(self, latent_mean: Tensor) -> None:
        """Let `draw_latents` draw from where the latents of many pictures lie, [n, latent_size]."""
        ...

    def set_curves(self, curves: Tensor) -> None:
        """Draw asked strengths 0, 0.1, ... 1 of each emotion with other ones, [6, 11]; all zero for as they are."""
        ...


@runtime_checkable
class EditingFamily(JudgingFamily, Protocol):
    """Networks that say how to change a picture, which stays the source of its own pixels; they can `edit`."""

    def analyse(self, images: Tensor) -> Any:
        """What `edit` needs of pictures, in a form of the family's own; kept while targets vary."""
        ...

    def read(self, images: Tensor) -> Tensor:
        """The affects [batch, 7] that pictures show."""
        ...

    def edit(
        self, features: Any, source_affect: Tensor, target_affect: Tensor, variants: Tensor | None = None
    ) -> Edits:
        """How to change the analysed pictures from the affects they show; not at all where the two are equal.

        `variants`: how much of each of `config.variants` the target takes, [batch, number of them] in [0, 1]; where not
        given, every affect takes its default variant. Features of one picture serve any number of affects at once.
        """
        ...


@runtime_checkable
class RefiningFamily(Family, Protocol):
    """Networks that paint parts of edited pictures anew, larger than they were edited; they can `refine`."""

    def refine(self, close_ups: CloseUp) -> CloseUp:
        """The same close-ups with finer paint and masks; where no paint shows nearby, with the same masks."""
        ...


def sample_latent(latent_mean: Tensor, latent_log_sigma: Tensor, noise: Tensor) -> Tensor:
    """The reparameterised draw, mean + sigma * noise; all [batch, latent_size], noise ~ Normal(0, 1)."""
    return latent_mean + latent_log_sigma.exp() * noise
