"""What the settings of every family share: how they are checked, read and written, a face's framing, a schedule."""

from __future__ import annotations

import contextlib
import dataclasses
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fexgan.errors import InputError, shortened

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
LARGEST = 2.0**63
"""Where no setting goes: computing with whole numbers that are far beyond it fails."""
MOST_BLOCKS = 64
"""Of any one stage, in every family: a stranger's settings that ask for a million of them would be built for hours."""
WIDEST = 4096
"""Of any layer: a convolution between two so wide takes a gigabyte."""
SIDES_PX = 8, 2048
"""Smallest and largest side of pictures."""
MOST_STAGES = 11
"""That halve a picture of 2048 px to one."""
LARGEST_BATCH = 65_536
MOST_SAMPLED = 10_000
"""Frames of a take in which its face is looked for."""
_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def check(holds: bool, name: str, value: object, allowed: str) -> None:
    """Raise InputError, naming the setting, its value and what is `allowed`, unless `holds`."""
    if not holds:
        raise InputError(f"setting '{name}' is {_shown(value)}; {allowed}")


def _shown(value: object) -> str:
    try:
        return shortened(repr(value))
    except ValueError:  # Python writes out no whole number of more than 4300 digits
        return "a number of thousands of digits"


def check_range(name: str, value: float, low: float, high: float = LARGEST) -> None:
    """Raise InputError unless a number lies in [low, high]."""
    allowed = f"give a number in [{low:g}, {high:g}]" if high < LARGEST else f"give a number of at least {low:g}"
    if value > high == LARGEST:
        allowed += f" and at most {LARGEST:g}"
    check(low <= value <= high, name, value, allowed)


def check_widths(name: str, widths: Sequence[int], multiples_of: int = 1, most_stages: int = MOST_STAGES) -> None:
    """Raise InputError unless the widths of a network's stages can be built."""
    built = all(0 < width <= WIDEST and width % multiples_of == 0 for width in widths)
    multiples = f", each a multiple of {multiples_of}" if multiples_of > 1 else ""
    allowed = f"give 1 to {most_stages} widths, one per stage, in [{multiples_of}, {WIDEST}]{multiples}"
    check(built and 0 < len(widths) <= most_stages, name, widths, allowed)


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
        check_range("framing.image_size_px", self.image_size_px, *SIDES_PX)
        check_range("framing.face_fraction", self.face_fraction, 0.05, 2.0)
        check_range("framing.vertical_offset", self.vertical_offset, -1.0, 1.0)
        check_range("framing.sampled_frames", self.sampled_frames, 1, MOST_SAMPLED)


def check_framed(size_px: int, framing: FramingConfig) -> None:
    """Raise InputError unless faces are framed at the size that a model reads."""
    framed = framing.image_size_px
    way_out = f"the model reads pictures of {size_px} px: make both equal"
    check(size_px == framed, "framing.image_size_px", framed, way_out)


def same_square(one: FramingConfig, other: FramingConfig) -> bool:
    """Whether both put a face into the same square, however many frames of a take they look at to find it."""
    return dataclasses.replace(one, sampled_frames=other.sampled_frames) == other


@dataclass(frozen=True)
class ScheduleConfig:
    """How long, how fast, in which precision, and what is written on the way."""

    steps: int = 100_000
    """Steps in all; each updates the discriminator once and the generator once."""
    batch_size: int = 32
    """Pairs of a source and a target picture per step, in all processes together."""
    batch_parts: int = 1
    """Parts in which a process takes its share of a batch, one after another, where memory holds no more; their
    gradients add up, and batch norm sees a part at a time."""
    learning_rate: float = 2e-4
    """Adam's step size, for both updates."""
    decay_share: float = 0.0
    """The last share of the steps, over which the learning rate falls linearly to zero."""
    betas: tuple[float, float] = (0.5, 0.999)
    """Adam's decay of its running means of gradients and of squared gradients."""
    discriminator_rate: float = 1.0
    """The discriminator's step size as a multiple of `learning_rate`. Its heads sum many features that Adam moves all
    at once: at the full rate their answers jump about, and the generator learns to please the jumps."""
    discriminator_weight_decay: float = 0.0
    """Decoupled weight decay of the discriminator, per unit of learning rate."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """Number format of convolutions; weights, sums and losses stay in fp32 either way. `auto` is bf16 on devices that
    compute in it and fp32 on others, which imitate it slowly. fp16, with its losses scaled, is for graphics cards that
    know no bf16."""
    ema_decay: float = 0.999
    """How slowly the averaged weights, which are drawn with and saved, follow; the average warms up from step 0."""
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
            check_range(f"training.{name}", getattr(self, name), 1)
        for name in ("batch_size", "batch_parts"):
            check_range(f"training.{name}", getattr(self, name), 1, LARGEST_BATCH)
        check_range("training.learning_rate", self.learning_rate, 0.0, 1.0)
        check_range("training.decay_share", self.decay_share, 0.0, 1.0)
        betas_fit = len(self.betas) == 2 and all(0.0 <= beta < 1.0 for beta in self.betas)
        check(betas_fit, "training.betas", self.betas, "give two numbers in [0, 1)")
        check_range("training.discriminator_rate", self.discriminator_rate, 0.0, 10.0)
        check_range("training.discriminator_weight_decay", self.discriminator_weight_decay, 0.0)
        choice = f"choose from {', '.join(PRECISIONS)}"
        check(self.precision in PRECISIONS, "training.precision", self.precision, choice)
        check_range("training.ema_decay", self.ema_decay, 0.0, 1.0)
        check_range("training.seed", self.seed, 0, 2**32 - 1)
        check_range("training.preview_every_steps", self.preview_every_steps, 0)


def config_to_dict(config: Any) -> dict[str, Any]:
    """A config, or any of its parts, as plain dicts, lists, numbers and strings, fit for JSON and YAML."""

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value):
            return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
        return list(value) if isinstance(value, tuple) else value

    return plain(config)


def read_config(kind: Any, value: Any, name: str = "") -> Any:
    """Turn a plain `value` into `kind`: a dataclass, a tuple, a Literal, bool, int, float or str.

    `name`: what errors call it. What a dataclass's value leaves out takes its default. Raises InputError for unknown
    keys, wrong types and values out of range.
    """
    if dataclasses.is_dataclass(kind):
        allowed = [item.name for item in dataclasses.fields(kind)]
        check(isinstance(value, dict), name or "config", value, f"give settings by name: {', '.join(allowed)}")
        for key in value:
            label = f"{name}.{key}" if name else str(key)
            if key not in allowed:
                raise InputError(f"setting '{label}' is unknown; choose from {', '.join(allowed)}")
        hints = typing.get_type_hints(kind)
        return kind(
            **{key: read_config(hints[key], given, f"{name}.{key}".lstrip(".")) for key, given in value.items()}
        )
    if typing.get_origin(kind) is tuple:
        check(isinstance(value, list | tuple), name, value, "give a list")
        return tuple(read_config(typing.get_args(kind)[0], entry, name) for entry in value)
    if typing.get_origin(kind) is Literal:
        check(value in typing.get_args(kind), name, value, f"choose from {', '.join(typing.get_args(kind))}")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        check(abs(value) <= LARGEST, name, value, f"give a number of at most {LARGEST:g}")
        return float(value)
    if kind is float and isinstance(value, str):  # YAML 1.1 reads 2e-4, which has no dot, as text
        with contextlib.suppress(ValueError):
            return float(value)
    check(type(value) is kind, name, value, f"give {_KINDS[kind]}")
    return value
