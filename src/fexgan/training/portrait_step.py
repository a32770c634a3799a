"""One step of family `portrait`: the generator's update, and from some step on the discriminator's before it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.affects import NEUTRAL_INDEX
from fexgan.losses import (
    changed_pixels,
    changed_reconstruction,
    classification,
    gradient_difference,
    movement,
    reading,
    relativistic,
    total_variation,
    weighted_sum,
)
from fexgan.model import apply_edits
from fexgan.training.pairs import PairBatch
from fexgan.training.updates import Updates, frozen

ADVERSARIAL_RISE_STEPS = 200
"""Over so many steps the discriminator's say rises to its full weight, for at first it knows nothing."""
HIDDEN_PAINT = 0.2
"""How much paint counts on skin, where it hardly ever shows, beside paint in eyes and mouths."""

Answer = tuple[Tensor, dict[str, Tensor]]
"""The edited pictures [batch, 3, height, width], and the losses that need no discriminator, by name."""


class PortraitTrainer(Updates):
    """Editing networks learn from filmed pairs alone at first; a discriminator then sharpens what they paint."""

    def update(self, batch: PairBatch, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Take step `step` (from 1); nothing in it is random."""
        self.set_rates(step)
        begun = step - self.config.training.adversarial_from_step + 1
        answer = self.draw(batch)
        losses = {}
        if begun > 0:
            losses = self.update_discriminator(batch, answer[0].detach())
        losses |= self.update_generator(batch, answer, min(1.0, max(0, begun) / ADVERSARIAL_RISE_STEPS))
        return {name: loss.detach() for name, loss in losses.items()}

    def draw(self, batch: PairBatch) -> Answer:
        """Sources edited to the affects of their truths, with gradients."""
        networks, weights = self.networks, self.config.loss
        with self.autocast():
            features = networks.analyse(batch.source_images)
            edits = networks.edit(features, batch.source_affect, batch.target_affect, batch.target_variants)
            read_affect = networks.read(torch.cat([batch.source_images, batch.target_images]))  # [2 * batch, 7]
        images = apply_edits(batch.source_images, edits)
        losses = {
            "reconstruction": changed_reconstruction(
                images, batch.target_images, batch.source_images, weights.changed, weights.changed_from
            ),
            "gradient": gradient_difference(images, batch.target_images),
            "smoothness": total_variation(edits.flow),
            "eyes": movement(edits.flow, batch.eyes),
            "sparsity": edits.mask.mean(),
            "strays": ((1.0 - batch.openings) * edits.mask).mean(),
            "compactness": total_variation(edits.mask) + total_variation(edits.shade),
            "shading": edits.shade.abs().mean(),
            "painting": changed_reconstruction(
                edits.paint,
                batch.target_images,
                batch.source_images,
                weights.changed,
                weights.changed_from,
                HIDDEN_PAINT + (1.0 - HIDDEN_PAINT) * batch.openings,
            ),
            "reading": reading(read_affect, torch.cat([batch.source_affect, batch.target_affect]), NEUTRAL_INDEX),
        }
        return images, losses

    def update_discriminator(self, batch: PairBatch, edited_images: Tensor) -> dict[str, Tensor]:
        """Teach the discriminator to prefer filmed patches to edited ones and to name the affects of filmed faces."""
        filmed, edited, affect_logits = self.judge(batch.target_images, edited_images)
        losses = {
            "discriminator_adversarial": relativistic(filmed, edited, self.contested(batch, filmed)),
            "discriminator_classification": classification(affect_logits.chunk(2)[0], batch.target_labels),
        }
        self.descend(sum(losses.values()), self.discriminator_optimizer)
        return losses

    def judge(self, filmed_images: Tensor, edited_images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Real logits of filmed and of edited pictures, both [batch, 1, rows, columns], and the affect logits of both,
        [2 * batch, 7]."""
        with self.autocast():
            real_logits, affect_logits = self.networks.discriminate(torch.cat([filmed_images, edited_images]))
        return *real_logits.float().chunk(2), affect_logits.float()

    def contested(self, batch: PairBatch, logits: Tensor) -> Tensor:
        """How much of each patch has changed between source and truth, [batch, 1, rows, columns] in [0, 1].

        Elsewhere an edited picture is the filmed one to the bit, and a discriminator that must tell those apart learns
        nothing.
        """
        changed = changed_pixels(batch.target_images, batch.source_images, self.config.loss.changed_from)
        return F.adaptive_avg_pool2d(changed.float(), logits.shape[-2:])

    def update_generator(self, batch: PairBatch, answer: Answer, discriminator_say: float) -> dict[str, Tensor]:
        """Teach the editing networks to meet the truth, and by `discriminator_say` in [0, 1] to convince the
        discriminator. Every loss has its weight under its own name in the settings."""
        images, losses = answer
        factors = dict.fromkeys(losses, 1.0)
        if discriminator_say > 0:
            with frozen(self.networks.discriminator):
                filmed, edited, affect_logits = self.judge(batch.target_images, images)
            losses["adversarial"] = relativistic(edited, filmed, self.contested(batch, edited))
            losses["classification"] = classification(affect_logits.chunk(2)[1], batch.target_labels)
            factors |= {"adversarial": discriminator_say, "classification": discriminator_say}
        weights = vars(self.config.loss)
        total = weighted_sum(losses, {name: factors[name] * weights[name] for name in losses})
        self.descend(total, self.generator_optimizer)
        return losses
