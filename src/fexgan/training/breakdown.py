"""Telling when a training has broken down: nothing learned after that is worth keeping, or nothing can be."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from fexgan.config import AnyModelConfig, ScheduleConfig
from fexgan.errors import InputError
from fexgan.model import build

LARGEST_LOSS = 1e5
"""No loss comes near it but on the way to infinity: a KL divergence of many thousand nats is of no use either."""

BYTES_PER_WEIGHT = 20
"""What training takes at least: the weight, its average, its gradient and Adam's two means, each of four bytes."""


class Breakdown(InputError):
    """A loss or a weight from which training cannot go on."""


def check_losses(losses: Mapping[str, float]) -> None:
    """Raise Breakdown, naming the loss, where one is no number or has exploded."""
    for name, value in losses.items():
        if not abs(value) <= LARGEST_LOSS:  # a comparison with NaN never holds
            what = "has exploded to" if math.isfinite(value) else "is"
            raise Breakdown(f"loss {name!r} {what} {value:g}")


def check_weights(parameters: Iterable[Tensor]) -> None:
    """Raise Breakdown where a weight is no number."""
    if not all(parameter.isfinite().all() for parameter in parameters):
        raise Breakdown("weights are not finite")


@contextlib.contextmanager
def enough_memory(training: ScheduleConfig) -> Iterator[None]:
    """Turn a device's running out of memory, or this machine's, into InputError, with what asks for less."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        of_memory = isinstance(error, MemoryError | torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
        if not of_memory:
            raise
        raise InputError(
            f"the device has too little memory for batches of {training.batch_size} with training.batch_parts "
            f"{training.batch_parts}; set that higher, training.batch_size lower, or take a smaller preset"
        ) from None


def check_room(model: AnyModelConfig, device: torch.device) -> None:
    """Raise InputError where networks are larger than this machine's memory, before any of it is taken: systems that
    promise more memory than they have would end the process without a word."""
    try:
        with torch.device("meta"):
            weights = sum(parameter.numel() for parameter in build(model, seed=None).parameters())
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError):  # Windows does not tell
        return
    needed = weights * (BYTES_PER_WEIGHT if device.type == "cpu" else 4)  # other devices are given what is made here
    if needed > memory:
        raise InputError(
            f"networks of {weights:,} weights take {needed / 1e9:,.0f} GB, this machine has {memory / 1e9:,.0f}; make "
            f"the widths of model smaller or take a smaller preset"
        )
