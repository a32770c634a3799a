"""What going on exactly takes beside the averaged weights, and what must not have changed meanwhile.

Batches and noise follow from seed and step, so no random state and no position in the data is kept.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fexgan import __version__
from fexgan.checkpoints import Metadata, newest_checkpoint, saved_checkpoints
from fexgan.config import AnyConfig, config_to_dict
from fexgan.errors import InputError
from fexgan.training.progress import PREVIEWS
from fexgan.training.updates import Updates

CHANGEABLE = {"training.steps", "training.save_every_steps", "training.preview_every_steps", "training.log_every_steps"}
"""Settings that may change between two runs of one training: they decide when it ends and what it writes.

Where `training.decay_share` is above 0, `training.steps` also decides when the learning rate begins to fall: a run that
is given other steps goes on at the rate that a run of so many would have there, higher where they are more.
"""

HALF_WRITTEN = {
    ".": re.compile(r"\.(writable|log|progress)\.\w+\.partial(\.csv|\.mp4)?"),
    "checkpoints": re.compile(r"\.\d+(\.\w+)?\.partial"),
    PREVIEWS: re.compile(r"\.\d+\.\w+\.partial\.png"),
}
"""What a training's own files are called until they are whole, by folder of the run; others write into it too."""

ROLLBACKS = "rollbacks"


def last_checkpoint(out: Path) -> tuple[Path | None, list[Path]]:
    """(the newest whole checkpoint of the run in `out`, None where it saved none; what was damaged after it).

    Damaged checkpoints are set aside under another name, and what a killed training was writing is removed; what others
    write there stays. Raises InputError where all checkpoints are damaged.
    """
    saved, newest = saved_checkpoints(out), newest_checkpoint(out)
    if saved and newest is None:
        raise InputError(f"every checkpoint in {saved[0].parent} is damaged; train into a new folder")
    damaged = saved[saved.index(newest) + 1 :] if newest else []
    for folder, names in HALF_WRITTEN.items():
        for leftover in (out / folder).glob(".*.partial*"):
            if names.fullmatch(leftover.name):
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    return newest, [_set_aside(folder) for folder in damaged]


def _set_aside(folder: Path) -> Path:
    """Give a damaged checkpoint another name, which it takes from one that was damaged in the same step before."""
    aside = folder.with_name(f"{folder.name}.damaged")
    shutil.rmtree(aside, ignore_errors=True)
    return folder.rename(aside)


def resume_state(trainer: Updates, rollbacks: int) -> dict[str, Tensor]:
    """The weights being trained (not their average), Adam's means and fp16's scale, by name, and how often training
    went back."""
    state = {ROLLBACKS: torch.tensor(rollbacks)}
    state |= {f"scaler.{name}": torch.tensor(value) for name, value in trainer.scaler.state_dict().items()}
    state |= {f"networks.{name}": tensor for name, tensor in trainer.networks.state_dict().items()}
    for optimizer_name, optimizer in _optimizers(trainer):
        for index, values in optimizer.state_dict()["state"].items():
            state |= {f"{optimizer_name}.{index}.{name}": tensor for name, tensor in values.items()}
    return state


def restore(trainer: Updates, state: Mapping[str, Tensor]) -> int:
    """Put `resume_state` back and return its rollbacks. Raises InputError when it is of other networks."""
    try:
        trainer.networks.load_state_dict({name: state[f"networks.{name}"] for name in trainer.networks.state_dict()})
        for optimizer_name, optimizer in _optimizers(trainer):
            if not any(name.startswith(f"{optimizer_name}.") for name in state):
                continue  # it had not begun
            for index, parameter in enumerate(optimizer.param_groups[0]["params"]):
                prefix = f"{optimizer_name}.{index}"
                # Moments must lie in memory as the parameter does: the fused update walks them side by side.
                optimizer.state[parameter] = {
                    "step": state[f"{prefix}.step"].to(parameter.device),
                    "exp_avg": torch.empty_like(parameter).copy_(state[f"{prefix}.exp_avg"]),
                    "exp_avg_sq": torch.empty_like(parameter).copy_(state[f"{prefix}.exp_avg_sq"]),
                }
        names = trainer.scaler.state_dict()
        if names and "scaler.scale" in state:  # the run may have begun in another precision
            trainer.scaler.load_state_dict({name: state[f"scaler.{name}"].item() for name in names})
    except (KeyError, RuntimeError):
        raise InputError("the resume state is not of these networks; start a new run in another folder") from None
    return int(state.get(ROLLBACKS, 0))


def changes_since(metadata: Metadata, config: AnyConfig, dataset_fingerprint: str) -> list[str]:
    """What keeps a training of `metadata` from going on exactly with this config, this dataset and this version."""
    before, now = _flat(config_to_dict(metadata.config)), _flat(config_to_dict(config))
    common = [name for name in now if name in before and name not in CHANGEABLE]  # families differ in their settings
    changes = [f"{name} was {before[name]} and is {now[name]}" for name in common if before[name] != now[name]]
    if metadata.dataset_fingerprint != dataset_fingerprint:
        changes.append("the dataset has other content")
    if metadata.package_version != __version__:
        changes.append(f"fexgan was {metadata.package_version} and is {__version__}")
    return changes


def _optimizers(trainer: Updates) -> tuple[tuple[str, torch.optim.Optimizer], ...]:
    return ("generator_optimizer", trainer.generator_optimizer), (
        "discriminator_optimizer",
        trainer.discriminator_optimizer,
    )


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted name."""

    def walk() -> Iterator[tuple[str, Any]]:
        for name, value in values.items():
            if isinstance(value, Mapping):
                yield from _flat(value, f"{prefix}{name}.").items()
            else:
                yield f"{prefix}{name}", value

    return dict(walk())
