"""Checkpoints: a folder with `weights.safetensors` and, beside it, `model.json` that says what the weights are.

    model.json            settings, affects, characters, the dataset's fingerprint, steps, metrics, package version
    weights.safetensors   the networks to draw with: averaged weights, in fp32 or fp16
    resume/               only in a training's own checkpoints: what going on exactly takes

Nothing in it is executed when it is read, and a folder appears whole or not at all. A training run keeps its own
under `checkpoints/<step>/`; wherever a checkpoint is asked for, the run's folder stands for its newest whole one.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from fexgan import __version__, bundled, media
from fexgan.affects import AFFECTS
from fexgan.config import AnyConfig, config_from_dict, config_to_dict
from fexgan.errors import InputError
from fexgan.model import Family, build

FORMAT = 1
METADATA_FILE = "model.json"
WEIGHTS_FILE = "weights.safetensors"
RESUME_FILE = "resume/state.safetensors"


@dataclass(frozen=True)
class Metadata:
    """What a checkpoint tells about its weights; the text of `model.json`."""

    config: AnyConfig
    """Settings of the networks, of their training, and of the framing they expect of a face."""
    characters: tuple[str, ...]
    """Names of the people trained on, over all runs."""
    dataset_fingerprint: str
    """Fingerprint of the dataset trained on."""
    step: int
    """Training steps taken in its run."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Figures worth keeping with the weights, such as the last losses."""
    package_version: str = __version__
    """Version of the package that wrote it."""
    steps_before: int = 0
    """Steps behind the checkpoint that its run started from, over all runs before."""

    @property
    def steps_in_all(self) -> int:
        """Training steps behind these weights, over all runs."""
        return self.steps_before + self.step


@dataclass(frozen=True)
class Checkpoint:
    """Networks with their weights, in fp32 on the CPU and in evaluation mode, and what is known of them."""

    networks: Family
    metadata: Metadata
    folder: Path | None = None
    """Where they were read, also of a training that has newer ones by now."""

    @property
    def config(self) -> AnyConfig:
        return self.metadata.config

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the file of the weights. Raises InputError where that is gone, as a training's older ones are."""
        path = None if self.folder is None else self.folder / WEIGHTS_FILE
        if path is None or not path.is_file():
            raise InputError(f"the weights at {path} cannot be told by their SHA-256; load the checkpoint again")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def save_checkpoint(
    folder: Path,
    networks: Family,
    metadata: Metadata,
    half: bool = False,
    resume: Mapping[str, Tensor] | None = None,
) -> None:
    """Write a checkpoint folder at once; an older checkpoint at the same place is replaced.

    `half`: store matrices and kernels as fp16, half the size; vectors (biases, batch-norm statistics) stay fp32.
    `resume`: tensors to go on training with. Raises InputError where `check_replaceable` does.
    """
    folder = Path(folder)
    check_replaceable(folder, training=resume is not None)
    weights = {
        name: tensor.half() if half and tensor.is_floating_point() and tensor.ndim > 1 else tensor
        for name, tensor in networks.state_dict().items()
    }
    with media.atomic_folder(folder) as partial:
        (partial / METADATA_FILE).write_text(_metadata_to_json(metadata), encoding="utf-8")
        _write_tensors(partial / WEIGHTS_FILE, weights)
        if resume is not None:
            (partial / RESUME_FILE).parent.mkdir()
            _write_tensors(partial / RESUME_FILE, resume)


def check_replaceable(folder: Path, training: bool = False) -> None:
    """Raise InputError unless a checkpoint can be written to `folder`: nothing is there, or an older one.

    One that a run goes on from is replaced by its `training` alone: any other would take away what going on takes.
    """
    if folder.exists() and not (folder / METADATA_FILE).is_file():
        raise InputError(f"{folder} exists and is no checkpoint; choose another folder or remove it")
    if not training and (folder / RESUME_FILE).parent.exists():
        raise InputError(f"{folder} is a training run's own checkpoint; choose another folder")


def load_checkpoint(name_or_folder: str | Path) -> Checkpoint:
    """Open a checkpoint by what `resolve_checkpoint` takes.

    Raises InputError, in one line, for a missing or damaged file, a newer format, unknown settings, weights that do not
    fit the architecture that `model.json` names, and weights that no picture can be made with.
    """
    folder = resolve_checkpoint(name_or_folder)
    metadata = read_metadata(folder)
    with torch.device("meta"):  # no memory is spent before the shapes are known to fit
        networks = build(metadata.config.model, seed=None)
    weights = _read_tensors(folder / WEIGHTS_FILE)
    expected = networks.state_dict()
    for name in sorted(expected.keys() ^ weights.keys()):
        problem = "lacks" if name in expected else "holds an unknown"
        reason = "its model.json and weights do not match"
        if metadata.package_version != __version__:
            reason = f"fexgan {metadata.package_version} wrote it, this is {__version__}: train it again"
        raise InputError(f"checkpoint {folder} {problem} weight {name!r}; {reason}")
    for name, tensor in expected.items():
        if tensor.shape != weights[name].shape:
            raise InputError(
                f"checkpoint {folder} has weight {name!r} of shape {list(weights[name].shape)} where its model.json "
                f"asks for {list(tensor.shape)}; the two do not match"
            )
        if tensor.is_floating_point() != weights[name].is_floating_point():
            kinds = [str(kind).removeprefix("torch.") for kind in (weights[name].dtype, tensor.dtype)]
            raise InputError(f"checkpoint {folder} has weight {name!r} in {kinds[0]}, not {kinds[1]}; copy it again")
    # A copy, because tensors as read are backed by the file.
    copies = {name: weights[name].to(tensor.dtype, copy=True) for name, tensor in expected.items()}
    for name, tensor in copies.items():
        if not _is_finite(tensor):
            raise InputError(f"checkpoint {folder} has weight {name!r} with what is no number; copy or train it again")
    networks.load_state_dict(copies, assign=True)
    return Checkpoint(networks.eval(), metadata, folder)


