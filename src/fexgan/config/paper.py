"""Settings of family `paper`: the defaults are the published networks and training (preset `paper`)."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

from fexgan.config.settings import (
    LARGEST_BATCH,
    MOST_BLOCKS,
    SIDES_PX,
    WIDEST,
    FramingConfig,
    ScheduleConfig,
    check,
    check_framed,
    check_range,
    check_widths,
)


@dataclass(frozen=True)
class ModelConfig:
    """The networks' shape. Every convolution halves or doubles the side, so the widths also fix the depth."""

    family: str = "paper"
    """Which kind of network: a module under `fexgan.model`."""
    image_size_px: int = 128
    """Side of the pictures; 2 ** (number of encoder widths)."""
    latent_size: int = 128
    """How many numbers describe a character."""
    encoder_widths: tuple[int, ...] = (128, 256, 512, 512, 512, 512, 128)
    """Channels after each convolution of the encoder, down to one pixel."""
    decoder_widths: tuple[int, ...] = (512, 512, 512, 512, 256, 128)
    """Channels after each transposed convolution of the decoder but the last, which draws the picture."""
    decoder_refinements: tuple[int, ...] = ()
    """Residual blocks, told character and affect, after each stage of the decoder but the last; none as published."""
    decoder_finish_width: int = 0
    """Channels of what is added to the decoder's picture at its full size, told character and affect; 0 adds nothing,
    as published."""
    discriminator_widths: tuple[int, ...] = (64, 128, 512)
    """Channels after each convolution of the discriminator."""
    affect_hidden_width: int = 64
    """Width of the first of the two layers that read the target affect in the decoder."""
    code_width: int = 256
    """Width of the decoder's code for the character, and of its code for the affect."""
    leaky_slope: float = 0.3
    """Slope of LeakyReLU below zero, in the encoder and the discriminator."""
    dropout: float = 0.5
    """Share of activations dropped after the first decoder stages while training; 0 turns it off."""
    dropout_stages: int = 3
    """How many decoder stages, counted from the latent, drop activations."""
    head_dropout: float = 0.0
    """Share of channels dropped before the discriminator's affect head while training; the paper has none."""
    affect_head: Literal["acgan", "adcgan"] = "acgan"
    """What the discriminator's affect head names: `acgan` the affect, as published; `adcgan` (arXiv 2107.10060) the
    affect and whether the picture is real, in one answer of 14."""

    def __post_init__(self) -> None:
        check(self.family == "paper", "model.family", self.family, "these settings are of family paper")
        for name in ("encoder_widths", "decoder_widths", "discriminator_widths"):
            check_widths(f"model.{name}", getattr(self, name))
        for name in ("latent_size", "affect_hidden_width", "code_width"):
            check_range(f"model.{name}", getattr(self, name), 1, WIDEST)
        size = self.image_size_px
        check_range("model.image_size_px", size, *SIDES_PX)
        check(
            size == 2 ** len(self.encoder_widths) == 2 ** (len(self.decoder_widths) + 1),
            "model.image_size_px",
            size,
            f"with {len(self.encoder_widths)} encoder and {len(self.decoder_widths)} + 1 decoder stages the sides are "
            f"{2 ** len(self.encoder_widths)} and {2 ** (len(self.decoder_widths) + 1)}: make all three equal",
        )
        stages = len(self.decoder_widths)
        check(
            len(self.decoder_refinements) in (0, stages)
            and all(0 <= blocks <= MOST_BLOCKS for blocks in self.decoder_refinements),
            "model.decoder_refinements",
            self.decoder_refinements,
            f"give one number of blocks, 0 to {MOST_BLOCKS}, for each of the {stages} decoder stages, or none at all",
        )
        check_range("model.decoder_finish_width", self.decoder_finish_width, 0, WIDEST)
        halvable = size % 2 ** len(self.discriminator_widths) == 0
        way_out = f"a picture of {size} px can be halved at most {size.bit_length() - 1} times: give fewer stages"
        check(halvable, "model.discriminator_widths", self.discriminator_widths, way_out)
        for name, high in (("leaky_slope", 1.0), ("dropout", 0.95), ("head_dropout", 0.95)):
            check_range(f"model.{name}", getattr(self, name), 0.0, high)
        check_range("model.dropout_stages", self.dropout_stages, 0, len(self.decoder_widths))


