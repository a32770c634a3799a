"""The records beside footage and datasets: a take's sidecar of truth, and how a dataset was made."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from fexgan.affects import AFFECTS
from fexgan.config import FramingConfig, config_from_dict, config_to_dict
from fexgan.errors import InputError
from fexgan.media import write_text_atomically

Number = TypeVar("Number", int, float)
SIDECAR_FORMAT = 1
DATASET_FORMAT = 1
DATASET_KEY = "fexgan"
"""Where a shard's metadata and a card's header keep the `DatasetRecord`."""
MOTION_COLUMNS = ("blink", "gaze_yaw_deg", "gaze_pitch_deg", "head_yaw_deg", "head_pitch_deg", "head_roll_deg")
STILLS = "stills"
"""Folder of a character's stills, each with a mixture of its own: ground truth for edits, no takes to train on."""
PERFORMANCE = "performance"
"""Folder of takes that play the recording of a real face: what affects they show, and how strongly, is not known."""


class FramePose(NamedTuple):
    """How a face is held in one frame, whatever affect it shows; None where not known. The columns of a dataset."""

    head_deg: tuple[float, float, float] | None = None
    """Yaw, pitch and roll."""
    gaze_deg: tuple[float, float] | None = None
    """Yaw and pitch of the eyes."""
    blink: float | None = None
    """0 open to 1 closed."""


@dataclass(frozen=True)
class FrameTruth:
    """One number per frame and column; all columns are equally long.

    `strength`: affect -> strengths in [0, 1]; empty where not known, and then `blink` is not. `blink`: 0 open to 1
    closed. Angles in degrees. A motion column that is not known is empty. `extra`: columns that this version has no
    name for, kept as they came.
    """

    strength: Mapping[str, tuple[float, ...]]
    blink: tuple[float, ...] = ()
    gaze_yaw_deg: tuple[float, ...] = ()
    gaze_pitch_deg: tuple[float, ...] = ()
    head_yaw_deg: tuple[float, ...] = ()
    head_pitch_deg: tuple[float, ...] = ()
    head_roll_deg: tuple[float, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.strength and not self.blink:
            raise InputError("frames.strength is empty; give one column for each affect shown")
        unknown = [affect for affect in self.strength if affect not in AFFECTS]
        if unknown:
            raise InputError(f"frames.strength names {unknown[0]!r}; choose from {', '.join(AFFECTS)}")
        for affect, column in self.strength.items():
            if not column:
                raise InputError(f"frames.strength.{affect} is empty; give one number per frame")
            if not all(0.0 <= value <= 1.0 for value in column):
                raise InputError(f"frames.strength.{affect} leaves [0, 1]; strengths lie in [0, 1]")
        for name in MOTION_COLUMNS:
            if not all(math.isfinite(value) for value in getattr(self, name)):
                raise InputError(f"frames.{name} holds a value that is not finite; give numbers")
        for name, column in self._columns():
            if len(column) != len(self):
                raise InputError(f"frames.{name} has {len(column)} values, others {len(self)}; give one per frame")

    def __len__(self) -> int:
        return len(next(iter(self.strength.values()), self.blink))

    def poses(self) -> tuple[FramePose, ...]:
        """How the face is held in each frame."""
        unknown = (None,) * len(self)
        angles = (self.head_yaw_deg, self.head_pitch_deg, self.head_roll_deg), (self.gaze_yaw_deg, self.gaze_pitch_deg)
        head, gaze = (zip(*columns, strict=True) if all(columns) else unknown for columns in angles)
        return tuple(map(FramePose, head, gaze, self.blink or unknown))

    def _columns(self) -> Iterator[tuple[str, Any]]:
        yield from ((f"strength.{affect}", column) for affect, column in self.strength.items())
        yield from ((name, getattr(self, name)) for name in MOTION_COLUMNS if getattr(self, name))
        yield from ((name, column) for name, column in self.extra.items() if isinstance(column, list))


@dataclass(frozen=True)
class Take:
    """One recording as its sidecar tells it. `affect` is the folder name, which may be a mixture, `anger+sadness`.

    A sidecar that was written by hand need not tell more than `frames`: texts are then empty, numbers None.
    """

    character: str
    affect: str
    take: str
    fps: float | None
    seed: int | None
    size_px: int | None
    frames: FrameTruth
    character_parameters: Mapping[str, Any] = field(default_factory=dict)
    performance: Mapping[str, Any] = field(default_factory=dict)
    window_px: tuple[int, int, int, int] | None = None
    """Left, top, right and bottom of what was filmed of a picture of `size_px`, to which landmarks refer; None: all."""
    license: str = "CC0-1.0"
    format: int = SIDECAR_FORMAT

    def __post_init__(self) -> None:
        if self.format != SIDECAR_FORMAT:
            raise InputError(f"sidecar format {self.format!r} is unknown; this version reads {SIDECAR_FORMAT}")
        if self.affect != PERFORMANCE:
            if self.affect:
                affects_of_folder(self.affect)
            if not self.frames.strength:
                raise InputError("frames.strength is empty; give one column for each affect shown")
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0):
            raise InputError(f"fps {self.fps!r} is out of range; give a number above 0")


