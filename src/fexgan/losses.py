"""The losses of all families as pure functions, and their weighted sum.

Pictures are [batch, 3, height, width] in [-1, 1], logits come straight from the discriminator, every loss is a scalar.
"""

from __future__ import annotations

import torch
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


def relativistic(logits: Tensor, other_logits: Tensor, weights: Tensor | None = None) -> Tensor:
    """How far pictures or patches are from passing for more real than others in the same places; log 2 where none can
    be told.

    Each verdict is compared with that on its counterpart alone (Jolicoeur-Martineau, arXiv 1807.00734), all of one
    shape. `weights`, of that shape: a verdict counts by its share of them; 0 where none counts.
    """
    doubts = F.softplus(other_logits - logits)
    return doubts.mean() if weights is None else (weights * doubts).sum() / weights.sum().clamp(min=1e-6)


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Mean squared length of the gradient at each picture of the sum of all verdicts [batch]: 0 where it is flat.

    Where each picture is judged by itself, that is its own verdict's gradient: R1 at real pictures (Mescheder et al.,
    arXiv 1801.04406), R2 at generated ones, at both together their mean. A discriminator with batch norm in training
    judges pictures by what it gathers from all of them: then a picture also pays for what it does to the others'
    verdicts, and pays nothing for what batch norm takes back, such as a verdict that rises as much as the others fall.
    """
    (gradients,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradients.square().sum(dim=(1, 2, 3)).mean()


def classification(affect_logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the affects read [batch, 7] and the label distributions [batch, 7]."""
    return F.cross_entropy(affect_logits, labels)


def joint_classification(joint_logits: Tensor, labels: Tensor, real: bool) -> Tensor:
    """`classification` where affects are read together with whether the picture is real (ADC-GAN, Hou et al., arXiv
    2107.10060): logits of the affects of real pictures, then of generated ones, [batch, 14]; all here are `real` or
    none."""
    none = torch.zeros_like(labels)
    return classification(joint_logits, torch.cat([labels, none] if real else [none, labels], dim=1))


def joint_betrayal(joint_logits: Tensor, labels: Tensor) -> Tensor:
    """How much rather the labelled affects are read as generated than as real, in nats; without bound below.

    What ADC-GAN's generator minimises: naming the affect alone would be answered by caricatures of it.
    """
    real, generated = (joint_classification(joint_logits, labels, real) for real in (True, False))
    return real - generated


def reconstruction(images: Tensor, target_images: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean absolute difference (L1); 2 between black and white. `weights` [..., height, width]: what pixels count."""
    differences = (images - target_images).abs()
    return (differences if weights is None else differences * weights).mean()


def face_weights(size_px: int, face_fraction: float, centre_y: float, weight: float) -> Tensor:
    """How much each pixel [size_px, size_px] of a framed face counts, 1 on average.

    The middle of the face, at half the width and `centre_y` of the height, counts 1 + `weight` times what the rim of
    the picture does, less and less to the outline of a face as high as `face_fraction` of the picture.
    """
    places = (torch.arange(size_px) + 0.5) / size_px
    across, down = places - 0.5, (places - centre_y)[:, None]
    nearness = torch.exp(-(across.square() + down.square()) / (2.0 * (0.4 * face_fraction) ** 2))
    weights = 1.0 + weight * nearness
    return weights / weights.mean()


def changed_reconstruction(
    images: Tensor,
    target_images: Tensor,
    source_images: Tensor,
    weight: float,
    changed_from: float,
    weights: Tensor | None = None,
) -> Tensor:
    """`reconstruction` in which a pixel counts `weight` times where source and target differ.

    Without the weight the few pixels of a smile are outvoted by all the others, which copying the source gets right.
    `weights` [..., height, width]: what pixels count besides.
    """
    changed = 1.0 + (weight - 1.0) * changed_pixels(target_images, source_images, changed_from)
    return reconstruction(images, target_images, changed if weights is None else changed * weights)


def changed_pixels(target_images: Tensor, source_images: Tensor, changed_from: float) -> Tensor:
    """Where the channel that differs most does by more than `changed_from`: bool [batch, 1, height, width]."""
    return (target_images - source_images).abs().amax(dim=1, keepdim=True) > changed_from


def movement(flow: Tensor, still: Tensor) -> Tensor:
    """Mean length of the flow [batch, 2, height, width] where nothing moves, `still` [batch, 1, height, width] in
    [0, 1]; 0 where everything does."""
    lengths = (flow.square().sum(dim=1, keepdim=True) + 1e-12).sqrt()
    return (still * lengths).sum() / still.sum().clamp(min=1.0)


def gradient_difference(images: Tensor, target_images: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring pixels' differences, across plus down: edges where the target's are."""
    return total_variation(images - target_images)


def total_variation(fields: Tensor) -> Tensor:
    """Mean absolute difference of neighbours, across plus down, of fields [batch, channels, height, width]."""
    return fields.diff(dim=3).abs().mean() + fields.diff(dim=2).abs().mean()


def feature_difference(features: list[Tensor], target_features: list[Tensor]) -> Tensor:
    """Mean absolute difference of feature maps, each stage counted alike (after Larsen et al., arXiv 1512.09300)."""
    pairs = zip(features, target_features, strict=True)
    return torch.stack([F.l1_loss(one.float(), target.float()) for one, target in pairs]).mean()


def kl_divergence(latent_mean: Tensor, latent_log_sigma: Tensor) -> Tensor:
    """KL divergence of Normal(mean, sigma) from Normal(0, 1) in nats: summed over the latent, mean over the batch."""
    divergence = 0.5 * (latent_mean.square() + (2.0 * latent_log_sigma).exp() - 1.0) - latent_log_sigma
    return divergence.sum(dim=1).mean()


def weighted_sum(losses: dict[str, Tensor], weights: dict[str, float]) -> Tensor:
    """Every loss times the weight of its name."""
    return sum(weights[name] * loss for name, loss in losses.items())


def reading(read_affect: Tensor, affect: Tensor, neutral_index: int) -> Tensor:
    """Binary cross-entropy of the strengths of the emotions that are read and those that are there, both [batch, 7].

    An absolute difference would be least for reading nothing at all, for most emotions are absent from most faces.
    Neutral is what the emotions leave, so it is not counted. 0 only where all strengths are 0 or 1 and read so.
    """
    emotions = [index for index in range(affect.shape[1]) if index != neutral_index]
    return F.binary_cross_entropy(read_affect[:, emotions].float(), affect[:, emotions])
