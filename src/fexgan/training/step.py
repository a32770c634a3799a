"""One training step: the discriminator's update and the generator's, on pictures that are drawn once for both."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from accelerate import Accelerator
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
from fexgan.model import Family, sample_latent
from fexgan.training.augmentation import augment
from fexgan.training.batches import Batch


@dataclass(frozen=True)
class Drawing:
    """The generator's answer to a batch, still attached to its gradients."""

    images: Tensor
    """[batch, 3, height, width] in [-1, 1]"""
    latent_mean: Tensor
    """[batch, latent_size]"""
    latent_log_sigma: Tensor
    """[batch, latent_size]"""


class Trainer:
    """Networks, the optimisers of their two updates, and the schedule of learning rate and KL weight."""

    def __init__(self, networks: Family, config: Config, accelerator: Accelerator) -> None:
        self.networks = networks.to(accelerator.device, memory_format=torch.channels_last).train()
        self.config = config
        self.accelerator = accelerator
        training = config.training
        self.generator_optimizer = _adam(networks.generator_parameters(), config, weight_decay=0.0)
        self.discriminator_optimizer = _adam(
            list(networks.discriminator.parameters()), config, weight_decay=training.discriminator_weight_decay
        )

    def update(
        self, batch: Batch, step: int, generator: torch.Generator
    ) -> tuple[DiscriminatorLosses, GeneratorLosses]:
        """Take step `step` (from 1) on `batch`; `generator` varies the pictures that the discriminator sees."""
        torch.manual_seed(generator.initial_seed())  # dropout takes no generator
        rate = learning_rate(self.config, step)
        self.generator_optimizer.param_groups[0]["lr"] = rate
        self.discriminator_optimizer.param_groups[0]["lr"] = rate * self.config.training.discriminator_rate
        drawing = self.draw(batch)
        seen = self.update_discriminator(batch, drawing.images.detach(), generator)
        drawn = self.update_generator(batch, drawing, kl_weight(self.config, step), generator)
        return seen, drawn

    def draw(self, batch: Batch) -> Drawing:
        """Source pictures through encoder and decoder to the target affects."""
        with self._autocast():
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
        with self._autocast():
            real_logits, affect_logits = self.networks.discriminate(seen)  # [2 * batch], [2 * batch, 7]
        real_logit, generated_logit = real_logits.float().chunk(2)
        losses = discriminator_losses(
            real_logit, generated_logit, affect_logits.float().chunk(2)[0], batch.target_labels
        )
        self._descend(losses.total, self.discriminator_optimizer)
        return losses

    def update_generator(
        self, batch: Batch, drawing: Drawing, kl_weight: float, generator: torch.Generator
    ) -> GeneratorLosses:
        """Teach encoder and decoder to rebuild the target and to convince the discriminator.

        The discriminator judges as it will in use: by the statistics of real and generated pictures together that it
        has gathered, and whole, without dropout.
        """
        seen = augment(drawing.images, self.config.training.augmentation, generator)
        with _frozen(self.networks.discriminator), self._autocast():
            real_logit, affect_logits = self.networks.discriminate(seen)  # [batch], [batch, 7]
        weights = self.config.loss
        losses = GeneratorLosses(
            adversarial=adversarial(real_logit.float(), real=True),
            classification=classification(affect_logits.float(), batch.target_labels),
            reconstruction=reconstruction(drawing.images, batch.target_images),
            kl=kl_divergence(drawing.latent_mean, drawing.latent_log_sigma),
            weights=GeneratorWeights(weights.adversarial, weights.classification, weights.reconstruction, kl_weight),
        )
        self._descend(losses.total, self.generator_optimizer)
        return losses

    def _autocast(self) -> torch.autocast:
        bf16 = self.config.training.precision == "bf16"
        return torch.autocast(self.accelerator.device.type, torch.bfloat16, enabled=bf16)

    def _descend(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        optimizer.step()


def learning_rate(config: Config, step: int) -> float:
    """The generator's step size at step `step` (from 1): constant, then falling over the last `decay_share`."""
    training = config.training
    remaining = (training.steps - step + 1) / (training.decay_share * training.steps) if training.decay_share else 1.0
    return training.learning_rate * min(1.0, max(0.0, remaining))


def kl_weight(config: Config, step: int) -> float:
    """Weight of the KL divergence at step `step` (from 1): rising linearly over `kl_warmup_steps`."""
    warmup = config.training.kl_warmup_steps
    return config.loss.kl * min(1.0, step / warmup if warmup else 1.0)


def _adam(parameters: list[torch.nn.Parameter], config: Config, weight_decay: float) -> torch.optim.Optimizer:
    """Adam as published; a weight decay is decoupled from its gradients."""
    return torch.optim.AdamW(
        parameters, config.training.learning_rate, config.training.betas, weight_decay=weight_decay, fused=True
    )


@contextlib.contextmanager
def _frozen(module: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode, and gradients to the input alone: those of the weights would cost time and go unused."""
    module.eval().requires_grad_(False)
    try:
        yield
    finally:
        module.train().requires_grad_(True)