def is_sidecar(path: Path) -> bool:
    """Whether a JSON file beside a clip tells of frames; what cannot be read may have told of them.

    Of a sidecar no more is parsed than what comes before its frames: a twentieth of the time that all of it takes.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        head, key, _ = text.rpartition('"frames"')
        with contextlib.suppress(ValueError):  # where it is no key of the whole
            if key:
                return "frames" in json.loads(f"{head}{key}: 0}}")
        record = json.loads(text)
    except (OSError, ValueError, RecursionError):
        return True
    return isinstance(record, dict) and "frames" in record


def read_sidecar(path: Path) -> Take:
    """Read a take's sidecar, of which only `frames` has to be there. Raises InputError that names the file and what is
    wrong in it."""
    try:
        record = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"no sidecar at {path}") from None
    except (OSError, ValueError, RecursionError):
        raise InputError(f"sidecar {path} cannot be read as JSON; write it again or remove it") from None
    try:
        return _take_of(record)
    except InputError as error:
        raise InputError(f"sidecar {path}: {error}") from None
    except KeyError as error:
        raise InputError(f"sidecar {path} lacks the field {error}; write it again or remove it") from None
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise InputError(f"sidecar {path} holds a field of the wrong type; write it again or remove it") from None


def shown_variants(take: Take, sidecar: Path) -> tuple[Mapping[str, str], ...]:
    """By frame, affect -> the variant that its frames, each one of its own, or else its performance tells; empty where
    neither does. Raises InputError that names the sidecar where that is told in another form."""
    count = len(take.frames)
    told = take.frames.extra.get("variants", [take.performance.get("variants") or {}] * count)
    if not isinstance(told, list) or not all(isinstance(variants, dict) for variants in told):
        raise InputError(f"sidecar {sidecar} names variants that are no list of objects; film it again")
    if not all(isinstance(variant, str) for variants in told for variant in variants.values()):
        raise InputError(f"sidecar {sidecar} names variants that are no texts; film it again")
    return tuple(told)


def _take_of(record: Mapping[str, Any]) -> Take:
    frames = dict(record["frames"])
    strength = {affect: _column(values) for affect, values in frames.pop("strength").items()}
    motion = {name: _column(frames.pop(name)) for name in MOTION_COLUMNS if name in frames}
    return Take(
        format=record.get("format", SIDECAR_FORMAT),
        character=str(record.get("character", "")),
        affect=str(record.get("affect", "")),
        take=str(record.get("take", "")),
        fps=_number(record.get("fps"), float),
        seed=_number(record.get("seed"), int),
        size_px=_number(record.get("size_px"), int),
        license=str(record.get("license", "")),
        character_parameters=dict(record.get("character_parameters", {})),
        performance=dict(record.get("performance", {})),
        window_px=_window(record),
        frames=FrameTruth(strength=strength, extra=frames, **motion),
    )


def _number(value: Any, kind: Callable[[Any], Number]) -> Number | None:
    return None if value is None else kind(value)


def _window(record: Mapping[str, Any]) -> tuple[int, int, int, int] | None:
    sides = record.get("window_px")
    if sides is None:
        return None
    size_px = int(record["size_px"])
    left, top, right, bottom = map(int, sides)
    if not (0 <= left < right <= size_px and 0 <= top < bottom <= size_px):
        raise InputError(f"window_px {sides} is no part of a picture of {size_px} px; give left, top, right, bottom")
    return left, top, right, bottom


def _column(values: list[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def write_sidecar(path: Path, take: Take) -> None:
    """Write a take's sidecar atomically, its frame columns rounded to four decimals."""
    frames = take.frames
    columns: dict[str, Any] = {"strength": {affect: list(column) for affect, column in frames.strength.items()}}
    columns |= {name: list(getattr(frames, name)) for name in MOTION_COLUMNS if getattr(frames, name)}
    columns |= frames.extra
    record = {
        "format": take.format,
        "character": take.character,
        "affect": take.affect,
        "take": take.take,
        "fps": take.fps,
        "seed": take.seed,
        "size_px": take.size_px,
        "license": take.license,
        "character_parameters": dict(take.character_parameters),
        "performance": dict(take.performance),
        "frames": _rounded(columns),
    }
    if take.window_px:
        record["window_px"] = list(take.window_px)
    write_text_atomically(path, json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, Mapping):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return value


@dataclass(frozen=True)
class DatasetRecord:
    """How a dataset was made: kept in the metadata of its shards and in the header of its card."""

    framing: FramingConfig
    split: str
    test_share: float
    seed: int
    guard_frames: int = 0
    """Frames on either side of a test block that are in neither split; 0 where the split has no blocks."""
    format: int = DATASET_FORMAT

    def to_dict(self) -> dict[str, Any]:
        return config_to_dict(self)

    @classmethod
    def from_dict(cls, values: Any) -> DatasetRecord:
        """The inverse of `to_dict`. Raises InputError for unknown fields and formats."""
        record = config_from_dict(values, cls)
        if record.format != DATASET_FORMAT:
            raise InputError(f"dataset format {record.format} is unknown; this version reads {DATASET_FORMAT}")
        return record


def affects_of_folder(name: str) -> tuple[str, ...]:
    """The affects that a footage folder's name lists, `anger` or `anger+sadness`; all for `stills`.

    Raises InputError for other names.
    """
    if name == STILLS:
        return AFFECTS
    affects = tuple(name.split("+"))
    if not set(affects) <= set(AFFECTS) or len(set(affects)) < len(affects):
        raise InputError(
            f"folder {name!r} names no affect; call it one of {', '.join(AFFECTS)}, or a mixture such as anger+sadness"
        )
    return affects


def natural_key(name: str) -> tuple[tuple[tuple[int, int | str], ...], str]:
    """A sort key that puts `take 2` before `take 10` and leaves no two names equal."""
    parts = re.split(r"(\d+)", name)
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts if part), name
