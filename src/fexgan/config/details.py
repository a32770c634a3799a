"""Settings of family `details`: the network that paints mouths at four times the size at which they were edited."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from fexgan.config.portrait import NORM_GROUPS
from fexgan.config.settings import (
    MOST_BLOCKS,
    SIDES_PX,
    FramingConfig,
    ScheduleConfig,
    check,
    check_framed,
    check_range,
    check_widths,
)

HALVINGS = 4
"""How often a close-up's sides are halved: once on the way in, and once for each further stage or patch."""


@dataclass(frozen=True)
class DetailsModelConfig:
    """The network's shape: a U-Net whose first stage works at half the close-up's sides, each further one at half."""

    family: str = "details"
    """Which kind of network: a module under `fexgan.model`."""
    image_size_px: int = 128
    """Side of the squares in which faces are edited."""
    fineness: int = 4
    """How many pixels of the close-up lie along each pixel of those squares."""
    window_px: tuple[int, int, int, int] = (38, 70, 90, 110)
    """Left, top, right and bottom of the close-up in those squares."""
    widths: tuple[int, ...] = (32, 64, 96)
    """Channels of the stages."""
    blocks: int = 2
    """Blocks of each stage on the way in, and again on the way out."""
    discriminator_widths: tuple[int, ...] = (32, 64, 128, 128)
    """Channels after each convolution of the discriminator; each halves the sides."""

    def __post_init__(self) -> None:
        check(self.family == "details", "model.family", self.family, "these settings are of family details")
        for name in ("widths", "discriminator_widths"):
            check_widths(f"model.{name}", getattr(self, name), NORM_GROUPS, HALVINGS)
        check_range("model.image_size_px", self.image_size_px, *SIDES_PX)
        check_range("model.fineness", self.fineness, 1, 8)
        check_range("model.blocks", self.blocks, 1, MOST_BLOCKS)
        check(len(self.window_px) == 4, "model.window_px", self.window_px, "give left, top, right and bottom")
        left, top, right, bottom = self.window_px
        inside = 0 <= left < right <= self.image_size_px and 0 <= top < bottom <= self.image_size_px
        check(inside, "model.window_px", self.window_px, f"give a part of a square of {self.image_size_px} px")
        whole = 2**HALVINGS
        fits = all(side * self.fineness % whole == 0 for side in (right - left, bottom - top))
        check(fits, "model.window_px", self.window_px, f"{self.fineness} times its sides must be multiples of {whole}")


@dataclass(frozen=True)
class DetailsLossConfig:
    """Weights of the loss terms. Pictures are in [-1, 1]; all terms count what is painted, and its rim, alone."""

    reconstruction: float = 1.0
    """Weight of the absolute difference to the truth."""
    gradient: float = 1.0
    """Weight of the absolute difference of the pictures' gradients."""
    adversarial: float = 0.015
    """Weight of passing for filmed, patch by patch, once the discriminator has begun."""

    def __post_init__(self) -> None:
        for item in fields(self):
            check_range(f"loss.{item.name}", getattr(self, item.name), 0.0)


@dataclass(frozen=True)
class DetailsTrainingConfig(ScheduleConfig):
    """The schedule, and what belongs to this family's training alone."""

    steps: int = 3000
    """Steps in all."""
    batch_size: int = 8
    """Pairs of a source and a truth per step."""
    learning_rate: float = 4e-4
    """Adam's step size, for both updates."""
    decay_share: float = 0.3
    """The last share of the steps, over which the learning rate falls linearly to zero."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Adam's decay of its running means of gradients and of squared gradients."""
    adversarial_from_step: int = 300
    """The first step in which the discriminator takes part."""
    editor: str = "portrait"
    """The checkpoint whose edits are painted over: a bundled name or a folder."""
    exact_share: float = 0.3
    """Share of the pairs whose paint is the truth itself, made small and blurred, instead of the editor's."""
    exact_blur_px: float = 1.6
    """Largest sigma of that blur, in pixels of the square."""
    neutral_source_share: float = 0.7
    """Share of the pairs that start from a neutral face; the rest starts from any still."""
    cartoon_share: float = 0.15
    """Share of the pairs whose faces are drawn anew, as cartoons."""
    soft_share: float = 0.6
    """Share of the pairs from pictures that are less large than a close-up sees them, down to the square's own size."""
    test_share: float = 0.2
    """Share of the characters that is kept apart to test with; with the seed and share of the editor's training those
    are the ones that it did not learn from either, and no others are tested with."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("training.adversarial_from_step", self.adversarial_from_step, 1)
        check_range("training.exact_blur_px", self.exact_blur_px, 0.0, 4.0)
        for name in ("exact_share", "neutral_source_share", "cartoon_share", "soft_share", "test_share"):
            check_range(f"training.{name}", getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True)
class DetailsConfig:
    """All settings of one model of family `details` and its training."""

    model: DetailsModelConfig = field(default_factory=DetailsModelConfig)
    loss: DetailsLossConfig = field(default_factory=DetailsLossConfig)
    training: DetailsTrainingConfig = field(default_factory=DetailsTrainingConfig)
    framing: FramingConfig = field(default_factory=FramingConfig)

    def __post_init__(self) -> None:
        check_framed(self.model.image_size_px, self.framing)
