"""One step of family `portrait`: the generator's update, and from some step on the discriminator's before it."""

from __future__ import annotations

import torch
from torch import Tensor

from fexgan.affects import NEUTRAL_INDEX
from fexgan.losses import (
    DiscriminatorLosses,
    adversarial,
    changed_reconstruction,
    classification,
    discriminator_losses,
    gradient_difference,
    reading,
    total_variation,
)
from fexgan.model import apply_edits
from fexgan.training.pairs import PairBatch
from fexgan.training.updates import Updates, frozen

ADVERSARIAL_RISE_STEPS = 200
"""Over so many steps the discriminator's say rises to its full weight, for at first it knows nothing."""

Drawing = tuple[Tensor, dict[str, Tensor]]
"""The edited pictures [batch, 3, height, width], and the losses that need no discriminator, by name."""


class PortraitTrainer(Updates):
    """Editing networks learn from filmed pairs alone at first; a discriminator then sharpens what they paint."""

    def update(self, batch: PairBatch, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Take step `step` (from 1); nothing in it is random."""
        self.set_rates(step)
        begun = step - self.config.training.adversarial_from_step + 1
        drawing = self.draw(batch)
        losses = {}
        if begun > 0:
            seen = self.update_discriminator(batch, drawing[0].detach())
            losses = {f"discriminator_{name}": getattr(seen, name) for name in ("real", "generated", "classification")}
        losses |= self.update_generator(batch, drawing, min(1.0, max(0, begun) / ADVERSARIAL_RISE_STEPS))
        return {name: loss.detach() for name, loss in losses.items()}

    def draw(self, batch: PairBatch) -> Drawing:
        """Sources edited to the affects of their truths, with gradients."""
        networks, weights = self.networks, self.config.loss
        with self.autocast():
            features = networks.analyse(batch.source_images)
            read_affect = networks.read(features).float()  # [batch, 7]
            edits = networks.edit(features, batch.source_affect, batch.target_affect)
        images = apply_edits(batch.source_images, edits)
        losses = {
            "reconstruction": changed_reconstruction(
                images, batch.target_images, batch.source_images, weights.changed, weights.changed_from
            ),
            "gradient": gradient_difference(images, batch.target_images),
            "smoothness": total_variation(edits.flow),
            "sparsity": edits.mask.mean(),
            "reading": reading(read_affect, batch.source_affect, NEUTRAL_INDEX),
        }
        return images, losses

    def update_discriminator(self, batch: PairBatch, edited_images: Tensor) -> DiscriminatorLosses:
        """Teach the discriminator to tell filmed patches from edited ones and to name the affects of filmed faces."""
        with self.autocast():
            real_logits, affect_logits = self.networks.discriminate(torch.cat([batch.target_images, edited_images]))
        filmed, edited = real_logits.float().chunk(2)  # [batch, 1, rows, columns]
        losses = discriminator_losses(filmed, edited, affect_logits.float().chunk(2)[0], batch.target_labels)
        self.descend(losses.total, self.discriminator_optimizer)
        return losses

    def update_generator(self, batch: PairBatch, drawing: Drawing, discriminator_say: float) -> dict[str, Tensor]:
        """Teach the editing networks to meet the truth, and by `discriminator_say` in [0, 1] to convince the
        discriminator. Every loss has its weight under its own name in the settings."""
        images, losses = drawing
        factors = dict.fromkeys(losses, 1.0)
        if discriminator_say > 0:
            with frozen(self.networks.discriminator), self.autocast():
                real_logits, affect_logits = self.networks.discriminate(images)
            losses["adversarial"] = adversarial(real_logits.float(), real=True)
            losses["classification"] = classification(affect_logits.float(), batch.target_labels)
            factors |= {"adversarial": discriminator_say, "classification": discriminator_say}
        weights = vars(self.config.loss)
        total = sum(factors[name] * weights[name] * loss for name, loss in losses.items())
        self.descend(total, self.generator_optimizer)
        return losses
