"""Every setting of the project: frozen dataclasses that check themselves, and presets as YAML data.

The defaults are the published networks and training (preset `paper`); a preset file names what it sets otherwise.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import typing
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import yaml

from fexgan.errors import InputError

FAMILIES = ("paper",)
PRECISIONS = ("fp32", "bf16")
PRESETS = ("paper", "small", "tiny")
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def _check(holds: bool, name: str, value: object, allowed: str) -> None:
    if not holds:
        raise InputError(f"setting '{name}' is {value!r}; {allowed}")


def _check_range(name: str, value: float, low: float, high: float = math.inf) -> None:
    allowed = f"give a number in [{low:g}, {high:g}]" if math.isfinite(high) else f"give a number of at least {low:g}"
    _check(math.isfinite(value) and low <= value <= high, name, value, allowed)


@dataclass(frozen=True)
class FramingConfig:
    """How a face is cut out of a frame: one square per take."""

    image_size_px: int = 128
    """Side of the square pictures the networks read and draw."""
    face_fraction: float = 0.5
    """Height of the detected face box (brows to chin) divided by the side of the crop; larger is closer."""
    vertical_offset: float = 0.0
    """How far the crop's centre lies below the face box's centre, as a fraction of the crop's side."""
    sampled_frames: int = 5
    """Frames of a take, evenly spread, in which the face is looked for; the crop follows their median box."""

    def __post_init__(self) -> None:
        _check_range("framing.image_size_px", self.image_size_px, 8, 2048)
        _check_range("framing.face_fraction", self.face_fraction, 0.05, 2.0)
        _check_range("framing.vertical_offset", self.vertical_offset, -1.0, 1.0)
        _check_range("framing.sampled_frames", self.sampled_frames, 1)


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

    def __post_init__(self) -> None:
        _check(self.family in FAMILIES, "model.family", self.family, f"choose from {', '.join(FAMILIES)}")
        for name in ("encoder_widths", "decoder_widths", "discriminator_widths"):
            widths = getattr(self, name)
            _check(len(widths) > 0 and min(widths) > 0, f"model.{name}", widths, "give one positive width per stage")
        for name in ("latent_size", "affect_hidden_width", "code_width"):
            _check_range(f"model.{name}", getattr(self, name), 1)
        size = self.image_size_px
        _check(
            size == 2 ** len(self.encoder_widths) == 2 ** (len(self.decoder_widths) + 1),
            "model.image_size_px",
            size,
            f"with {len(self.encoder_widths)} encoder and {len(self.decoder_widths)} + 1 decoder stages the sides are "
            f"{2 ** len(self.encoder_widths)} and {2 ** (len(self.decoder_widths) + 1)}: make all three equal",
        )
        halvable = size % 2 ** len(self.discriminator_widths) == 0
        way_out = f"a picture of {size} px can be halved at most {size.bit_length() - 1} times: give fewer stages"
        _check(halvable, "model.discriminator_widths", self.discriminator_widths, way_out)
        for name, high in (("leaky_slope", 1.0), ("dropout", 0.95), ("head_dropout", 0.95)):
            _check_range(f"model.{name}", getattr(self, name), 0.0, high)
        _check_range("model.dropout_stages", self.dropout_stages, 0, len(self.decoder_widths))


@dataclass(frozen=True)
class LossConfig:
    """Weights of the loss terms; the paper does not tell its own."""

    reconstruction: float = 100.0
    """Weight of the mean absolute difference to the target picture (range [-1, 1])."""
    kl: float = 0.01
    """Weight of the KL divergence of the latent from a standard normal: nats, summed over the latent."""
    adversarial: float = 1.0
    """Weight of passing for real."""
    classification: float = 1.0
    """Weight of showing the target affect, as the discriminator reads it."""
    full_label_strength: float = 0.5
    """From this strength on an affect's label is certain; below, neutral takes the rest of the label in proportion."""

    def __post_init__(self) -> None:
        for name in ("reconstruction", "kl", "adversarial", "classification"):
            _check_range(f"loss.{name}", getattr(self, name), 0.0)
        _check_range("loss.full_label_strength", self.full_label_strength, 1e-3, 1.0)


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
        for item in dataclasses.fields(self):
            if not item.name.startswith("mirror"):
                high = highest.get(item.name, 1.0)
                _check_range(f"training.augmentation.{item.name}", getattr(self, item.name), 0.0, high)


