"""One training in several processes: each takes its share of every batch, and all hold the same weights."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

import torch
import torch.distributed as dist
from torch import Tensor, nn

from fexgan.errors import InputError

SMALLEST_PART = 2
"""Pictures that batch norm needs at the least, where it meets one pixel of each."""


class Pinnable:
    """A batch, a dataclass of tensors, as a DataLoader pins it: devices then fetch it while they still compute."""

    def pin_memory(self) -> Self:
        """A copy in memory from which devices read by themselves."""
        return _with_each(self, Tensor.pin_memory)


class SharedBatchNorm(nn.BatchNorm2d):
    """Batch norm whose statistics are those of the pictures of all processes together.

    `torch.nn.SyncBatchNorm` does the same, on CUDA alone.
    """

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        features = input.float()  # [batch, channels, height, width]
        mean = _mean_over_processes(features.mean(dim=(0, 2, 3)))  # [channels]
        centred = features - mean[:, None, None]
        variance = _mean_over_processes(centred.square().mean(dim=(0, 2, 3)))  # [channels]
        count = features.numel() // features.shape[1] * dist.get_world_size()
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked += 1
        normed = centred * (variance + self.eps).rsqrt()[:, None, None]
        if self.affine:
            normed = normed * self.weight[:, None, None] + self.bias[:, None, None]
        return normed.to(input.dtype)


def share_batch_norm(networks: nn.Module) -> None:
    """Turn every batch norm of `networks` into a shared one, with the same parameters and statistics."""
    for module in list(networks.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                shared = SharedBatchNorm(child.num_features, child.eps, child.momentum)
                shared.__dict__.update(child.__dict__)
                setattr(module, name, shared)


def rows_of(batch: Any, first: int, end: int) -> Any:
    """Rows from `first` on, up to `end`, of a batch: a dataclass of tensors [batch, ...]."""
    return _with_each(batch, lambda tensor: tensor[first:end])


def joined(batches: Sequence[Any]) -> Any:
    """Several batches as one."""
    names = [item.name for item in dataclasses.fields(batches[0])]
    return type(batches[0])(**{name: torch.cat([getattr(one, name) for one in batches]) for name in names})


def put(batch: Any, device: torch.device) -> Any:
    """A batch, a dataclass of tensors, on a device; pictures [batch, channels, height, width] with channels last."""

    def put_one(tensor: Tensor) -> Tensor:
        tensor = tensor.to(device, non_blocking=True)
        return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor

    return _with_each(batch, put_one)


def _with_each(batch: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """A batch, a dataclass of tensors, with each of them changed."""
    return dataclasses.replace(
        batch, **{item.name: change(getattr(batch, item.name)) for item in dataclasses.fields(batch)}
    )


def check_agreed(*told: Any) -> None:
    """Raise InputError where the processes of a training hold other settings, data or steps, as all have `told` here:
    each would learn something else, and none would notice."""
    told_by_each: list[Any] = [None] * dist.get_world_size()
    dist.all_gather_object(told_by_each, told)
    if any(other != told for other in told_by_each):
        raise InputError(
            "the processes of this training see different settings, data or checkpoints; start all by one command, and "
            "keep the data and --out where every machine sees them"
        )


def processes_here(processes: int) -> int:
    """How many of a training's processes run on this machine, as their launcher tells; all where it does not."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", processes))


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Set gradients to their means over the processes, in one message: hundreds of small ones take longer."""
    gradients = [one.grad for one in parameters if one.grad is not None]
    together = torch.cat([one.flatten() for one in gradients])
    dist.all_reduce(together)
    together /= dist.get_world_size()
    for gradient, mean in zip(gradients, together.split([one.numel() for one in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))  # in place, for a gradient lies in memory as its weight does


def check_shares(batch_size: int, shares: int) -> None:
    """Raise InputError where a batch cannot be dealt out evenly."""
    if batch_size % shares or (shares > 1 and batch_size // shares < SMALLEST_PART):
        raise InputError(
            f"a batch of {batch_size} cannot be dealt out in {shares} parts (processes x training.batch_parts); make "
            f"training.batch_size a multiple of {shares}, of at least {SMALLEST_PART * shares}"
        )


class _Sum(torch.autograd.Function):
    """The sum of what the processes hold; what each makes of it sends gradients to all of them.

    Those gradients have gradients in turn, as a penalty on them asks for.
    """

    @staticmethod
    def forward(context: Any, local: Tensor) -> Tensor:
        total = local.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        return _Sum.apply(gradient)


def _mean_over_processes(local: Tensor) -> Tensor:
    """The mean of what the processes hold, with gradients to all of them."""
    return _Sum.apply(local) / dist.get_world_size()
