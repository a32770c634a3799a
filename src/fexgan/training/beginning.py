"""The weights that a run begins with, or goes on with."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import torch

from fexgan.checkpoints import Checkpoint
from fexgan.config import FramingConfig, same_square
from fexgan.errors import InputError
from fexgan.model import Family
from fexgan.tables import counted

FREE = ("dropout", "dropout_stages", "head_dropout", "largest_flow")
"""Settings of networks that may change from run to run: they act in training alone, or set a limit."""
ADDING = ("decoder_refinements", "decoder_finish_width")
"""Those that add layers, which add nothing until they are trained."""


def begin_with(networks: Family, checkpoint: Checkpoint, name: str | Path) -> None:
    """Give fresh networks the weights of a checkpoint, called `name`; refinements and a finish that it lacks stay
    as they are.

    Raises InputError, naming the settings, where the two differ in anything else that weights depend on.
    """
    _check(networks, checkpoint, name, (*FREE, *ADDING))
    networks.load_state_dict(networks.state_dict() | checkpoint.networks.state_dict())


def check_framed_as(framing: FramingConfig, checkpoint: Checkpoint, name: str | Path) -> None:
    """Raise InputError, naming the settings, where faces of a run, framed by `framing`, are not as large, or not where
    they are, in what a checkpoint, called `name`, learned from: its weights would know none of them."""
    before = checkpoint.config.framing
    if same_square(framing, before):
        return
    changes = ", ".join(
        f"framing.{setting} was {value:g} and is {getattr(framing, setting):g}"
        for setting, value in vars(before).items()
        if setting != "sampled_frames" and value != getattr(framing, setting)
    )
    raise InputError(
        f"checkpoint {name} learned from faces framed otherwise: {changes}; frame them alike, or add --allow-change to "
        "learn all faces anew from its weights"
    )


def check_unseen(held_out: Collection[str], checkpoint: Checkpoint, name: str | Path) -> None:
    """Raise InputError where characters whom a run keeps apart to test with are some that a checkpoint, called `name`,
    learned from: it would pass tests by heart."""
    seen = sorted(set(held_out) & set(checkpoint.metadata.characters))
    if seen:
        raise InputError(
            f"checkpoint {name} learned from {counted(len(seen), 'character')} that this run keeps apart to test with, "
            f"such as {seen[0]}; leave training.seed and training.test_share as they were for it, or add "
            "--allow-change to be tested with faces it knows"
        )


def go_on_with(networks: Family, checkpoint: Checkpoint, name: str | Path) -> None:
    """Give networks the weights of a checkpoint, called `name`. Raises InputError, naming the settings, where the two
    differ in what weights depend on."""
    _check(networks, checkpoint, name, FREE)
    networks.load_state_dict(checkpoint.networks.state_dict())


def _check(networks: Family, checkpoint: Checkpoint, name: str | Path, free: Collection[str]) -> None:
    """Raise InputError where settings differ that are not `free`, or where weights have no place in `networks`."""
    now, before = vars(networks.config), vars(checkpoint.config.model)
    changed = [setting for setting in now if setting in before and now[setting] != before[setting]]
    if _shapes(checkpoint.networks).items() <= _shapes(networks).items():
        changed = [setting for setting in changed if setting not in free]
    if changed:
        changes = ", ".join(f"model.{setting} was {before[setting]} and is {now[setting]}" for setting in changed)
        raise InputError(
            f"checkpoint {name} is of other networks: {changes}; train with the settings in its model.json"
        )


def _shapes(networks: Family) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in networks.state_dict().items()}
