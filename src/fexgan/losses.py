"""The losses of both families as pure functions, and the paper's sums with every part kept by name.

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


def mixture_labels(affects: Tensor, full_label_strength: float, neutral_index: int) -> Tensor:
    """`soft_labels` of affect vectors [batch, 7]: emotions share their joint certainty by strength."""
    strengths = affects.clone()
    strengths[:, neutral_index] = 0.0
    labels = strengths / strengths.sum(dim=1, keepdim=True).clamp(min=full_label_strength)
    labels[:, neutral_index] = 1.0 - labels.sum(dim=1)
    return labels


def adversarial(real_logit: Tensor, real: bool) -> Tensor:
    """Binary cross-entropy between the discriminator's verdicts, of any shape, and the answer `real` to all."""
    return F.softplus(-real_logit if real else real_logit).mean()


def relativistic(logits: Tensor, other_logits: Tensor, weights: Tensor) -> Tensor:
    """How far patches are from passing for more real than others in the same places; log 2 where none can be told.

    Each verdict is compared with that on its counterpart alone (Jolicoeur-Martineau, arXiv 1807.00734), all [batch, 1,
    rows, columns]; a patch counts by its share of the weights. 0 where no patch counts.
    """
    return (weights * F.softplus(other_logits - logits)).sum() / weights.sum().clamp(min=1e-6)


def classification(affect_logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the affects read [batch, 7] and the label distributions [batch, 7]."""
    return F.cross_entropy(affect_logits, labels)


def reconstruction(images: Tensor, target_images: Tensor) -> Tensor:
    """Mean absolute difference (L1); 2 between black and white."""
    return F.l1_loss(images, target_images)


def changed_reconstruction(
    images: Tensor, target_images: Tensor, source_images: Tensor, weight: float, changed_from: float
) -> Tensor:
    """Mean absolute difference to the target in which a pixel counts `weight` times where source and target differ.

    Without the weight the few pixels of a smile are outvoted by all the others, which copying the source gets right.
    """
    changed = changed_pixels(target_images, source_images, changed_from)
    return ((images - target_images).abs() * (1.0 + (weight - 1.0) * changed)).mean()


def changed_pixels(target_images: Tensor, source_images: Tensor, changed_from: float) -> Tensor:
    """Where the channel that differs most does by more than `changed_from`: bool [batch, 1, height, width]."""
    return (target_images - source_images).abs().amax(dim=1, keepdim=True) > changed_from


def gradient_difference(images: Tensor, target_images: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels' differences, across plus down: edges where the target's are."""
    return total_variation(images - target_images)


def total_variation(fields: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across plus down, of fields [batch, channels, height, width]."""
    return fields.diff(dim=3).abs().mean() + fields.diff(dim=2).abs().mean()


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


def reading(read_affect: Tensor, affect: Tensor, neutral_index: int) -> Tensor:
    """Binary cross-entropy of the strengths of the emotions that are read and those that are there, both [batch, 7].

    An absolute difference would be least for reading nothing at all, for most emotions are absent from most faces.
    Neutral is what the emotions leave, so it is not counted. 0 only where all strengths are 0 or 1 and read so.
    """
    emotions = [index for index in range(affect.shape[1]) if index != neutral_index]
    return F.binary_cross_entropy(read_affect[:, emotions].float(), affect[:, emotions])