def _is_finite(tensor: Tensor) -> bool:
    """Whether all numbers are; in one look at each, without a mask as large as the weights."""
    return tensor.numel() == 0 or all(math.isfinite(bound) for bound in torch.aminmax(tensor))


def resolve_checkpoint(name_or_folder: str | Path) -> Path:
    """The folder meant by a checkpoint, a training run (its newest) or, where neither is at hand, a bundled name.

    Raises InputError.
    """
    folder = Path(name_or_folder)
    if (folder / METADATA_FILE).is_file():
        return folder
    newest = newest_checkpoint(folder)
    if newest is not None:
        return newest
    if str(name_or_folder) in bundled.checkpoint_names():
        return bundled.checkpoint_path(str(name_or_folder))
    names = ", ".join(bundled.checkpoint_names()) or "none here"
    raise InputError(
        f"no checkpoint at {folder}; give the folder of one, of a training run, or a bundled name ({names})"
    )


def saved_checkpoints(run: Path) -> list[Path]:
    """The checkpoints in a training run's folder, oldest first, damaged ones included."""
    folders = (path for path in (Path(run) / "checkpoints").glob("*/") if path.name.isdecimal())
    return sorted(folders, key=lambda path: int(path.name))


def newest_checkpoint(run: Path) -> Path | None:
    """The newest whole checkpoint of a training run's folder, None where it has none."""
    return next((folder for folder in reversed(saved_checkpoints(run)) if _is_whole(folder)), None)


def remove_checkpoint(folder: Path) -> None:
    """Remove a checkpoint folder: wherever this is cut short, no part of it is taken for a checkpoint."""
    doomed = folder.with_name(f".{folder.name}.partial")
    folder.rename(doomed)
    shutil.rmtree(doomed)


def read_metadata(folder: Path) -> Metadata:
    """Read a checkpoint's `model.json`. Raises InputError."""
    path = folder / METADATA_FILE
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}); give a whole checkpoint") from None
    except (ValueError, RecursionError):  # broken JSON or broken UTF-8
        raise InputError(f"{path} is damaged; give a whole checkpoint") from None
    try:
        if values["format"] > FORMAT:
            raise InputError(f"it has format {values['format']}, this version reads up to {FORMAT}; update fexgan")
        if tuple(values["affects"]) != AFFECTS:
            raise InputError(f"its affects are {values['affects']}, this version knows {', '.join(AFFECTS)}")
        for name in ("step", "steps_before"):
            if int(values.get(name, 0)) < 0:
                raise InputError(f"its {name} is {values[name]}, steps are counted from 0; give a whole checkpoint")
        return Metadata(
            config=config_from_dict(values["config"]),
            characters=tuple(map(str, values["characters"])),
            dataset_fingerprint=str(values["dataset_fingerprint"]),
            step=int(values["step"]),
            metrics={str(name): float(figure) for name, figure in values["metrics"].items()},
            package_version=str(values["package_version"]),
            steps_before=int(values.get("steps_before", 0)),
        )
    except InputError as error:
        raise InputError(f"{path} cannot be used: {error}") from None
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise InputError(f"{path} is no model description ({type(error).__name__}: {error})") from None


def read_resume_state(folder: Path) -> dict[str, Tensor]:
    """The tensors given to `save_checkpoint` as `resume`. Raises InputError where there are none."""
    path = folder / RESUME_FILE
    if not path.is_file():
        raise InputError(f"{path} is missing, without which no run goes on; begin another with --start-from {folder}")
    return _read_tensors(path)


def _is_whole(folder: Path) -> bool:
    """Whether no file of a checkpoint is missing or cut off."""
    resume = folder / RESUME_FILE
    try:
        json.loads((folder / METADATA_FILE).read_text(encoding="utf-8"))
        for path in (folder / WEIGHTS_FILE, *([resume] if resume.parent.exists() else [])):
            with safe_open(path, "pt"):  # reads the header, which tells the file's length
                pass
    except (OSError, ValueError, RecursionError, SafetensorError):
        return False
    return True


def _metadata_to_json(metadata: Metadata) -> str:
    values: dict[str, Any] = {
        "format": FORMAT,
        "package_version": metadata.package_version,
        "step": metadata.step,
        "steps_before": metadata.steps_before,
        "affects": list(AFFECTS),
        "characters": list(metadata.characters),
        "dataset_fingerprint": metadata.dataset_fingerprint,
        "metrics": dict(metadata.metrics),
        "config": config_to_dict(metadata.config),
    }
    return json.dumps(values, indent=2) + "\n"


def _write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    try:
        save_file({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, path)
    except SafetensorError as error:  # also a full disk
        raise InputError(f"{path.name} cannot be written ({error}); free or choose a place") from None


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise InputError(f"{path} is missing; give a whole checkpoint")
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError):
        raise InputError(f"{path} is damaged; give a whole checkpoint") from None
