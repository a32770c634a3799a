"""Settings of family `portrait`: the networks that edit a face they never saw, and their training on stills."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from fexgan.affects import EMOTIONS, is_variant_name
from fexgan.config.settings import (
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

NORM_GROUPS = 8
"""Groups of every group norm; each width is a multiple of it."""


@dataclass(frozen=True)
class PortraitModelConfig:
    """The networks' shape: a U-Net whose first stage works at half the picture's side, and each further one at half."""

    family: str = "portrait"
    """Which kind of network: a module under `fexgan.model`."""
    image_size_px: int = 128
    """Side of the canonical squares."""
    widths: tuple[int, ...] = (48, 96, 192, 256)
    """Channels of the stages, from half the picture's side downwards."""
    middle_blocks: int = 2
    """Blocks at the smallest side, in the encoder and again in the decoder."""
    decoder_blocks: int = 2
    """Blocks of each further stage of the decoder."""
    condition_width: int = 128
    """Width of the code into which the affects are read."""
    largest_flow: float = 0.25
    """Furthest that a pixel is fetched from along each axis, as a fraction of the picture's width."""
    reader_widths: tuple[int, ...] = (32, 64, 128, 128)
    """Channels after each convolution of the reader of affects, which sees half the picture's side; each halves it."""
    discriminator_widths: tuple[int, ...] = (32, 64, 128, 128)
    """Channels after each convolution of the discriminator; each halves the side."""
    variants: tuple[str, ...] = ()
    """Variants of affects that can be asked for instead of the default ones, each as `joy.laugh`."""

    def __post_init__(self) -> None:
        check(self.family == "portrait", "model.family", self.family, "these settings are of family portrait")
        size = self.image_size_px
        check_range("model.image_size_px", size, *SIDES_PX)
        sides = {"widths": size, "reader_widths": size // 2, "discriminator_widths": size}
        for name, size in sides.items():
            widths = getattr(self, name)
            check_widths(f"model.{name}", widths, NORM_GROUPS)
            halvable = size % 2 ** len(widths) == 0
            check(halvable, f"model.{name}", widths, f"a picture of {size} px cannot be halved {len(widths)} times")
        for name in ("middle_blocks", "decoder_blocks"):
            check_range(f"model.{name}", getattr(self, name), 1, MOST_BLOCKS)
        check_range("model.condition_width", self.condition_width, 1, WIDEST)
        check_range("model.largest_flow", self.largest_flow, 1e-3, 1.0)
        for variant in self.variants:
            affect, _, name = variant.partition(".")
            # No other name can be asked for in a mixture's text, and strangers' checkpoints bring theirs onto pages.
            named = affect in EMOTIONS and is_variant_name(name) and self.variants.count(variant) == 1
            advice = "name each once, an emotion and its variant in small letters, digits and hyphens, as in joy.laugh"
            check(named, "model.variants", variant, advice)


@dataclass(frozen=True)
class PortraitLossConfig:
    """Weights of the loss terms. Pictures are in [-1, 1]; all terms are means over pixels or patches."""

    reconstruction: float = 1.0
    """Weight of the absolute difference to the filmed truth."""
    changed: float = 5.0
    """How many times as much a pixel counts in it where source and truth differ."""
    changed_from: float = 0.1
    """Difference of source and truth, in the channel where it is largest, from which a pixel has changed."""
    gradient: float = 0.5
    """Weight of the absolute difference of the pictures' gradients: edges where the truth has them."""
    smoothness: float = 0.6
    """Weight of the flow's own gradients, so that neighbours move together."""
    eyes: float = 0.0
    """Weight of the flow's mean length, in sides of the picture, where eyeballs show in source and truth: lids slide
    over eyes that stay, and pictures alone do not tell that from eyes that stretch with their lids."""
    sparsity: float = 0.03
    """Weight of the mask's mean: paint only what cannot be fetched from the source."""
    strays: float = 0.0
    """Weight of the mask's mean outside of eyes, brows and mouth: skin is moved and shaded, for what is painted there
    by heart sits wrong on other faces, as specks."""
    compactness: float = 0.15
    """Weight of the gradients of mask and shade, so that paint and light lie in whole patches, without specks."""
    shading: float = 0.02
    """Weight of the shade's mean size: light only where a fold forms."""
    painting: float = 0.2
    """Weight of the absolute difference of the paint alone to the truth, also where the mask hides it: a faint mask
    over strong paint would shade filmed faces as well, and leave flecks of colour on others."""
    reading: float = 0.5
    """Weight of the cross-entropy of the emotions read from the source and those it was filmed with."""
    adversarial: float = 0.004
    """Weight of passing for filmed, patch by patch, where source and truth differ, once the discriminator has begun."""
    classification: float = 0.01
    """Weight of showing the target affect, as the discriminator reads it, likewise."""
    full_label_strength: float = 0.5
    """From this strength on an affect's label is certain; below, neutral takes the rest of the label in proportion."""

    def __post_init__(self) -> None:
        for item in fields(self):
            check_range(f"loss.{item.name}", getattr(self, item.name), 0.0)
        check_range("loss.full_label_strength", self.full_label_strength, 1e-3, 1.0)
        check_range("loss.changed", self.changed, 1.0)


@dataclass(frozen=True)
class VariationConfig:
    """How source and truth are varied together, so that faces from any camera and any hand are met in training.

    Each number that is no share is the furthest that a pair is varied, drawn anew for every pair; 0 turns a variation
    off.
    """

    mirror: bool = True
    """Mirror half of the pairs."""
    shift: float = 0.06
    """Shift along each axis, as a fraction of the side."""
    scale: float = 0.12
    """Change of size, as a fraction: 0.1 means 0.9 to 1.1."""
    rotation_deg: float = 8.0
    """Rotation."""
    brightness: float = 0.15
    """Change of brightness, in units of [-1, 1] pictures."""
    contrast: float = 0.2
    """Change of contrast, as a fraction."""
    saturation: float = 0.4
    """Change of saturation, as a fraction."""
    tint: float = 0.1
    """Change of each colour channel's gain, as a fraction."""
    hue_share: float = 0.1
    """Share of the pairs whose hues are turned about, for skins that are green or blue."""
    gamma: float = 0.3
    """Change of gamma, in powers of e: 0.3 means exponents from 0.74 to 1.35."""
    light: float = 0.3
    """Gain of a smooth light across the picture, as a fraction."""
    coloured_share: float = 0.25
    """Share of the pairs that several lights of different colours fall on."""
    coloured: float = 0.4
    """Gain of each colour channel in such light, which changes smoothly across the picture, as a fraction."""
    crease_share: float = 0.7
    """Share of the pairs with a smiling source whose smiles fold deeper than the studio's, where the stills tell
    landmarks."""
    cartoon_share: float = 0.3
    """Share of the pairs whose faces are drawn anew, as cartoons, from their landmarks, where the stills tell those."""
    caricature_share: float = 0.3
    """Share of the pairs whose faces get other proportions: larger eyes, smaller mouths, longer chins."""
    glasses_share: float = 0.15
    """Share of the pairs that wear drawn glasses, the same in source and truth."""
    occluded_share: float = 0.1
    """Share of the pairs in which a hand, hair, a microphone or another thing, the same in both, covers a part."""
    drawn_share: float = 0.2
    """Share of the pairs that is turned into drawings: flat colours, dark outlines, paper instead of skin."""
    degraded_share: float = 0.25
    """Share of the pairs that is blurred, the share that gets noise, and the share that is compressed."""
    blur_px: float = 1.2
    """Sigma of the blur, in pixels of the canonical square."""
    noise: float = 0.06
    """Sigma of the noise, the same in source and truth, in units of [-1, 1] pictures."""
    compression: float = 0.25
    """Coarsest step, in units of [-1, 1] pictures, to which 8 x 8 blocks are rounded, as JPEG does."""

    def __post_init__(self) -> None:
        highest = {"shift": 0.5, "scale": 0.5, "rotation_deg": 180.0, "blur_px": 3.0}
        for item in fields(self):
            if item.name != "mirror":
                check_range(f"training.variation.{item.name}", getattr(self, item.name), 0.0, highest.get(item.name, 1))


@dataclass(frozen=True)
class PortraitTrainingConfig(ScheduleConfig):
    """The schedule, and what belongs to this family's training alone."""

    steps: int = 12_000
    """Steps in all."""
    batch_size: int = 16
    """Pairs of a source and a truth per step."""
    learning_rate: float = 4e-4
    """Adam's step size, for both updates."""
    decay_share: float = 0.3
    """The last share of the steps, over which the learning rate falls linearly to zero."""
    betas: tuple[float, float] = (0.9, 0.99)
    """Adam's decay of its running means of gradients and of squared gradients."""
    adversarial_from_step: int = 2000
    """The first step in which the discriminator takes part."""
    neutral_source_share: float = 0.4
    """Share of the pairs that start from a neutral face, as characters do; the rest starts from any still."""
    smiling_source_share: float = 0.25
    """Share of the pairs that start from a smile, as most photographs do, besides those that do by chance; at most what
    neutral faces leave."""
    neutral_target_share: float = 0.5
    """Share of the pairs that start from a smile or any still, whose truth is the neutral face, by way of which one
    emotion becomes another."""
    test_share: float = 0.2
    """Share of the characters that is kept apart to test with; `seed` says who."""
    variation: VariationConfig = field(default_factory=VariationConfig)
    """How pairs are varied."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("training.adversarial_from_step", self.adversarial_from_step, 1)
        for name in ("neutral_source_share", "smiling_source_share", "neutral_target_share", "test_share"):
            check_range(f"training.{name}", getattr(self, name), 0.0, 1.0)


@dataclass(frozen=True)
class PortraitConfig:
    """All settings of one model of family `portrait` and its training."""

    model: PortraitModelConfig = field(default_factory=PortraitModelConfig)
    loss: PortraitLossConfig = field(default_factory=PortraitLossConfig)
    training: PortraitTrainingConfig = field(default_factory=PortraitTrainingConfig)
    framing: FramingConfig = field(default_factory=FramingConfig)

    def __post_init__(self) -> None:
        check_framed(self.model.image_size_px, self.framing)