@dataclass(frozen=True)
class LossConfig:
    """Weights of the loss terms; the paper does not tell its own."""

    reconstruction: float = 100.0
    """Weight of the mean absolute difference to the target picture (range [-1, 1])."""
    face: float = 0.0
    """How much more than the rim of the picture the middle of the face counts in `reconstruction`, less 1: 0 counts all
    alike. Eyes and mouth are a twentieth of the pixels, and hair and backdrop outvote them."""
    kl: float = 0.01
    """Weight of the KL divergence of the latent from a standard normal: nats, summed over the latent."""
    adversarial: float = 1.0
    """Weight of passing for real."""
    classification: float = 1.0
    """Weight of showing the target affect, as the discriminator reads it."""
    full_label_strength: float = 0.5
    """From this strength on an affect's label is certain; below, neutral takes the rest of the label in proportion."""
    gan: Literal["bce", "relativistic"] = "bce"
    """How real is told from generated: `bce` each picture by itself, as published; `relativistic` each generated one
    beside the real one in its place (R3GAN, arXiv 2501.05441)."""
    gradient_penalty: float = 0.0
    """Weight of the discriminator's mean squared gradient at real and generated pictures (R1 + R2); 0 turns it off."""
    edges: float = 0.0
    """Weight of the mean absolute difference of edges to the target's; 0 turns it off."""
    features: float = 0.0
    """Weight of the mean absolute difference to the target in the discriminator's feature maps; 0 turns it off."""

    def __post_init__(self) -> None:
        for item in fields(self):
            if item.name != "gan":
                check_range(f"loss.{item.name}", getattr(self, item.name), 0.0)
        check_range("loss.full_label_strength", self.full_label_strength, 1e-3, 1.0)


@dataclass(frozen=True)
class AugmentationConfig:
    """How pictures are varied, so that the discriminator learns affects and not the training frames by heart.

    All but `mirror_pairs` act on what the discriminator sees only, real and generated alike, each picture on its own.
    """

    probability: float = 0.8
    """Share of the pictures that is varied; the rest is at most mirrored."""
    mirror_pairs: bool = True
    """Mirror source and target together, half of the time."""
    mirror: bool = True
    """Mirror each picture half of the time."""
    shift: float = 0.08
    """Furthest shift along each axis, as a fraction of the side."""
    scale: float = 0.08
    """Largest change of size, as a fraction: 0.1 means 0.9 to 1.1."""
    rotation_deg: float = 6.0
    """Furthest rotation."""
    brightness: float = 0.2
    """Largest change of brightness, in units of [-1, 1] pictures."""
    contrast: float = 0.2
    """Largest change of contrast, as a fraction."""
    saturation: float = 0.4
    """Largest change of saturation, as a fraction."""
    cutout: float = 0.25
    """Side of the square that is greyed out, as a fraction of the picture's; 0 leaves pictures whole."""

    def __post_init__(self) -> None:
        highest = {"shift": 0.5, "scale": 0.5, "rotation_deg": 180.0}
        for item in fields(self):
            if not item.name.startswith("mirror"):
                high = highest.get(item.name, 1.0)
                check_range(f"training.augmentation.{item.name}", getattr(self, item.name), 0.0, high)


@dataclass(frozen=True)
class TrainingConfig(ScheduleConfig):
    """The schedule, and what belongs to this family's training alone."""

    kl_warmup_steps: int = 0
    """Steps over which the KL weight rises linearly from zero."""
    frozen_norms: bool = False
    """Whether batch norm in encoder and decoder keeps the statistics that it began with, so that a checkpoint goes on
    from just what it drew before: for those that learn somebody new, whom batches show more often than anybody else."""
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    """How pictures are varied."""

    def __post_init__(self) -> None:
        check_range("training.batch_size", self.batch_size, 2, LARGEST_BATCH)  # batch norm at one pixel needs two
        super().__post_init__()
        check_range("training.kl_warmup_steps", self.kl_warmup_steps, 0)


@dataclass(frozen=True)
class Config:
    """All settings of one model of family `paper` and its training."""

    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    framing: FramingConfig = field(default_factory=FramingConfig)

    def __post_init__(self) -> None:
        check_framed(self.model.image_size_px, self.framing)
