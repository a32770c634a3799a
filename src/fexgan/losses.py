"""The losses of FExGAN-Meta as pure functions, and their sums with every part kept by name.

Pictures are [batch, 3, height, width] in [-1, 1], logits come straight from the discriminator, every loss is a scalar.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


def soft_labels(affect: Tensor, strength: Tensor, full_label_strength: float, neutral_index: int) -> Tensor:
    """How certain each affect's label is: distributions [batch, 7].

    A faint smile is hardly joy: the affect gets min(1, strength / full_label_strength), neutral gets the rest.
    `affect`: indices [batch]; `strength`: [batch] in [0, 1], NaN (unknown) counts as full.
    """
    certainty = (strength.nan_to_num(nan=1.0) / full_label_strength).clamp(max=1.0)
    labels = F.one_hot(affect, 7) * certainty[:, None]
    labels[:, neutral_index] += 1.0 - certainty
    return labels


def adversarial(real_logit: Tensor, real: bool) -> Tensor:
    """Binary cross-entropy between the discriminator's verdict [batch] and the answer `real`, the same for all."""
    return F.softplus(-real_logit if real else real_logit).mean()


def classification(affect_logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the affects read [batch, 7] and the label distributions [batch, 7]."""
    return F.cross_entropy(affect_logits, labels)


def reconstruction(images: Tensor, target_images: Tensor) -> Tensor:
    """Mean absolute difference (L1); 2 between black and white."""
    return F.l1_loss(images, target_images)


def kl_divergence(latent_mean: Tensor, latent_log_sigma: Tensor) -> Tensor:
    """KL divergence of Normal(mean, sigma) from Normal(0, 1) in nats: summed over the latent, mean over the batch."""
    divergence = 0.5 * (latent_mean.square() + (2.0 * latent_log_sigma).exp() - 1.0) - latent_log_sigma
    return divergence.sum(dim=1).mean()


@dataclass(frozen=True)
class GeneratorWeights:
    """How much each part counts in `GeneratorLosses.total`."""

    adversarial: float
    classification: float
    reconstruction: float
    kl: float


@dataclass(frozen=True)
class GeneratorLosses:
    """What encoder and decoder minimise; the parts are unweighted scalars.

    Its pictures pass for real (`adversarial`), show the target affect to the discriminator (`classification`), equal
    a picture of the same character with that affect (`reconstruction`), and its latents fill a standard normal, so
    that random ones are characters too (`kl`).
    """

    adversarial: Tensor
    classification: Tensor
    reconstruction: Tensor
    kl: Tensor
    weights: GeneratorWeights

    @property
    def total(self) -> Tensor:
        return (
            self.weights.adversarial * self.adversarial
            + self.weights.classification * self.classification
            + self.weights.reconstruction * self.reconstruction
            + self.weights.kl * self.kl
        )


@dataclass(frozen=True)
class DiscriminatorLosses:
    """What the discriminator minimises: tell real from generated pictures, and name the affects of real ones."""

    real: Tensor
    generated: Tensor
    classification: Tensor

    @property
    def total(self) -> Tensor:
        return self.real + self.generated + self.classification


def discriminator_losses(
    real_logit: Tensor, generated_logit: Tensor, affect_logits: Tensor, labels: Tensor
) -> DiscriminatorLosses:
    """The discriminator's verdicts on real and on generated pictures [batch], its reading of the real ones [batch, 7]
    and their labels [batch, 7]."""
    return DiscriminatorLosses(
        real=adversarial(real_logit, real=True),
        generated=adversarial(generated_logit, real=False),
        classification=classification(affect_logits, labels),
    )
