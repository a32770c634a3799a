"""Telling when a training has broken down: nothing learned after that is worth keeping, or nothing can be."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping

import torch
from torch import Tensor

from fexgan.config import ScheduleConfig
from fexgan.errors import InputError

LARGEST_LOSS = 1e5
"""No loss comes near it but on the way to infinity: a KL divergence of many thousand nats is of no use either."""


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
    """Turn a device's running out of memory into InputError, with the settings that ask for less."""
    try:
        yield
    except torch.OutOfMemoryError:
        raise InputError(
            f"the device has too little memory for batches of {training.batch_size} with training.batch_parts "
            f"{training.batch_parts}; set that higher, training.batch_size lower, or take a smaller preset"
        ) from None
