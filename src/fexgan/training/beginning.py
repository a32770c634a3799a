"""The weights that a run begins with, or goes on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fexgan.checkpoints import Checkpoint
from fexgan.config import AnyModelConfig, ModelConfig
from fexgan.errors import InputError
from fexgan.model import Family


def begin_with(networks: Family, checkpoint: Checkpoint, name: str | Path) -> None:
    """Give fresh networks the weights of a checkpoint, called `name`; refinements and a finish that it lacks stay
    as they are.

    Raises InputError where the two differ in anything else.
    """
    fresh, given = networks.state_dict(), checkpoint.networks.state_dict()
    if given.keys() - fresh.keys() or _unrefined(networks.config) != _unrefined(checkpoint.config.model):
        raise _misfit(name)
    networks.load_state_dict(fresh | given)


def go_on_with(networks: Family, checkpoint: Checkpoint, name: str | Path) -> None:
    """Give networks the weights of a checkpoint, called `name`. Raises InputError where the two differ in shape."""
    if networks.config != checkpoint.config.model:
        raise _misfit(name)
    networks.load_state_dict(checkpoint.networks.state_dict())


def _unrefined(config: AnyModelConfig) -> AnyModelConfig:
    return (
        replace(config, decoder_refinements=(), decoder_finish_width=0) if isinstance(config, ModelConfig) else config
    )


def _misfit(name: str | Path) -> InputError:
    return InputError(
        f"checkpoint {name} has networks of another shape than the preset asks for; train with the settings in its "
        f"model.json"
    )