@dataclass(frozen=True)
class TrainingConfig:
    """How long, how fast, in which precision, and what is written on the way."""

    steps: int = 100_000
    """Steps in all; each updates the discriminator once and the generator once."""
    batch_size: int = 32
    """Pairs of a source and a target picture per step."""
    learning_rate: float = 2e-4
    """Adam's step size, for both updates."""
    decay_share: float = 0.0
    """The last share of the steps, over which the learning rate falls linearly to zero."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Adam's decay of its running means of gradients and of squared gradients."""
    discriminator_rate: float = 1.0
    """The discriminator's step size as a multiple of `learning_rate`. Its heads sum tens of thousands of features that
    Adam moves all at once: at the full rate their answers jump about, and the generator learns to please the jumps."""
    discriminator_weight_decay: float = 0.0
    """Decoupled weight decay of the discriminator, per unit of learning rate."""
    precision: Literal["fp32", "bf16"] = "bf16"
    """Number format of convolutions; weights, sums and losses stay in fp32 either way."""
    ema_decay: float = 0.999
    """How slowly the averaged weights, which are drawn with and saved, follow; the average warms up from step 0."""
    kl_warmup_steps: int = 0
    """Steps over which the KL weight rises linearly from zero."""
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)
    """How pictures are varied."""
    seed: int = 0
    """Seed of the weights, the batches and all noise."""
    save_every_steps: int = 500
    """Steps between checkpoints; the last step is always saved."""
    preview_every_steps: int = 500
    """Steps between sample sheets; 0 draws none."""
    log_every_steps: int = 10
    """Steps between lines of `log.csv` and TensorBoard."""

    def __post_init__(self) -> None:
        for name in ("steps", "save_every_steps", "log_every_steps"):
            _check_range(f"training.{name}", getattr(self, name), 1)
        _check_range("training.batch_size", self.batch_size, 2)  # batch norm at one pixel needs two
        _check_range("training.learning_rate", self.learning_rate, 0.0, 1.0)
        _check_range("training.decay_share", self.decay_share, 0.0, 1.0)
        betas_fit = len(self.betas) == 2 and all(0.0 <= beta < 1.0 for beta in self.betas)
        _check(betas_fit, "training.betas", self.betas, "give two numbers in [0, 1)")
        _check_range("training.discriminator_rate", self.discriminator_rate, 0.0, 10.0)
        _check_range("training.discriminator_weight_decay", self.discriminator_weight_decay, 0.0)
        choice = f"choose from {', '.join(PRECISIONS)}"
        _check(self.precision in PRECISIONS, "training.precision", self.precision, choice)
        _check_range("training.ema_decay", self.ema_decay, 0.0, 1.0)
        _check_range("training.kl_warmup_steps", self.kl_warmup_steps, 0)
        _check_range("training.seed", self.seed, 0, 2**32 - 1)
        _check_range("training.preview_every_steps", self.preview_every_steps, 0)


@dataclass(frozen=True)
class Config:
    """All settings of one model and its training."""

    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    framing: FramingConfig = field(default_factory=FramingConfig)

    def __post_init__(self) -> None:
        size, framed = self.model.image_size_px, self.framing.image_size_px
        _check(
            size == framed, "framing.image_size_px", framed, f"the model reads pictures of {size} px: make both equal"
        )


def load_preset(name_or_path: str | Path) -> Config:
    """Read a preset by its name (`paper`, `small`, `tiny`) or a YAML file of the same form.

    What a file leaves out keeps the published value. Raises InputError for an unknown name, unreadable YAML, unknown
    settings and values out of range.
    """
    path = Path(name_or_path)
    if str(name_or_path) in PRESETS:
        text = resources.files("fexgan").joinpath("configs", f"{name_or_path}.yaml").read_text(encoding="utf-8")
    elif path.suffix in (".yaml", ".yml"):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise InputError(f"preset file {str(path)!r} cannot be read ({reason}); give a YAML file") from None
    else:
        raise InputError(
            f"preset {str(name_or_path)!r} is unknown; choose from {', '.join(PRESETS)} or give a .yaml file"
        )
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"preset file {str(path)!r} is no valid YAML: {' '.join(str(error).split())}") from None
    return config_from_dict({} if values is None else values)


def config_to_dict(config: Any) -> dict[str, Any]:
    """A config, or any of its parts, as plain dicts, lists, numbers and strings, fit for JSON and YAML."""

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value):
            return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
        return list(value) if isinstance(value, tuple) else value

    return plain(config)


def config_from_dict(values: Any, cls: type = Config) -> Any:
    """The inverse of `config_to_dict`, for `Config` or any part of it.

    What `values` leaves out takes its default. Raises InputError for unknown keys, wrong types and values out of range.
    """
    return _read(cls, values, "")


def _read(kind: Any, value: Any, name: str) -> Any:
    """Turn a plain `value` into `kind`: a dataclass, a tuple, a Literal, bool, int, float or str."""
    if dataclasses.is_dataclass(kind):
        allowed = [item.name for item in dataclasses.fields(kind)]
        _check(isinstance(value, dict), name or "config", value, f"give settings by name: {', '.join(allowed)}")
        for key in value:
            label = f"{name}.{key}" if name else str(key)
            if key not in allowed:
                raise InputError(f"setting '{label}' is unknown; choose from {', '.join(allowed)}")
        hints = typing.get_type_hints(kind)
        return kind(**{key: _read(hints[key], given, f"{name}.{key}".lstrip(".")) for key, given in value.items()})
    if typing.get_origin(kind) is tuple:
        _check(isinstance(value, list | tuple), name, value, "give a list")
        return tuple(_read(typing.get_args(kind)[0], entry, name) for entry in value)
    if typing.get_origin(kind) is Literal:
        _check(value in typing.get_args(kind), name, value, f"choose from {', '.join(typing.get_args(kind))}")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is float and isinstance(value, str):  # YAML 1.1 reads 2e-4, which has no dot, as text
        with contextlib.suppress(ValueError):
            return float(value)
    _check(type(value) is kind, name, value, f"give {_KINDS[kind]}")
    return value
