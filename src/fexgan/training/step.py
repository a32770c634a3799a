"""One step of family `paper`: the discriminator's update and the generator's, on pictures drawn once for both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from fexgan.config import Config
from fexgan.losses import (
    DiscriminatorLosses,
    GeneratorLosses,
    GeneratorWeights,
    adversarial,
    classification,
    discriminator_losses,
    kl_divergence,
    reconstruction,
)
from fexgan.model import sample_latent
from fexgan.training.augmentation import augment
from fexgan.training.batches import Batch
from fexgan.training.updates import Updates, frozen


@dataclass(frozen=True)
class Drawing:
    """The generator's answer to a batch, still attached to its gradients."""

    images: Tensor
    """[batch, 3, height, width] in [-1, 1]"""
    latent_mean: Tensor
    """[batch, latent_size]"""
    latent_log_sigma: Tensor
    """[batch, latent_size]"""


class Trainer(Updates):
    """Two updates a step: the discriminator learns from a drawing, then the generator from its verdict."""

    def update(self, batch: Batch, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Take step `step` (from 1); `generator` varies the pictures that the discriminator sees."""
        torch.manual_seed(generator.initial_seed())  # dropout takes no generator
        self.set_rates(step)
        drawing = self.draw(batch)
        seen = self.update_discriminator(batch, drawing.images.detach(), generator)
        drawn = self.update_generator(batch, drawing, kl_weight(self.config, step), generator)
        losses = {f"discriminator_{name}": getattr(seen, name) for name in ("real", "generated", "classification")}
        losses |= {name: getattr(drawn, name) for name in ("adversarial", "classification", "reconstruction", "kl")}
        return {name: loss.detach() for name, loss in losses.items()}

    def draw(self, batch: Batch) -> Drawing:
        """Source pictures through encoder and decoder to the target affects."""
        with self.autocast():
            latent_mean, latent_log_sigma = self.networks.encode(batch.source_images, batch.source_affect)
            latent_mean, latent_log_sigma = latent_mean.float(), latent_log_sigma.float()
            latent = sample_latent(latent_mean, latent_log_sigma, batch.noise)
            images = self.networks.decode(latent, batch.target_affect)
        return Drawing(images.float(), latent_mean, latent_log_sigma)

    def update_discriminator(
        self, batch: Batch, generated_images: Tensor, generator: torch.Generator
    ) -> DiscriminatorLosses:
        """Teach the discriminator to tell real from generated pictures and to name the affects of real ones.

        Both go through it together. So batch norm scales them alike, in training by the same statistics as later in
        evaluation, and cannot cancel what sets the two apart.
        """
        seen = augment(torch.cat([batch.target_images, generated_images]), self.config.training.augmentation, generator)
        with self.autocast():
            real_logits, affect_logits = self.networks.discriminate(seen)  # [2 * batch], [2 * batch, 7]
        real_logit, generated_logit = real_logits.float().chunk(2)
        losses = discriminator_losses(
            real_logit, generated_logit, affect_logits.float().chunk(2)[0], batch.target_labels
        )
        self.descend(losses.total, self.discriminator_optimizer)
        return losses

    def update_generator(
        self, batch: Batch, drawing: Drawing, kl_weight: float, generator: torch.Generator
    ) -> GeneratorLosses:
        """Teach encoder and decoder to rebuild the target and to convince the discriminator.

        The discriminator judges as it will in use: by the statistics of real and generated pictures together that it
        has gathered, and whole, without dropout.
        """
        seen = augment(drawing.images, self.config.training.augmentation, generator)
        with frozen(self.networks.discriminator), self.autocast():
            real_logit, affect_logits = self.networks.discriminate(seen)  # [batch], [batch, 7]
        weights = self.config.loss
        losses = GeneratorLosses(
            adversarial=adversarial(real_logit.float(), real=True),
            classification=classification(affect_logits.float(), batch.target_labels),
            reconstruction=reconstruction(drawing.images, batch.target_images),
            kl=kl_divergence(drawing.latent_mean, drawing.latent_log_sigma),
            weights=GeneratorWeights(weights.adversarial, weights.classification, weights.reconstruction, kl_weight),
        )
        self.descend(losses.total, self.generator_optimizer)
        return losses


def kl_weight(config: Config, step: int) -> float:
    """Weight of the KL divergence at step `step` (from 1): rising linearly over `kl_warmup_steps`."""
    warmup = config.training.kl_warmup_steps
    return config.loss.kl * min(1.0, step / warmup if warmup else 1.0)
