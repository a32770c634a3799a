"""Telling when a training has broken down: nothing learned after that is worth keeping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from torch import Tensor

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
