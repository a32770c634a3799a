"""One step of family `paper`: the discriminator's update and the generator's, on pictures drawn once for both."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from accelerate import Accelerator
from torch import Tensor

from fexgan.config import Config
from fexgan.losses import (
    adversarial,
    classification,
    face_weights,
    feature_difference,
    gradient_difference,
    gradient_penalty,
    joint_betrayal,
    joint_classification,
    kl_divergence,
    reconstruction,
    relativistic,
    weighted_sum,
)
from fexgan.model import DrawingFamily, sample_latent
from fexgan.training.augmentation import augment
from fexgan.training.batches import Batch
from fexgan.training.measuring import norms_of
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

    def __init__(self, networks: DrawingFamily, config: Config, accelerator: Accelerator) -> None:
        super().__init__(networks, config, accelerator)
        if config.training.frozen_norms:
            for norm in (*norms_of(networks.encoder), *norms_of(networks.decoder)):
                norm.eval()

    def update(self, batch: Batch, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Take step `step` (from 1); `generator` varies the pictures that the discriminator sees."""
        torch.manual_seed(generator.initial_seed())  # dropout takes no generator
        self.set_rates(step)
        drawing = self.draw(batch)
        seen = self.update_discriminator(batch, drawing.images.detach(), generator)
        drawn = self.update_generator(batch, drawing, kl_weight(self.config, step), generator)
        losses = {f"discriminator_{name}": loss for name, loss in seen.items()} | drawn
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
    ) -> dict[str, Tensor]:
        """Teach the discriminator to tell real from generated pictures and to name the affects of real ones.

        Both go through it together. So batch norm scales them alike, in training by the same statistics as later in
        evaluation, and cannot cancel what sets the two apart.
        """
        loss = self.config.loss
        seen = torch.cat([batch.target_images, generated_images])
        seen = augment(seen, self.config.training.augmentation, generator).requires_grad_(loss.gradient_penalty > 0)
        real_logits, affect_logits = self.read(seen)  # [2 * batch], [2 * batch, 7 or 14]
        losses = self.told_apart(*real_logits.chunk(2))
        losses["classification"] = self.named(*affect_logits.chunk(2), batch.target_labels)
        weights = dict.fromkeys(losses, 1.0)
        if loss.gradient_penalty > 0:
            losses["gradient_penalty"] = gradient_penalty(real_logits, seen)
            weights["gradient_penalty"] = loss.gradient_penalty
        self.descend(weighted_sum(losses, weights), self.discriminator_optimizer)
        return losses

    def update_generator(
        self, batch: Batch, drawing: Drawing, kl_weight: float, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Teach encoder and decoder what they minimise, each loss by the weight of its name.

        Their pictures pass for real (`adversarial`), show the target affect to the discriminator (`classification`),
        equal a picture of the same character with that affect (`reconstruction`; by weight also in its `edges` and, as
        the discriminator sees it, its `features`), and their latents fill a standard normal, so that random ones are
        characters too (`kl`). The discriminator judges as it will in use: by the statistics of real and generated
        pictures together that it has gathered, and whole, without dropout.
        """
        loss, images = self.config.loss, drawing.images
        with frozen(self.networks.discriminator):
            real_logit, affect_logits = self.read(augment(images, self.config.training.augmentation, generator))
            if loss.gan == "relativistic":
                passing = relativistic(real_logit, self.rival_logit(batch.target_images, generator))
            else:
                passing = adversarial(real_logit, real=True)
            showing = joint_betrayal if self.joint else classification
            losses = {
                "adversarial": passing,
                "classification": showing(affect_logits, batch.target_labels),
                "reconstruction": reconstruction(images, batch.target_images, self.face_weights),
                "kl": kl_divergence(drawing.latent_mean, drawing.latent_log_sigma),
            }
            if loss.edges > 0:
                losses["edges"] = gradient_difference(images, batch.target_images)
            if loss.features > 0:
                losses["features"] = self.feature_difference(images, batch.target_images)
        self.descend(weighted_sum(losses, vars(loss) | {"kl": kl_weight}), self.generator_optimizer)
        return losses

    @cached_property
    def face_weights(self) -> Tensor | None:
        """[height, width], or None where all pixels count alike."""
        framing, weight = self.config.framing, self.config.loss.face
        if weight == 0:
            return None
        centre_y = 0.5 - framing.vertical_offset
        return face_weights(framing.image_size_px, framing.face_fraction, centre_y, weight).to(self.accelerator.device)

    @property
    def joint(self) -> bool:
        """Whether the discriminator names affects together with whether the picture is real."""
        return self.config.model.affect_head == "adcgan"

    def read(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The discriminator's answers in fp32: real logits [batch], affect logits [batch, 7 or 14]."""
        with self.autocast():
            real_logit, affect_logits = self.networks.discriminator.read(images)
        return real_logit.float(), affect_logits.float()

    def told_apart(self, real_logit: Tensor, generated_logit: Tensor) -> dict[str, Tensor]:
        """How badly real and generated pictures are told apart, of verdicts on both [batch]."""
        if self.config.loss.gan == "relativistic":
            return {"adversarial": relativistic(real_logit, generated_logit)}
        return {"real": adversarial(real_logit, real=True), "generated": adversarial(generated_logit, real=False)}

    def named(self, of_real: Tensor, of_generated: Tensor, labels: Tensor) -> Tensor:
        """How badly affects are named in real pictures; with ADC-GAN also in generated ones, as such."""
        if not self.joint:
            return classification(of_real, labels)
        return joint_classification(of_real, labels, real=True) + joint_classification(of_generated, labels, real=False)

    @torch.no_grad()
    def rival_logit(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """What the discriminator says of real pictures that generated ones are set beside, [batch]."""
        return self.read(augment(images, self.config.training.augmentation, generator))[0]

    def feature_difference(self, images: Tensor, target_images: Tensor) -> Tensor:
        """How differently the discriminator sees both, unvaried: no two pictures are varied alike."""
        with self.autocast():
            features = self.networks.discriminator.features(images)
            with torch.no_grad():
                target_features = self.networks.discriminator.features(target_images)
        return feature_difference(features, target_features)


def loss_names(config: Config) -> tuple[str, ...]:
    """What `Trainer.update` with these settings returns, in its order."""
    loss = config.loss
    verdicts = ("adversarial",) if loss.gan == "relativistic" else ("real", "generated")
    penalty = ("gradient_penalty",) if loss.gradient_penalty > 0 else ()
    seen = (f"discriminator_{name}" for name in (*verdicts, "classification", *penalty))
    more = (name for name in ("edges", "features") if getattr(loss, name) > 0)
    return *seen, "adversarial", "classification", "reconstruction", "kl", *more


def kl_weight(config: Config, step: int) -> float:
    """Weight of the KL divergence at step `step` (from 1): rising linearly over `kl_warmup_steps`."""
    warmup = config.training.kl_warmup_steps
    return config.loss.kl * min(1.0, step / warmup if warmup else 1.0)
