"""One step of family `details`: the painter's update, and from some step on the discriminator's before it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from fexgan.losses import relativistic, weighted_sum
from fexgan.model import reach
from fexgan.training.mouths import MouthBatch
from fexgan.training.portrait_step import ADVERSARIAL_RISE_STEPS
from fexgan.training.updates import Updates, frozen


class DetailsTrainer(Updates):
    """The painter learns from filmed mouths what stands behind the small paint; a discriminator asks it to decide where
    that tells too little, and the mean of all that could be meant would be a blur again."""

    def update(self, batch: MouthBatch, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Take step `step` (from 1); nothing in it is random."""
        self.set_rates(step)
        begun = step - self.config.training.adversarial_from_step + 1
        with self.autocast():
            refined = self.networks.refine(batch.close_ups)
        images = refined.images()
        counts = reach(batch.mask, self.networks.config) * batch.known
        losses = {}
        if begun > 0:
            filmed, painted = self.judge(batch.truth, images.detach())
            losses["discriminator_adversarial"] = relativistic(filmed, painted, self._patches(counts))
            self.descend(losses["discriminator_adversarial"], self.discriminator_optimizer)
        losses |= self.update_painter(batch, images, counts, min(1.0, max(0, begun) / ADVERSARIAL_RISE_STEPS))
        return {name: loss.detach() for name, loss in losses.items()}

    def update_painter(
        self, batch: MouthBatch, images: Tensor, counts: Tensor, discriminator_say: float
    ) -> dict[str, Tensor]:
        """Teach the painter to meet the truth, and by `discriminator_say` in [0, 1] to convince the
        discriminator. `counts` [batch, 1, rows, columns]: how much each pixel does."""
        off = images - batch.truth
        losses = {
            "reconstruction": _mean(off, counts),
            "gradient": _mean(off.diff(dim=3), counts[..., 1:]) + _mean(off.diff(dim=2), counts[..., 1:, :]),
        }
        weights = dict(vars(self.config.loss))
        if discriminator_say > 0:
            with frozen(self.networks.discriminator):
                filmed, painted = self.judge(batch.truth, images)
            losses["adversarial"] = relativistic(painted, filmed, self._patches(counts))
            weights["adversarial"] *= discriminator_say
        self.descend(weighted_sum(losses, weights), self.generator_optimizer)
        return losses

    def judge(self, filmed_images: Tensor, painted_images: Tensor) -> tuple[Tensor, Tensor]:
        """Real logits of filmed and of painted close-ups, both [batch, 1, rows, columns]."""
        with self.autocast():
            logits = self.networks.discriminate(torch.cat([filmed_images, painted_images.clamp(-1.0, 1.0)]))
        return tuple(logits.float().chunk(2))

    def _patches(self, counts: Tensor) -> Tensor:
        """How much each of the discriminator's patches counts, [batch, 1, rows, columns] of its logits."""
        return F.avg_pool2d(counts, 2 ** len(self.networks.config.discriminator_widths))


def _mean(differences: Tensor, counts: Tensor) -> Tensor:
    """Mean absolute difference over what counts in this part of the batch; 0 where nothing does."""
    return (differences.abs() * counts).sum() / (differences.shape[1] * counts.sum()).clamp(min=1.0)
