"""What the updates of every family share: optimisers, number format, learning rate."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from fexgan.config import AnyConfig
from fexgan.model import Family
from fexgan.training.precision import autocast
from fexgan.training.processes import average_gradients


class Updates(ABC):
    """Networks, and the optimisers of the generator's updates and of the discriminator's."""

    def __init__(self, networks: Family, config: AnyConfig, accelerator: Accelerator) -> None:
        self.networks = networks.to(accelerator.device, memory_format=torch.channels_last).train()
        self.config = config
        self.accelerator = accelerator
        self._part, self._parts = 0, 1
        fp16 = config.training.precision == "fp16"
        self.scaler = torch.amp.GradScaler(accelerator.device.type, enabled=fp16)
        """Scales losses so that small gradients survive fp16; leaves a step out where they overflow."""
        training = config.training
        self.generator_optimizer = _adam(networks.generator_parameters(), config, weight_decay=0.0)
        self.discriminator_optimizer = _adam(
            list(networks.discriminator.parameters()), config, weight_decay=training.discriminator_weight_decay
        )

    @abstractmethod
    def update(self, batch: Any, step: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Take step `step` (from 1) on a batch of the family's own: losses by name, scalars without gradients.

        `generator` is the source of all randomness beside the batch.
        """

    def take_step(self, parts: Sequence[tuple[Any, torch.Generator]], step: int) -> dict[str, Tensor]:
        """Take step `step` on a batch in `parts`, each with its source of randomness: the means of their losses."""
        self._parts = len(parts)
        losses = []
        for self._part, (batch, generator) in enumerate(parts):
            losses.append(self.update(batch, step, generator))
        self.scaler.update()  # once for both optimisers, or parts of a batch would be scaled differently
        if len(losses) == 1:
            return losses[0]
        return {name: torch.stack([part[name] for part in losses]).mean() for name in losses[0]}

    def set_rates(self, step: int) -> None:
        """Set both optimisers to the step sizes of step `step`."""
        rate = learning_rate(self.config, step)
        self.generator_optimizer.param_groups[0]["lr"] = rate
        self.discriminator_optimizer.param_groups[0]["lr"] = rate * self.config.training.discriminator_rate

    def autocast(self) -> torch.autocast:
        return autocast(self.config.training.precision, self.accelerator.device)

    def descend(self, loss: Tensor, optimizer: torch.optim.Optimizer) -> None:
        """Follow the gradient of `loss`, its mean over all parts of the batch and all processes, at the last part."""
        if self._part == 0:
            optimizer.zero_grad(set_to_none=True)
        # Not by `Accelerator.backward`, which also scales losses by what its launcher was once configured for.
        self.scaler.scale(loss / self._parts).backward()
        if self._part < self._parts - 1:
            return
        if self.accelerator.num_processes > 1:
            average_gradients(optimizer.param_groups[0]["params"])
        self.scaler.step(optimizer)


def learning_rate(config: AnyConfig, step: int) -> float:
    """The generator's step size at step `step` (from 1): constant, then falling over the last `decay_share`."""
    training = config.training
    remaining = (training.steps - step + 1) / (training.decay_share * training.steps) if training.decay_share else 1.0
    return training.learning_rate * min(1.0, max(0.0, remaining))


@contextlib.contextmanager
def frozen(module: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode, and gradients to the input alone: those of the weights would cost time and go unused."""
    module.eval().requires_grad_(False)
    try:
        yield
    finally:
        module.train().requires_grad_(True)


def _adam(parameters: list[torch.nn.Parameter], config: AnyConfig, weight_decay: float) -> torch.optim.Optimizer:
    """Adam as published; a weight decay is decoupled from its gradients."""
    return torch.optim.AdamW(
        parameters, config.training.learning_rate, config.training.betas, weight_decay=weight_decay, fused=True
    )
